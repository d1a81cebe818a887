"""The settings that methods share; each method's own `HParams` adds to them and sets the paper's defaults."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from tfgan.config import Settings, Size, Strings, as_text, setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError


@dataclasses.dataclass(frozen=True)
class HParams(Settings):
    """The settings that all methods share: how long, how many and how large.

    Each method's own `HParams` adds to them and sets the paper's defaults.

    Attributes:
        ties: names of the weights of losses that tie results to what they are made of, or should be like: more helps against collapse.
    """

    ties: ClassVar[Strings] = ()
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
    clip_norm: float = setting(
        0.0,
        "greatest global norm of each loss's gradients, over all its weights together; larger ones are scaled down to it; 0: no clipping",
        at_least=0.0,
    )

    freeze: Strings = setting(
        (), "networks that are not trained, or with :COUNT their first layers, norms included: discriminator:3,encoder; see the docs"
    )

    def __post_init__(self):
        super().__post_init__()
        self.frozen()
        if min(self.image_size) < 1:
            raise UserError(f"--image_size={as_text(self.image_size)} must be at least one pixel.")
        self.loaded_size()

    def effective(self) -> dict[str, Any]:
        return super().effective() | {"load_size": self.loaded_size() if self.random_crop else (0, 0)}

    def prolong(self, earlier: HParams) -> HParams:
        """The settings of a run that goes on for as many epochs as these say, `earlier` as they are but for what ends before that."""
        return earlier

    def check_files(self):
        """Raises `UserError` if a file that a setting names does not exist, which only a run that begins needs."""

    def frozen(self) -> dict[str, int]:
        """What `freeze` says: the name of a network -> how many of its first layers are not trained; 0: all.

        Raises:
            UserError: a word that is neither a name nor NAME:COUNT, or a network that is named twice.
        """
        found: dict[str, int] = {}
        for word in self.freeze:
            name, colon, count = word.partition(":")
            if not name or name in found or (colon and not (count.isascii() and count.isdecimal() and int(count))):
                raise UserError(f"--freeze={word}: use NAME, or NAME:COUNT for the first layers, each network once: discriminator:3.")
            found[name] = int(count or 0)
        return found

    def require_size(self, fits: bool, what: str, use: str):
        """Raises `UserError` unless `fits`; the message says that `image_size` does not suit `what`, and what to `use`."""
        if not fits:
            height, width = self.image_size
            raise UserError(f"--image_size={height}x{width} does not suit {what}: use {use}.")

    @property
    def intervals(self) -> tuple[int, ...]:
        """The numbers N of what is done in every N-th step alone, and makes that step longer."""
        return ()

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


def skip_activation_setting() -> Any:
    """Makes the setting `skip_activation` of methods whose generator can be a U-Net."""
    return setting(
        "leaky_relu",
        "activation of what a U-Net's decoder gets of its encoder: leaky_relu, as in TensorFlow's tutorial, or relu, as the authors'",
        choices=("leaky_relu", "relu"),
    )


def padding_side_setting() -> Any:
    """Makes the setting `padding_side` of methods whose generator can be a ResNet."""
    return setting(
        "after",
        "where a ResNet's convolutions of stride 2 are padded: after the image, as by TensorFlow, or before it, as by PyTorch, whose "
        "weights need it",
        choices=("after", "before"),
    )


def upsampling_setting() -> Any:
    """Makes the setting `upsampling` of methods whose generator is a U-Net or a ResNet."""
    return setting(
        "deconv",
        "deconv: transposed convolutions; resize: resize and convolve, without checkerboard patterns",
        choices=("deconv", "resize"),
    )


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


def inference_statistics_setting() -> Any:
    """Makes the setting `inference_statistics` of methods whose generator may have batch norm."""
    return setting(
        "auto",
        "statistics of batch norm after training: those of each image, or moving averages; auto: image if the batch size is 1",
        choices=("auto", "image", "moving"),
    )


def statistics(hparams) -> str:
    """What `inference_statistics` of some settings stands for: image or moving."""
    automatic = "image" if hparams.batch_size == 1 else "moving"
    return automatic if hparams.inference_statistics == "auto" else hparams.inference_statistics


def weight_init_setting(default: str) -> Any:
    """Makes the setting `weight_init` of methods whose authors' code offers several first weights."""
    return setting(
        default,
        "how kernels are drawn first, --init_type in the authors' code: normal, N(0, gain²); xavier, with the variance gain² × 2 / (fan in "
        "+ fan out); kaiming, 2 / fan in, without a gain; orthogonal, times the gain (--init_gain)",
        choices=("normal", "xavier", "kaiming", "orthogonal"),
    )


@dataclasses.dataclass(frozen=True)
class DrawnHParams(HParams):
    """The settings of methods whose first weights can be chosen.

    Attributes:
        built_with: `weight_init` and `init_gain` by which the builders of their networks draw; others are drawn afterwards.
    """

    built_with: ClassVar[tuple[str, float]] = ("normal", 0.02)
    unused: ClassVar[Table] = (Unused(("init_gain",), {"weight_init": ("kaiming",)}, why="with --weight_init=kaiming, which has none"),)

    weight_init: str = weight_init_setting("normal")
    init_gain: float = setting(0.02, "gain of the first weights, see --weight_init", at_least=1e-6, at_most=100.0)
