"""What `tfgan train` does beside training: sample pictures and validation."""

from pathlib import Path

import numpy as np

from tfgan.data import images
from tfgan.data.dataset import Dataset
from tfgan.data.pipeline import denormalize
from tfgan.evaluation.paired import paired_scores
from tfgan.inference.grids import grid
from tfgan.inference.translator import Translator


def stored_inputs(run: Path) -> list[np.ndarray]:
    """The source images of the run's sample pictures, H×W×C, which the run keeps so that later commands need no data set."""
    return [images.decode(path) for path in sorted((run / "samples" / "inputs").glob("*.png"))]


class Samples:
    """Pictures of fixed validation images: input | truth | prediction."""

    def __init__(self, translator: Translator, dataset: Dataset, count: int, run: Path, steps_per_epoch: int):
        self.translator, self.folder, self.steps_per_epoch = translator, run / "samples", steps_per_epoch
        size = dataset.spec.sizes["validation"]
        count = min(count, size)
        self.examples = [dataset.validation_example(i * size // count) for i in range(count)]

    def store_inputs(self):
        for number, example in enumerate(self.examples):
            pixels = denormalize(example["source"], self.translator.source)
            images.save(self.folder / "inputs" / f"{number}.png", pixels.numpy())

    def __call__(self, step: int, trainer) -> dict[str, float]:
        source, target = self.translator.source.name, self.translator.target.name
        columns = {
            source: [example["source"] for example in self.examples],
            target: [example["target"] for example in self.examples],
            f"generated {target}": [self.translator(example["source"][None]).numpy()[0] for example in self.examples],
        }
        picture = grid(columns)
        whole_epoch = step % self.steps_per_epoch == 0
        name = f"epoch_{step // self.steps_per_epoch:04d}" if whole_epoch else f"step_{step:08d}"
        images.save(self.folder / f"{name}.png", picture)
        if trainer.tensorboard:
            trainer.tensorboard.image(step, "samples", picture)
        return {}


class Validation:
    """Scores of all validation images, as val_NAME."""

    def __init__(self, translator: Translator, dataset: Dataset):
        self.translator, self.dataset = translator, dataset

    def __call__(self, step: int, trainer) -> dict[str, float]:
        scores: dict[str, list[float]] = {}
        for index in range(self.dataset.spec.sizes["validation"]):
            example = self.dataset.validation_example(index)
            fake = self.translator(example["source"][None]).numpy()[0]
            for name, score in paired_scores(example["target"], fake).items():
                scores.setdefault(f"val_{name}", []).append(score)
        means = {name: float(np.mean(values)) for name, values in scores.items()}
        trainer.progress.say(f"step {step}: " + "  ".join(f"{name} {value:.4f}" for name, value in means.items()))
        return means
