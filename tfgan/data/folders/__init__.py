"""Finds and reads images in folders of the user's own; each layout has a reader."""
