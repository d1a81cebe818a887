"""The parts of every method: hyper-parameters, networks, phases of a train step, and inference signatures."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NamedTuple

from tfgan.config import TRAINED, DataSpec, Domain, Settings, Size, Strings, as_text, setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.lazy import keras, optimizers, tf


@dataclasses.dataclass(frozen=True)
class HParams(Settings):
    """The settings that all methods share: how long, how many and how large.

    Each method's own `HParams` adds to them and sets the paper's defaults.
    """

    unused: ClassVar[Table] = (
        Unused(("load_size",), {"random_crop": (False,)}, why="without --random_crop", cure="use --random_crop, or --load_size=0"),
        Unused(("load_size", "random_crop"), where={"own scale": True}, why="with {subject}, by which crops have it too", said=True),
    )

    epochs: int = setting(200, "total number of passes over the training images", operational=True, at_least=1)
    batch_size: int = setting(1, "images per step, over all replicas", at_least=1, at_most=2**16)
    image_size: Size = setting((256, 256), "size of the network's training images: HEIGHTxWIDTH, or one number for both")
    load_size: Size = setting((0, 0), "HEIGHTxWIDTH to which training images are resized before the random crop; 0: image_size × 286/256")
    random_crop: bool = setting(True, "resize to load_size and crop at random; if false, resize to image_size")
    flip: bool = setting(True, "flip half of the training images left to right")

    def __post_init__(self):
        super().__post_init__()
        if min(self.image_size) < 1:
            raise UserError(f"--image_size={as_text(self.image_size)} must be at least one pixel.")
        self.loaded_size()

    def effective(self) -> dict[str, Any]:
        return super().effective() | {"load_size": self.loaded_size() if self.random_crop else (0, 0)}

    def prolong(self, earlier: HParams) -> HParams:
        """The settings of a run that goes on for as many epochs as these say, `earlier` as they are but for what ends before that."""
        return earlier

    def require_size(self, fits: bool, what: str, use: str):
        """Raises `UserError` unless `fits`; the message says that `image_size` does not suit `what`, and what to `use`."""
        if not fits:
            height, width = self.image_size
            raise UserError(f"--image_size={height}x{width} does not suit {what}: use {use}.")

    def batch_sizes(self) -> list[int]:
        """The batch size of each stage of training, in images over all replicas."""
        return [self.batch_size]

    def loaded_size(self) -> Size:
        """Height and width in pixels of training images before the crop: 286 for 256, as in pix2pix (Isola et al. 2017, appendix 6.2).

        Raises:
            UserError: a `load_size` below `image_size`.
        """
        if not self.random_crop:
            return self.image_size
        height, width = (load or round(image * 286 / 256) for load, image in zip(self.load_size, self.image_size))
        if height < self.image_size[0] or width < self.image_size[1]:
            raise UserError(f"--load_size={height}x{width} is smaller than --image_size={self.image_size[0]}x{self.image_size[1]}.")
        return height, width


def lr_decay_setting(default: float) -> Any:
    """Makes the setting `lr_decay_epochs` of methods that are trained by Adam."""
    return setting(
        default,
        "number of last epochs, in which the learning rate falls linearly to 0; below 1: this share of --epochs, or all epochs after "
        "--lr_constant_epochs; 0: the learning rate is constant",
        at_least=0.0,
    )


@dataclasses.dataclass(frozen=True)
class AdamHParams(HParams):
    """The settings of methods trained by Adam, at a learning rate that is constant, or constant and then falls linearly to 0."""

    unused: ClassVar[Table] = (
        Unused(("lr_constant_epochs",), {"lr_decay_epochs": (0.0,)}, why="without --lr_decay_epochs: the rate stays constant", said=True),
    )

    learning_rate: float = setting(2e-4, "learning rate of the Adam optimizers", at_least=0.0)
    beta_1: float = setting(0.5, "Adam's β₁: decay of the mean gradient", at_least=0.0, at_most=0.9999)
    beta_2: float = setting(0.999, "Adam's β₂: decay of the mean squared gradient", at_least=0.0, at_most=0.999999)
    lr_constant_epochs: float = setting(
        -1.0, "number of first epochs with a constant learning rate; -1: all before --lr_decay_epochs", at_least=-1.0
    )
    lr_decay_epochs: float = lr_decay_setting(0.0)

    def __post_init__(self):
        super().__post_init__()
        constant, decay = self.schedule()
        if decay and self.epochs > constant + decay:
            raise UserError(
                f"The learning rate is 0 after {constant:g} + {decay:g} epochs, before --epochs={self.epochs} end: raise "
                "--lr_constant_epochs or --lr_decay_epochs, which a run keeps; a new one takes over its weights by --init_from."
            )

    def effective(self) -> dict[str, Any]:
        constant, decay = self.schedule()
        return super().effective() | {"lr_constant_epochs": constant if decay else -1.0, "lr_decay_epochs": decay}

    def prolong(self, earlier):
        constant, decay = self.schedule()
        given = constant == self.lr_constant_epochs and decay == self.lr_decay_epochs
        lasts = not earlier.schedule()[1] or self.epochs <= sum(earlier.schedule())
        return earlier if lasts or given or not decay else earlier.unchecked(lr_constant_epochs=constant, lr_decay_epochs=decay)

    def schedule(self) -> tuple[float, float]:
        """The number of epochs in which the learning rate is constant, and of those in which it falls to 0 then; if 0, it never falls."""
        constant, decay = self.lr_constant_epochs, self.lr_decay_epochs
        if 0 < decay < 1:
            decay = max(1.0, round(decay * self.epochs) if constant < 0 else self.epochs - constant)
        return (max(0.0, self.epochs - decay) if constant < 0 else constant), decay

    def adam(self, updates_per_epoch: int, learning_rate: float | None = None, *, ahead: float = 0.0) -> keras.optimizers.Optimizer:
        """Makes an Adam optimizer with these settings.

        Args:
            updates_per_epoch: of the networks that it updates; the schedule counts in them.
            learning_rate: replaces that of the settings, for networks that learn at different rates.
            ahead: updates by which the schedule is further than their number says, see `Method.ahead`.
        """
        initial = self.learning_rate if learning_rate is None else learning_rate
        constant, decay = (round(epochs * updates_per_epoch) for epochs in self.schedule())
        schedule = optimizers.ahead(optimizers.ConstantThenLinear(initial, constant, decay), ahead)
        return optimizers.FusedAdam(schedule, beta_1=self.beta_1, beta_2=self.beta_2, epsilon=1e-8)


@dataclasses.dataclass(frozen=True)
class AveragedHParams(HParams):
    """The settings of methods whose results may come from moving averages of weights."""

    unused: ClassVar[Table] = (Unused(("ema_warmup",), {"ema_decay": (0.0,)}),)

    ema_decay: float = setting(
        0.0,
        "decay per step of the moving averages of the weights (generator, encoder, decoder), which then make all results; 0: no averages",
        at_least=0.0,
        at_most=0.999999,
        formerly="average_decay",
    )
    ema_warmup: str = setting(
        "auto",
        "use the decay min(ema_decay, (1 + t) / (10 + t)) in step t, so that short runs forget their first weights; auto: on, or as the "
        "run began",
        choices=("auto", "on", "off"),
        old_default="off",
    )

    def effective(self) -> dict[str, Any]:
        chosen = {"auto": "on"}.get(self.ema_warmup, self.ema_warmup)
        return super().effective() | {"ema_warmup": chosen if self.ema_decay else "auto"}


class PhaseResult(NamedTuple):
    losses: dict[str, tf.Tensor]  # float32 scalars, means over the replica's batch
    scalars: dict[str, tf.Tensor] = {}  # what else is worth logging
    outputs: dict[str, tf.Tensor] = {}  # b×…: what later phases of the step find in their batch, after `Method.exchange_outputs`


class Phase(NamedTuple):
    """A part of a train step: losses from one forward pass, and the networks that each of them updates.

    A phase with two losses is a simultaneous update: both gradients are taken at the old weights. Phases of one name are one phase done
    again on another batch. A phase that trains nothing only measures; it is done in the step that a call reports, the last one, alone.
    Its functions become part of a graph as they stand, without AutoGraph: what depends on a tensor's value is a `tf.where` or a `tf.cond`.
    """

    name: str
    losses: Callable[[dict[str, tf.Tensor], tf.Tensor], PhaseResult]  # (batch, seed of shape (2,)) -> result
    trains: Mapping[str, Strings]  # loss and optimizer -> networks
    batch: int = 0  # which of the step's batches it sees, below `Method.batches_per_step`
    gate: Callable[[dict[str, tf.Tensor]], dict[str, tf.Tensor]] | None = None
    """Which updates are done: the phase's scalars, means over the global batch -> bool by loss. None: all."""


class Stage(NamedTuple):
    """A stretch of training on images of one size, for methods that grow: `first_step` begins it, after `first_image` images."""

    first_step: int
    first_image: int
    batch_size: int
    shrink: int = 1  # training images are this many times smaller than `image_size`


class Translation(NamedTuple):
    """A signature from images to images: what translate, samples, validation and export run."""

    function: Callable[..., tf.Tensor]  # (N×H×W×C in [-1, 1] or N×H×W int32, a vector for each condition) -> N×H×W×C' in [-1, 1]
    source: Domain
    target: Domain
    multiple: int  # height and width must be multiples of this
    minimum: int  # and at least this
    input_key: str = "source"  # of a batch: where its images are found
    truth_key: str = ""  # of a batch: where what should come out is found; empty: the data does not know
    conditions: dict[str, int] = {}  # what else each image is translated by: name -> length of a float32 vector, N×length
    size: str = TRAINED  # at which images go through where `--size` does not say: trained, full, or the pixels of the shorter side


class Encoding(NamedTuple):
    """A signature from images to vectors: the style of an image, the attributes it has."""

    function: Callable[[tf.Tensor], tf.Tensor]  # N×H×W×C in [-1, 1] -> N×length float32
    source: Domain
    size: Size  # to which images are resized first
    length: int
    input_key: str = "image"  # of a batch: where its images are found
    crop: bool = False  # cut images to the middle of that shape first, instead of squeezing them


class Styles(NamedTuple):
    """The two halves of a generator whose layers each take a style."""

    map: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]  # (latents N×d, truncation ψ, a scalar) -> N×layers×w_dim float32
    synthesize: Callable[[tf.Tensor], tf.Tensor]  # N×layers×w_dim -> N×H×W×C in [-1, 1]
    layers: int
    w_dim: int
    truncation: float = 1.0  # ψ of results, if nothing else is said


class Generation(NamedTuple):
    """A signature from noise to images of one size: what sample, sample pictures and export run."""

    function: Callable[..., tf.Tensor]  # (latents N×`latent_dim` float32[, labels N int32 if there are classes]) -> N×H×W×C in [-1, 1]
    image: Domain
    latent_dim: int  # length of the noise
    class_names: Strings = ()
    prior: str = "normal"  # what the noise is drawn from: N(0, 1), or uniform in [-1, 1]
    styles: Styles | None = None


class Gap(NamedTuple):
    """A measure that training and validation images share, whose difference grows where training images are learned by heart."""

    training: Strings  # logged losses whose mean is on the scale of the metric, without weights
    validation: str  # the metric, which validations log as val_NAME


def variable(value) -> tf.Variable:
    """Makes a variable for `Method.state`, which is not trained, and whose value is that of the first replica."""
    return tf.Variable(value, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)


class Method:
    """A GAN: its networks, losses and uses. Subclasses set `HParams` and `batch_kind`, and build their networks in `__init__`.

    That is called under the caller's strategy and precision.

    Attributes:
        hparams: the settings, of the class `HParams`, written out: see `tfgan.config.Settings.settled`.
        spec: what the data set holds, a `tfgan.config.DataSpec`.
        networks: name -> Keras model.
        ema: name of a network -> a second model that holds the exponential moving average of its weights; empty if there is none.
        ema_decay: of these moving averages, a step.
        ema_warmup: whether step t, counted from 0, averages with min(ema_decay, (1 + t) / (10 + t)).
        state: what is remembered from step to step beside weights, such as a pool of images; written only by `exchange_outputs`.
        batches_per_step: how many batches one step eats.
        gap: what tells how much better training images are done than others. None for methods that make images of noise alone: no image is
            the right one for a latent, so that nothing of theirs is measured image by image. Rows without the losses say nothing, such as
            those of SPADE with a style encoder, which knows the photo's style in training and not in validation.
        branches: parts of a step that hardly wait for each other, such as the two directions of CycleGAN.
        both_ways: whether each of two domains becomes the other, so that somebody who translates has to name one.
        stage: the present one of `stages`.
    """

    HParams = HParams
    batch_kind: str
    both_ways = False
    branches = 1
    gap: Gap | None = None

    def __init__(self, hparams, spec: DataSpec):
        self.hparams, self.spec = hparams.settled(), spec
        self.networks: dict[str, keras.Model] = {}
        self.ema: dict[str, keras.Model] = {}
        self.ema_decay, self.ema_warmup = 0.0, False
        self.state: dict[str, tf.Variable] = {}
        self.batches_per_step = 1
        self.stage = Stage(0, 0, hparams.batch_size)

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps in an epoch of the present stage, the last one of which may take images of the next epoch."""
        return math.ceil(self.spec.sizes["train"] / (self.stage.batch_size * self.batches_per_step))

    @property
    def ahead(self) -> float:
        """Steps by which schedules that count in `steps_per_epoch` are ahead: 0, unless the data of the run have grown.

        Epochs were shorter before. Had all been as long as the present ones, as many of them would have taken so many steps more.
        """
        per_step = self.stage.batch_size * self.batches_per_step
        epochs, first, length = 0.0, 0, math.ceil(self.spec.first_images() / per_step)
        for step, images in self.spec.growth():
            epochs, first, length = epochs + (step - first) / length, step, math.ceil(images / per_step)
        return epochs * length - first

    def stages(self) -> list[Stage]:
        """The stages of training, in order; the first begins at step 0."""
        return [self.stage]

    def enter(self, stage: Stage):
        """Goes on in another stage; graphs that were traced before belong to the old one."""
        self.stage = stage

    def make_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Makes the optimizers, one for each loss of the phases: name of the loss -> optimizer."""
        raise NotImplementedError

    def phases(self) -> list[Phase]:
        """The phases of a train step, in order."""
        raise NotImplementedError

    def exchange_outputs(self, outputs: dict[str, tf.Tensor], seed) -> dict[str, tf.Tensor]:
        """Turns the outputs of a phase into what later phases of the step see of them. This is the place to read and write `state`.

        It is called outside the replicas, whose outputs are joined to the global batch; the result is shared out among them again.
        Outputs are tensors batch_size×… by name; `seed` is int32 of shape (2,).
        """
        return outputs

    def doubt(self, scalars: dict[str, float]) -> dict[str, float]:
        """The doubt of each discriminator by a logged row: 1 where it cannot tell real from generated images, 0 where it is sure.

        The result, name -> doubt, is empty if the row does not say, and for critics, which have no last word: the better they are, the
        better the generator's gradient (Arjovsky et al. 2017, §3).
        """
        return {}

    def inference(self) -> dict[str, Translation | Encoding | Generation]:
        """The signatures, ways to use the trained networks, by name; the first one is what is meant if nothing else is said."""
        raise NotImplementedError

    def sample_row(self, example: dict, use: dict[str, Callable]) -> dict:
        """Makes one row of the sample picture: title -> H×W×C in [-1, 1], or a map of class indices H×W.

        It is not asked of methods that take no images; their pictures show what is made of fixed noise.

        Args:
            example: one validation example, arrays by key of the batch.
            use: `inference()` for single images: name -> (H×W×C, conditions by name) -> H×W×C' or a vector. Of a `Generation`: latents ->
                H×W×C.
        """
        name, signature = next(iter(self.inference().items()))
        if not isinstance(signature, Translation):
            raise TypeError(f"{type(self).__name__} does not translate: it needs a sample_row of its own.")
        source, truth = example[signature.input_key], example[signature.truth_key]
        return {signature.source.name: source, signature.target.name: truth, f"generated {signature.target.name}": use[name](source)}
