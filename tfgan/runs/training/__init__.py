"""A training from beginning to end, what watches it, and a few steps of it as a trial."""
