"""What every method is made of: hyper-parameters, networks, phases of a train step, and inference signatures."""

import dataclasses
import math
from collections.abc import Callable
from typing import NamedTuple

import keras
import tensorflow as tf

from tfgan.config import DataSpec, Domain, Size, setting
from tfgan.errors import UserError


@dataclasses.dataclass(frozen=True)
class HParams:
    """What all methods share: how long, how many and how large. Each method's own `HParams` adds to it and sets the paper's defaults."""

    epochs: int = setting(200, "total passes over the training images", operational=True, at_least=1)
    batch_size: int = setting(1, "images in one step, over all replicas", at_least=1)
    image_size: Size = setting((256, 256), "HEIGHTxWIDTH of the network's training images, or one number for both")
    load_size: Size = setting((0, 0), "HEIGHTxWIDTH that training images are resized to before the crop; 0: image_size × 286/256")
    random_crop: bool = setting(True, "resize to load_size and crop at random; otherwise resize to image_size")
    flip: bool = setting(True, "mirror half of the training images")

    def loaded_size(self) -> Size:
        """The size before the crop: 286 for 256, as the pix2pix paper has it (Isola et al. 2017, appendix 6.2)."""
        if not self.random_crop:
            return self.image_size
        height, width = (load or round(image * 286 / 256) for load, image in zip(self.load_size, self.image_size))
        if height < self.image_size[0] or width < self.image_size[1]:
            raise UserError(f"--load_size={height}x{width} is smaller than --image_size={self.image_size[0]}x{self.image_size[1]}.")
        return height, width


class PhaseResult(NamedTuple):
    losses: dict[str, tf.Tensor]  # float32 scalars, means over the replica's batch
    scalars: dict[str, tf.Tensor] = {}  # what else is worth logging


class Phase(NamedTuple):
    """One part of a train step: losses from one forward pass, and the networks that each of them updates.

    A phase with two losses is a simultaneous update: both gradients are taken at the old weights.
    """

    name: str
    losses: Callable[[dict[str, tf.Tensor], tf.Tensor], PhaseResult]  # (batch, seed of shape (2,)) -> result
    trains: dict[str, tuple[str, ...]]  # loss and optimizer -> networks


class Translation(NamedTuple):
    """A way from images to images: what translate, samples, validation and export run."""

    function: Callable[[tf.Tensor], tf.Tensor]  # N×H×W×C in [-1, 1] -> N×H×W×C' in [-1, 1]
    source: Domain
    target: Domain
    multiple: int  # height and width must be multiples of this
    minimum: int  # and at least this


class Method:
    """One GAN. Subclasses set `HParams` and `batch_kind`, and build their networks in `__init__` under the caller's strategy and precision.

    Attributes:
        networks: name -> Keras model.
        averages: name of a network -> a second model that holds the moving average of its weights; empty if there is none.
        average_decay: of these averages.
    """

    HParams = HParams
    batch_kind: str

    def __init__(self, hparams, spec: DataSpec):
        self.hparams, self.spec = hparams, spec
        self.networks: dict[str, keras.Model] = {}
        self.averages: dict[str, keras.Model] = {}
        self.average_decay = 0.0

    @property
    def steps_per_epoch(self) -> int:
        return math.ceil(self.spec.sizes["train"] / self.hparams.batch_size)

    def make_optimizers(self) -> dict[str, keras.optimizers.Optimizer]:
        """One optimizer for each loss of the phases."""
        raise NotImplementedError

    def phases(self) -> list[Phase]:
        """The train step: its phases in order."""
        raise NotImplementedError

    def inference(self) -> dict[str, Translation]:
        """The ways to use the trained networks, by name of the signature."""
        raise NotImplementedError
