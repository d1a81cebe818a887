"""Sample pictures while training."""

import functools
import logging
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config import Domain
from tfgan.data.dataset import Dataset
from tfgan.data.display import painted, seen_bands
from tfgan.data.label_maps.maps import encode
from tfgan.data.label_maps.objects import numbered
from tfgan.data.preparation.normalization import denormalize
from tfgan.data.reading import images
from tfgan.inference import Encoder, Sampler, Signatures, Translator, open_inference, samplers, sheets
from tfgan.inference.files import read_image
from tfgan.inference.grids import Strip, draw, lay_out
from tfgan.instances import instances_of
from tfgan.methods.base import Method
from tfgan.paths.files import write_atomically
from tfgan.paths.inside import leads_outside
from tfgan.runs.training.contrast import Contrast, may_be_dark
from tfgan.training.callbacks import Callback
from tfgan.training.timeline import Interval

logger = logging.getLogger(__name__)

EACH_EPOCH = Interval(1, "epochs")
SECOND_PICTURE = 60.0  # seconds after the first
ACROSS = 12  # columns side by side in a sample picture, at most; more go on below
MOST_COLUMNS = 48  # a picture of more would be larger than anybody looks at


def stored_inputs(run: Path, signature: Translator | Encoder) -> list[np.ndarray]:
    """The inputs of the run's sample pictures as `signature` takes them, H×W×C or class indices H×W.

    The run keeps them, so that later commands need no data set. Links that lead outside the run are not read, which is logged.
    """
    files = sorted((run / "samples" / "inputs").glob(f"{signature.input_key}_*.{_form(signature.source)}"))
    if foreign := [file for file in files if any(leads_outside(own, run) for own in (file, *_instances_beside(file, signature.source)))]:
        logger.warning(f"{run}/samples/inputs: {len(foreign)} of {len(files)} are links that lead outside the run: they are not read.")
        files = [file for file in files if file not in foreign]
    return [read_image([file, *_instances_beside(file, signature.source)], signature.source, "keep") for file in files]


def _instances_beside(file: Path, domain: Domain) -> list[Path]:
    """The file of the instances of a stored input, where its domain has such."""
    return [file.with_name(f"instances_of_{file.name}")] if domain.instances else []


def store_input(folder: Path, key: str, number: int, image: np.ndarray, domain: Domain):
    """Writes an input of samples below their folder: pixel values H×W×C, or class indices H×W where the domain is a map of them."""
    path = folder / "inputs" / f"{key}_{number}.{_form(domain)}"
    if domain.is_map:
        write_atomically(path, encode(image, domain.require_classes()))
        for beside in _instances_beside(path, domain):
            images.save(beside, numbered(instances_of(image), image.shape)[..., None].astype(np.uint16))
    else:
        images.save(path, image, bands=domain.bands)


def _form(domain: Domain) -> str:
    """The ending of files that hold a domain's values as they are."""
    return "tif" if domain.bands else "png"


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

    What makes images from noise alone shows those of fixed seeds, with a column for each class. Over all stand the epoch and the step. The
    file says where each image is, so that the report can cut them out.

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
        self.method, self.folder, self.dataset, self.spec, self.count = method, run / "samples", dataset, dataset.spec, count
        self._take(signatures)
        self.keys = {signature.input_key for signature in signatures.values() if not isinstance(signature, Sampler)}
        size = dataset.spec.sizes["validation"]
        shown = min(count, size) if self.keys else 0
        self.examples = [dataset.validation_example(i * size // shown) for i in range(shown)]

    @functools.cached_property
    def contrast(self) -> Contrast:
        """How images of few of their range's values are shown, by those of the validation split."""
        asked = any(may_be_dark(domain) for domain in self.spec.domains.values())
        some = range(min(self.count, self.spec.sizes["validation"]) if asked else 0)
        return Contrast(self.spec.domains, self.examples or [self.dataset.validation_example(i) for i in some])

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
                image = example[key] if domain.is_map else denormalize(example[key], domain).numpy()
                store_input(self.folder, key, number, image, domain)

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
        sampled = {
            name: sheets.samples(sampler, 0, self.count, self.count, list(range(len(sampler.class_names))))
            for name, sampler in samplers(self.signatures).items()
        }
        strips = [*self._of_examples(rows, calls), *(strip for name in sampled for strip in self._of_noise(name, sampled[name]))]
        epoch = trainer.timeline.whole_epoch(step)
        caption = f"epoch {trainer.timeline.epoch(step):.4g} · step {step:,}"
        shown = strips[:MOST_COLUMNS]
        if len(shown) < len(strips):
            caption += f" · the first {len(shown)} of {len(strips)} columns"
        geometry = lay_out(shown, " · ".join([caption, *self.contrast.remarks()]), ACROSS)
        picture = draw(shown, geometry)
        name = f"step_{step:08d}.png" if epoch is None else f"epoch_{epoch:04d}.png"
        images.save(self.folder / name, picture, geometry.to_text())
        if trainer.tensorboard:
            trainer.tensorboard.image(step, "samples", picture)
        return trainer.show_samples(step, Made(self.signatures, self.examples, calls, sampled, picture))

    def _of_examples(self, rows: list[dict], calls: list[list[Call]]) -> list[Strip]:
        """The columns of the examples, a row each, as they are shown."""
        strips = []
        for title in rows[0] if rows else ():
            domains = [self._origin(row[title], example, own) for row, example, own in zip(rows, self.examples, calls)]
            shown = [self._shown(row[title], domain) for row, (domain, _) in zip(rows, domains)]
            strips.append(Strip(title, shown, made=any(made for _, made in domains)))
        return strips

    def _of_noise(self, name: str, columns: dict[str, list[np.ndarray]]) -> list[Strip]:
        """The columns of what the sampler `name` made: one for each class, or one after the other under one title."""
        sampler = samplers(self.signatures)[name]
        titles = sampler.class_names or ["from noise"] + [""] * (len(columns) - 1)
        shown = [[self._shown(image, sampler.target) for image in column] for column in columns.values()]
        return [Strip(title, column, made=True) for title, column in zip(titles, shown)]

    def _origin(self, image: np.ndarray, example: dict[str, np.ndarray], calls: list[Call]) -> tuple[Domain | None, bool]:
        """The domain of an image of a row, as far as it is known, and whether a network made it."""
        for key, domain in self.spec.domains.items():
            if key in example and np.array_equal(image, example[key]):
                return domain, False
        targets = (getattr(self.signatures[call.signature], "target", None) for call in calls if call.output is image)
        return next(targets, None), True

    def _shown(self, image: np.ndarray, domain: Domain | None) -> np.ndarray:
        """An image as it is shown, H×W×C in [-1, 1]: a map of class indices in its classes' colors, what would be black stretched."""
        if image.ndim == 3:
            return self.contrast.stretch(seen_bands(image, domain) if domain else image, domain)
        (labels,) = (domain for domain in self.spec.domains.values() if domain.is_map)
        return painted(image, labels)


def _use_once(signature: Translator | Encoder | Sampler, image: np.ndarray, **conditions) -> np.ndarray:
    """The result of one image, or vector of latents, that goes through a signature in a batch of its own; a map where it makes such."""
    result = signature(image[None], **{name: np.asarray(vector, np.float32)[None] for name, vector in conditions.items()})
    maps = isinstance(signature, Translator) and signature.gives_maps
    return (signature.to_pixels(result) if maps else result).numpy()[0]
