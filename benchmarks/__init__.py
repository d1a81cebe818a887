"""Benchmarks: each measures tfgan beside a named baseline in the same run. See README.md."""
