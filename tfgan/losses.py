"""Loss functions of GANs: pure functions of logits of any shape, or of images, in 2 to 6 lines.

`real` and `fake` are the discriminator's raw outputs (no sigmoid) for real and generated images; results are float32 scalars.
"""

import tensorflow as tf


def bce_discriminator_loss(real, fake):
    """Mean softplus(-real) + mean softplus(fake): binary cross-entropy to ones and zeros (Goodfellow et al. 2014). 2 ln 2 at logits 0."""
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    return tf.reduce_mean(tf.nn.softplus(-real)) + tf.reduce_mean(tf.nn.softplus(fake))


def bce_generator_loss(fake):
    """Mean softplus(-fake): the non-saturating loss (Goodfellow et al. 2014, §3). ln 2 at logits 0."""
    return tf.reduce_mean(tf.nn.softplus(-tf.cast(fake, tf.float32)))


def lsgan_discriminator_loss(real, fake):
    """Half the mean squares to 1 and 0 (Mao et al. 2017, eq. 9). 1/2 at outputs 0, 1/4 at outputs 1/2."""
    real, fake = tf.cast(real, tf.float32), tf.cast(fake, tf.float32)
    return 0.5 * (tf.reduce_mean(tf.square(real - 1.0)) + tf.reduce_mean(tf.square(fake)))


def lsgan_generator_loss(fake):
    """Mean square to 1, without the paper's factor 1/2, as the pix2pix and CycleGAN code has it. 1 at outputs 0."""
    return tf.reduce_mean(tf.square(tf.cast(fake, tf.float32) - 1.0))


def l1_loss(real, fake):
    """Mean absolute difference of two batches of images."""
    return tf.reduce_mean(tf.abs(tf.cast(real, tf.float32) - tf.cast(fake, tf.float32)))


GAN_LOSSES = {
    "bce": (bce_discriminator_loss, bce_generator_loss),
    "lsgan": (lsgan_discriminator_loss, lsgan_generator_loss),
}
