"""Readers and writers of image files: one file for each kind. `tfgan.data.reading.images` chooses among them."""
