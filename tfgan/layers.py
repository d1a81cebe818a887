"""Keras layers that the papers need and Keras lacks or does otherwise.

Random layers draw stateless noise and normalisation layers write no variable while a `ForwardPass` is open. That makes a train step a
pure function of (weights, batch, seed), so that it can be compiled by XLA, run on several replicas and resumed exactly.
"""

import math
import threading
from typing import NamedTuple

import keras
import tensorflow as tf

_open = threading.local()  # replicas are traced in threads of their own


class Statistic(NamedTuple):
    """One batch's share of a moving average: variable <- momentum * variable + (1 - momentum) * value."""

    variable: keras.Variable
    value: tf.Tensor
    momentum: float


class ForwardPass:
    """Context of one training pass through networks: seeds their random layers and collects their batch statistics.

    Args:
        seed: int32 tensor of shape (2,). Every random layer that is called inside the context draws from a seed of its own, derived
            from this one and from its place in the order of calls.
    """

    def __init__(self, seed):
        self.seed = seed
        self.statistics: list[Statistic] = []
        self._draws = 0

    def next_seed(self):
        self._draws += 1
        return fold_in(self.seed, self._draws)

    def __enter__(self):
        self._outer = getattr(_open, "forward_pass", None)
        _open.forward_pass = self
        return self

    def __exit__(self, *_):
        _open.forward_pass = self._outer

    @staticmethod
    def current() -> "ForwardPass | None":
        return getattr(_open, "forward_pass", None)


def fold_in(seed, number):
    """A new stateless seed from `seed` (shape (2,)) and an integer."""
    return tf.random.experimental.stateless_fold_in(tf.cast(seed, tf.int32), number, alg="philox")


def uniform(shape, seed):
    """float32 noise of `shape`, uniform in [0, 1), from a stateless seed of shape (2,).

    Made from the generator's bits, which are the same everywhere; `tf.random.stateless_uniform` turns the same bits into other floats
    under XLA than elsewhere (TensorFlow issue 121243).
    """
    bits = tf.random.stateless_uniform(shape, seed, minval=None, maxval=None, dtype=tf.uint32, alg="philox")
    return tf.cast(tf.bitwise.right_shift(bits, tf.constant(8, tf.uint32)), tf.float32) * 2.0**-24  # float32 holds 24 bits exactly


def normal(shape, seed):
    """float32 noise of `shape` from N(0, 1), by Box and Muller from a stateless seed of shape (2,); the same with and without XLA."""
    radius = tf.sqrt(-2.0 * tf.math.log(1.0 - uniform(shape, fold_in(seed, 0))))  # of (0, 1]: the logarithm is finite
    return radius * tf.cos(2.0 * math.pi * uniform(shape, fold_in(seed, 1)))


def _record(variable, value, momentum):
    """Hands a new value of a non-trainable variable to the open `ForwardPass`, or writes it if there is none."""
    forward_pass = ForwardPass.current()
    if forward_pass is not None:
        forward_pass.statistics.append(Statistic(variable, tf.stop_gradient(value), momentum))
    else:
        variable.assign(variable * momentum + value * (1.0 - momentum))


@keras.saving.register_keras_serializable("tfgan")
class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalisation with the papers' constants (PyTorch's: momentum 0.9 in Keras' sense, epsilon 1e-5, γ ~ N(1, 0.02)).

    Args:
        inference_statistics: `moving` averages, as usual, or those of each `image` over its height and width. The latter is what
            pix2pix does at batch size 1, where it tests as it trains (Isola et al. 2017, §3.3); no result depends on the batch then.
        synchronized: take the batch's statistics over all replicas. On a single one this is the ordinary layer, which XLA can compile.
    """

    def __init__(self, inference_statistics="moving", synchronized=False, **kwargs):
        kwargs = {"momentum": 0.9, "epsilon": 1e-5, "gamma_initializer": keras.initializers.RandomNormal(1.0, 0.02), **kwargs}
        super().__init__(synchronized=synchronized, **kwargs)
        self.inference_statistics = inference_statistics

    def get_config(self):
        return {**super().get_config(), "inference_statistics": self.inference_statistics}

    def call(self, x, training=False):
        if not training:
            return self._normalize(x, *self._inference_moments(x))
        if self.synchronized and not _alone():
            mean, variance = _replica_moments(x)
            y = self._normalize(x, mean, variance)
        else:
            y, mean, variance = self._normalize_batch(x)
        _record(self.moving_mean, mean, self.momentum)
        _record(self.moving_variance, variance, self.momentum)
        return y

    def _normalize_batch(self, x):
        flat = x if x.shape.rank == 4 else x[:, None, None, :]
        gamma, beta = self._scale_and_shift(x)
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=flat, scale=gamma, offset=beta, mean=tf.zeros([0]), variance=tf.zeros([0]), epsilon=self.epsilon, is_training=True
        )
        count = tf.cast(tf.size(flat) // tf.shape(flat)[-1], tf.float32)
        biased = variance * tf.maximum(count - 1.0, 1.0) / count  # the op reports the unbiased estimate; Keras averages the biased one
        return tf.reshape(y, tf.shape(x)), mean, biased

    def _inference_moments(self, x):
        if self.inference_statistics == "moving":
            return tf.convert_to_tensor(self.moving_mean), tf.convert_to_tensor(self.moving_variance)
        return tf.nn.moments(tf.cast(x, tf.float32), axes=list(range(1, x.shape.rank - 1)), keepdims=True)

    def _normalize(self, x, mean, variance):
        gamma, beta = self._scale_and_shift(x)
        return tf.cast(tf.nn.batch_normalization(tf.cast(x, tf.float32), mean, variance, beta, gamma, self.epsilon), x.dtype)

    def _scale_and_shift(self, x):
        gamma = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(x.shape[-1:])
        return gamma, tf.convert_to_tensor(self.beta) if self.center else tf.zeros(x.shape[-1:])


def _alone() -> bool:
    replicas = tf.distribute.get_replica_context()
    return replicas is None or replicas.num_replicas_in_sync == 1


def _replica_moments(x):
    """Mean and biased variance over the batches of all replicas, which are equally large."""
    axes = list(range(x.shape.rank - 1))
    x = tf.cast(x, tf.float32)
    moments = tf.stack([tf.reduce_mean(x, axes), tf.reduce_mean(tf.square(x), axes)])
    replicas = tf.distribute.get_replica_context()
    mean, mean_of_squares = tf.unstack(replicas.all_reduce(tf.distribute.ReduceOp.MEAN, moments))
    return mean, tf.maximum(mean_of_squares - tf.square(mean), 0.0)


@keras.saving.register_keras_serializable("tfgan")
class Dropout(keras.layers.Layer):
    """Dropout with stateless noise: a new mask for each training pass, from its seed.

    Args:
        rate: the share of units that is zeroed; the others are scaled by 1 / (1 - rate).
        at_inference: also drop outside training, by one fixed mask for every image, so that an image's result depends neither on its
            neighbours in the batch nor on the call (pix2pix keeps dropout at test time as its only noise, Isola et al. 2017, §2.1).
        spatial: drop whole feature maps of N×H×W×C (Tompson et al. 2015, §3.2).
    """

    def __init__(self, rate, at_inference=False, spatial=False, **kwargs):
        super().__init__(**kwargs)
        self.rate, self.at_inference, self.spatial = rate, at_inference, spatial

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "at_inference": self.at_inference, "spatial": self.spatial}

    def call(self, x, training=False):
        if self.rate == 0 or not (training or self.at_inference):
            return x
        forward_pass = ForwardPass.current()
        shape, seed = tf.shape(x), tf.constant([0, 0])
        if self.spatial:
            shape = tf.stack([shape[0], 1, 1, shape[3]])
        if not training:
            shape = tf.concat([[1], shape[1:]], axis=0)
        elif forward_pass is not None:
            seed = forward_pass.next_seed()
        return tf.where(uniform(shape, seed) >= self.rate, x / (1.0 - self.rate), tf.zeros_like(x))


@keras.saving.register_keras_serializable("tfgan")
class ReflectionPadding(keras.layers.Layer):
    """Pads height and width by `padding` pixels mirrored at the border, which itself is not repeated; N×H×W×C, H and W > padding."""

    def __init__(self, padding, **kwargs):
        super().__init__(**kwargs)
        self.padding = padding

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}

    def compute_output_shape(self, input_shape):
        n, h, w, c = input_shape
        grow = 2 * self.padding
        return (n, None if h is None else h + grow, None if w is None else w + grow, c)

    def call(self, x):
        p = self.padding
        if None in x.shape[1:3] or min(x.shape[1:3]) < 2 * p + 2 or has_gpu():
            return tf.pad(x, [[0, 0], [p, p], [p, p], [0, 0]], mode="REFLECT")
        return _mirror(_mirror(x, p, axis=2), p, axis=1)


def has_gpu() -> bool:
    """Whether TensorFlow sees one: some layers have a form of their own for CPUs."""
    return bool(tf.config.list_physical_devices("GPU"))


def _mirror(x, p: int, axis: int):
    """Reflects `p` rows or columns at both ends, in half of the time that `tf.pad` and its gradient take on a CPU."""

    @tf.custom_gradient
    def mirror(x):
        n = x.shape[axis]
        return tf.gather(x, [*range(p, 0, -1), *range(n), *range(n - 2, n - 2 - p, -1)], axis=axis), fold

    def fold(d):
        """What lies beyond the ends is added where it was mirrored from."""
        n = d.shape[axis] - 2 * p
        before, first, left, middle, right, last, after = tf.split(d, [p, 1, p, n - 2 * p - 2, p, 1, p], axis=axis)
        return tf.concat([first, left + tf.reverse(before, [axis]), middle, right + tf.reverse(after, [axis]), last], axis=axis)

    return mirror(x)


@keras.saving.register_keras_serializable("tfgan")
class SpectralConv2D(keras.layers.Layer):
    """Convolution N×H×W×C -> N×h×w×`filters` by W / σ(W), σ being W's largest singular value (Miyato et al. 2018, algorithm 1).

    σ = uᵀ Wᵀ v is found by power iteration, one step for each training pass; W is seen as a matrix of (k·k·C) × `filters`, u and v are
    constants to the gradient, which does flow through σ. As in PyTorch and unlike Keras' SpectralNormalization, W itself is never
    overwritten. Several calls in one pass take the same step. At inference u stays as it is, and v follows from it. u moves on only in
    phases that train the network; PyTorch's does in those that merely use it, too.

    Args:
        kernel_size, strides: one number for height and width; padding: same or valid.
    """

    def __init__(self, filters, kernel_size, strides=1, padding="same", use_bias=True, kernel_initializer="glorot_normal", **kwargs):
        super().__init__(**kwargs)
        self.filters, self.kernel_size, self.strides, self.padding, self.use_bias = filters, kernel_size, strides, padding, use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def get_config(self):
        names = ("filters", "kernel_size", "strides", "padding", "use_bias")
        initializer = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **{name: getattr(self, name) for name in names}, "kernel_initializer": initializer}

    def build(self, input_shape):
        shape = (self.kernel_size, self.kernel_size, input_shape[-1], self.filters)
        # Without autocast: σ is of float32 in every precision.
        self.kernel = self.add_weight(shape=shape, initializer=self.kernel_initializer, name="kernel", autocast=False)
        if self.use_bias:
            self.bias = self.add_weight(shape=(self.filters,), initializer="zeros", name="bias")
        self.u = self.add_weight(shape=(self.filters,), initializer=_random_direction, name="u", trainable=False, autocast=False)

    def compute_output_shape(self, input_shape):
        n, *sizes, _ = input_shape
        lost = self.kernel_size - 1 if self.padding == "valid" else 0
        return (n, *(None if size is None else -(-(size - lost) // self.strides) for size in sizes), self.filters)

    def call(self, x, training=False):
        kernel = tf.convert_to_tensor(self.kernel)
        matrix, u = tf.reshape(kernel, [-1, self.filters]), tf.convert_to_tensor(self.u)
        v = tf.stop_gradient(_direction(tf.linalg.matvec(matrix, u)))
        product = tf.linalg.matvec(matrix, v, transpose_a=True)
        if training:
            u = tf.stop_gradient(_direction(product))
            _record(self.u, u, momentum=0.0)
        sigma = tf.reduce_sum(u * product)
        y = tf.nn.conv2d(x, tf.cast(kernel / sigma, x.dtype), self.strides, self.padding.upper())
        return tf.nn.bias_add(y, tf.cast(self.bias, y.dtype)) if self.use_bias else y


def _direction(vector):
    return vector / tf.maximum(tf.norm(vector), 1e-12)


def _random_direction(shape, dtype=None):
    return _direction(keras.initializers.RandomNormal(stddev=1.0)(shape, dtype))


@keras.saving.register_keras_serializable("tfgan")
class InstanceNorm(keras.layers.GroupNormalization):
    """Each image's channels to mean 0 and deviation 1, N×H×W×C; epsilon as in PyTorch.

    A few images are normalised one after the other by the fused operation of batch norm, of which a batch of one image is the same;
    Keras' dozen of float32 operations took a quarter of CycleGAN's step on a CPU (benchmarks/README.md).
    """

    MOST_FUSED = 8  # images

    def __init__(self, groups=-1, epsilon=1e-5, **kwargs):
        super().__init__(groups=groups, epsilon=epsilon, **kwargs)

    def call(self, x):
        if x.shape[0] is None or x.shape[0] > self.MOST_FUSED:
            return super().call(x)
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(x.shape[-1:])
        shift = tf.convert_to_tensor(self.beta) if self.center else tf.zeros(x.shape[-1:])
        none = tf.zeros([0])  # no moving averages come in
        fused = [
            tf.raw_ops.FusedBatchNormV3(x=image, scale=scale, offset=shift, mean=none, variance=none, epsilon=self.epsilon).y
            for image in tf.split(x, x.shape[0])
        ]
        return tf.cast(tf.concat(fused, axis=0) if len(fused) > 1 else fused[0], self.compute_dtype)


def instance_norm(**kwargs):
    """Without scale and shift, as CycleGAN's networks use it."""
    return InstanceNorm(scale=False, center=False, **kwargs)
