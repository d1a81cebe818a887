"""The base of the methods that make images from noise: their settings, the two adversarial phases, and what these log."""

import dataclasses
from typing import TypeAlias

from tfgan.config import Size, setting
from tfgan.errors import UserError
from tfgan.lazy import layers, networks, tf
from tfgan.losses import CRITIC_LOSSES, gradient_penalty
from tfgan.methods import adversarial, base

BATCH_NORMS = {name: {name: 0.8} for name in ("momentum", "epsilon")}  # setting -> what `BatchNorm` is given


def batch_norm_setting():
    return setting(
        "momentum",
        "what the 0.8 in the batch norms of ports is: momentum, as in Keras ports, or epsilon, as in PyTorch ports",
        choices=tuple(BATCH_NORMS),
    )


@dataclasses.dataclass(frozen=True)
class HParams(adversarial.CriticHParams, base.AveragedHParams, base.AdamHParams):
    batch_size: int = setting(64, "images per update, over all replicas", at_least=1, at_most=2**16)
    image_size: Size = setting((28, 28), "size of the images: HEIGHTxWIDTH, or one number for both")
    random_crop: bool = setting(False, "resize to load_size and crop at random; if false, resize to image_size")
    flip: bool = setting(False, "flip half of the training images left to right")
    latent_dim: int = setting(100, "length of the noise vector", at_least=1, at_most=2**16, formerly="latents")
    prior: str = setting("normal", "distribution of the noise: N(0, 1), or uniform in [-1, 1]", choices=("normal", "uniform"))
    n_critic: int = setting(1, "updates of the discriminator per update of the generator, each on its own batch", at_least=1, at_most=1000)
    updates: str = setting(
        "discriminator_first",
        "order of the updates in a step; with generator_first the discriminator sees the images that the generator has just learned from",
        choices=("discriminator_first", "generator_first"),
    )

    def __post_init__(self):
        super().__post_init__()
        if self.updates == "generator_first" and self.n_critic > 1:
            raise UserError(f"--updates=generator_first goes with --n_critic=1; found {self.n_critic}.")


class NoiseMethod(adversarial.AdversarialMethod):
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
        self.loss = CRITIC_LOSSES[hparams.loss]
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
        """Draws noise b×latent_dim float32 and labels b int32, or None without classes, for a batch of b images.

        Where real and generated images are judged in pairs, the labels are those of the real ones: a pair is of one class.
        """
        count = tf.shape(batch["image"])[0]
        shape = [count, self.hparams.latent_dim]
        own_seed = layers.fold_in(seed, 0)
        latents = layers.normal(shape, own_seed) if self.hparams.prior == "normal" else 2.0 * layers.uniform(shape, own_seed) - 1.0
        if not self.class_names:
            return latents, None
        if self.loss.relative:
            return latents, batch["label"]
        return latents, tf.cast(layers.uniform([count], layers.fold_in(seed, 1)) * len(self.class_names), tf.int32)

    def generate(self, batch, seed):
        """Makes as many images as the batch has, b×H×W×C; returns them and the labels they were asked for, which follow from `seed`."""
        latents, labels = self.draw(batch, seed)
        return self.generator(_inputs(latents, labels), training=True), labels

    def judge(self, images, labels, seed):
        """The discriminator's logits b×1 for images b×H×W×C, which DiffAugment changes first; one `seed` changes two batches alike."""
        return self.discriminator(_inputs(self.augment(images, layers.fold_in(seed, 2)), labels), training=True)

    def _discriminator_loss(self, batch, seed):
        real, (fake, labels) = self.real_images(batch), self.shown(batch, seed)

        def discriminate():
            return self.judge_both(real, batch.get("label"), fake, labels, seed)

        (real_logits, fake_logits), penalties = self.judged(discriminate, real, fake, layers.fold_in(seed, 6))
        loss, scalars = adversarial.penalized(self.hparams, self.loss.discriminator(real_logits, fake_logits), penalties)
        scalars["real_score"] = self.loss.score(real_logits, fake_logits)
        if self.hparams.loss == "wgan_gp":
            scalars["gradient_penalty"] = self.gradient_penalty(batch, fake, seed)
            loss += self.regularization(scalars["gradient_penalty"], real_logits)
        told, signs = self.watched((real_logits, fake_logits))
        return base.PhaseResult({"discriminator": loss}, scalars | told, signs)

    def judged(self, discriminate, real, fake, seed):
        """The discriminator's outputs, and the penalties of its gradient that belong to its loss; see `adversarial.judged`."""
        return adversarial.judged(self, discriminate, real, fake, seed)

    def real_images(self, batch):
        """The real images b×H×W×C that the discriminator is shown."""
        return batch["image"]

    def regularization(self, penalty, real_logits):
        """What the gradient penalty, a scalar, and logits b×1 of real images add to a critic's loss, a float32 scalar."""
        return self.hparams.gp_weight * penalty

    def judge_both(self, real, real_labels, fake, fake_labels, seed):
        """The discriminator's logits b×1 for real images and for generated ones."""
        return self.judge(real, real_labels, seed), self.judge(fake, fake_labels, seed)

    def shown(self, batch, seed):
        """The images of the generator that the discriminator learns from, b×H×W×C, which get no gradient, and their labels, b or None."""
        fake, labels = (batch["fake"], self.draw(batch, seed)[1]) if "fake" in batch else self.generate(batch, seed)
        return tf.stop_gradient(fake), labels

    def gradient_penalty(self, batch, fake, seed):
        """The gradient penalty, a float32 scalar, between real images and fakes, which are judged with the real ones' labels."""
        alpha = layers.uniform([tf.shape(fake)[0], 1, 1, 1], layers.fold_in(seed, 3))
        return gradient_penalty(lambda images: self.judge(images, batch.get("label"), seed), self.real_images(batch), fake, alpha)

    def _generator_loss(self, batch, seed):
        fake, labels = self.generate(batch, seed)
        logits, opposite = self.judge(fake, labels, seed), self.opposite(batch, seed)
        return base.PhaseResult(
            {"generator": self.loss.generator(logits, opposite)},
            {"fake_score_before": self.loss.score(logits, opposite)},
            self.shown_later(fake),
        )

    def opposite(self, batch, seed):
        """The logits b×1 for real images that those for generated ones are compared with; None by losses that do not compare them."""
        return adversarial.opposite(self.loss, lambda: self.judge(self.real_images(batch), batch.get("label"), seed))

    def shown_later(self, fake):
        """The generator phase's outputs: its images, for the discriminator to learn from, if the generator learns first; else none."""
        return {"fake": fake} if self.hparams.updates == "generator_first" else {}

    def _score_afterwards(self, batch, seed):
        """Scores generated images, D(G(z)), once more after the generator's step."""
        fake, labels = self.generate(batch, seed)
        logits = self.judge(fake, labels, seed)
        return base.PhaseResult({}, {"fake_score_after": self.loss.score(logits, self.opposite(batch, seed))})

    def doubt(self, scalars):
        """The discriminator's doubt by its scores rather than by the loss, to which penalties and classes add.

        Fakes are scored after the generator's step: batch norm and dropout make some discriminators sure of the batch that they have just
        learned, and unsure again one step later.
        """
        sure = CRITIC_LOSSES[self.hparams.loss].sure
        if sure is None or "fake_score_after" not in scalars:
            return {}
        real, fake = sure
        return {"discriminator": (real - scalars["real_score"] + scalars["fake_score_after"] - fake) / (real - fake)}

    def inference(self):
        generator = self.averaged("generator")

        def function(latents, labels=None):
            return generator(_inputs(latents, labels), training=False)

        h = self.hparams
        return {"generate": base.Generation(function, self.image, h.latent_dim, self.class_names, h.prior, see=self.see)}

    def see(self, images, labels=None):
        """What the layers of the discriminator make of images b×H×W×C in [-1, 1] after training, maps b×h×w×c, a list."""
        return networks.activations.activations(self.discriminator, lambda: self.discriminator(_inputs(images, labels), training=False))


def _inputs(images, labels):
    return images if labels is None else [images, labels]
