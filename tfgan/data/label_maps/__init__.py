"""Finds the classes of label maps, and reads, checks and paints such maps."""
