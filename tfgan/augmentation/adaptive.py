"""Adaptive discriminator augmentation (Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data").

Each change befalls an image with probability p, small enough that the generator does not learn the changes (§2.2), and p follows how sure
the discriminator is of its training images (§3). Changes, their order and strengths are those of appendix B, but for two things: images
are resampled bilinearly, where the paper has wavelets, and p is at most 1.
"""

import math

from tfgan.lazy import layers, tf

INTERVAL = 4  # steps after which p moves (appendix C)
LUMA = [1 / math.sqrt(3)] * 3  # the axis of gray in RGB


def adaptive_augment(images, probability, seed, kinds):
    """Changes images N×H×W×C in [-1, 1], each by draws of its own; returns that shape, the range may be exceeded.

    One seed changes image n of two batches alike: a pair stays a pair, real and fake are treated alike. Everything has a gradient, and that
    another one. With probability 0 images stay as they are, exactly.

    Args:
        probability: p, a float32 scalar in [0, 1].
        seed: stateless seed, int32 of shape (2,).
        kinds: names from `ADAPTIVE`: blit (mirror, quarter turns, whole pixels), geometry (scale, rotation, fractions of pixels), color.
            Images that are not square are turned by half turns alone, and not rotated.
    """
    for number, (kind, augment) in enumerate(ADAPTIVE.items()):
        if kind in kinds:
            images = augment(images, tf.cast(probability, tf.float32), layers.fold_in(seed, number))
    return images


def adapt(probability, signs, steps, step_signs, *, target, images):
    """Moves p by the sign heuristic (§3, eq. 1, r_t): up while the discriminator is surer of training images than `target`, else down.

    Args:
        probability, signs, steps: the state, float32 scalars: p, the sum of the mean signs since p moved, and the number of their steps.
        step_signs: mean sign of the discriminator's outputs for this step's training images, from -1 to 1, a float32 scalar.
        target: of the mean sign; 0.6 in the paper.
        images: by how much p moves in a step: the step's images / those in which p may go from 0 to 1, 500,000 in the paper.

    Returns:
        The state afterwards. p moves every fourth step.
    """
    signs, steps = signs + step_signs, steps + 1.0
    due = steps >= INTERVAL
    moved = tf.clip_by_value(probability + tf.sign(signs / steps - target) * images * steps, 0.0, 1.0)
    return tf.where(due, moved, probability), tf.where(due, 0.0, signs), tf.where(due, 0.0, steps)


class _Draws:
    """Random numbers, one for each of N images, float32 N, each from its own seed."""

    def __init__(self, count, probability, seed):
        self.count, self.probability, self.seed, self.number = count, probability, seed, 0

    def uniform(self):
        """From [0, 1)."""
        self.number += 1
        return layers.uniform([self.count], layers.fold_in(self.seed, self.number))

    def normal(self):
        """From N(0, 1)."""
        self.number += 1
        return layers.normal([self.count], layers.fold_in(self.seed, self.number))

    def sometimes(self, value, neutral, probability=None):
        """The value with probability p, or that given, otherwise the neutral one."""
        return tf.where(self.uniform() < (self.probability if probability is None else probability), value, neutral)


def _blit(images, probability, seed):
    """Mirrors, turns by quarters, and shifts by up to an eighth, all to whole pixels."""
    draws, (height, width) = _Draws(tf.shape(images)[0], probability, seed), _sides(images)
    quarter = 1.0 if images.shape[1] == images.shape[2] else 2.0  # of turns that keep the shape
    mirrored = draws.sometimes(tf.floor(2.0 * draws.uniform()), 0.0)
    turns = draws.sometimes(quarter * tf.floor(4.0 / quarter * draws.uniform()), 0.0)
    shifts = [draws.sometimes(tf.round((0.25 * draws.uniform() - 0.125) * side), 0.0) for side in (width, height)]
    sine, cosine = (tf.gather(tf.constant(values), tf.cast(turns, tf.int32)) for values in ([0.0, 1.0, 0.0, -1.0], [1.0, 0.0, -1.0, 0.0]))
    return _warp(images, _matrix(cosine, -sine, sine, cosine, *shifts) @ _scale(1.0 - 2.0 * mirrored, tf.ones_like(mirrored)))


def _geometry(images, probability, seed):
    """Scales, rotates, stretches, rotates again and shifts; two rotations of probability 1 - √(1 - p) each make one of p."""
    draws, (height, width) = _Draws(tf.shape(images)[0], probability, seed), _sides(images)
    once = 1.0 - tf.sqrt(1.0 - probability) if images.shape[1] == images.shape[2] else 0.0
    size = draws.sometimes(2.0 ** (0.2 * draws.normal()), 1.0)
    before = draws.sometimes(math.pi * (2.0 * draws.uniform() - 1.0), 0.0, once)
    stretch = draws.sometimes(2.0 ** (0.2 * draws.normal()), 1.0)
    after = draws.sometimes(math.pi * (2.0 * draws.uniform() - 1.0), 0.0, once)
    shifted = draws.uniform() < probability
    shifts = [tf.where(shifted, 0.125 * draws.normal() * side, 0.0) for side in (width, height)]
    turned = [_matrix(tf.cos(a), -tf.sin(a), tf.sin(a), tf.cos(a), *[tf.zeros_like(a)] * 2) for a in (before, after)]
    moved = _matrix(tf.ones_like(size), tf.zeros_like(size), tf.zeros_like(size), tf.ones_like(size), *shifts)
    return _warp(images, _scale(size, size) @ turned[0] @ _scale(stretch, 1.0 / stretch) @ turned[1] @ moved)


def _color(images, probability, seed):
    """Brightens, changes contrast, flips luma, and, of RGB, turns hue and changes saturation; other channels are gray, each by itself."""
    draws = _Draws(tf.shape(images)[0], probability, seed)
    brightness = draws.sometimes(0.2 * draws.normal(), 0.0)
    contrast = draws.sometimes(2.0 ** (0.5 * draws.normal()), 1.0)
    flipped = draws.sometimes(tf.floor(2.0 * draws.uniform()), 0.0)
    hue = draws.sometimes(math.pi * (2.0 * draws.uniform() - 1.0), 0.0)
    saturation = draws.sometimes(2.0 ** draws.normal(), 1.0)
    values = (tf.cast(images, tf.float32) + _each(brightness)) * _each(contrast)
    values *= _each(1.0 - 2.0 * flipped) if images.shape[3] != 3 else 1.0
    if images.shape[3] == 3:
        values = tf.einsum("nhwc,ndc->nhwd", values, _rgb(flipped, hue, saturation))
    return tf.cast(values, images.dtype)


def _rgb(flipped, hue, saturation):
    """Matrices N×3×3 that flip luma, turn by `hue` around the gray axis, and scale what is not gray, in this order."""
    axis = tf.constant(LUMA)
    gray = axis[:, None] * axis[None, :]  # the projection on the axis
    cross = tf.constant([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]) / math.sqrt(3)
    one = tf.eye(3)
    flips = one - 2.0 * flipped[:, None, None] * gray
    turns = gray + tf.cos(hue)[:, None, None] * (one - gray) + tf.sin(hue)[:, None, None] * cross  # Rodrigues' formula
    return (gray + saturation[:, None, None] * (one - gray)) @ turns @ flips


def _each(values):
    return values[:, None, None, None]


def _sides(images):
    return tf.cast(tf.shape(images)[1], tf.float32), tf.cast(tf.shape(images)[2], tf.float32)


def _matrix(a, b, c, d, x, y):
    """Matrices N×3×3 that take places (x, y, 1) to (a x + b y + x₀, c x + d y + y₀, 1)."""
    zero, one = tf.zeros_like(a), tf.ones_like(a)
    return tf.stack([tf.stack([a, b, x], 1), tf.stack([c, d, y], 1), tf.stack([zero, zero, one], 1)], 1)


def _scale(x, y):
    return _matrix(x, tf.zeros_like(x), tf.zeros_like(x), y, tf.zeros_like(x), tf.zeros_like(x))


def _warp(images, matrices):
    """Resamples images N×H×W×C: what comes out at a place, from the middle, is what was at `matrices` N×3×3 times that place.

    Between pixels values are interpolated bilinearly; beyond the edges images are mirrored.
    """
    count, height, width = (tf.shape(images)[axis] for axis in range(3))
    x, y = (tf.cast(tf.range(side), tf.float32) - 0.5 * tf.cast(side - 1, tf.float32) for side in (width, height))
    grid = tf.stack([tf.tile(x, [height]), tf.repeat(y, width), tf.ones([height * width])])  # 3 × HW
    places = matrices[:, :2] @ grid  # N × 2 × HW
    columns, rows = (_mirrored(places[:, axis], side) for axis, side in ((0, width), (1, height)))
    pixels, found = tf.reshape(images, [count, height * width, images.shape[3]]), 0.0
    for row, of_row in rows:
        for column, of_column in columns:
            values = tf.gather(pixels, row * width + column, axis=1, batch_dims=1)  # N × HW × C
            found += tf.cast((of_row * of_column)[..., None], images.dtype) * values
    return tf.reshape(found, tf.shape(images))


def _mirrored(places, side):
    """The two pixels beside each of the places N×P from the middle of a side, mirrored at its edges, and the share of each."""
    length = tf.cast(side, tf.float32)
    place = tf.math.floormod(places + 0.5 * length, 2.0 * length)
    place = tf.minimum(place, 2.0 * length - place) - 0.5  # from -1/2 to side - 1/2, pixel 0 at 0
    first = tf.floor(place)
    share, first = place - first, tf.cast(first, tf.int32)
    return [(tf.clip_by_value(pixel, 0, side - 1), part) for pixel, part in ((first, 1.0 - share), (first + 1, share))]


ADAPTIVE = {"blit": _blit, "geometry": _geometry, "color": _color}
