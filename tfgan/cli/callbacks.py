"""What `tfgan train` does beside training: sample pictures and validation."""

import functools
from pathlib import Path

import numpy as np

from tfgan.config import write_atomically
from tfgan.data import images
from tfgan.data.dataset import Dataset
from tfgan.data.label_maps import encode, paint
from tfgan.data.pipeline import denormalize
from tfgan.evaluation.paired import paired_scores
from tfgan.inference import Encoder, Sampler, Translator, Ways, open_inference, samplers, sheets
from tfgan.inference.files import read_image
from tfgan.inference.grids import grid
from tfgan.methods.base import Method


def stored_inputs(run: Path, way: Translator | Encoder) -> list[np.ndarray]:
    """The inputs of the run's sample pictures as `way` takes them, H×W×C or class indices H×W.

    The run keeps them, so that later commands need no data set.
    """
    files = sorted((run / "samples" / "inputs").glob(f"{way.input_key}_*.png"))
    return [read_image(file, way.source, "keep") for file in files]


class Samples:
    """Pictures of fixed validation examples, one a row; the method says what stands beside what. What makes images from noise alone shows
    those of fixed seeds, with a column for each class."""

    def __init__(self, method: Method, ways: Ways, dataset: Dataset, count: int, run: Path):
        self.method, self.folder, self.spec, self.count = method, run / "samples", dataset.spec, count
        self._take(ways)
        self.keys = {way.input_key for way in ways.values() if not isinstance(way, Sampler)}
        size = dataset.spec.sizes["validation"]
        shown = min(count, size) if self.keys else 0
        self.examples = [dataset.validation_example(i * size // shown) for i in range(shown)]

    def _take(self, ways: Ways):
        """`ways` belong to the method's present stage: their graphs do not grow with it."""
        self.stage, self.ways = self.method.stage, ways
        self.use = {name: functools.partial(_use_once, way) for name, way in ways.items()}

    def store_inputs(self):
        for key in self.keys:
            domain = self.spec.domains[key]
            for number, example in enumerate(self.examples):
                path, image = self.folder / "inputs" / f"{key}_{number}.png", example[key]
                if domain.dtype == "int32":
                    write_atomically(path, encode(image, domain.classes))
                else:
                    images.save(path, denormalize(image, domain).numpy())

    def __call__(self, step: int, trainer) -> dict[str, float]:
        if self.method.stage != self.stage:
            self._take(open_inference(self.method))
        rows = [self.method.sample_row(example, self.use) for example in self.examples]
        columns = {title: [self._shown(row[title]) for row in rows] for title in rows[0]} if rows else {}
        for sampler in samplers(self.ways).values():
            columns |= sheets.samples(sampler, 0, self.count, self.count, list(range(len(sampler.class_names))))
        picture = grid(columns)
        epoch = trainer.timeline.whole_epoch(step)
        images.save(self.folder / (f"step_{step:08d}.png" if epoch is None else f"epoch_{epoch:04d}.png"), picture)
        if trainer.tensorboard:
            trainer.tensorboard.image(step, "samples", picture)
        return {}

    def _shown(self, image: np.ndarray) -> np.ndarray:
        """A map of class indices in its classes' colours."""
        if image.ndim == 3:
            return image
        (domain,) = (domain for domain in self.spec.domains.values() if domain.dtype == "int32")
        return paint(image, domain.classes) / np.float32(127.5) - np.float32(1.0)


def _use_once(way: Translator | Encoder | Sampler, image: np.ndarray, **conditions) -> np.ndarray:
    """One image, or vector of latents, in a batch of its own."""
    return way(image[None], **{name: np.asarray(vector, np.float32)[None] for name, vector in conditions.items()}).numpy()[0]


class Validation:
    """Scores of all validation images beside their truth, as val_NAME."""

    def __init__(self, translator: Translator, dataset: Dataset):
        self.translator, self.dataset = translator, dataset
        self.conditions = {name: np.zeros([1, length], np.float32) for name, length in translator.lengths.items()}

    def __call__(self, step: int, trainer) -> dict[str, float]:
        scores: dict[str, list[float]] = {}
        for index in range(self.dataset.spec.sizes["validation"]):
            example = self.dataset.validation_example(index)
            fake = self.translator(example[self.translator.input_key][None], **self.conditions).numpy()[0]
            for name, score in paired_scores(example[self.translator.truth_key], fake).items():
                scores.setdefault(f"val_{name}", []).append(score)
        means = {name: float(np.mean(values)) for name, values in scores.items()}
        trainer.progress.say(f"step {step}: " + "  ".join(f"{name} {value:.4f}" for name, value in means.items()))
        return means
