"""Projection: finds the point of a generator's space whose image is nearest to a given one (Karras et al. 2020, appendix D)."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan.inference.space import Space
from tfgan.layers import fixed, given_maps, normal, tuned
from tfgan.terminal import waiting

# All by the paper and the authors' projector.
LEARNING_RATE, RISE, FALL = 0.1, 0.05, 0.25  # of Adam; the shares of the steps in which it rises from 0, and falls to 0
JITTER, JITTERED = 0.05, 0.75  # the noise on a point at first, in deviations of the space; the share of the steps until there is none
MAPS_WEIGHT = 1e5  # of what keeps the noise maps noise
COARSEST = 8  # pixels, of the smallest size at which they are held to that


class Distance(NamedTuple):
    """How unlike two images are, with gradients.

    Attributes:
        see: an image 1×H×W×C in [-1, 1] -> what is seen of it, a list of tensors.
        between: what is seen of two images -> how unlike they are, a float32 scalar.
        words: what it is, for people.
    """

    see: Callable[[tf.Tensor], list[tf.Tensor]]
    between: Callable[[list[tf.Tensor], list[tf.Tensor]], tf.Tensor]
    words: str = ""


class Projection(NamedTuple):
    """What a projection found of N images.

    Attributes:
        latents: the points, N×length float32: StyleGAN's w, for `Run.sample(w=…)`, or the noise of other methods.
        images: what the run makes of them, N×H×W×C float32 in [-1, 1].
        distances: of these from the given images, N float32.
        with_noise: the same with the noise maps that were found beside each w; of networks without noise maps, equal.
        steps: images along the way, by step, N×H×W×C each.
        measure: what the distances are, in words.
    """

    latents: np.ndarray
    images: np.ndarray
    distances: np.ndarray
    with_noise: np.ndarray
    steps: dict[int, np.ndarray]
    measure: str


class Projector:
    """Projects images, one at a time, so that none depends on the others.

    A point begins at the mean of the space, and Adam moves it. Noise that dies away is added to it, so that it does not stay in the first
    valley. With `noise`, the noise maps of the network, if it has any, are learned beside it, and begin as those that the run has: they
    take up what is chance in the image, and a penalty keeps them noise. What is reported is what the point alone makes, with the run's
    own noise.

    Args:
        space: where points are looked for.
        distance: by which images are near.
        count: of the steps.
        seed: of the noise on points.
        noise: learn noise maps.
    """

    def __init__(self, space: Space, distance: Distance, count: int = 1000, seed: int = 0, noise: bool = False):
        self.space, self.distance, self.count, self.seed = space, distance, count, seed
        points = space.samples()
        self.mean = points.mean(axis=0)
        self.deviation = float(np.sqrt(np.mean(np.sum(np.square(points - self.mean), axis=1))))
        self.point = keras.Variable(self.mean[None], name="point")
        self.own = _noise_maps(space) if noise else {}
        self.maps = {key: keras.Variable(own, name=f"noise_{key[0]}") for key, own in self.own.items()}
        self.adam = keras.optimizers.Adam(LEARNING_RATE, epsilon=1e-8)
        self.variables = [self.point, *self.maps.values()]
        self.adam.build(self.variables)
        self.do_step, self.make = (tf.function(part, autograph=False) for part in (self._do_step, self._make))

    def project(self, images: np.ndarray, shown: Sequence[int] = ()) -> Projection:
        """Projects images N×H×W×C float32 in [-1, 1], of the size that the generator makes.

        Args:
            shown: the steps, from 0 on, whose images are kept; of 0 it is that of the mean.
        """
        found = [self._project(tf.constant(image[None]), set(shown), number, len(images)) for number, image in enumerate(images)]
        points, made, distances, with_noise, steps = zip(*found)
        kept = {step: np.concatenate([own[step] for own in steps]) for step in steps[0]}
        alone, together = (np.array(values, np.float32) for values in (distances, with_noise))
        return Projection(np.stack(points), np.concatenate(made), alone, together, kept, self.distance.words)

    def _project(self, image: tf.Tensor, shown: set[int], number: int, total: int):
        for variable in self.adam.variables:
            variable.assign(keras.ops.zeros_like(variable))
        self.point.assign(self.mean[None])
        for key, own in self.own.items():
            self.maps[key].assign(own)
        seen, kept = self.distance.see(image), {}
        for step in waiting(range(self.count), self.count, f"Projecting image {number + 1} of {total}"):
            if step in shown:
                kept[step] = self.make(seen)[0].numpy()
            time = step / self.count
            self.adam.learning_rate = learning_rate(time)
            self.do_step(seen, tf.constant(self.deviation * jitter(time), tf.float32), tf.constant([self.seed, step]))
        made, distance = self.make(seen)
        with self._noise():
            _, with_noise = self._make(seen)
        return self.point.numpy()[0], made.numpy(), float(distance), float(with_noise), kept

    def _noise(self):
        return given_maps((lambda shape, number: tf.convert_to_tensor(self.maps[number, shape])) if self.maps else None)

    def _make(self, seen):
        """What the point makes, and its distance from the image that is `seen`."""
        made = self.space.synthesize(tf.convert_to_tensor(self.point))
        return made, self.distance.between(seen, self.distance.see(made))

    def _do_step(self, seen, scale, seed):
        with tf.GradientTape() as tape, self._noise(), tuned():
            point = tf.convert_to_tensor(self.point) + scale * normal([1, self.space.length], seed)
            loss = self.distance.between(seen, self.distance.see(self.space.synthesize(point)))
            if self.maps:
                loss += MAPS_WEIGHT * tf.add_n([correlation(tf.convert_to_tensor(maps)) for maps in self.maps.values()])
        gradients = tape.gradient(loss, [variable.value for variable in self.variables], unconnected_gradients=tf.UnconnectedGradients.ZERO)
        self.adam.apply(gradients)
        if self.space.bounded:
            self.point.assign(tf.clip_by_value(tf.convert_to_tensor(self.point), -1.0, 1.0))
        for maps in self.maps.values():
            centered = tf.convert_to_tensor(maps) - tf.reduce_mean(maps)
            maps.assign(centered * tf.math.rsqrt(tf.reduce_mean(tf.square(centered)) + 1e-8))


def learning_rate(time: float) -> float:
    """The learning rate at `time`, the share of the steps that are done: it rises in a straight line, and falls as a cosine."""
    fall = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1.0 - time) / FALL))
    return LEARNING_RATE * fall * min(1.0, time / RISE)


def jitter(time: float) -> float:
    """The noise on the point at `time`, in deviations of the space."""
    return JITTER * max(0.0, 1.0 - time / JITTERED) ** 2


def correlation(maps):
    """How far a noise map 1×H×W×1 is from noise, a scalar: the squared mean product of each pixel with its neighbor to the right and below,
    at the map's own size and at halved ones down to 8 pixels."""
    total = tf.zeros([])
    while True:
        for axis in (1, 2):
            total += tf.square(tf.reduce_mean(maps * tf.roll(maps, 1, axis)))
        if min(maps.shape[1:3]) <= COARSEST:
            return total
        maps = tf.nn.avg_pool2d(maps, 2, 2, "VALID")


def _noise_maps(space: Space) -> dict[tuple[int, tuple[int, ...]], np.ndarray]:
    """The noise maps that the generator uses after training, 1×H×W×1 each, by the number of their layer and their shape."""
    found = {}

    def record(shape, number):
        with given_maps(None):
            found[number, shape] = fixed(normal, shape, number).numpy()
        return tf.constant(found[number, shape])

    with given_maps(record):
        space.synthesize(tf.zeros([1, space.length]))
    return found
