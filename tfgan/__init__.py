"""tfgan: image-to-image translation and conditional GANs for TensorFlow and Keras.

Importing this package imports nothing else, so that ``tfgan --help`` answers at once.
"""

__version__ = "0.1.0"
