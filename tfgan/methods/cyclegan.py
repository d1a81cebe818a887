"""CycleGAN: unpaired image-to-image translation with cycle-consistent adversarial networks (Zhu et al. 2017)."""

import dataclasses
import functools
from typing import Any, ClassVar, TypeAlias

from tfgan.config import Domain, setting
from tfgan.config.unused import Table, Unused
from tfgan.config.words import say_once
from tfgan.errors import UserError
from tfgan.lazy import layers, networks, tf
from tfgan.losses import GAN_LOSSES, l1_loss
from tfgan.methods import adversarial, base, judging
from tfgan.sizes import RESNETS, generator_minimum, generator_multiple, is_unet, patchgan_minimum

GENERATORS = ("to_target", "to_source")
DISCRIMINATORS = ("of_target", "of_source")


@dataclasses.dataclass(frozen=True)
class HParams(judging.JudgingHParams, base.AveragedHParams, base.DrawnHParams, base.AdamHParams):
    ties = ("cycle_weight",)
    unused: ClassVar[Table] = (
        Unused(("skip_activation",), {"generator": RESNETS}, said=True),
        Unused(("padding_side",), {"generator": is_unet}, said=True),
        Unused(
            ("identity_weight",),
            {"cycle_weight": (0.0,), "target_cycle_weight": (-1.0, 0.0)},
            why="with --cycle_weight=0, of which it is a share",
            said=True,
        ),
        Unused(("inference_statistics",), {"norm": lambda norm: norm != "batch"}, said=True),
        judging.unused_batch_norm(),
        judging.unused_features(perceptual_weight=(0.0,)),
    )

    generator: str = setting("resnet_9", "resnet_9, resnet_6, … (number of residual blocks) or unet_256, unet_128, … (a power of two)")
    ngf: int = setting(64, "filters of each generator's first convolution", at_least=1, at_most=2**16)
    norm: str = setting("instance", "normalization in all four networks", choices=("instance", "batch", "none"))
    discriminator_norm: str = judging.discriminator_norm_setting("instance", "batch", auto="as --norm")
    sync_batch_norm: bool = setting(False, "compute batch statistics over all replicas")
    inference_statistics: str = base.inference_statistics_setting()
    skip_activation: str = base.skip_activation_setting()
    padding_side: str = base.padding_side_setting()
    upsampling: str = base.upsampling_setting()
    dropout: float = setting(0.0, "dropout rate in the generators; the paper has no dropout", at_least=0.0, at_most=0.99)
    loss: str = setting("lsgan", "adversarial loss", choices=tuple(GAN_LOSSES))
    cycle_weight: float = setting(10.0, "λ of the cycle consistency loss", at_least=0.0)
    target_cycle_weight: float = setting(
        -1.0,
        "λ of the cycle from target to source and back, if it is another one (lambda_B in the authors' code): --cycle_weight is then that "
        "of source to target and back; -1: --cycle_weight",
        at_least=-1.0,
    )
    identity_weight: float = setting(
        0.5,
        "weight of the identity loss, which keeps colors, as a share of the λ of the cycle that begins with the same images; 0: no loss",
        at_least=0.0,
    )
    perceptual_weight: float = judging.perceptual_weight_setting("images to what comes back of them, in both directions")
    pool_size: int = setting(50, "number of earlier translations kept for each discriminator; 0: none", at_least=0, at_most=100_000)
    lr_decay_epochs: float = base.lr_decay_setting(0.5)

    def __post_init__(self):
        super().__post_init__()
        try:
            multiple = generator_multiple(self.generator)
        except ValueError as error:
            raise UserError(f"--generator={error}") from None
        least = max(generator_minimum(self.generator), patchgan_minimum(self.n_layers))
        fits = all(size % multiple == 0 and size >= least for size in self.image_size)
        what = f"--generator={self.generator} and --n_layers={self.n_layers}"
        self.require_size(fits, what, f"multiples of {multiple} from {least} on")
        if -1.0 < self.target_cycle_weight < 0.0:
            raise UserError(f"--target_cycle_weight={self.target_cycle_weight:g} must be 0 or more, or -1 for --cycle_weight.")
        self.refuse_penalties(self.judges()[1] == "batch", "--norm=instance" if self.norm == "batch" else "--discriminator_norm=instance")

    @property
    def cycle_weights(self) -> tuple[float, float]:
        """λ of the cycle that begins with the source, and of the one that begins with the target."""
        return self.cycle_weight, self.cycle_weight if self.target_cycle_weight < 0 else self.target_cycle_weight


class CycleGAN(judging.JudgingMethod):
    """CycleGAN: two generators and two discriminators. The paper's X is the source domain, Y the target, G is to_target, F is to_source."""

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "unpaired"
    both_ways = True
    branches = 2
    gap = base.Gap(("cycle_source_loss", "cycle_target_loss"), "cycle_l1")  # of both ways, as validations have their mean

    def __init__(self, hparams, spec):
        super().__init__(hparams, spec)
        self.source, self.target = spec.domains["source"], spec.domains["target"]
        if self.source.name == self.target.name:
            raise UserError(f"Both domains are called {self.source.name!r}: two ways need two names (--domains=A,B).")
        self.identity_weight = hparams.identity_weight
        if self.identity_weight and self.source.channels != self.target.channels:
            channels = f"{self.source.name} has {self.source.channels} and {self.target.name} {self.target.channels} channels"
            say_once(f"The identity loss is left out, because it needs domains with the same number of channels: {channels}.")
            self.identity_weight = 0.0
        build_to_target = functools.partial(self._build_generator, self.source, self.target)
        build_to_source = functools.partial(self._build_generator, self.target, self.source)
        self.to_target, self.to_source = build_to_target(), build_to_source()
        self.of_target, self.of_source = (
            self.build_discriminator(domain.channels, first_bias=True, synchronized=hparams.sync_batch_norm)
            for domain in (self.target, self.source)
        )
        self.networks = {name: getattr(self, name) for name in (*GENERATORS, *DISCRIMINATORS)}
        self.draw_weights()
        self.keep_averages(to_target=build_to_target, to_source=build_to_source)
        self.loss = GAN_LOSSES[hparams.loss]
        if hparams.pool_size:
            self.state |= {name: self._make_pool(domain) for name, domain in (("target", self.target), ("source", self.source))}
            self.state["filled"] = base.variable(tf.zeros([], tf.int64))

    def _build_generator(self, source, target):
        h = self.hparams
        return networks.generators.build_generator(
            h.generator,
            source.channels,
            target.channels,
            ngf=h.ngf,
            norm=h.norm,
            inference_statistics=base.statistics(h),
            synchronized=h.sync_batch_norm,
            skip_activation=h.skip_activation,
            padding_side=h.padding_side,
            upsampling=h.upsampling,
            dropout=h.dropout,
        )

    def _make_pool(self, domain):
        return base.variable(tf.zeros([self.hparams.pool_size, *self.hparams.image_size, domain.channels]))

    def make_optimizers(self):
        return {name: self.adam() for name in ("generator", "discriminator")}

    def phases(self):
        return [
            base.Phase("generators", self._generator_losses, {"generator": GENERATORS}),
            base.Phase("discriminators", self._discriminator_losses, {"discriminator": DISCRIMINATORS}),
        ]

    def _generator_losses(self, batch, seed):
        h, source, target = self.hparams, batch["source"], batch["target"]
        same_target, same_source = None, None
        if self.identity_weight:
            fake_target, same_target = self._together(self.to_target, source, target)
            fake_source, same_source = self._together(self.to_source, target, source)
        else:
            fake_target, fake_source = self.to_target(source, training=True), self.to_source(target, training=True)
        gan_target = self._fooled("target", fake_target, target, seed)
        gan_source = self._fooled("source", fake_source, source, seed)
        back_source, back_target = self.to_source(fake_target, training=True), self.to_target(fake_source, training=True)
        cycle_source, cycle_target = l1_loss(source, back_source), l1_loss(target, back_target)
        loss = gan_target + gan_source + _weighted(h.cycle_weights, cycle_source, cycle_target)
        scalars = {
            "gan_target_loss": gan_target,
            "gan_source_loss": gan_source,
            "cycle_source_loss": cycle_source,
            "cycle_target_loss": cycle_target,
        }
        if self.identity_weight:
            identity = l1_loss(source, same_source), l1_loss(target, same_target)
            loss += _weighted([self.identity_weight * weight for weight in h.cycle_weights], *identity)
            scalars["identity_loss"] = identity[0] + identity[1]
        if h.perceptual_weight:
            scalars["perceptual_loss"] = self.perceptual_loss(source, back_source) + self.perceptual_loss(target, back_target)
            loss += h.perceptual_weight * scalars["perceptual_loss"]
        return base.PhaseResult({"generator": loss}, scalars, {"fake_target": fake_target, "fake_source": fake_source})

    def _fooled(self, side, fake, real, seed):
        """The adversarial loss of the generator that makes the images `fake` of a side, by its discriminator."""
        return adversarial.fooled(self.loss, self._judge(side, [fake], seed)[0], lambda: self._judge(side, [real], seed)[0])

    def _judge(self, side, batches, seed):
        """The maps of a side's discriminator for some batches, which DiffAugment changes alike first, as `judge` has them."""
        seen = [self.augment(images, layers.fold_in(seed, 2)) for images in batches]
        return self.judge_together(getattr(self, f"of_{side}"), *seen)

    def _together(self, network, *batches):
        """The network's outputs for batches of equal size: from one call, which reads weights once, unless it normalizes over batches."""
        if self.hparams.norm == "batch":
            return [network(images, training=True) for images in batches]
        return tf.split(network(tf.concat(batches, axis=0), training=True), len(batches))

    def _discriminator_losses(self, batch, seed):
        losses, scalars, judged = [], {}, []
        for number, side in enumerate(("target", "source")):
            real, fake = batch[side], tf.stop_gradient(batch[f"fake_{side}"])
            discriminate = functools.partial(self._judge, side, [real, fake], seed)
            maps, penalties = adversarial.judged(self, discriminate, real, fake, layers.fold_in(seed, 3 + number), adversarial.logits_of)
            judged += adversarial.logits_of(maps)
            plain = adversarial.unfooled(self.loss, adversarial.logits_of(maps))
            losses.append(adversarial.penalized(self.hparams, plain, penalties)[0])
            scalars[f"discriminator_{side}_loss"] = plain
            scalars |= {name.replace("_", f"_{side}_"): penalty for name, penalty in penalties.items()}
        told, signs = self.watched(*judged)
        return base.PhaseResult({"discriminator": losses[0] + losses[1]}, scalars | told, signs)

    def seen(self):
        return [self.source, self.target]

    def exchange_outputs(self, outputs, seed):
        """Exchanges translations with pools, so that the discriminators see earlier ones half of the time.

        This is §2.3 of Shrivastava et al. 2017, and §4 of Zhu et al. 2017.
        """
        outputs = super().exchange_outputs(outputs, seed)
        if not self.hparams.pool_size or not outputs:
            return outputs
        filled, exchanged = tf.cast(self.state["filled"], tf.int32), {}
        for number, side in enumerate(("target", "source")):
            pool, fakes = self.state[side], outputs[f"fake_{side}"]
            exchanged[f"fake_{side}"], kept = query_pool(pool, filled, fakes, layers.fold_in(seed, number))
            pool.assign(kept)
        filled = tf.minimum(filled + tf.shape(outputs["fake_target"])[0], self.hparams.pool_size)
        self.state["filled"].assign(tf.cast(filled, tf.int64))
        return exchanged

    def doubt(self, scalars):
        return adversarial.doubt_by_losses(
            self.hparams.loss, scalars, {name: name for name in ("discriminator_target_loss", "discriminator_source_loss")}
        )

    def inference(self):
        multiple, minimum = generator_multiple(self.hparams.generator), generator_minimum(self.hparams.generator)

        def translation(generator, source, target, input_key):
            return base.Translation(lambda images: generator(images, training=False), source, target, multiple, minimum, input_key)

        return {
            _way_to(self.target): translation(self.averaged("to_target"), self.source, self.target, "source"),
            _way_to(self.source): translation(self.averaged("to_source"), self.target, self.source, "target"),
        }

    def sample_row(self, example, use):
        to_target, to_source = use.values()
        row: dict[str, Any] = {}
        for domain, other, image, there, back in (
            (self.source, self.target, example["source"], to_target, to_source),
            (self.target, self.source, example["target"], to_source, to_target),
        ):
            translated = there(image)
            row |= {domain.name: image, f"{domain.name} to {other.name}": translated, f"back to {domain.name}": back(translated)}
        return row


def _way_to(domain: Domain) -> str:
    """The name of the way into a domain, which an export has too: TensorFlow takes names in UTF-8 alone."""
    return f"to_{domain.name}".encode(errors="backslashreplace").decode()


def _weighted(weights, of_source, of_target):
    """The sum of two losses, each times its weight; if these are equal, times one, which rounds as runs of earlier versions do."""
    if weights[0] == weights[1]:
        return weights[0] * (of_source + of_target)
    return weights[0] * of_source + weights[1] * of_target


def query_pool(pool, filled, images, seed):
    """Exchanges a batch of images with a pool of earlier ones, one image after the other, as CycleGAN's code does.

    Until the pool is full an image is stored and returned. Then it is returned as it is with probability 1/2; otherwise a stored one,
    each equally likely, is returned and gives its place to the image.

    Args:
        pool: earlier images, P×H×W×C.
        filled: int32 scalar, how many of the pool's places are taken, in order.
        images: b×H×W×C, b static.
        seed: int32 of shape (2,).

    Returns:
        The images to use instead, b×H×W×C, and the pool afterwards, P×H×W×C.
    """
    size, count = pool.shape[0], images.shape[0]
    noise = layers.uniform([2, count], seed)
    stored = tf.range(size)  # what lies in each place: a row of `rows`
    returned = []
    for i in range(count):
        full = filled + i >= size
        swapped = full & (noise[0, i] < 0.5)
        place = tf.where(full, tf.cast(noise[1, i] * size, tf.int32), tf.minimum(filled + i, size - 1))
        returned.append(tf.where(swapped, stored[place], size + i))
        stored = tf.where((tf.range(size) == place) & (swapped | ~full), size + i, stored)
    rows = tf.concat([pool, images], axis=0)
    return tf.gather(rows, tf.stack(returned)), tf.gather(rows, stored)
