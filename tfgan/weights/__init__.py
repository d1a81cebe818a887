"""Other people's weight files: read without running any code that is in them, and mapped to tfgan's networks; and files of one's own."""

from tfgan.weights.reading import read_weights
from tfgan.weights.tensors import Tensor, Weights

__all__ = ["Tensor", "Weights", "read_weights"]
