"""Carrying out a run: strategy, train step, checkpoints, logs, and the loop that joins them."""
