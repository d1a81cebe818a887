"""CUT and FastCUT: one-way unpaired translation by contrastive learning of patches (Park et al. 2020), as the authors' code trains it."""

import dataclasses
from typing import ClassVar, TypeAlias

from tfgan.config import Strings, setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.lazy import layers, networks, tf
from tfgan.losses import GAN_LOSSES
from tfgan.methods import adversarial, base, judging
from tfgan.sizes import RESNETS, generator_minimum, generator_multiple, parse_generator, patchgan_minimum


@dataclasses.dataclass(frozen=True)
class HParams(judging.JudgingHParams, base.AveragedHParams, base.DrawnHParams, base.AdamHParams):
    ties = ("nce_weight",)
    unused: ClassVar[Table] = (
        judging.unused_features(),
        Unused(("batch_negatives",), {"batch_size": (1,)}, why="with --batch_size=1: all patches are of one image", said=True),
    )

    epochs: int = setting(400, "total number of passes over the training images; FastCUT: 200", operational=True, at_least=1)
    generator: str = setting("resnet_9", "resnet_9, resnet_6, … (number of residual blocks)")
    ngf: int = setting(64, "filters of the generator's first convolution", at_least=1, at_most=2**16)
    n_layers: int = setting(
        3, "halvings in the discriminator: 0 to 5 see patches of 1, 16, 34, 70, 142, 286 pixels, or nearly so", at_least=0, at_most=5
    )
    downsampling: str = setting(
        "blur",
        "how both networks halve images: blur, a convolution, and a blur before every second pixel is left out (Zhang 2019), as in the "
        "authors' code; stride: convolutions of stride 2, in less time",
        choices=("blur", "stride"),
    )
    upsampling: str = setting(
        "blur",
        "how the generator doubles images: blur, bilinear, then a convolution, as in the authors' code; deconv: transposed convolutions; "
        "resize: nearest neighbor, then a convolution",
        choices=("blur", "deconv", "resize"),
    )
    dropout: float = setting(0.0, "dropout rate in the generator; the paper has no dropout", at_least=0.0, at_most=0.99)
    weight_init: str = base.weight_init_setting("xavier")
    loss: str = setting("lsgan", "adversarial loss", choices=tuple(GAN_LOSSES))
    nce_weight: float = setting(1.0, "λ of the contrastive loss PatchNCE; FastCUT: 10", at_least=0.001)
    nce_layers: Strings = setting(
        (),
        "layers of the generator whose patches are compared: pixels, down_1, down_2, block_1, block_2, …; none named: pixels, both down, "
        "the first block, and the fifth or last",
    )
    nce_temperature: float = setting(0.07, "temperature of the contrastive loss", at_least=0.001)
    num_patches: int = setting(256, "patches of each layer that are compared, at random places; small maps have fewer", at_least=2)
    patch_units: int = setting(256, "units of both layers of the perceptrons that patches go through", at_least=1, at_most=2**16)
    batch_negatives: bool = setting(False, "compare each patch with those of the other images of the replica's batch too")
    identity_nce: bool = setting(
        True, "the contrastive loss for images of the target too, which the generator should leave as they are; FastCUT: none"
    )
    flip_equivariance: bool = setting(False, "flip half of the generator's inputs, and their translations' features back, as FastCUT does")
    lr_decay_epochs: float = base.lr_decay_setting(0.5)

    def __post_init__(self):
        super().__post_init__()
        if self.generator not in RESNETS:
            raise UserError(f"--generator={self.generator}: CUT compares layers of a ResNet. Use resnet_9, … (a number of blocks).")
        least = max(generator_minimum(self.generator), patchgan_minimum(self.n_layers))
        fits = all(size % generator_multiple(self.generator) == 0 and size >= least for size in self.image_size)
        what = f"--generator={self.generator} and --n_layers={self.n_layers}"
        self.require_size(fits, what, f"multiples of {generator_multiple(self.generator)} from {least} on")
        there = ("pixels", "down_1", "down_2", *(f"block_{number}" for number in range(1, self._blocks + 1)))
        for name in self.nce_layers:
            if name not in there:
                raise UserError(f"--nce_layers={name}: --generator={self.generator} has {', '.join(there)}.")
        if len(set(self.nce_layers)) < len(self.nce_layers):
            raise UserError("--nce_layers names a layer twice: name each once.")

    @property
    def _blocks(self) -> int:
        return parse_generator(self.generator)[1]

    def effective(self):
        blocks = dict.fromkeys(("block_1", f"block_{min(5, self._blocks)}"))
        return super().effective() | {"nce_layers": self.nce_layers or ("pixels", "down_1", "down_2", *blocks)}


class CUT(judging.JudgingMethod):
    """CUT: a generator source -> target, whose own first half says what a patch shows, and a discriminator of the target.

    A patch of a translation should be more like the patch of its image at the same place than like others. Features of patches are
    compared behind `perceptrons`. The generator is updated first here, and hands its translations to the discriminator's update: the
    authors' code begins with that.
    """

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "unpaired"

    def __init__(self, hparams: HParams, spec):
        super().__init__(hparams, spec)
        h = self.hparams
        self.source, self.target = spec.domains["source"], spec.domains["target"]
        if self.source.name == self.target.name:
            raise UserError(f"Both domains are called {self.source.name!r}: give them two names (--domains=A,B).")
        if self.source.channels != self.target.channels:
            raise UserError(
                f"CUT looks at images and their translations with the same layers, but {self.source.name} has {self.source.channels} and "
                f"{self.target.name} {self.target.channels} channels: use --method=cyclegan, or images of one kind."
            )
        channels = self.target.channels
        self.generator = self._build_generator()
        self.discriminator = self.build_discriminator(channels, downsampling=h.downsampling)
        self.with_features = networks.cut.with_features(self.generator, h.nce_layers)
        self.encoder = networks.cut.encoder(self.generator, h.nce_layers)
        self.perceptrons = networks.cut.perceptrons(networks.cut.channels(self.generator, h.nce_layers), h.patch_units)
        self.networks = {"generator": self.generator, "discriminator": self.discriminator, "perceptrons": self.perceptrons}
        self.draw_weights()
        self.keep_averages(generator=self._build_generator)
        self.loss = GAN_LOSSES[h.loss]

    def _build_generator(self):
        return networks.generators.build_generator(
            self.hparams.generator,
            self.source.channels,
            self.target.channels,
            ngf=self.hparams.ngf,
            norm="instance",
            downsampling=self.hparams.downsampling,
            upsampling=self.hparams.upsampling,
            dropout=self.hparams.dropout,
        )

    def make_optimizers(self):
        return {name: self.adam() for name in ("generator", "discriminator")}

    def phases(self):
        # The authors have an Adam for the perceptrons, of the generator's settings: Adam sees each weight alone.
        return [
            base.Phase("generator", self._generator_loss, {"generator": ("generator", "perceptrons")}),
            base.Phase("discriminator", self._discriminator_loss, {"discriminator": ("discriminator",)}),
        ]

    def _generator_loss(self, batch, seed):
        h, source, target = self.hparams, batch["source"], batch["target"]
        real = tf.concat([source, target], axis=0) if h.identity_nce else source
        if h.flip_equivariance:
            flipped = layers.uniform([tf.shape(real)[0], 1, 1, 1], layers.fold_in(seed, 0)) < 0.5
            made, keys = self.generator(_flip(real, flipped), training=True), self.encoder(real, training=True)
            queries = [_flip(maps, flipped) for maps in self.encoder(made, training=True)]
        else:
            made, *keys = self.with_features(real, training=True)
            queries = self.encoder(made, training=True)
        losses = self._contrast(queries, keys, 1 + h.identity_nce, layers.fold_in(seed, 1))
        fake = made[: tf.shape(source)[0]]
        gan = adversarial.fooled(self.loss, self._judge([fake], seed)[0], lambda: self._judge([target], seed)[0])
        nce = tf.reduce_mean(losses)
        scalars = {"gan_loss": gan} | {f"nce_{side}_loss": loss for side, loss in zip(("source", "target"), tf.unstack(losses))}
        return base.PhaseResult({"generator": gan + h.nce_weight * nce}, scalars, {"fake_target": fake})

    def _contrast(self, queries, keys, domains: int, seed):
        """The contrastive loss of each domain, a mean over layers and places, (domains,) float32.

        Args:
            queries: maps b×h×w×c of translations, for each layer; those of the first domain come first.
            keys: the same of their images.
            domains: how many there are, of equal shares.
            seed: of the places, which are the same in all images.
        """
        h, places = self.hparams, []
        for number, maps in enumerate(keys):
            places.append(draw_places(maps.shape[1] * maps.shape[2], h.num_patches, layers.fold_in(seed, number)))
        seen, known = (
            self.perceptrons([patches(maps, at) for maps, at in zip(all_maps, places)], training=True) for all_maps in (queries, keys)
        )
        groups = domains if h.batch_negatives else tf.shape(keys[0])[0]
        losses = []
        for query, key in zip(seen, known):
            query, key = (tf.reshape(x, [groups, -1, h.patch_units]) for x in (query, key))
            losses.append(patch_nce_loss(query, tf.stop_gradient(key), h.nce_temperature))
        return tf.reduce_mean(tf.reshape(tf.add_n(losses) / len(losses), [domains, -1]), axis=1)

    def _discriminator_loss(self, batch, seed):
        real, fake = batch["target"], tf.stop_gradient(batch["fake_target"])
        maps, penalties = adversarial.judged(
            self, lambda: self._judge([real, fake], seed), real, fake, layers.fold_in(seed, 3), adversarial.logits_of
        )
        logits = adversarial.logits_of(maps)
        loss, scalars = adversarial.penalized(self.hparams, adversarial.unfooled(self.loss, logits), penalties)
        told, signs = self.watched(*logits)
        return base.PhaseResult({"discriminator": loss}, scalars | adversarial.mean_logits(logits) | told, signs)

    def _judge(self, batches, seed):
        """The discriminator's maps of some batches of images, from one pass, as `judge` has them; DiffAugment changes them alike first."""
        seen = [self.augment(images, layers.fold_in(seed, 2)) for images in batches]
        return self.judge_together(self.discriminator, *seen)

    def doubt(self, scalars):
        return adversarial.doubt_by_losses(self.hparams.loss, scalars, {"discriminator_loss": "discriminator_gan_loss"})

    def inference(self):
        generator, name = self.averaged("generator"), self.hparams.generator
        return {
            "translate": base.Translation(
                lambda images: generator(images, training=False),
                self.source,
                self.target,
                generator_multiple(name),
                generator_minimum(name),
            )
        }

    def sample_row(self, example, use):
        """Shows an image, its translation, an image of the target, and what the generator makes of that, which should be the same."""
        source, target = self.source.name, self.target.name
        row = {source: example["source"], f"{source} to {target}": use["translate"](example["source"]), target: example["target"]}
        return row | {f"{target} to {target}": use["translate"](example["target"])} if self.hparams.identity_nce else row


def _flip(maps, flipped):
    """Maps N×H×W×C, of which those are flipped left to right of which `flipped`, N×1×1×1, says so."""
    return tf.where(flipped, tf.reverse(maps, [2]), maps)


def draw_places(count: int, most: int, seed):
    """Draws `most` different numbers below `count`, or all where these are fewer: int32, in no order. Every set is equally likely."""
    return tf.math.top_k(layers.uniform([count], seed), min(most, count), sorted=False).indices


def patches(maps, places):
    """The features of maps N×h×w×C at P places, numbers below h·w in the order of rows: N×P×C."""
    n, h, w, c = maps.shape
    return tf.gather(tf.reshape(maps, [-1 if n is None else n, h * w, c]), places, axis=1)


def patch_nce_loss(queries, keys, temperature: float):
    """The contrastive loss PatchNCE (Park et al. 2020, eq. 3): the cross-entropy of telling the patch at a query's own place from others.

    It is ln P where all patches are alike, P being their number, and near 0 where each is like its own alone.

    Args:
        queries: features of patches of translations, G×P×d, of any length.
        keys: the same of their images; a patch is compared with those of its group.
        temperature: by which cosines are divided.

    Returns:
        The mean over the patches of each group, (G,) float32.
    """
    queries, keys = (tf.math.l2_normalize(tf.cast(x, tf.float32), axis=-1, epsilon=1e-14) for x in (queries, keys))
    cosines = tf.matmul(queries, keys, transpose_b=True) / temperature
    return tf.reduce_mean(tf.reduce_logsumexp(cosines, axis=-1) - tf.linalg.diag_part(cosines), axis=-1)
