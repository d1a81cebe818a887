"""Loss functions of GANs: pure functions of logits of any shape, or of images, in 2 to 6 lines.

A discriminator's outputs are its raw ones (no sigmoid); results are float32 scalars.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from tfgan.lazy import tf

Loss = Callable[[Any], Any]


class GanLoss(NamedTuple):
    """An adversarial loss: what is asked of a discriminator's outputs for real and for generated images, and of the generator.

    The functions take outputs of any shape, in any precision, and return the mean as a float32 scalar.

    Attributes:
        on_real: of outputs for real images -> their part of the discriminator's loss.
        to_fool: of outputs for generated images -> the generator's loss.
        on_fake: of outputs for generated images -> their part of the discriminator's loss. None for relativistic losses, which judge
            images in pairs: their `on_real` is of the outputs for real images minus those for generated ones, `to_fool` of the opposite.
        undecided: a discriminator's least loss where it cannot tell real from generated images; 0 where it always can. None for critics,
            which have no last word: the better they are, the better the generator's gradient (Arjovsky et al. 2017, §3).
        sure: `score` of real and of generated images where the discriminator is sure; both are half-way where it is undecided.
        is_logit: whether the sigmoid of an output is a probability.
    """

    on_real: Loss
    to_fool: Loss
    on_fake: Loss | None
    undecided: float | None
    sure: tuple[float, float] | None
    is_logit: bool = False

    @property
    def relative(self) -> bool:
        """Whether outputs for real and for generated images are judged in pairs."""
        return self.on_fake is None

    def discriminator(self, real, fake):
        """The discriminator's loss for its outputs for real and for generated images, of one shape if they are judged in pairs."""
        return self.on_real(_difference(real, fake)) if self.on_fake is None else self.on_real(real) + self.on_fake(fake)

    def generator(self, fake, real=None):
        """The generator's loss for the discriminator's outputs for its images; `real`, those for real images, are for pairs alone."""
        return self.to_fool(_difference(fake, real) if self.relative else fake)

    def score(self, outputs, others=None):
        """The mean of what a discriminator says of images, a float32 scalar: the probability of being real where the loss makes it one.

        In pairs it is the probability of looking more real than the `others`, the outputs for the opposite kind of images
        (Jolicoeur-Martineau 2018, §3).
        """
        outputs = _difference(outputs, others) if self.relative else tf.cast(outputs, tf.float32)
        return tf.reduce_mean(tf.sigmoid(outputs) if self.is_logit else outputs)


def _difference(outputs, others):
    return tf.cast(outputs, tf.float32) - tf.cast(others, tf.float32)


def bce_on_real(outputs):
    """Binary cross-entropy of logits to ones, mean softplus(-outputs) = -mean ln D (Goodfellow et al. 2014, eq. 1); ln 2 at logits 0.

    As the generator's loss it is the non-saturating one (§3 there).
    """
    return tf.reduce_mean(tf.nn.softplus(-tf.cast(outputs, tf.float32)))


def bce_on_fake(outputs):
    """Binary cross-entropy of logits to zeros, mean softplus(outputs) = -mean ln(1 - D); ln 2 at logits 0."""
    return tf.reduce_mean(tf.nn.softplus(tf.cast(outputs, tf.float32)))


def bce_saturating(outputs):
    """The generator's loss in the minimax game itself, mean ln(1 - D) (Goodfellow et al. 2014, eq. 1); -ln 2 at logits 0."""
    return -bce_on_fake(outputs)


def lsgan_on_real(outputs):
    """Half the mean squared distance to 1 (Mao et al. 2017, eq. 9)."""
    return 0.5 * lsgan_to_fool(outputs)


def lsgan_on_fake(outputs):
    """Half the mean square (Mao et al. 2017, eq. 9)."""
    return 0.5 * tf.reduce_mean(tf.square(tf.cast(outputs, tf.float32)))


def lsgan_to_fool(outputs):
    """The mean squared distance to 1, without the paper's factor 1/2, as in pix2pix' and CycleGAN's code."""
    return tf.reduce_mean(tf.square(tf.cast(outputs, tf.float32) - 1.0))


def hinge_on_real(outputs):
    """Mean max(0, 1 - outputs) (Lim and Ye 2017)."""
    return tf.reduce_mean(tf.nn.relu(1.0 - tf.cast(outputs, tf.float32)))


def hinge_on_fake(outputs):
    """Mean max(0, 1 + outputs) (Lim and Ye 2017)."""
    return tf.reduce_mean(tf.nn.relu(1.0 + tf.cast(outputs, tf.float32)))


def raised(outputs):
    """-mean outputs: all that the hinge loss asks of a generator (Lim and Ye 2017), and a critic's part (Arjovsky et al. 2017, eq. 2)."""
    return -lowered(outputs)


def lowered(outputs):
    """Mean outputs: a critic's part for generated images (Arjovsky et al. 2017, eq. 2)."""
    return tf.reduce_mean(tf.cast(outputs, tf.float32))


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


def squared_gradient(tape, scales, images):
    """The mean over images of ‖gradient‖² of a discriminator there, a float32 scalar; ‖w‖² for a discriminator w·x.

    At real images it is R1, at generated ones R2, without the factor γ/2 (Mescheder et al. 2018, eq. 9 and 10; Roth et al. 2017). Of P
    logits an image has, it is the squared gradient of their sum, divided by P: the mean over patches where these do not overlap, and
    the same for larger images, where there are more patches. All scales count alike.

    Args:
        tape: the one that has watched `images` and recorded `scales`; persistent where there are several scales.
        scales: for each scale, a list of outputs N×…, each of images of their own.
        images: a tensor N×H×W×C or a list of such. No output is of more than one image, as it is behind batch norm.
    """
    images, found = tf.nest.flatten(images), []
    for outputs in scales:
        gradients = tape.gradient(outputs, images, unconnected_gradients="zero")
        squares = [tf.reduce_sum(tf.square(tf.cast(gradient, tf.float32)), axis=[1, 2, 3]) for gradient in gradients]
        patches = tf.size(outputs[0]) // tf.shape(outputs[0])[0]
        found.append(tf.reduce_mean(tf.concat(squares, axis=0)) / tf.cast(patches, tf.float32))
    return tf.add_n(found) / len(found)


def path_lengths(synthesize, styles, direction):
    """How far images go with their styles: the length of Jᵀy, N float32, where J is the derivative of an image by its styles.

    A style that moves all layers alike counts once: squared lengths are averaged over layers (Karras et al. 2020, §3.2 and appendix B).

    Args:
        synthesize: styles N×layers×d -> images N×H×W×C.
        styles: N×layers×d.
        direction: y, N×H×W×C; of N(0, 1) / √(H·W) in the paper's code.
    """
    with tf.GradientTape() as tape:
        tape.watch(styles)
        total = tf.reduce_sum(synthesize(styles) * direction)
    squares = tf.reduce_sum(tf.square(tape.gradient(total, styles)), axis=2)  # N × layers
    return tf.sqrt(tf.maximum(tf.reduce_mean(squares, axis=1), 1e-30))  # the root has no derivative at 0


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


def unit_distance(real, fake):
    """How unlike two batches of images are by the maps of a network, lists of N×h×w×c, a float32 scalar from 0 to 4.

    In each place both vectors are brought to length 1, and their squared difference is taken, averaged over places and maps: LPIPS without
    what it learned of channels (Zhang et al. 2018, eq. 1).
    """
    pairs = zip(real, fake, strict=True)
    units = [[tf.math.l2_normalize(tf.cast(found, tf.float32), axis=-1, epsilon=1e-20) for found in pair] for pair in pairs]
    return tf.add_n([tf.reduce_mean(tf.reduce_sum(tf.square(r - f), axis=-1)) for r, f in units]) / len(units)


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
    "bce": GanLoss(bce_on_real, bce_on_real, bce_on_fake, undecided=2.0 * math.log(2.0), sure=(1.0, 0.0), is_logit=True),
    "lsgan": GanLoss(lsgan_on_real, lsgan_to_fool, lsgan_on_fake, undecided=0.25, sure=(1.0, 0.0)),
    "hinge": GanLoss(hinge_on_real, raised, hinge_on_fake, undecided=2.0, sure=(1.0, -1.0)),
    # Relativistic pairing (Jolicoeur-Martineau 2018, RpGAN), which converges with R1 and R2 (Huang et al. 2024, §2).
    "rpgan": GanLoss(bce_on_real, bce_on_real, None, undecided=math.log(2.0), sure=(1.0, 0.0), is_logit=True),
}
"""The adversarial losses that go with any discriminator."""

CRITIC_LOSSES = GAN_LOSSES | {"wgan_gp": GanLoss(raised, raised, lowered, undecided=None, sure=None)}
"""Those of methods that have the gradient penalty of Gulrajani et al. 2017 too, which is a part of wgan_gp."""
