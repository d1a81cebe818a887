"""The settings of training: how a run is carried out."""

import dataclasses
import re
from pathlib import Path
from typing import ClassVar

from tfgan.config.setting import Settings, setting
from tfgan.config.unused import Table, Unused, given
from tfgan.errors import UserError
from tfgan.paths.home import with_home
from tfgan.paths.names import run_name

VALIDATED = ("", "l1", "psnr", "ssim", "ms_ssim", "cycle_l1", "swd", "fid", "kid")


@dataclasses.dataclass(frozen=True)
class TrainConfig(Settings):
    """The settings of training: how a run is carried out, whatever its method; each is also a flag.

    Raises:
        UserError: a value is of another type, outside its range, or not among its choices; or a setting that does nothing without another.
    """

    unused: ClassVar[Table] = (
        Unused(("best_metric", "features"), {"validate_every": (0,)}, cure="give --validate_every=EPOCHS too"),
        Unused(("validate_count",), {"validate_every": (0,)}, said=True),
        Unused(("patience",), {"best_metric": ("",)}, cure="give the metric that has to improve too"),
        Unused(("inception_weights",), {"features": lambda name: name != "inception"}, why="without --features=inception"),
        Unused(("gpus",), {"tpu": given}, said=True),
        Unused(("accept_new_data",), where={"goes on": False}, why="for a new run", said=True),
    )

    workdir: str = setting(
        "", "folder of the run; empty: runs/NAME, named after the recipe, or after method and data", operational=True, path=True
    )
    steps: int = setting(0, "total number of steps; 0: given by --epochs", operational=True, at_least=0)
    seed: int = setting(0, "seed of the weights, the order of the data, random crops and flips, and noise", at_least=0, at_most=2**31 - 1)
    deterministic: bool = setting(False, "use only operations that give the same bits every time (slower)", operational=True)
    precision: str = setting(
        "auto",
        "number format of the networks; auto: mixed_bfloat16 if this hardware is fast with it, else float32",
        choices=("auto", "float32", "mixed_bfloat16", "mixed_float16"),
    )
    accumulate: int = setting(
        1,
        "parts in which each step's batch goes through the networks, one after the other, before an update by the mean of their gradients: "
        "less memory, more time; batch norms see a part",
        at_least=1,
        at_most=2**16,
    )
    xla: str = setting(
        "auto", "compile forward and backward pass with XLA; auto: on GPUs, not on CPUs", choices=("auto", "on", "off"), operational=True
    )
    steps_per_execution: int = setting(
        0,
        "maximum number of steps in one call of the compiled program; each call is kept to about a second; 0: 200",
        operational=True,
        at_least=0,
        formerly="steps_per_call",
    )
    gpus: str = setting(
        "0",
        "how many GPUs to use, or which ones: 0,2 or, for a single one, gpu:2; 0: the largest number that divides the batch size",
        operational=True,
    )
    tpu: str = setting("", "name of a TPU, or local (untested)", operational=True)
    accept_new_data: bool = setting(
        False,
        "continue a run although images were added to its training data, or some of them changed",
        operational=True,
    )
    init_from: str = setting("", "folder of another run, from whose weights this one starts", path=True)
    checkpoint_every: int = setting(20, "epochs between checkpoints", operational=True, at_least=1)
    checkpoint_minutes: int = setting(
        30, "minutes after which a checkpoint is written even within an epoch; 0: never", operational=True, at_least=0
    )
    keep_checkpoints: int = setting(2, "number of newest checkpoints that are kept", operational=True, at_least=1)
    validate_every: int = setting(0, "epochs between validations; 0: never", operational=True, at_least=0)
    validate_count: int = setting(1000, "maximum number of real and of generated images in a validation", operational=True, at_least=2)
    features: str = setting(
        "",
        "network for FID and similar metrics in validations: inception, or the file of a Keras model; empty: leave them out",
        operational=True,
        path=True,
    )
    inception_weights: str = setting(
        "", "for --features=inception: file of Keras' InceptionV3 weights; empty: download", operational=True, path=True
    )
    best_metric: str = setting("", "keep the best checkpoint by this metric of the validations", choices=VALIDATED, operational=True)
    patience: int = setting(0, "stop after this many validations without a better --best_metric; 0: never", operational=True, at_least=0)
    sample_every: int = setting(0, "steps between sample pictures; 0: after every epoch", operational=True, at_least=0)
    num_samples: int = setting(
        4, "rows of each sample picture, one for each validation image or noise vector", operational=True, at_least=1, at_most=1000
    )
    log_every: int = setting(50, "steps between log entries; 0: only the last", operational=True, at_least=0)
    health: bool = setting(True, "print an alarm if training seems to go wrong, with a flag to try", operational=True)
    tensorboard: bool = setting(True, "also write TensorBoard files", operational=True)
    track: str = setting(
        "",
        "also tell settings, scalars, and sample pictures to wandb (in the run's folder, offline unless WANDB_MODE is set) or mlflow (in "
        "the run's folder unless MLFLOW_TRACKING_URI is set)",
        choices=("", "wandb", "mlflow"),
        operational=True,
    )

    def __post_init__(self):
        super().__post_init__()
        named_cards(self.gpus)
        if self.best_metric in ("fid", "kid") and not self.features:
            raise UserError(f"--best_metric={self.best_metric} needs --features=inception, or a Keras model's file.")

    def with_home(self, name: str, place: str = "runs") -> "TrainConfig":
        """The settings with a leading `~` of `workdir` and `init_from` replaced, and the folder PLACE/NAME if no `workdir` is given."""
        return dataclasses.replace(
            self, workdir=with_home(self.workdir) or f"{place}/{run_name(name)}", init_from=with_home(self.init_from)
        )

    def check_files(self):
        """Raises `UserError` if the file of `inception_weights` or `features` does not exist.

        This is no check of the record itself, as a run may be opened where these files are missing.
        """
        for name, file in (("inception_weights", self.inception_weights), ("features", self.features)):
            if file not in ("", "inception") and not Path(with_home(file)).is_file():
                raise UserError(f"--{name}={file} does not exist.")


def named_cards(wanted: str) -> tuple[int, ...]:
    """The numbers of the GPUs that `--gpus` names: (0, 2) for "0,2", (3,) for "gpu:3", () for a plain number, which says how many.

    Raises:
        UserError: text that is neither, or a card that is named twice.
    """
    if wanted.isdecimal():
        return ()
    words = [re.fullmatch(r"(?:gpu:)?(\d+)", word.strip().lower()) for word in wanted.split(",")]
    numbers = tuple(int(word[1]) for word in words if word)
    if len(numbers) < len(words) or len(set(numbers)) < len(numbers):
        raise UserError(f"--gpus={wanted} must be how many (2), or which, each once: 0,2 or, of a single one, gpu:2.")
    return numbers
