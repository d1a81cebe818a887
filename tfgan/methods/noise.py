"""The base of the methods that make images from noise: their settings, the two adversarial phases, and what these log."""

import dataclasses
from typing import ClassVar, TypeAlias

from tfgan.augmentation import AUGMENTATIONS, diff_augment
from tfgan.config import Size, Strings, setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.lazy import layers, tf
from tfgan.losses import GAN_LOSSES, gradient_penalty, wgan_discriminator_loss, wgan_generator_loss
from tfgan.methods import base

LOSSES = GAN_LOSSES | {"wgan_gp": (wgan_discriminator_loss, wgan_generator_loss)}
SURE = {"bce": (1.0, 0.0), "lsgan": (1.0, 0.0), "hinge": (1.0, -1.0)}
"""Loss -> `NoiseMethod.score` of real and of generated images where the discriminator is sure; both are half-way where it is undecided."""
BATCH_NORMS = {name: {name: 0.8} for name in ("momentum", "epsilon")}  # setting -> what `BatchNorm` is given


def batch_norm_setting():
    return setting(
        "momentum",
        "what the 0.8 in the batch norms of ports is: momentum, as in Keras ports, or epsilon, as in PyTorch ports",
        choices=tuple(BATCH_NORMS),
    )


def check_penalty(hparams, batch_norm):
    """Raises `UserError` if a discriminator with batch norm is to have its gradient penalized (Gulrajani et al. 2017, §4)."""
    if hparams.loss == "wgan_gp" and batch_norm:
        raise UserError(
            "--loss=wgan_gp penalizes the gradient of each image by itself, and batch norm mixes them (Gulrajani et al. 2017, §4): "
            "use --discriminator_norm=none."
        )


@dataclasses.dataclass(frozen=True)
class HParams(base.AveragedHParams, base.AdamHParams):
    unused: ClassVar[Table] = (Unused(("gp_weight",), {"loss": lambda loss: loss != "wgan_gp"}),)

    batch_size: int = setting(64, "images per update, over all replicas", at_least=1, at_most=2**16)
    image_size: Size = setting((28, 28), "size of the images: HEIGHTxWIDTH, or one number for both")
    random_crop: bool = setting(False, "resize to load_size and crop at random; if false, resize to image_size")
    flip: bool = setting(False, "flip half of the training images left to right")
    latent_dim: int = setting(100, "length of the noise vector", at_least=1, at_most=2**16, formerly="latents")
    prior: str = setting("normal", "distribution of the noise: N(0, 1), or uniform in [-1, 1]", choices=("normal", "uniform"))
    loss: str = setting("bce", "adversarial loss; wgan_gp adds the gradient penalty", choices=tuple(LOSSES))
    gp_weight: float = setting(10.0, "λ of the gradient penalty of --loss=wgan_gp", at_least=0.0, formerly="penalty_weight")
    n_critic: int = setting(1, "updates of the discriminator per update of the generator, each on its own batch", at_least=1, at_most=1000)
    updates: str = setting(
        "discriminator_first",
        "order of the updates in a step; with generator_first the discriminator sees the images that the generator has just learned from",
        choices=("discriminator_first", "generator_first"),
    )
    diffaugment: Strings = setting((), f"DiffAugment on all images that the discriminator sees: {','.join(AUGMENTATIONS)}")

    def __post_init__(self):
        super().__post_init__()
        for kind in set(self.diffaugment) - set(AUGMENTATIONS):
            raise UserError(f"--diffaugment={kind} is unknown. There are: {', '.join(AUGMENTATIONS)}.")
        if self.updates == "generator_first" and self.n_critic > 1:
            raise UserError(f"--updates=generator_first goes with --n_critic=1; found {self.n_critic}.")


class NoiseMethod(base.Method):
    """The base of methods that make images from noise: a generator (noise[, label]) -> image and a discriminator, which learn in turns.

    Subclasses build the two networks. Where `batch_kind` is labeled, both get a label, too: the generator one drawn at random.
    """

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "images"

    def __init__(self, hparams: HParams, spec):
        super().__init__(hparams, spec)
        self.image = spec.domains["image"]
        self.class_names = spec.class_names if self.batch_kind == "labeled" else ()
        self.batches_per_step = hparams.n_critic
        self.discriminator_loss, self.generator_loss = LOSSES[hparams.loss]
        self.build_networks()

    def build_networks(self):
        self.generator, self.discriminator = self.build_generator(), self.build_discriminator()
        self.networks = {"generator": self.generator, "discriminator": self.discriminator}
        self.keep_averages(generator=self.build_generator)

    def build_generator(self):
        """Builds the generator, a Keras model: latents N×latent_dim [, labels N int32] -> images N×H×W×C in [-1, 1]."""
        raise NotImplementedError

    def build_discriminator(self):
        """Builds the discriminator, a Keras model: images N×H×W×C in [-1, 1] [, labels N int32] -> logits N×1, no sigmoid."""
        raise NotImplementedError

    def make_optimizers(self):
        updates = {"discriminator": self.hparams.n_critic, "generator": 1}
        return {name: self.adam(count) for name, count in updates.items()}

    def phases(self):
        last = self.hparams.n_critic - 1
        discriminator = [
            base.Phase("discriminator", self._discriminator_loss, {"discriminator": ("discriminator",)}, batch)
            for batch in range(self.hparams.n_critic)
        ]
        generator = [
            base.Phase("generator", self._generator_loss, {"generator": ("generator",)}, last),
            base.Phase("afterwards", self._score_afterwards, {}, last),
        ]
        return [*generator, *discriminator] if self.hparams.updates == "generator_first" else [*discriminator, *generator]

    def draw(self, batch, seed):
        """Draws noise b×latent_dim float32 and labels b int32, or None without classes, for a batch of b images."""
        count = tf.shape(batch["image"])[0]
        shape = [count, self.hparams.latent_dim]
        own_seed = layers.fold_in(seed, 0)
        latents = layers.normal(shape, own_seed) if self.hparams.prior == "normal" else 2.0 * layers.uniform(shape, own_seed) - 1.0
        if not self.class_names:
            return latents, None
        return latents, tf.cast(layers.uniform([count], layers.fold_in(seed, 1)) * len(self.class_names), tf.int32)

    def generate(self, batch, seed):
        """Makes as many images as the batch has, b×H×W×C; returns them and the labels they were asked for, which follow from `seed`."""
        latents, labels = self.draw(batch, seed)
        return self.generator(_inputs(latents, labels), training=True), labels

    def judge(self, images, labels, seed):
        """The discriminator's logits b×1 for images b×H×W×C, which DiffAugment changes first; one `seed` changes two batches alike."""
        return self.discriminator(_inputs(diff_augment(images, self.hparams.diffaugment, layers.fold_in(seed, 2)), labels), training=True)

    def score(self, logits):
        """The mean of what the discriminator says, a float32 scalar: D(x) as a probability where the loss makes it one, else the output."""
        logits = tf.cast(logits, tf.float32)
        return tf.reduce_mean(tf.sigmoid(logits) if self.hparams.loss == "bce" else logits)

    def _discriminator_loss(self, batch, seed):
        fake, labels = self.shown(batch, seed)
        real_logits, fake_logits = self.judge(batch["image"], batch.get("label"), seed), self.judge(fake, labels, seed)
        loss = self.discriminator_loss(real_logits, fake_logits)
        scalars = {"real_score": self.score(real_logits)}
        if self.hparams.loss == "wgan_gp":
            scalars["gradient_penalty"] = self.gradient_penalty(batch, fake, seed)
            loss += self.hparams.gp_weight * scalars["gradient_penalty"]
        return base.PhaseResult({"discriminator": loss}, scalars)

    def shown(self, batch, seed):
        """The images of the generator that the discriminator learns from, b×H×W×C, which get no gradient, and their labels, b or None."""
        fake, labels = (batch["fake"], self.draw(batch, seed)[1]) if "fake" in batch else self.generate(batch, seed)
        return tf.stop_gradient(fake), labels

    def gradient_penalty(self, batch, fake, seed):
        """The gradient penalty, a float32 scalar, between real images and fakes, which are judged with the real ones' labels."""
        alpha = layers.uniform([tf.shape(fake)[0], 1, 1, 1], layers.fold_in(seed, 3))
        return gradient_penalty(lambda images: self.judge(images, batch.get("label"), seed), batch["image"], fake, alpha)

    def _generator_loss(self, batch, seed):
        fake, labels = self.generate(batch, seed)
        logits = self.judge(fake, labels, seed)
        return base.PhaseResult(
            {"generator": self.generator_loss(logits)}, {"fake_score_before": self.score(logits)}, self.shown_later(fake)
        )

    def shown_later(self, fake):
        """The generator phase's outputs: its images, for the discriminator to learn from, if the generator learns first; else none."""
        return {"fake": fake} if self.hparams.updates == "generator_first" else {}

    def _score_afterwards(self, batch, seed):
        """Scores generated images, D(G(z)), once more after the generator's step."""
        fake, labels = self.generate(batch, seed)
        return base.PhaseResult({}, {"fake_score_after": self.score(self.judge(fake, labels, seed))})

    def doubt(self, scalars):
        """The discriminator's doubt by its scores rather than by the loss, to which penalties and classes add.

        Fakes are scored after the generator's step: batch norm and dropout make some discriminators sure of the batch that they have just
        learned, and unsure again one step later.
        """
        if self.hparams.loss not in SURE or "fake_score_after" not in scalars:
            return {}
        real, fake = SURE[self.hparams.loss]
        return {"discriminator": (real - scalars["real_score"] + scalars["fake_score_after"] - fake) / (real - fake)}

    def inference(self):
        generator = self.averaged("generator")

        def function(latents, labels=None):
            return generator(_inputs(latents, labels), training=False)

        return {"generate": base.Generation(function, self.image, self.hparams.latent_dim, self.class_names, self.hparams.prior)}


def _inputs(images, labels):
    return images if labels is None else [images, labels]
