"""Searching the settings of a training: many trials of one recipe, in one folder, by any number of processes."""
