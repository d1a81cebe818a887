"""Measuring runs and folders: what is compared, and the networks that are measured with."""
