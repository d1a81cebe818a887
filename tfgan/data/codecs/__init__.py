"""Readers and writers of image files: one file for each kind. `tfgan.data.images` chooses among them."""
