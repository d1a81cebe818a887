"""ACGAN: image synthesis with auxiliary classifier GANs (Odena et al. 2017)."""

import dataclasses
from typing import ClassVar, TypeAlias

from tfgan.config import Size, setting
from tfgan.config.unused import Table, Unused
from tfgan.lazy import layers, networks, tf
from tfgan.methods import adversarial, base, noise

MULTIPLES = {"upsampling": 4, "paper": 8}  # architecture -> what height and width must be multiples of
WIDTHS = {"upsampling": (64, 16), "paper": (96, 16)}  # architecture -> ngf, ndf
DROPOUTS = {"upsampling": 0.25, "paper": 0.5}


@dataclasses.dataclass(frozen=True)
class HParams(noise.HParams):
    unused: ClassVar[Table] = (Unused(("batch_norm",), {"architecture": ("paper",)}),)

    image_size: Size = setting((32, 32), "size of the images: HEIGHTxWIDTH, or one number for both")
    architecture: str = setting(
        "upsampling",
        "upsampling: networks that resize and convolve, as in ports to MNIST; paper: those of the paper for CIFAR-10",
        choices=tuple(MULTIPLES),
    )
    ngf: int = setting(0, "channels before the generator's last layer; 0: as in the architecture", at_least=0, at_most=2**16)
    ndf: int = setting(0, "channels of the discriminator's first layer; 0: as in the architecture", at_least=0, at_most=2**16)
    dropout: float = setting(-1.0, "dropout rate in the discriminator; -1: as in the architecture", at_least=-1.0, at_most=0.99)
    discriminator_norm: str = setting("batch", "normalization in the discriminator", choices=("batch", "none"))
    batch_norm: str = noise.batch_norm_setting()
    class_weight: float = setting(1.0, "weight of the class loss", at_least=0.0)
    fake_class_weight: float = setting(
        1.0,
        "weight of generated images in the discriminator's class loss, relative to real ones; 0: only real ones",
        at_least=0.0,
        at_most=1.0,
    )

    def __post_init__(self):
        super().__post_init__()
        multiple = MULTIPLES[self.architecture]
        fits = all(size and size % multiple == 0 for size in self.image_size)
        self.require_size(fits, f"--architecture={self.architecture}", f"multiples of {multiple}")
        self.refuse_penalties(self.discriminator_norm == "batch", "--discriminator_norm=none")

    def widths(self) -> tuple[int, int]:
        """The widths of the networks: ngf of the generator and ndf of the discriminator, or the architecture's own where they are 0."""
        ngf, ndf = WIDTHS[self.architecture]
        return self.ngf or ngf, self.ndf or ndf

    def dropout_rate(self) -> float:
        return DROPOUTS[self.architecture] if self.dropout < 0 else self.dropout


class ACGAN(noise.NoiseMethod):
    """ACGAN: a discriminator that tells the class of images, real or generated, and a generator that wants the right one told.

    The discriminator is not shown the class. Both networks may agree on wrong classes, as the discriminator also learns from generated
    images that do not show the class they were asked for; on few training images they do. Losses are halved where the ports halve them,
    which changes nothing under Adam.
    """

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "labeled"

    def build_generator(self):
        h, classes = self.hparams, len(self.class_names)
        shape, (ngf, _) = (h.latent_dim, h.image_size, self.image.channels), h.widths()
        if h.architecture == "paper":
            return networks.acgan.cifar_generator(*shape, classes, ngf=ngf)
        return networks.acgan.upsampling_generator(*shape, ngf=ngf, batch_norm=noise.BATCH_NORMS[h.batch_norm], classes=classes)

    def build_discriminator(self):
        h, classes = self.hparams, len(self.class_names)
        shape, (_, ndf) = (h.image_size, self.image.channels), h.widths()
        if h.architecture == "paper":
            return networks.acgan.cifar_discriminator(*shape, classes, ndf=ndf, norm=h.discriminator_norm, dropout=h.dropout_rate())
        blocks = {"batch_norm": noise.BATCH_NORMS[h.batch_norm], "norm": h.discriminator_norm, "dropout": h.dropout_rate()}
        return networks.acgan.upsampling_discriminator(*shape, ndf=ndf, **blocks, classes=classes)

    def judge_and_classify(self, images, seed):
        """The discriminator's logits b×1 and class logits b×classes for `images`, which DiffAugment changes by `seed` first."""
        return self.discriminator(self.augment(images, layers.fold_in(seed, 2)), training=True)

    def judge(self, images, labels, seed):
        logits, _ = self.judge_and_classify(images, seed)
        return logits

    def see(self, images, labels=None):
        """As for other methods, of a discriminator that tells the class itself."""
        return super().see(images)

    def _discriminator_loss(self, batch, seed):
        h, real = self.hparams, batch["image"]
        fake, labels = self.shown(batch, seed)

        def discriminate():
            return list(zip(self.judge_and_classify(real, seed), self.judge_and_classify(fake, seed)))

        outputs, penalties = adversarial.judged(self, discriminate, real, fake, layers.fold_in(seed, 6), lambda outputs: outputs[:1])
        (real_logits, fake_logits), (real_classes, fake_classes) = outputs
        adversary, scalars = adversarial.penalized(h, self.loss.discriminator(real_logits, fake_logits), penalties)
        classification = 0.5 * class_loss(real_classes, batch["label"]) + 0.5 * h.fake_class_weight * class_loss(fake_classes, labels)
        loss = 0.25 * adversary + 0.5 * h.class_weight * classification
        scalars |= {
            "real_score": self.loss.score(real_logits, fake_logits),
            "class_accuracy": 0.5 * (class_accuracy(real_classes, batch["label"]) + class_accuracy(fake_classes, labels)),
            "discriminator_class_loss": classification,
        }
        if h.loss == "wgan_gp":
            scalars["gradient_penalty"] = self.gradient_penalty(batch, fake, seed)
            loss += 0.25 * h.gp_weight * scalars["gradient_penalty"]
        told, signs = self.watched((real_logits, fake_logits))
        return base.PhaseResult({"discriminator": loss}, scalars | told, signs)

    def _generator_loss(self, batch, seed):
        fake, labels = self.generate(batch, seed)
        (logits, classes), opposite = self.judge_and_classify(fake, seed), self.opposite(batch, seed)
        classification = class_loss(classes, labels)
        loss = 0.5 * (self.loss.generator(logits, opposite) + self.hparams.class_weight * classification)
        return base.PhaseResult(
            {"generator": loss},
            {"fake_score_before": self.loss.score(logits, opposite), "generator_class_loss": classification},
            self.shown_later(fake),
        )


def class_loss(logits, labels):
    """The mean cross-entropy of a softmax, a float32 scalar, for logits b×classes and labels b int32; ln(classes) at logits 0."""
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, tf.cast(logits, tf.float32)))


def class_accuracy(logits, labels):
    """The share of images, from 0 to 1, whose most likely class is their label; logits b×classes, labels b int32."""
    return tf.reduce_mean(tf.cast(tf.argmax(logits, axis=1, output_type=tf.int32) == labels, tf.float32))
