"""SPADE (GauGAN): photographs from label maps, by spatially-adaptive normalization (Park et al. 2019), as the authors' code trains it."""

import dataclasses
import functools
from typing import ClassVar, TypeAlias

from tfgan.config import setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.instances import classes_of, edges, instances_of
from tfgan.lazy import layers, networks, tf
from tfgan.losses import GAN_LOSSES, feature_matching_loss, kl_divergence, l1_loss
from tfgan.methods import adversarial, base
from tfgan.one_hot import network_channels, one_hot
from tfgan.sizes import UPSAMPLING_LAYERS, VGG_MINIMUM, fitting_doublings, fitting_power, multiscale_minimum


@dataclasses.dataclass(frozen=True)
class HParams(adversarial.AdversarialHParams, base.AveragedHParams, base.DrawnHParams, base.AdamHParams):
    ties = ("feature_weight",)
    built_with = ("xavier", 0.02)
    unused: ClassVar[Table] = (
        Unused(
            ("latent_dim", "encoder_size", "kl_weight"),
            {"style_encoder": (False,)},
            why="without --style_encoder",
            cure="add that, or leave it out",
        ),
        Unused(("vgg_weight",), {"vgg_weights": ("",)}, cure="add these, or leave it out"),
    )

    ngf: int = setting(
        64, "filters of the generator's last layers, and of the style encoder's first convolution", at_least=1, at_most=2**16
    )
    ndf: int = setting(64, "filters of each discriminator's first convolution", at_least=1, at_most=2**16)
    depth: int = setting(
        0,
        "how often the generator doubles the size; 0: 5 times from 256×256 on, where it starts with 8×8, less often for smaller images, "
        "and as often as --num_upsampling_layers adds",
        at_least=0,
        at_most=10,
    )
    num_upsampling_layers: str = setting(
        "normal",
        "more: one of the doublings is between the two blocks in the middle; most: and another, with a block of half the filters, last",
        choices=UPSAMPLING_LAYERS,
    )
    n_layers: int = setting(
        4, "convolutions of each discriminator before its logits; all but the last have stride 2", at_least=1, at_most=8
    )
    scales: int = setting(2, "number of discriminators, each at half the size of the one before", at_least=1, at_most=6)
    weight_init: str = base.weight_init_setting("xavier")
    n_critic: int = setting(
        1,
        "updates of the discriminators per update of the generator, each on its own batch (D_steps_per_G in the authors' code)",
        at_least=1,
        at_most=1000,
    )
    sync_batch_norm: bool = setting(True, "compute batch statistics over all replicas")
    dont_care: bool = setting(
        False,
        "a channel of its own for pixels of no class (--contain_dontcare_label in the authors' code); without, all are 0 there",
    )
    style_encoder: bool = setting(False, "learn styles: an encoder turns each photo into a vector, which the generator starts from")
    latent_dim: int = setting(256, "length of the style vector", at_least=1, at_most=2**16, formerly="latent")
    encoder_size: int = setting(
        0,
        "height and width of the style encoder's input, a power of two from 8 on; 0: image_size, at most 256",
        at_least=0,
    )
    kl_weight: float = setting(0.05, "weight of the style's KL divergence, summed over the batch", at_least=0.0)
    loss: str = setting("hinge", "adversarial loss", choices=tuple(GAN_LOSSES))
    feature_weight: float = setting(10.0, "weight of the discriminators' feature matching loss", at_least=0.0)
    vgg_weights: str = setting("", "VGG19 weights for the perceptual loss: imagenet, or a file; empty: no perceptual loss", path=True)
    vgg_weight: float = setting(10.0, "weight of the perceptual loss", at_least=0.0)
    learning_rate: float = setting(1e-4, "learning rate of generator and style encoder (Adam)", at_least=0.0)
    discriminator_learning_rate: float = setting(4e-4, "learning rate of the discriminators (Adam)", at_least=0.0)
    beta_1: float = setting(0.0, "Adam's β₁: decay of the mean gradient", at_least=0.0, at_most=0.9999)
    beta_2: float = setting(0.9, "Adam's β₂: decay of the mean squared gradient", at_least=0.0, at_most=0.999999)
    lr_decay_epochs: float = base.lr_decay_setting(0.5)

    def __post_init__(self):
        super().__post_init__()
        depth, least = self.effective()["depth"], multiscale_minimum(self.scales, self.n_layers)
        if depth <= self.more_doublings:
            raise UserError(f"--depth={depth} is too little for --num_upsampling_layers={self.num_upsampling_layers}: leave it out.")
        fits = all(size and size % 2**depth == 0 for size in self.image_size)
        self.require_size(fits, f"--depth={depth}", f"multiples of {2**depth}")
        judge = f"--n_layers={self.n_layers} and --scales={self.scales}"
        self.require_size(min(self.image_size) >= least, judge, f"{least} pixels or more, fewer layers or fewer scales")
        sees = not self.vgg_weights or min(self.image_size) >= VGG_MINIMUM
        self.require_size(sees, "--vgg_weights", f"{VGG_MINIMUM} pixels or more")
        if self.encoder_size & (self.encoder_size - 1) or 0 < self.encoder_size < 8:
            raise UserError(f"--encoder_size={self.encoder_size} must be a power of two, 8 or larger.")

    @property
    def more_doublings(self) -> int:
        return UPSAMPLING_LAYERS.index(self.num_upsampling_layers)

    def effective(self):
        encoder_size = self.encoder_size or fitting_power(self.image_size)
        depth = self.depth or fitting_doublings(self.image_size) + self.more_doublings
        return super().effective() | {"depth": depth, "encoder_size": encoder_size if self.style_encoder else 0}


class Spade(adversarial.AdversarialMethod):
    """SPADE: a generator of images from label maps, discriminators of (labels, image) at several sizes, and optionally a style encoder."""

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "semantic"
    gap = base.Gap(("l1_loss",), "l1")

    def __init__(self, hparams: HParams, spec):
        super().__init__(hparams, spec)
        hparams = self.hparams
        self.labels, self.image = spec.domains["labels"], spec.domains["image"]
        self.label_channels = network_channels(self.labels) + hparams.dont_care + bool(self.labels.instances)
        if hparams.dont_care and self.labels.require_classes().ignored < 0:
            raise UserError(
                f"--dont_care does nothing for {self.labels.name}, in which each pixel has a class (--ignore_label): leave it out."
            )
        if hparams.vgg_weights and self.image.channels != 3:
            raise UserError(f"--vgg_weights needs RGB images; {self.image.name} has {self.image.channels} channels: leave it out.")
        self.generator = self._build_generator()
        self.discriminator = networks.multiscale.multiscale_discriminator(
            self.label_channels, self.image.channels, scales=hparams.scales, ndf=hparams.ndf, n_layers=hparams.n_layers
        )
        self.networks = {"generator": self.generator, "discriminator": self.discriminator}
        build = {"generator": self._build_generator}
        if hparams.style_encoder:
            build["encoder"] = self._build_encoder
            self.networks["encoder"] = self.encoder = self._build_encoder()
        self.draw_weights()
        self.keep_averages(**build)
        self.batches_per_step = hparams.n_critic
        self.loss = GAN_LOSSES[hparams.loss]

    def _build_generator(self):
        h = self.hparams
        return networks.spade.spade_generator(
            self.label_channels,
            self.image.channels,
            ngf=h.ngf,
            depth=h.depth,
            num_upsampling_layers=h.num_upsampling_layers,
            latent_dim=h.latent_dim if h.style_encoder else 0,
            image_size=h.image_size,
            synchronized=h.sync_batch_norm,
        )

    def _build_encoder(self):
        h = self.hparams
        return networks.spade.style_encoder(self.image.channels, h.latent_dim, nef=h.ngf, size=h.encoder_size)

    def make_optimizers(self):
        h = self.hparams
        return {
            "generator": self.adam(learning_rate=h.learning_rate),
            "discriminator": self.adam(h.n_critic, learning_rate=h.discriminator_learning_rate),
        }

    def phases(self):
        vgg = networks.vgg.vgg_features(self.hparams.vgg_weights) if self.hparams.vgg_weights else None  # training alone needs it
        generators = ("generator", "encoder") if self.hparams.style_encoder else ("generator",)
        critic = [
            base.Phase("discriminator", self._discriminator_loss, {"discriminator": ("discriminator",)}, batch)
            for batch in range(self.hparams.n_critic)
        ]  # the generator's batch is the first one's, as in the authors' code
        return [base.Phase("generator", functools.partial(self._generator_loss, vgg), {"generator": generators}), *critic]

    def _generator_loss(self, vgg, batch, seed):
        h, real = self.hparams, batch["image"]
        one_hot = self._one_hot(batch["labels"])
        fake, style_losses = self._generate(one_hot, real, layers.fold_in(seed, 0))
        real_maps, fake_maps = self._judge(one_hot, real, fake, seed)
        gan = adversarial.fooled(self.loss, fake_maps, lambda: real_maps)
        features = feature_matching_loss([maps[:-1] for maps in real_maps], [maps[:-1] for maps in fake_maps])
        loss = gan + h.feature_weight * features
        scalars = {"gan_loss": gan, "feature_loss": features} | style_losses
        if h.style_encoder:
            loss += h.kl_weight * style_losses["kl_loss"]
        else:
            scalars["l1_loss"] = l1_loss(real, fake)  # beside val_l1; styles would be known here, and not there
        if vgg is not None:
            scalars["vgg_loss"] = self._vgg_loss(vgg, real, fake)
            loss += h.vgg_weight * scalars["vgg_loss"]
        return base.PhaseResult({"generator": loss}, scalars)

    def _discriminator_loss(self, batch, seed):
        one_hot, real = self._one_hot(batch["labels"]), batch["image"]
        fake = tf.stop_gradient(self._generate(one_hot, real, layers.fold_in(seed, 1))[0])
        maps, penalties = adversarial.judged(
            self, lambda: self._judge(one_hot, real, fake, seed), real, fake, layers.fold_in(seed, 3), adversarial.logits_of
        )
        logits = adversarial.logits_of(maps)
        loss, scalars = adversarial.penalized(self.hparams, adversarial.unfooled(self.loss, logits), penalties)
        scalars |= adversarial.mean_logits(logits)
        told, signs = self.watched(*logits)
        return base.PhaseResult({"discriminator": loss}, scalars | told, signs)

    def _one_hot(self, labels):
        """Turns class indices N×H×W into what networks see of them, N×H×W×`label_channels` float32, in the order of the authors' code.

        These are one-hot labels, all zeros where a pixel belongs to no class (-1); where the settings ask for it, a channel that is 1
        there; and, where the labels have instances, a channel that is 1 at their edges.
        """
        found, labels = [one_hot(labels, self.labels)], tf.convert_to_tensor(labels)
        if self.hparams.dont_care:
            found.append(tf.cast(classes_of(labels) < 0, tf.float32)[..., None])
        if self.labels.instances:
            found.append(edges(instances_of(labels))[..., None])
        return tf.concat(found, axis=-1) if found[1:] else found[0]

    def _generate(self, one_hot, photos, seed):
        """Makes images for the labels, with an encoder in styles drawn near those of the photos; returns them and the styles' losses."""
        if not self.hparams.style_encoder:
            return self.generator(one_hot, training=True), {}
        mean, log_variance = self.encoder(self._encoder_input(photos), training=True)
        style = mean + tf.exp(0.5 * log_variance) * layers.normal(tf.shape(mean), seed)
        kl = self.hparams.batch_size * tf.reduce_mean(kl_divergence(mean, log_variance))  # the paper's code sums over the batch
        return self.generator([one_hot, style], training=True), {"kl_loss": kl}

    def _judge(self, one_hot, real, fake, seed):
        """The discriminators' maps of real and of generated images, for each scale, from one pass over both.

        DiffAugment changes all of them alike, and of the labels the places alone, which have no color.
        """
        seed = layers.fold_in(seed, 2)
        one_hot = self.augment(one_hot, seed, color=False)
        real, fake = (self.augment(images, seed) for images in (real, fake))
        both = self.discriminator([tf.concat([one_hot, one_hot], axis=0), tf.concat([real, fake], axis=0)], training=True)
        return tuple([[tf.split(maps, 2)[half] for maps in scale] for scale in both.values()] for half in (0, 1))

    def _vgg_loss(self, vgg, real, fake):
        features = zip(networks.vgg.LAYER_WEIGHTS.values(), vgg(real), vgg(fake))
        return tf.add_n([weight * l1_loss(of_real, of_fake) for weight, of_real, of_fake in features])

    def doubt(self, scalars):
        return adversarial.doubt_by_losses(self.hparams.loss, scalars, {"discriminator_loss": "discriminator_gan_loss"})

    def _translate(self, labels, latent=None):
        one_hot = self._one_hot(labels)
        return self.averaged("generator")(one_hot if latent is None else [one_hot, latent], training=False)

    def inference(self):
        """The signatures: `translate` takes labels and, with an encoder, a style: N(0, 1) noise, or what `encode` makes of a photo."""
        h, multiple = self.hparams, 2**self.hparams.depth
        styles = {"latent": h.latent_dim} if h.style_encoder else {}
        translation = base.Translation(self._translate, self.labels, self.image, multiple, multiple, "labels", "image", styles)
        if not h.style_encoder:
            return {"translate": translation}
        return {"translate": translation, "encode": base.Encoding(self._encode, self.image, h.image_size, h.latent_dim, "image")}

    def _encode(self, photos):
        return self.averaged("encoder")(self._encoder_input(photos), training=False)[0]

    def _encoder_input(self, photos):
        return tf.image.resize(photos, [self.hparams.encoder_size] * 2)

    def sample_row(self, example, use):
        labels, photo = example["labels"], example["image"]
        row = {self.labels.name: labels, self.image.name: photo}
        if not self.hparams.style_encoder:
            return row | {f"generated {self.image.name}": use["translate"](labels)}
        row[f"{self.image.name}'s style"] = use["translate"](labels, latent=use["encode"](photo))
        for number, style in enumerate(layers.normal([2, self.hparams.latent_dim], tf.constant([0, 0])).numpy(), start=1):
            row[f"random style {number}"] = use["translate"](labels, latent=style)
        return row
