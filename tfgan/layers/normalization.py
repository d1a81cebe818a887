"""Batch and instance normalization with the papers' constants."""

import keras
import tensorflow as tf

from tfgan.layers.forward_pass import record
from tfgan.layers.machine import is_tuned

SPACE = (1, 2)  # axes of N×H×W×C


@keras.saving.register_keras_serializable("tfgan")
class BatchNorm(keras.layers.BatchNormalization):
    """Batch normalization with the papers' constants (PyTorch's: momentum 0.9 in Keras' sense, epsilon 1e-5, γ ~ N(1, 0.02)).

    Takes N×H×W×C or N×C and returns that shape. A training call moves the averages, as Keras' layer does; inside a
    `tfgan.layers.ForwardPass`, whoever opened it does. With `trainable = False` the layer works as after training, as Keras' does.

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
        if not (training and self.trainable):
            return self._normalize(x, *self._inference_moments(x))
        if self.synchronized and not _alone():
            mean, variance = _replica_moments(x)
            y = self._normalize(x, mean, variance)
        else:
            y, mean, variance = self._normalize_batch(x)
        record(self.moving_mean, mean, self.momentum)
        record(self.moving_variance, variance, self.momentum)
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
    """Mean and biased variance of each channel, both float32 of shape (C,), over the batches of all replicas, which are equally large."""
    axes = list(range(x.shape.rank - 1))
    x = tf.cast(x, tf.float32)
    moments = tf.stack([tf.reduce_mean(x, axes), tf.reduce_mean(tf.square(x), axes)])
    replicas = tf.distribute.get_replica_context()
    mean, mean_of_squares = tf.unstack(replicas.all_reduce(tf.distribute.ReduceOp.MEAN, moments))
    return mean, tf.maximum(mean_of_squares - tf.square(mean), 0.0)


@keras.saving.register_keras_serializable("tfgan")
class InstanceNorm(keras.layers.GroupNormalization):
    """Instance normalization: brings each channel of each image, N×H×W×C, to mean 0 and deviation 1, with PyTorch's epsilon of 1e-5.

    On this machine a few images are normalized one after the other by the fused operation of batch norm, of which a batch of one image is
    the same; a dozen of float32 operations took a quarter of CycleGAN's step on a CPU (benchmarks/README.md). The plain form are these, in
    four dimensions, where Keras' takes five, as runtimes for graphics processors have no more.
    """

    MOST_FUSED = 8  # images

    def __init__(self, groups=-1, epsilon=1e-5, **kwargs):
        super().__init__(groups=groups, epsilon=epsilon, **kwargs)

    def call(self, x, training=False):
        scale = tf.convert_to_tensor(self.gamma) if self.scale else tf.ones(x.shape[-1:])
        shift = tf.convert_to_tensor(self.beta) if self.center else tf.zeros(x.shape[-1:])
        if not (training or is_tuned()) or x.shape[0] is None or x.shape[0] > self.MOST_FUSED:
            exact = tf.cast(x, tf.float32)
            mean, variance = tf.nn.moments(exact, SPACE, keepdims=True)
            variance = _variance(exact) if training else variance
            return tf.cast(tf.nn.batch_normalization(exact, mean, variance, shift, scale, self.epsilon), self.compute_dtype)
        none = tf.zeros([0])  # no moving averages come in
        fused = [
            tf.raw_ops.FusedBatchNormV3(x=image, scale=scale, offset=shift, mean=none, variance=none, epsilon=self.epsilon).y
            for image in tf.split(x, x.shape[0])
        ]
        return tf.cast(tf.concat(fused, axis=0) if len(fused) > 1 else fused[0], self.compute_dtype)


@tf.custom_gradient
def _variance(x):
    """The variance of each channel of each image, N×H×W×C -> N×1×1×C.

    Bit by bit it is that of `tf.nn.moments`, and so is its gradient. But that function stops the gradient of the mean, which is of no
    consequence for the variance, and makes second derivatives wrong, such as those of a penalty of a discriminator's gradient.
    """

    def gradient(upstream):
        count = tf.cast(tf.shape(x)[1] * tf.shape(x)[2], x.dtype)
        return 2.0 * (upstream / count) * (x - tf.reduce_mean(x, SPACE, keepdims=True))

    mean = tf.reduce_mean(x, SPACE, keepdims=True)
    return tf.reduce_mean(tf.math.squared_difference(x, mean), SPACE, keepdims=True), gradient


def instance_norm(**kwargs):
    """Makes an `InstanceNorm` without scale and shift, which is what CycleGAN's networks use."""
    return InstanceNorm(scale=False, center=False, **kwargs)
