"""Sample pictures while training."""

import functools
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config import write_atomically
from tfgan.data import images
from tfgan.data.dataset import Dataset
from tfgan.data.label_maps.maps import encode, paint
from tfgan.data.pipeline import denormalize
from tfgan.inference import Encoder, Sampler, Signatures, Translator, open_inference, samplers, sheets
from tfgan.inference.files import read_image
from tfgan.inference.grids import grid
from tfgan.methods.base import Method
from tfgan.training.callbacks import Callback
from tfgan.training.timeline import Interval

EACH_EPOCH = Interval(1, "epochs")
SECOND_PICTURE = 60.0  # seconds after the first


def stored_inputs(run: Path, signature: Translator | Encoder) -> list[np.ndarray]:
    """The inputs of the run's sample pictures as `signature` takes them, H×W×C or class indices H×W.

    The run keeps them, so that later commands need no data set.
    """
    files = sorted((run / "samples" / "inputs").glob(f"{signature.input_key}_*.png"))
    return [read_image(file, signature.source, "keep") for file in files]


class Call(NamedTuple):
    """One image that went through one signature, and what came of it, for one row of a sample picture."""

    signature: str
    input: np.ndarray
    output: np.ndarray


class Made(NamedTuple):
    """A sample picture, and all that went into it."""

    signatures: Signatures
    examples: list[dict[str, np.ndarray]]  # of the validation split
    calls: list[list[Call]]  # in order, for each example; the examples' calls are alike
    sampled: dict[str, dict[str, list[np.ndarray]]]  # signature from noise -> its columns, one for each class if there are classes
    picture: np.ndarray  # H×W×3 uint8, of all of it


class Samples(Callback):
    """Writes pictures of fixed validation examples, one a row, to RUN/samples; the method says what stands beside what.

    What makes images from noise alone shows those of fixed seeds, with a column for each class.

    A new run also has one of step 0, and one after a minute, so that nobody waits for an epoch to see whether the data are the right ones.
    When that is depends on the machine: what is measured of these is not logged.

    Args:
        count: examples at most, and rows of fixed seeds.
        run: its folder.
        every: when a picture is made.
    """

    def __init__(
        self,
        method: Method,
        signatures: Signatures,
        dataset: Dataset,
        count: int,
        run: Path,
        every: Interval = EACH_EPOCH,
    ):
        self.every = every
        self._early: float | None = None  # when the next picture is due that is not one of `every`
        self.method, self.folder, self.spec, self.count = method, run / "samples", dataset.spec, count
        self._take(signatures)
        self.keys = {signature.input_key for signature in signatures.values() if not isinstance(signature, Sampler)}
        size = dataset.spec.sizes["validation"]
        shown = min(count, size) if self.keys else 0
        self.examples = [dataset.validation_example(i * size // shown) for i in range(shown)]

    def _take(self, signatures: Signatures):
        """Takes the signatures of the method's present stage, whose graphs do not grow with it."""
        self.stage, self.signatures = self.method.stage, signatures

    def _noting(self, calls: list[Call]):
        """The signatures as functions of single images, by name, which write down in `calls` what they made."""

        def use(name, image, **conditions):
            output = _use_once(self.signatures[name], image, **conditions)
            calls.append(Call(name, image, output))
            return output

        return {name: functools.partial(use, name) for name in self.signatures}

    def store_inputs(self):
        for key in self.keys:
            domain = self.spec.domains[key]
            for number, example in enumerate(self.examples):
                path, image = self.folder / "inputs" / f"{key}_{number}.png", example[key]
                if domain.dtype == "int32":
                    write_atomically(path, encode(image, domain.require_classes()))
                else:
                    images.save(path, denormalize(image, domain).numpy())

    def on_train_begin(self, trainer, step: int):
        self._early = None if step else time.monotonic()

    def on_steps_begin(self, trainer, step: int):
        if self._early is not None and time.monotonic() >= self._early:
            self._make(trainer, step)
            self._early = None if step else time.monotonic() + SECOND_PICTURE

    def on_interval(self, trainer, step: int) -> dict[str, float]:
        self._early = None
        return self._make(trainer, step)

    def _make(self, trainer, step: int) -> dict[str, float]:
        """Makes and shows a picture. Returns what was measured of it."""
        if self.method.stage != self.stage:
            self._take(open_inference(self.method))
        calls: list[list[Call]] = [[] for _ in self.examples]
        rows = [self.method.sample_row(example, self._noting(own)) for example, own in zip(self.examples, calls)]
        columns = {title: [self._shown(row[title]) for row in rows] for title in rows[0]} if rows else {}
        sampled = {
            name: sheets.samples(sampler, 0, self.count, self.count, list(range(len(sampler.class_names))))
            for name, sampler in samplers(self.signatures).items()
        }
        for sheet in sampled.values():
            columns |= sheet
        picture = grid(columns)
        epoch = trainer.timeline.whole_epoch(step)
        images.save(self.folder / (f"step_{step:08d}.png" if epoch is None else f"epoch_{epoch:04d}.png"), picture)
        if trainer.tensorboard:
            trainer.tensorboard.image(step, "samples", picture)
        return trainer.show_samples(step, Made(self.signatures, self.examples, calls, sampled, picture))

    def _shown(self, image: np.ndarray) -> np.ndarray:
        """An image as it is shown, H×W×C in [-1, 1]: a map of class indices gets its classes' colors."""
        if image.ndim == 3:
            return image
        (domain,) = (domain for domain in self.spec.domains.values() if domain.dtype == "int32")
        return paint(image, domain.require_classes()) / np.float32(127.5) - np.float32(1.0)


def _use_once(signature: Translator | Encoder | Sampler, image: np.ndarray, **conditions) -> np.ndarray:
    """The result of one image, or vector of latents, that goes through a signature in a batch of its own."""
    return signature(image[None], **{name: np.asarray(vector, np.float32)[None] for name, vector in conditions.items()}).numpy()[0]
