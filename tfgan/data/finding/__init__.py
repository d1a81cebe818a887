"""Finds the files that a command is about, and which of them belong together."""
