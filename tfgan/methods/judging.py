"""Discriminators of translations: PatchGANs at several scales, or heads on a frozen network's maps, and what else such a network tells."""

import dataclasses
from pathlib import Path
from typing import Any, ClassVar

from tfgan.config import Domain, setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError, did_you_mean_path
from tfgan.lazy import layers, networks, tf
from tfgan.losses import l1_loss
from tfgan.methods import adversarial
from tfgan.sizes import patchgan_minimum

SCALES = {"patch": 1, "projected": 4}  # kind of discriminator -> how many there are where the settings do not say
LEAST_MAP = 4  # rows and columns of the coarsest map that a projected discriminator takes


def discriminator_norm_setting(*norms: str, auto: str) -> Any:
    """Makes the setting `discriminator_norm` of methods whose discriminator can have these `norms` too; `auto` says which it has itself."""
    return setting(
        "auto",
        "normalization in the discriminator: spectral norm divides the weights of each convolution by their largest singular value (Miyato "
        f"et al. 2018), and there is no other; auto: {auto}",
        choices=("auto", *norms, "spectral", "none"),
    )


def unused_batch_norm() -> Unused:
    """The entry of `sync_batch_norm` in the table of a method with norms of both networks."""
    beside = {name: lambda norm: norm != "batch" for name in ("norm", "discriminator_norm")}
    return Unused(("sync_batch_norm",), beside, why="with --norm={norm}", said=True)


def unused_features(**beside: tuple) -> Unused:
    """The entry of `frozen_features` in the table of a method that needs it for a projected discriminator, or other than `beside`."""
    others = "".join(f" and --{name}" for name in beside)
    why = f"without --discriminator=projected{others}"
    return Unused(("frozen_features",), {"discriminator": ("patch",), **beside}, why=why, cure="give one, or leave it out")


def perceptual_weight_setting(what: str) -> Any:
    """Makes the setting `perceptual_weight` of methods that know what an image should be like."""
    return setting(
        0.0, f"weight of the perceptual loss: the L1 distance of {what} in the maps of --frozen_features; 0: no such loss", at_least=0.0
    )


@dataclasses.dataclass(frozen=True)
class JudgingHParams(adversarial.AdversarialHParams):
    """The settings of methods that translate images, and judge them by PatchGANs or by projected discriminators."""

    unused: ClassVar[Table] = (Unused(("n_layers",), {"discriminator": ("projected",)}, said=True),)  # of a recipe, say

    ndf: int = setting(64, "filters of a discriminator's first convolution", at_least=1, at_most=2**16)
    n_layers: int = setting(
        3, "strided convolutions of a discriminator: 0 to 5 see patches of 1, 16, 34, 70, 142, 286 pixels", at_least=0, at_most=5
    )
    discriminator: str = setting(
        "patch",
        "patch: PatchGANs; projected: small networks that judge random mixtures of the maps of --frozen_features (Sauer et al. 2021)",
        choices=tuple(SCALES),
    )
    discriminator_scales: int = setting(
        0,
        "number of discriminators: patch, each at half the size of the one before (Wang et al. 2018, §3.2); projected, one for each of the "
        "last maps of --frozen_features; 0: 1, and 4 if projected",
        at_least=0,
        at_most=6,
    )
    discriminator_norm: str = discriminator_norm_setting("instance", auto="instance")
    frozen_features: str = setting(
        "",
        "network whose maps a perceptual loss or a projected discriminator compares, and which is not trained: own (one that is first "
        "trained on the data, as by `tfgan evaluate`), or the file of a Keras model; the run keeps a copy",
        operational=True,  # of where the file is nothing depends, and of what is in it the run has a copy and the hash
        path=True,
    )

    def __post_init__(self):
        super().__post_init__()
        needing = self._needing_features()
        if needing and not self.frozen_features:
            raise UserError(f"{needing} needs --frozen_features=own, or a Keras model's file.")
        scales, n_layers = self.judges()[0], self.n_layers
        if self.discriminator == "patch" and scales > 1:
            least = patchgan_minimum(n_layers) * 2 ** (scales - 1)
            use = f"{least} pixels or more, fewer layers or fewer scales"
            self.require_size(min(self.image_size) >= least, f"--n_layers={n_layers} and --discriminator_scales={scales}", use)
        if self.discriminator == "projected" and getattr(self, "feature_matching", 0.0) > 0:
            raise UserError(
                "--feature_matching compares layers of PatchGANs; with --discriminator=projected use --perceptual_weight, which compares "
                "the maps that it judges."
            )

    def _needing_features(self) -> str:
        """The setting that needs a frozen network, as a flag; "" if none does."""
        if self.discriminator == "projected":
            return "--discriminator=projected"
        weight = getattr(self, "perceptual_weight", 0.0)
        return f"--perceptual_weight={weight:g}" if weight else ""

    def judges(self) -> tuple[int, str]:
        """How many discriminators there are, and their norm."""
        norm = {"auto": getattr(self, "norm", "instance")}.get(self.discriminator_norm, self.discriminator_norm)
        return self.discriminator_scales or SCALES[self.discriminator], norm

    def effective(self) -> dict[str, Any]:
        return super().effective() | dict(zip(("discriminator_scales", "discriminator_norm"), self.judges()))

    def check_files(self):
        file = self.frozen_features
        if file not in ("", "own") and not Path(file).is_file():
            problem = "is no file" if Path(file).exists() else "does not exist"
            raise UserError(
                f"--frozen_features={file} {problem}: use own, or a Keras model's file.{did_you_mean_path(Path(file), Path.is_file)}"
            )


class JudgingMethod(adversarial.AdversarialMethod):
    """The base of methods that translate images and judge them by PatchGANs, or by heads on a frozen network's maps."""

    hparams: JudgingHParams

    def build_discriminator(self, *channels: int, **patches: Any):
        """A discriminator of inputs with so many `channels`, the last of which are those of the images that may be generated.

        Args:
            patches: arguments of `networks.patchgan.patches` beside the settings that all methods have.
        """
        h = self.hparams
        scales, norm = h.discriminator_scales, h.discriminator_norm
        if h.discriminator == "projected":
            batch_norm = {"synchronized": patches["synchronized"]} if norm == "batch" else {}
            return networks.projected.heads(scales, width=h.ndf, given=sum(channels[:-1]), norm=norm, **batch_norm)
        maps = bool(getattr(h, "feature_matching", 0.0))
        return networks.patchgan.patchgan(*channels, scales=scales, maps=maps, ndf=h.ndf, n_layers=h.n_layers, norm=norm, **patches)

    def seen(self) -> list[Domain]:
        """The domains whose images a frozen network sees."""
        return [self.spec.domains["target"]]

    def see_with(self, net, what: str):
        for domain in self.seen():
            if domain.is_map or domain.lab or domain.channels not in networks.features.CHANNELS:
                found = "classes" if domain.is_map else "colors without lightness" if domain.lab else f"{domain.channels} channels"
                raise UserError(f"--frozen_features sees images of 1, 3 or 4 channels, and {domain.name} has {found}: leave it out.")
        h, self.features = self.hparams, networks.features.features_of(net, self.hparams.image_size, what)
        shapes, scales = self.features.shapes, h.discriminator_scales
        if h.discriminator != "projected":
            return
        listed = ", ".join("×".join(map(str, shape)) for shape in shapes)
        if len(shapes) < scales:
            raise UserError(
                f"{what} has maps of {len(shapes)} sizes, {listed}: use --discriminator_scales={len(shapes)}, or another network."
            )
        if min(shapes[-1][:2]) < LEAST_MAP:
            fits = sum(min(shape[:2]) >= LEAST_MAP for shape in shapes)
            raise UserError(
                f"The coarsest map of {what} is too small for a projected discriminator, which takes {LEAST_MAP}×{LEAST_MAP} and more: "
                f"{listed}. Use a larger --image_size, or a Keras model that gives the first {fits}."
            )
        self.networks["projection"] = networks.projected.projection([shape[2] for shape in shapes[-scales:]], h.ndf)

    def judge(self, network, *parts) -> list:
        """A discriminator's outputs: for each scale a list of maps, N×…, the last of which are the logits.

        Args:
            network: of `build_discriminator`.
            parts: what it sees, images N×H×W×C in [-1, 1], the last of which may be generated.
        """
        given = list(parts)
        if self.hparams.discriminator == "projected":
            maps = self.networks["projection"](self.features.maps(parts[-1])[-self.hparams.discriminator_scales :], training=False)
            given = [tf.concat([x, *(self._resized(part, x) for part in parts[:-1])], axis=-1) for x in tf.nest.flatten(maps)]
        outputs = network(given, training=True)
        return [tf.nest.flatten(scale) for scale in outputs.values()] if isinstance(outputs, dict) else [[outputs]]

    @staticmethod
    def _resized(part, like):
        return tf.cast(layers.resize(part, like.shape[1:3]), like.dtype)

    def judge_together(self, network, *batches) -> list:
        """The outputs of `judge` for batches of equal size: from one call, which reads weights once, unless it normalizes over batches."""
        if self.hparams.discriminator_norm == "batch":
            return [self.judge(network, images) for images in batches]
        together = self.judge(network, tf.concat(batches, axis=0))
        halves = [[tf.split(maps, len(batches)) for maps in scale] for scale in together]
        return [[[maps[number] for maps in scale] for scale in halves] for number in range(len(batches))]

    def perceptual_loss(self, real, fake):
        """L1 losses of two batches of images N×H×W×C in a frozen network's maps, a mean over the maps (Johnson et al. 2016, with L1 as
        Wang et al. 2018). Real images are the goal: they get no gradient."""
        found = zip(self.features.maps(tf.stop_gradient(real)), self.features.maps(fake))
        losses = [l1_loss(tf.stop_gradient(of_real), of_fake) for of_real, of_fake in found]
        return adversarial.mean(losses)
