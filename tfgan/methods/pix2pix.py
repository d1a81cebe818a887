"""pix2pix: image-to-image translation with conditional adversarial networks (Isola et al. 2017), as the TensorFlow tutorial trains it."""

import dataclasses
from typing import ClassVar, TypeAlias

from tfgan.cielab import joined
from tfgan.config import setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.lazy import layers, networks, tf
from tfgan.losses import GAN_LOSSES, feature_matching_loss, l1_loss
from tfgan.methods import adversarial, base, judging
from tfgan.one_hot import as_seen, network_channels, where_known
from tfgan.sizes import RESNETS, fitting_unet, generator_minimum, generator_multiple, is_unet

LEAST_UNET = 16  # pixels that the smallest U-Net takes to one: what --generator=auto takes it for


@dataclasses.dataclass(frozen=True)
class HParams(judging.JudgingHParams, base.AveragedHParams, base.DrawnHParams, base.AdamHParams):
    ties = ("l1_weight",)
    unused: ClassVar[Table] = (
        Unused(
            (
                *("loss", "updates", "diffaugment", "ada_target", *adversarial.PENALTIES.values(), "r1_interval", "feature_matching"),
                *("discriminator", "discriminator_norm", "discriminator_scales"),
            ),
            {"objective": ("l1",)},
        ),
        Unused(("l1_weight",), {"objective": ("gan", "cgan")}),
        Unused(("ndf", "n_layers", "first_bias"), {"objective": ("l1",)}, said=True),  # a recipe may be run with another objective
        Unused(("inference_statistics",), {"norm": lambda norm: norm != "batch"}, said=True),
        judging.unused_batch_norm(),
        Unused(
            ("first_bias",), {"norm": lambda norm: norm != "batch", "discriminator_norm": ("auto",)}, why="with --norm={norm}", said=True
        ),
        Unused(("first_bias",), {"discriminator_norm": ("instance", "spectral", "none")}, said=True),
        Unused(("first_bias",), {"discriminator": ("projected",)}, said=True),
        judging.unused_features(perceptual_weight=(0.0,)),
        Unused(("skip_activation",), {"generator": RESNETS}, said=True),
        Unused(("padding_side",), {"generator": is_unet}, said=True),
        Unused(("inference_dropout",), {"dropout": (0.0,)}, why="with --dropout=0", said=True),
    )

    objective: str = setting(
        "l1+cgan",
        "the generator's loss: l1 (no discriminator), gan (the discriminator sees only the target), cgan (it sees source and target), or a "
        "sum",
        choices=("l1", "gan", "cgan", "l1+gan", "l1+cgan"),
    )
    generator: str = setting(
        "auto",
        "unet_256, unet_128, … (a power of two), encdec_256, … (the same without skip connections), or resnet_9, … (number of residual "
        "blocks); auto: the largest U-Net up to unet_256 that divides image_size",
    )
    ngf: int = setting(64, "filters of the generator's first convolution", at_least=1, at_most=2**16)
    norm: str = setting("batch", "normalization in both networks", choices=("batch", "instance", "none"))
    discriminator_norm: str = judging.discriminator_norm_setting("instance", "batch", auto="as --norm")
    sync_batch_norm: bool = setting(False, "compute batch statistics over all replicas")
    bottleneck_norm: bool = setting(
        False,
        "batch norm on the U-Net's innermost layer too, as in TensorFlow's tutorial; at batch size 1 that layer then ignores its input",
    )
    skip_activation: str = base.skip_activation_setting()
    padding_side: str = base.padding_side_setting()
    first_bias: bool = setting(
        False,
        "a bias in the discriminator's first convolution beside batch norm too, as in the authors' code; TensorFlow's tutorial has none",
    )
    upsampling: str = base.upsampling_setting()
    dropout: float = setting(0.5, "dropout rate in the generator's first decoder blocks", at_least=0.0, at_most=0.99)
    l1_weight: float = setting(100.0, "λ of the L1 loss", at_least=0.0)
    feature_matching: float = setting(
        0.0,
        "λ of the feature matching loss: the L1 distance of real and generated pairs in the discriminators' maps, a mean over layers and "
        "scales (Wang et al. 2018, §3.3); 0: no such loss",
        at_least=0.0,
    )
    perceptual_weight: float = judging.perceptual_weight_setting("what is generated to the target")
    updates: str = setting(
        "simultaneous",
        "compute both updates from one forward pass, or update the discriminator first",
        choices=("simultaneous", "discriminator_first"),
    )
    inference_statistics: str = base.inference_statistics_setting()
    inference_dropout: bool = setting(False, "use dropout after training too, with one fixed mask")

    def __post_init__(self):
        super().__post_init__()
        generator = self.effective()["generator"]
        try:
            multiple = generator_multiple(generator)
        except ValueError as error:
            raise UserError(f"--generator={error}") from None
        if self.bottleneck_norm:
            self._check_bottleneck(generator)
        if self.generator == "auto":
            use = f"multiples of {LEAST_UNET}, or --generator=resnet_9, which takes multiples of {generator_multiple('resnet_9')}"
            self.require_size(multiple >= LEAST_UNET, "a U-Net", use)
        fits = all(size and size % multiple == 0 for size in self.image_size)
        self.require_size(fits, f"--generator={generator}", f"multiples of {multiple}")
        if self.adversarial and self.n_layers and min(self.image_size) < 3 * 2**self.n_layers:
            raise UserError(
                f"--n_layers={self.n_layers} leaves nothing of images below {3 * 2**self.n_layers} pixels: "
                "use fewer layers or larger images."
            )
        self.refuse_penalties(
            self.adversarial and self.judges()[1] == "batch", "--norm=instance" if self.norm == "batch" else "--discriminator_norm=instance"
        )

    @property
    def adversarial(self) -> bool:
        return "gan" in self.objective

    @property
    def conditional(self) -> bool:
        return "cgan" in self.objective

    def effective(self):
        idle = {} if self.adversarial else {"discriminator_norm": "auto", "discriminator_scales": 0}
        return super().effective() | idle | {"generator": fitting_unet(self.image_size) if self.generator == "auto" else self.generator}

    def _check_bottleneck(self, generator: str):
        if generator.startswith("resnet"):
            raise UserError(f"--bottleneck_norm is for a U-Net; --generator={generator} has no such layer.")
        one_pixel = set(self.image_size) == {generator_multiple(generator)}
        if generator.startswith("encdec") and one_pixel and (self.batch_size == 1 or self.norm == "instance"):
            raise UserError(
                f"--bottleneck_norm makes --generator={generator} ignore its input: a norm over one pixel of one image gives the same "
                "output for every input, and no skip connection bypasses it. Leave it out, or use --norm=batch with a larger --batch_size."
            )


class Pix2Pix(judging.JudgingMethod):
    """pix2pix: a generator source -> target, and a discriminator of patches of (source, target) pairs, or what `objective` leaves of it."""

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "paired"
    gap: base.Gap | None = base.Gap(("l1_loss",), "l1")

    def __init__(self, hparams: HParams, spec):
        super().__init__(hparams, spec)
        hparams = self.hparams
        self.source, self.target = spec.domains["source"], spec.domains["target"]
        self.channels = network_channels(self.source), network_channels(self.target)
        if self.target.is_map or self.target.lab:
            self.gap = None  # the loss is of classes' channels, or of colors alone, the metric of pictures
        if self.target.lab and "color" in hparams.diffaugment:
            raise UserError("--diffaugment=color changes the colors that --colorize is to learn: use translation,cutout.")
        self.generator = self._build_generator()
        self.networks = {"generator": self.generator}
        if hparams.adversarial:
            self.discriminator = self.build_discriminator(
                *self._judged(*self.channels), first_bias=hparams.first_bias, synchronized=hparams.sync_batch_norm
            )
            self.networks["discriminator"] = self.discriminator
        self.draw_weights()
        self.keep_averages(generator=self._build_generator)
        self.loss = GAN_LOSSES[hparams.loss]

    def _build_generator(self):
        hparams = self.hparams
        return networks.generators.build_generator(
            hparams.generator,
            *self.channels,
            ngf=hparams.ngf,
            norm=hparams.norm,
            bottleneck_norm=hparams.bottleneck_norm,
            skip_activation=hparams.skip_activation,
            padding_side=hparams.padding_side,
            upsampling=hparams.upsampling,
            dropout=hparams.dropout,
            dropout_at_inference=hparams.inference_dropout,
            inference_statistics=base.statistics(hparams),
            synchronized=hparams.sync_batch_norm,
        )

    def _judged(self, source, target):
        """The parts of a pair that the discriminator sees, a list: the target, and the source before it if the objective is conditional."""
        return [source, target] if self.hparams.conditional else [target]

    def make_optimizers(self):
        return {name: self.adam() for name in ("generator", "discriminator") if name in self.networks}

    def phases(self):
        discriminator, generator = {"discriminator": ("discriminator",)}, {"generator": ("generator",)}
        if not self.hparams.adversarial:
            return [base.Phase("generator", self._l1_loss, generator)]
        if self.hparams.updates == "simultaneous":
            return [base.Phase("both", self._both_losses, discriminator | generator)]
        return [
            base.Phase("discriminator", self._discriminator_loss, discriminator),
            base.Phase("generator", self._generator_loss, generator),
        ]

    def _translated(self, batch):
        """The sources, the targets and what the generator makes of the sources, as networks see them: N×H×W×C in [-1, 1]."""
        source = as_seen(batch["source"], self.source)
        made = where_known(self.generator(source, training=True), batch["target"], self.target)
        return source, as_seen(batch["target"], self.target), made

    def _both_losses(self, batch, seed):
        source, real, fake = self._translated(batch)
        discriminator, maps = self._discriminator_result(source, {"fake": fake, "real": real}, seed)
        generator = self._generator_result(real, fake, maps["fake"], lambda: maps["real"])
        return base.PhaseResult(discriminator.losses | generator.losses, discriminator.scalars | generator.scalars, discriminator.outputs)

    def _discriminator_loss(self, batch, seed):
        source, real, fake = self._translated(batch)
        result, _ = self._discriminator_result(source, {"real": real, "fake": tf.stop_gradient(fake)}, seed)
        return result

    def _generator_loss(self, batch, seed):
        source, real, fake = self._translated(batch)
        return self._generator_result(real, fake, self._judge(source, fake, seed), lambda: self._judge(source, real, seed))

    def _l1_loss(self, batch, seed):
        _, real, fake = self._translated(batch)
        loss, scalars = self._likeness(real, fake)
        return base.PhaseResult({"generator": loss}, scalars)

    def _judge(self, source, target, seed):
        """The discriminator's maps, for each scale a list, which ends with the logits."""
        seed, seen = layers.fold_in(seed, 0), []
        for images, domain in ((source, self.source), (target, self.target)):
            color = not (domain.is_map or domain.lab) or "color" in self.hparams.diffaugment  # which changed classes' channels before, too
            seen.append(self.augment(images, seed, color))
        return self.judge(self.discriminator, *self._judged(*seen))

    def _discriminator_result(self, source, targets, seed):
        """The discriminator's result, and its maps of `targets`, `real` and `fake` ones, in the order in which it sees them.

        Its gradient is penalized in the targets alone: the sources are given.
        """

        def discriminate():
            return {kind: self._judge(source, target, seed) for kind, target in targets.items()}

        maps, penalties = adversarial.judged(
            self,
            discriminate,
            targets["real"],
            targets["fake"],
            layers.fold_in(seed, 1),
            lambda maps: adversarial.logits_of(maps.values()),
        )
        logits = adversarial.logits_of((maps["real"], maps["fake"]))
        loss, scalars = adversarial.penalized(self.hparams, adversarial.unfooled(self.loss, logits), penalties)
        told, signs = self.watched(*logits)
        return base.PhaseResult({"discriminator": loss}, scalars | adversarial.mean_logits(logits) | told, signs), maps

    def _generator_result(self, real, fake, fake_maps, judge_real):
        """The generator's result by the discriminator's maps of what it made; `judge_real` makes those of the targets."""
        h, gan = self.hparams, adversarial.fooled(self.loss, fake_maps, judge_real)
        like, scalars = self._likeness(real, fake)
        loss, scalars = gan if like is None else gan + like, {"gan_loss": gan} | scalars
        if h.feature_matching:
            layers_of = [[scale[:-1] for scale in maps] for maps in (judge_real(), fake_maps)]
            scalars["feature_loss"] = feature_matching_loss(*layers_of) / len(layers_of[0][0])  # all scales have as many
            loss += h.feature_matching * scalars["feature_loss"]
        return base.PhaseResult({"generator": loss}, scalars)

    def _likeness(self, real, fake):
        """What the generator's loss has of its distance to the targets, None if nothing, and what is logged of it."""
        h, scalars = self.hparams, {"l1_loss": l1_loss(real, fake)}
        loss = h.l1_weight * scalars["l1_loss"] if "l1" in h.objective else None
        if h.perceptual_weight:
            scalars["perceptual_loss"] = self.perceptual_loss(real, fake)
            weighted = h.perceptual_weight * scalars["perceptual_loss"]
            loss = weighted if loss is None else loss + weighted
        return loss, scalars

    def doubt(self, scalars):
        return adversarial.doubt_by_losses(self.hparams.loss, scalars, {"discriminator_loss": "discriminator_gan_loss"})

    def _translate(self, images):
        seen = as_seen(images, self.source)
        made = self.averaged("generator")(seen, training=False)
        return joined(seen, made) if self.target.lab else made  # the lightness is that of the images themselves

    def inference(self):
        name = self.hparams.generator
        return {
            "translate": base.Translation(
                self._translate,
                self.source,
                self.target,
                generator_multiple(name),
                generator_minimum(name),
                truth_key="target",
            )
        }
