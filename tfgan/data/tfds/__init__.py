"""Reads data sets out of TensorFlow Datasets (TFDS), which is imported when one is asked for."""
