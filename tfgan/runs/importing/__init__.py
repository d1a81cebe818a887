"""Runs of weights that somebody else trained."""
