"""DiffAugment (Zhao et al. 2020): random, differentiable changes to all that the discriminator sees, against overfitting on few images."""

from tfgan.lazy import layers, tf


def diff_augment(images, kinds, seed):
    """Augments images N×H×W×C in [-1, 1], each by a draw of its own; returns that shape, the range may be exceeded.

    One seed changes image n of two batches alike: a pair stays a pair, real and fake are treated alike.
    Strengths are the paper's: brightness ±0.5, saturation 0 to 2, contrast 0.5 to 1.5, shifts by up to 1/8, a hole of half the size.

    Args:
        kinds: names from `AUGMENTATIONS`: color, translation, cutout. An empty tuple leaves the images as they are.
        seed: stateless seed, int32 of shape (2,).
    """
    for number, (kind, augment) in enumerate(AUGMENTATIONS.items()):
        if kind in kinds:
            images = augment(images, layers.fold_in(seed, number))
    return images


def _draw(images, seed, number, low, high):
    """Draws one number from `low` to `high` for each image, N×1×1×1."""
    noise = layers.uniform([tf.shape(images)[0], 1, 1, 1], layers.fold_in(seed, number))
    return tf.cast(low + (high - low) * noise, images.dtype)


def _color(images, seed):
    images += _draw(images, seed, 0, -0.5, 0.5)
    gray = tf.reduce_mean(images, axis=3, keepdims=True)
    images = (images - gray) * _draw(images, seed, 1, 0.0, 2.0) + gray
    mean = tf.reduce_mean(images, axis=[1, 2, 3], keepdims=True)
    return (images - mean) * _draw(images, seed, 2, 0.5, 1.5) + mean


def _translation(images, seed):
    """Shifts images by whole pixels, up to 1/8 of height and width; zeros come in from outside."""
    for axis in (1, 2):
        size = tf.shape(images)[axis]
        most = size // 8
        places = tf.cast(2 * most + 1, tf.float32)  # all equally likely
        shift = tf.cast(tf.floor(_draw(images, seed, axis, 0.0, 1.0) * places), tf.int32)[:, 0, 0] - most  # N×1
        padded = tf.pad(images, [[1, 1] if a == axis else [0, 0] for a in range(4)])
        images = tf.gather(padded, tf.clip_by_value(tf.range(size) + 1 + shift, 0, size + 1), axis=axis, batch_dims=1)
    return images


def _cutout(images, seed):
    outside = False
    for axis in (1, 2):
        size = tf.cast(tf.shape(images)[axis], tf.float32)
        center = tf.cast(_draw(images, seed, axis, 0.0, 1.0), tf.float32) * size
        place = tf.reshape(tf.range(size) + 0.5, [1, -1, 1, 1] if axis == 1 else [1, 1, -1, 1])
        outside |= tf.abs(place - center) > size / 4
    return images * tf.cast(outside, images.dtype)


AUGMENTATIONS = {"color": _color, "translation": _translation, "cutout": _cutout}
