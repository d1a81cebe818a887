"""What is asked of a discriminator, for all methods alike: the adversarial loss, penalties of its gradient, and how sure it is."""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

from tfgan.augmentation import ADAPTIVE, AUGMENTATIONS, adapt, adaptive_augment, diff_augment
from tfgan.config import Strings, as_flag, setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.lazy import layers, tf
from tfgan.losses import CRITIC_LOSSES, GAN_LOSSES, GanLoss, squared_gradient
from tfgan.methods import base

ADAPTED = ("augment_probability", "sign_sum", "sign_steps")  # the state of adaptive augmentation, as `tfgan.augmentation.adapt` has it
PENALTIES = {"r1_penalty": "r1_gamma", "r2_penalty": "r2_gamma"}  # as they are logged -> the settings that weigh them


def r1_interval_setting(**words) -> Any:
    """Makes the setting `r1_interval`, with former words for it."""
    return setting(
        1,
        "steps between R1 and R2 penalties, whose weights are multiplied by this number (Karras et al. 2020, §3.1); logged as 0 in others",
        at_least=1,
        **words,
    )


@dataclasses.dataclass(frozen=True)
class AdversarialHParams(base.HParams):
    """The settings of methods that have a discriminator."""

    unused: ClassVar[Table] = (
        Unused(
            ("r1_interval",),
            {"r1_gamma": (0.0,), "r2_gamma": (0.0,)},
            why="without --r1_gamma and --r2_gamma",
            cure="give one, or leave it out",
        ),
        Unused(("ada_images", "ada_kinds"), {"ada_target": (0.0,)}, cure="give 0.6, or leave it out"),
    )

    loss: str = setting(
        "bce", "adversarial loss; rpgan judges real and generated images in pairs, and is meant for R1 and R2", choices=tuple(GAN_LOSSES)
    )
    r1_gamma: float = setting(
        0.0,
        "γ of the R1 penalty: the discriminator's loss gets γ/2 times its squared gradient at real images, by the number of patches",
        at_least=0.0,
    )
    r2_gamma: float = setting(0.0, "γ of the R2 penalty, which is the same at generated images", at_least=0.0)
    r1_interval: int = r1_interval_setting()
    diffaugment: Strings = setting((), f"DiffAugment on all images that the discriminator sees: {','.join(AUGMENTATIONS)}")
    ada_target: float = setting(
        0.0,
        "adaptive augmentation (Karras et al. 2020): all that the discriminator sees is changed so often that the mean sign of its outputs "
        "for training images stays near this number, 0.6 in the paper; 0: off",
        at_least=0.0,
        at_most=0.99,
    )
    ada_images: int = setting(500_000, "images in which the probability of these changes may go from 0 to 1", at_least=1)
    ada_kinds: Strings = setting(tuple(ADAPTIVE), f"which changes these are: {','.join(ADAPTIVE)}")

    def __post_init__(self):
        super().__post_init__()
        for name, known in (("diffaugment", AUGMENTATIONS), ("ada_kinds", ADAPTIVE)):
            for kind in set(getattr(self, name)) - set(known):
                raise UserError(f"--{name}={kind} is unknown. There are: {', '.join(known)}.")
        if not self.ada_kinds:
            raise UserError(f"--ada_kinds= names none. There are: {', '.join(ADAPTIVE)}.")

    @property
    def penalties(self) -> dict[str, float]:
        """The penalties in use, as they are logged, and their γ; none beside wgan_gp, which has its own."""
        weights = {name: getattr(self, gamma) for name, gamma in PENALTIES.items()}
        return {name: gamma for name, gamma in weights.items() if gamma and self.loss != "wgan_gp"}

    @property
    def intervals(self) -> tuple[int, ...]:
        return (self.r1_interval,) if self.penalties and self.r1_interval > 1 else ()

    def refuse_penalties(self, batch_norm: bool, cure: str):
        """Raises `UserError` if a discriminator with batch norm is to have its gradient penalized (Gulrajani et al. 2017, §4)."""
        penalized = [as_flag(gamma, self.penalties[name]) for name, gamma in PENALTIES.items() if name in self.penalties]
        if batch_norm and (self.loss == "wgan_gp" or penalized):
            raise UserError(
                f"{(penalized or ['--loss=wgan_gp'])[0]} penalizes the gradient of each image by itself, and batch norm mixes them "
                f"(Gulrajani et al. 2017, §4): use {cure}."
            )


@dataclasses.dataclass(frozen=True)
class CriticHParams(AdversarialHParams):
    """The settings of methods whose discriminator may be a critic with a gradient penalty."""

    unused: ClassVar[Table] = (
        Unused(("gp_weight",), {"loss": lambda loss: loss != "wgan_gp"}),
        Unused(("r1_gamma", "r2_gamma", "r1_interval"), {"loss": ("wgan_gp",)}, why="with --loss=wgan_gp, which has its own penalty"),
    )

    loss: str = setting(
        "bce",
        "adversarial loss; wgan_gp adds the gradient penalty; rpgan judges real and generated images in pairs, and is meant for R1 and R2",
        choices=tuple(CRITIC_LOSSES),
    )
    gp_weight: float = setting(10.0, "λ of the gradient penalty of --loss=wgan_gp", at_least=0.0, formerly="penalty_weight")


class AdversarialMethod(base.Method):
    """The base of methods with discriminators, which see images augmented, by DiffAugment and by changes whose probability adapts.

    Subclasses set `loss`, put all that a discriminator sees through `augment`, and give what `watched` returns to the results of the
    phases that train a discriminator.

    Attributes:
        loss: the adversarial loss.
    """

    hparams: AdversarialHParams
    loss: GanLoss

    def __init__(self, hparams, spec):
        super().__init__(hparams, spec)
        if hparams.ada_target:
            self.state |= {name: base.variable(tf.zeros([])) for name in ADAPTED}

    def augment(self, images, seed, color: bool = True):
        """Images N×H×W×C as discriminators see them; one `seed` changes two batches alike. Without `color` only places change."""
        left_out = set() if color else {"color"}
        always, sometimes = (set(kinds) - left_out for kinds in (self.hparams.diffaugment, self.hparams.ada_kinds))
        images = diff_augment(images, always, seed)
        if not self.hparams.ada_target:
            return images
        probability = tf.convert_to_tensor(self.state["augment_probability"])
        return adaptive_augment(images, probability, layers.fold_in(seed, 7), sometimes)

    def watched(self, *logits):
        """What a phase tells of its discriminators, for adaptive augmentation: scalars for the log, and outputs for `exchange_outputs`.

        Args:
            logits: for each discriminator, or scale, its outputs for real and for generated images, b×….
        """
        if not self.hparams.ada_target:
            return {}, {}
        signs = tf.add_n([_signs(self.loss, *pair) for pair in logits]) / len(logits)
        return {"augment_probability": tf.convert_to_tensor(self.state["augment_probability"])}, {"real_signs": signs}

    def exchange_outputs(self, outputs, seed):
        """Moves the probability of augmentation by the signs of a discriminator's outputs, and leaves other outputs as they are."""
        if "real_signs" in outputs:
            signs = outputs.pop("real_signs")
            share = tf.cast(tf.shape(signs)[0], tf.float32) / self.hparams.ada_images
            before, total, steps = (tf.convert_to_tensor(self.state[name]) for name in ADAPTED)
            after = adapt(before, total, steps, tf.reduce_mean(signs), target=self.hparams.ada_target, images=share)
            for name, value in zip(ADAPTED, after):
                self.state[name].assign(value)
        return outputs


def _signs(loss: GanLoss, real, fake):
    """How sure a discriminator is of real images, b float32 from -1 to 1: the mean sign of its outputs, counted from the undecided one.

    Where images are judged in pairs, and by critics, who have no undecided output, it is that of the difference to the generated images.
    """
    middle = tf.cast(fake, tf.float32)
    if loss.sure is not None and not loss.relative:
        middle = tf.zeros([]) if loss.is_logit else tf.constant(sum(loss.sure) / 2)
    signs = tf.sign(tf.cast(real, tf.float32) - middle)
    return tf.reduce_mean(tf.reshape(signs, [tf.shape(signs)[0], -1]), axis=1)


Scales = Callable[[Any], list]


def judged(method, discriminate: Callable[[], Any], real, fake, seed, scales: Scales = lambda outputs: [outputs]):
    """A discriminator's outputs for real and for generated images, and the penalties of its gradient that the settings ask for.

    Args:
        method: a `base.Method` whose settings are `AdversarialHParams`.
        discriminate: makes the outputs. No image's depend on other images, but for StyleGAN's deviation over a few of them.
        real, fake: the images that are judged, N×H×W×C or a list of such, from which the outputs are made, augmentation and all. The
            gradient is in these alone: what they are shown with, such as a source or labels, no generator can move.
        seed: of shape (2,), for penalties that are not due in every step.
        scales: outputs -> for each scale a list of logits; by default, outputs are those of one scale.

    Returns:
        The outputs, and the penalties by name, float32 scalars without γ/2: in due steps `r1_interval` times as large, otherwise 0.
    """
    images, interval = {"r1_penalty": real, "r2_penalty": fake}, method.hparams.r1_interval
    names = list(method.hparams.penalties)

    def penalize():
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([images[name] for name in names])
            outputs = discriminate()
        return outputs, [squared_gradient(tape, scales(outputs), images[name]) for name in names]

    def penalize_apart():
        with layers.ForwardPass(seed):  # which drops what layers note of this pass: they note it of the other one
            return [interval * penalty for penalty in penalize()[1]]

    if not names:
        return discriminate(), {}
    if interval == 1:
        outputs, penalties = penalize()
    else:
        outputs = discriminate()
        penalties = tf.cond(due(method, interval), penalize_apart, lambda: [tf.zeros([])] * len(names))
    return outputs, dict(zip(names, penalties))


def due(method: base.Method, interval: int):
    """Whether the present step has what every `interval`-th step has, a boolean scalar."""
    return (tf.convert_to_tensor(method.step) + 1) % interval == 0


def penalized(hparams: AdversarialHParams, loss, penalties: dict):
    """A discriminator's loss with its penalties, as `judged` returns them; and what is logged of them, and of the loss without."""
    scalars = {"discriminator_gan_loss": loss} | penalties if penalties else {}
    for name, penalty in penalties.items():
        loss += 0.5 * hparams.penalties[name] * penalty
    return loss, scalars


def opposite(loss: GanLoss, discriminate: Callable[[], Any]):
    """The outputs for real images that a generator's loss is relative to, without a gradient; None where it looks at its own alone."""
    return tf.nest.map_structure(tf.stop_gradient, discriminate()) if loss.relative else None


def logits_of(maps) -> list:
    """For each scale the logits of some batches: the last of the maps that a discriminator makes of each batch, a list for each scale."""
    return [[of_batch[-1] for of_batch in of_scale] for of_scale in zip(*maps)]


def mean(values):
    """The mean of a list of scalars: all scales count alike."""
    return tf.add_n(values) / len(values) if len(values) > 1 else values[0]


def fooled(loss: GanLoss, fake, judge_real: Callable[[], list]):
    """The generator's adversarial loss, a mean over scales.

    Args:
        fake: a discriminator's maps of generated images, for each scale a list that ends with the logits.
        judge_real: makes those of real images, for losses that compare both.
    """
    real = opposite(loss, lambda: [scale[-1] for scale in judge_real()])
    return mean([loss.generator(scale[-1], None if real is None else real[number]) for number, scale in enumerate(fake)])


def unfooled(loss: GanLoss, logits: list):
    """The discriminator's adversarial loss, a mean over scales, for logits of real and of generated images, as `logits_of` has them."""
    return mean([loss.discriminator(*of_scale) for of_scale in logits])


def mean_logits(logits: list) -> dict:
    """The mean logits of real and of generated images, for the log."""
    by_kind = zip(("real_logit", "fake_logit"), zip(*logits))
    return {name: mean([tf.reduce_mean(of_scale) for of_scale in of_kind]) for name, of_kind in by_kind}


def doubt_by_losses(loss: str, scalars: dict[str, float], names: dict[str, str]) -> dict[str, float]:
    """The doubt of discriminators by their losses in a logged row, see `Method.doubt`; empty where the row has none of them.

    Args:
        loss: the adversarial loss, by name.
        scalars: the row.
        names: of the losses in it, and of those without penalties, which are looked at if they are there.
    """
    undecided = CRITIC_LOSSES[loss].undecided
    found = {name: scalars.get(plain, scalars[name]) for name, plain in names.items() if name in scalars}
    return {name: value / undecided for name, value in found.items()} if undecided else {}
