"""The parts of every method: networks, phases of a train step, and inference signatures; its settings are in `hparams`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from tfgan.config import TRAINED, DataSpec, Domain, Size, Strings
from tfgan.lazy import keras, networks, tf
from tfgan.methods.adam import AdamHParams as AdamHParams
from tfgan.methods.adam import lr_decay_setting as lr_decay_setting
from tfgan.methods.hparams import AveragedHParams as AveragedHParams
from tfgan.methods.hparams import DrawnHParams as DrawnHParams
from tfgan.methods.hparams import HParams as HParams
from tfgan.methods.hparams import inference_statistics_setting as inference_statistics_setting
from tfgan.methods.hparams import padding_side_setting as padding_side_setting
from tfgan.methods.hparams import skip_activation_setting as skip_activation_setting
from tfgan.methods.hparams import statistics as statistics
from tfgan.methods.hparams import upsampling_setting as upsampling_setting
from tfgan.methods.hparams import weight_init_setting as weight_init_setting


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

    function: Callable[..., tf.Tensor]  # (N×H×W×C in [-1, 1] or N×H×W int32, a vector for each condition) -> N×H×W×C' in [-1, 1],
    # of classes a channel for each
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

    map: Callable[..., tf.Tensor]  # (latents N×d, ψ, a scalar[, how many first layers ψ is for]) -> N×layers×w_dim float32
    synthesize: Callable[[tf.Tensor], tf.Tensor]  # N×layers×w_dim -> N×H×W×C in [-1, 1]
    layers: int
    w_dim: int
    truncation: float = 1.0  # ψ of results, if nothing else is said
    truncation_layers: int = 0  # how many first layers it is for, likewise


class Generation(NamedTuple):
    """A signature from noise to images of one size: what sample, sample pictures and export run."""

    function: Callable[..., tf.Tensor]  # (latents N×`latent_dim` float32[, labels N int32 if there are classes]) -> N×H×W×C in [-1, 1]
    image: Domain
    latent_dim: int  # length of the noise
    class_names: Strings = ()
    prior: str = "normal"  # what the noise is drawn from: N(0, 1), or uniform in [-1, 1]
    styles: Styles | None = None
    see: Callable[..., list[tf.Tensor]] | None = None  # (images in [-1, 1][, labels]) -> maps of the discriminator's layers, N×h×w×c each


class Gap(NamedTuple):
    """A measure that training and validation images share, whose difference grows where training images are learned by heart."""

    training: Strings  # logged losses whose mean is on the scale of the metric, without weights
    validation: str  # the metric, which validations log as val_NAME


def variable(value) -> tf.Variable:
    """Makes a variable for `Method.state`, which is not trained, and whose value is that of the first replica.

    Raises:
        TypeError: the value is int32, whose variables TensorFlow keeps in the host's memory, where XLA on a GPU does not find them.
    """
    if tf.convert_to_tensor(value).dtype == tf.int32:
        raise TypeError("State of int32 cannot be used by XLA on a GPU; make it int64.")
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
        plateau: what --lr_policy=plateau remembers, empty for other policies: the `factor` of the learning rates, the `best` value so
            far, NaN at first, the validations that it has `waited` for a better one, and a number for the `images` that validate, 0 at
            first.
        state: what is remembered from step to step beside weights, such as a pool of images; written only by `exchange_outputs`.
        former_state: names of int64 scalars that earlier versions kept in `state`: their checkpoints are read, and these forgotten.
        batches_per_step: how many batches one step eats.
        gap: what tells how much better training images are done than others. None for methods of which nothing is measured image by
            image: that make images of noise alone, where no image is the right one for a latent, or translate one way without pairs.
            Rows without the losses say nothing, such as those of SPADE with a style encoder, which knows the photo's style in training
            and not in validation.
        step: the number of steps done before the present one, an int64 scalar that the train step counts.
        branches: parts of a step that hardly wait for each other, such as the two directions of CycleGAN.
        both_ways: whether each of two domains becomes the other, so that somebody who translates has to name one.
        stage: the present one of `stages`.
    """

    HParams = HParams
    batch_kind: str
    both_ways = False
    branches = 1
    gap: Gap | None = None
    former_state: Strings = ()

    def __init__(self, hparams, spec: DataSpec):
        self.hparams, self.spec = hparams.settled(), spec
        self.networks: dict[str, keras.Model] = {}
        self.ema: dict[str, keras.Model] = {}
        self.ema_decay, self.ema_warmup = 0.0, False
        self.state: dict[str, tf.Variable] = {}
        self.plateau: dict[str, tf.Variable] = {}
        if isinstance(hparams, AdamHParams) and hparams.lr_policy == "plateau":
            first = {"factor": tf.ones([]), "best": tf.constant(math.nan), "waited": tf.zeros([]), "images": tf.zeros([], tf.int64)}
            self.plateau = {name: variable(value) for name, value in first.items()}
        self.batches_per_step = 1
        self.step: tf.Variable | int = 0
        self.stage = Stage(0, 0, hparams.batch_size)

    def keep_averages(self, **build: Callable[[], keras.Model]):
        """Makes a second model of each network in `build` for the moving averages of its weights, where the settings ask for them.

        To be called once all networks are there, so that their first weights are the same with averages and without.

        Args:
            build: name of a network -> a function that builds it. The settings are an `AveragedHParams`.
        """
        self.ema_decay, self.ema_warmup = self.hparams.ema_decay, self.hparams.ema_warmup == "on"
        if self.ema_decay:
            self.ema = {name: make() for name, make in build.items()}

    def draw_weights(self):
        """Draws the first weights of all networks anew, where the settings, a `DrawnHParams`, ask for others than those of their builders.

        To be called once all networks are there, before there are averages.
        """
        way = self.hparams.weight_init, self.hparams.init_gain
        if way != self.hparams.built_with:
            for network in self.networks.values():
                networks.initial.draw(network, *way)

    def averaged(self, name: str) -> keras.Model:
        """The network by which results are made: that of the moving averages of its weights, where there are any."""
        return self.ema.get(name, self.networks[name])

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

    def adam(self, updates: float = 1, learning_rate: float | None = None) -> keras.optimizers.Optimizer:
        """Makes an Adam optimizer by the settings, an `AdamHParams`.

        Args:
            updates: of its networks in a step, on the average.
            learning_rate: replaces that of the settings, for networks that learn at different rates.
        """
        schedule = {"ahead": self.ahead * updates, "factor": self.plateau.get("factor")}
        return self.hparams.adam(self.steps_per_epoch * updates, learning_rate, **schedule)

    def see_with(self, net: keras.Model, what: str):
        """Takes the network that the setting `frozen_features` names, before `phases` is called. Only training needs it.

        It is called under the caller's strategy and precision. Networks that it makes, whose sizes follow from `net`, are no part of a run
        that is opened.

        Args:
            net: of one input, images N×H×W×C in [-1, 1], and of any outputs. It is not trained.
            what: the network in messages.

        Raises:
            UserError: the network does not fit the settings or the data.
        """
        raise NotImplementedError

    def stages(self) -> list[Stage]:
        """The stages of training, in order; the first begins at step 0."""
        return [self.stage]

    def enter(self, stage: Stage):
        """Goes on in another stage; graphs that were traced before belong to the old one."""
        self.stage = stage

    def make_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """Makes the optimizers of the losses of the phases: name of the loss -> optimizer, which losses of the same networks may share."""
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
