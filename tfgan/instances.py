"""Maps of classes that tell instances apart, too: a pixel is class + 256 × number of its instance.

One number holds both, so that whatever is done to a map (resizing by nearest neighbor, crops, flips, tiles) is done to classes and
instances alike. Pixels of no class, -1, have instances as well. Where the instance is 0 the number is that of the class, so that a map of
classes alone is a map of one instance. The functions take arrays and tensors of integers.
"""

from tfgan.lazy import tf

STRIDE = 256
"""Between the numbers of two instances: there are at most 255 classes, and -1."""
MOST = 2**16 - 1
"""Largest number of an instance: all pixels then are whole numbers that float32 holds."""


def packed(classes, instances):
    """A map of classes H×W, -1 for none, and one of instances H×W, from 0 to `MOST`, as one map of the same type."""
    return classes + STRIDE * instances


def classes_of(maps):
    """The classes of maps of any shape, -1 for none."""
    return (maps + 1) % STRIDE - 1  # of numbers that are not negative, which all runtimes divide alike


def instances_of(maps):
    """The numbers of the instances of maps of any shape."""
    return (maps + 1) // STRIDE


def edges(instances):
    """Where instances touch: 1 for a pixel whose number is not that of each of its four neighbors, else 0, as SPADE's authors have it.

    Args:
        instances: N×H×W integers.

    Returns:
        N×H×W float32.
    """
    instances = tf.convert_to_tensor(instances)
    down = tf.cast(instances[:, 1:] != instances[:, :-1], tf.float32)
    right = tf.cast(instances[:, :, 1:] != instances[:, :, :-1], tf.float32)
    vertical = tf.maximum(tf.pad(down, [[0, 0], [1, 0], [0, 0]]), tf.pad(down, [[0, 0], [0, 1], [0, 0]]))
    horizontal = tf.maximum(tf.pad(right, [[0, 0], [0, 0], [1, 0]]), tf.pad(right, [[0, 0], [0, 0], [0, 1]]))
    return tf.maximum(vertical, horizontal)
