"""The normal distribution of training images' latents, from which a decoder's samples may be drawn instead of from the prior.

Ex-post density estimation (Ghosh et al. 2020, From Variational to Deterministic Autoencoders, §4): the latents of all images together need
not be spread as the prior is, and a decoder knows only what it was trained on. The distribution follows the encoder step by step.
"""

from __future__ import annotations

from tfgan.lazy import tf
from tfgan.methods import base

MEAN, COVARIANCE = "latent_mean", "latent_covariance"  # d, d×d
FACTOR, INVERSE = "latent_factor", "latent_inverse"  # d×d: L with L Lᵀ = covariance, and L⁻¹
DECAY = 0.998  # a step: half of it is from the last 346
FLOOR = 1e-5  # added to variances, so that there is a factor where an encoder has almost one latent for all images
LONGEST = 2048  # a factor of 2048² numbers takes 16 MB and, in each step, as long as a layer


def first_state(length: int) -> dict[str, tf.Variable]:
    """The state of `Method.state` before the first step, for latents of this length: the standard normal distribution."""
    values = {MEAN: tf.zeros([length])} | {name: tf.eye(length) for name in (COVARIANCE, FACTOR, INVERSE)}
    return {name: base.variable(value) for name, value in values.items()}


def follow(state: dict[str, tf.Variable], means: tf.Tensor, log_variances: tf.Tensor, step):
    """Lets the distribution follow the latents of a step's images.

    An image's latent is normal, too, so mean and covariance are those of the mixture of all images' distributions, in which a step's have a
    share of 1 - DECAY, and more in the first steps, whose encoder is soon forgotten: step t has one of 9 / (10 + t) at least.

    Args:
        state: as `first_state` has it; assigned.
        means, log_variances: of the images' latents, N×d.
        step: t, the number of steps before this one.
    """
    means, log_variances = tf.cast(means, tf.float32), tf.cast(log_variances, tf.float32)
    count, done = tf.cast(tf.shape(means)[0], tf.float32), tf.cast(step, tf.float32)
    decay = tf.minimum(DECAY, (1.0 + done) / (10.0 + done))
    mean = tf.reduce_mean(means, axis=0)
    apart = means - mean
    covariance = tf.matmul(apart, apart, transpose_a=True) / count + tf.linalg.diag(tf.reduce_mean(tf.exp(log_variances), axis=0))
    moved = mean - state[MEAN]
    between = decay * (1.0 - decay) * moved[:, None] * moved[None]
    covariance = decay * state[COVARIANCE] + (1.0 - decay) * covariance + between  # of a mixture of two
    identity = tf.eye(tf.shape(covariance)[0])
    factor = tf.linalg.cholesky(covariance + FLOOR * identity)
    state[MEAN].assign_add((1.0 - decay) * moved)
    state[COVARIANCE].assign(covariance)
    state[FACTOR].assign(factor)
    state[INVERSE].assign(tf.linalg.triangular_solve(factor, identity))


def from_noise(state: dict[str, tf.Variable], noise: tf.Tensor) -> tf.Tensor:
    """Turns noise N×d of N(0, 1) into latents N×d of the distribution."""
    return state[MEAN] + tf.matmul(noise, state[FACTOR], transpose_b=True)


def to_noise(state: dict[str, tf.Variable], latents: tf.Tensor) -> tf.Tensor:
    """The noise N×d that `from_noise` turns into these latents N×d."""
    return tf.matmul(latents - state[MEAN], state[INVERSE], transpose_b=True)
