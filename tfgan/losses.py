"""Loss functions of GANs: pure functions of logits of any shape, or of images, in 2 to 6 lines.

`real` and `fake` are the discriminator's raw outputs (no sigmoid) for real and generated images; results are float32 scalars.
"""

import math

from tfgan.lazy import tf


def bce_discriminator_loss(real, fake):
    """Binary cross-entropy to ones and zeros, mean softplus(-real) + mean softplus(fake) (Goodfellow et al. 2014); 2 ln 2 at logits 0."""
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))


def bce_generator_loss(fake):
    """The non-saturating loss, mean softplus(-fake) (Goodfellow et al. 2014, §3); ln 2 at logits 0."""
    return tf.reduce_mean(tf.nn.softplus(-tf.cast(fake, tf.float32)))


def bce_saturating_generator_loss(fake):
    """The minimax game's own loss, -mean softplus(fake) = mean ln(1 - D) (Goodfellow et al. 2014, eq. 1); -ln 2 at logits 0."""
    return -tf.reduce_mean(tf.nn.softplus(tf.cast(fake, tf.float32)))


def lsgan_discriminator_loss(real, fake):
    """The least-squares loss, half of mean (real - 1)² + mean fake² (Mao et al. 2017, eq. 9); 1/2 at outputs 0, 1/4 at outputs 1/2."""
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    return 0.5 * (tf.reduce_mean(tf.square(real - 1.0)) + tf.reduce_mean(tf.square(fake)))


def lsgan_generator_loss(fake):
    """The least-squares loss, mean (fake - 1)², without the paper's factor 1/2, as in pix2pix' and CycleGAN's code; 1 at outputs 0."""
    return tf.reduce_mean(tf.square(tf.cast(fake, tf.float32) - 1.0))


def hinge_discriminator_loss(real, fake):
    """The hinge loss, mean max(0, 1 - real) + mean max(0, 1 + fake) (Lim and Ye 2017); 2 at logits 0."""
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    return tf.reduce_mean(tf.nn.relu(1.0 - real)) + tf.reduce_mean(tf.nn.relu(1.0 + fake))


def hinge_generator_loss(fake):
    """The generator's part of the hinge loss, -mean fake, which has no hinge (Lim and Ye 2017); 0 at logits 0."""
    return -tf.reduce_mean(tf.cast(fake, tf.float32))


def wgan_discriminator_loss(real, fake):
    """The critic's Wasserstein loss, mean fake - mean real (Arjovsky et al. 2017, eq. 2), to which a penalty belongs; 0 at outputs 0."""
    return tf.reduce_mean(tf.cast(fake, tf.float32)) - tf.reduce_mean(tf.cast(real, tf.float32))


def wgan_generator_loss(fake):
    """The generator's Wasserstein loss, -mean fake (Arjovsky et al. 2017); 0 at outputs 0."""
    return -tf.reduce_mean(tf.cast(fake, tf.float32))


def gradient_penalty(critic, real, fake, alpha):
    """Mean of (‖gradient‖ - 1)² at points between real and generated images (Gulrajani et al. 2017, eq. 3); 1 for a constant critic.

    Args:
        critic: images N×H×W×C -> outputs of any shape; the gradient is that of one image's outputs, summed.
        real, fake: images N×H×W×C.
        alpha: N×1×1×1, uniform in [0, 1): the share of the real image in each point.

    Returns:
        A float32 scalar, without the weight λ.
    """
    between = alpha * real + (1.0 - alpha) * fake
    with tf.GradientTape() as tape:
        tape.watch(between)
        total = tf.reduce_sum(critic(between))
    gradient = tape.gradient(total, between, unconnected_gradients="zero")
    squared = tf.reduce_sum(tf.square(tf.cast(gradient, tf.float32)), axis=[1, 2, 3])
    return tf.reduce_mean(tf.square(tf.sqrt(tf.maximum(squared, 1e-30)) - 1.0))  # the root has no derivative at 0


def r1_penalty(critic, real):
    """Mean ‖gradient‖² of a critic at real images (Mescheder et al. 2018, eq. 9, without γ/2); ‖w‖² for a critic w·x.

    Args:
        critic: images N×H×W×C -> outputs of any shape; the gradient is that of one image's outputs, summed.
        real: images N×H×W×C.

    Returns:
        The penalty, a float32 scalar, and the critic's outputs.
    """
    with tf.GradientTape() as tape:
        tape.watch(real)
        outputs = critic(real)
        total = tf.reduce_sum(tf.cast(outputs, tf.float32))
    gradient = tape.gradient(total, real, unconnected_gradients="zero")
    return tf.reduce_mean(tf.reduce_sum(tf.square(tf.cast(gradient, tf.float32)), axis=[1, 2, 3])), outputs


def l1_loss(real, fake):
    """Mean absolute difference of two batches of images N×H×W×C, or of any two tensors of one shape, a float32 scalar."""
    return tf.reduce_mean(tf.abs(tf.cast(real, tf.float32) - tf.cast(fake, tf.float32)))


def feature_matching_loss(real, fake):
    """L1 losses of a discriminator's feature maps, summed over the maps of a scale, averaged over scales (Wang et al. 2018, eq. 4).

    Args:
        real, fake: for each scale, a list of maps N×h×w×f. Real ones are the goal: they get no gradient.

    Raises:
        ValueError: real and fake differ in the number of scales or maps.
    """
    scales = [sum(l1_loss(tf.stop_gradient(r), f) for r, f in zip(*maps, strict=True)) for maps in zip(real, fake, strict=True)]
    return sum(scales) / len(scales)


def kl_divergence(mean, log_variance):
    """Kullback–Leibler divergence of N(mean, exp(log_variance)) to N(0, 1), N×d each -> N float32: the sum over d.

    It is 0 at zeros, and d/2 at mean 1 and log-variance 0.
    """
    mean, log_variance = tf.cast(mean, tf.float32), tf.cast(log_variance, tf.float32)
    return 0.5 * tf.reduce_sum(tf.square(mean) + tf.exp(log_variance) - 1.0 - log_variance, axis=-1)


def squared_error(real, fake):
    """Half the squared distance of two batches of anything, N×… -> N float32, summed over all but N (Larsen et al. 2016, eq. 7).

    It is -ln p(real) under N(fake, 1), but for a constant.
    """
    difference = tf.cast(real, tf.float32) - tf.cast(fake, tf.float32)
    return 0.5 * tf.reduce_sum(tf.square(difference), axis=list(range(1, difference.shape.rank)))


GAN_LOSSES = {
    "bce": (bce_discriminator_loss, bce_generator_loss),
    "lsgan": (lsgan_discriminator_loss, lsgan_generator_loss),
    "hinge": (hinge_discriminator_loss, hinge_generator_loss),
}
UNDECIDED = {"bce": 2.0 * math.log(2.0), "lsgan": 0.25, "hinge": 2.0}
"""A discriminator's least loss where it cannot tell real from generated images; 0 where it always can."""
