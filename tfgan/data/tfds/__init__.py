"""Data sets out of TensorFlow Datasets (TFDS), imported when they are asked for."""
