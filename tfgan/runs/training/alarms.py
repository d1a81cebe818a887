"""Alarms while training: sample pictures are measured, every row is shown to the detectors, and an alarm comes with a flag to try."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config import DataConfig, TrainConfig
from tfgan.config.rows import alarm_row, metrics_row
from tfgan.config.stored import read_lines
from tfgan.data.dataset import Dataset
from tfgan.data.display import painted
from tfgan.data.preparation.normalization import as_floats
from tfgan.evaluation.detectors import Watch, detectors
from tfgan.evaluation.sample_measures import checkerboard, diversity, grid_peak, luminance_correlation, spread
from tfgan.inference import Sampler, Translator
from tfgan.methods.base import Method
from tfgan.runs.training.cures import suggest
from tfgan.runs.training.pictures import Made
from tfgan.terminal import tint
from tfgan.training.callbacks import Callback
from tfgan.training.logs import MetricLog

REAL_IMAGES = 16  # beside which samples from noise stand, for each class
MOST_REAL_IMAGES = 320


class Real(NamedTuple):
    """Measures of real images, None where there are too few images or pixels: their spread, and their strongest grid pattern in dB."""

    spread: float | None
    peak: float | None


class Health(Callback):
    """Measures sample pictures, and raises alarms, which go to the terminal, RUN/alarms.jsonl and TensorBoard.

    A resumed run rebuilds its state from metrics.jsonl. How long training waits for images is not written there, and judged anew: another
    machine may feed it faster.
    """

    def __init__(self, method: Method, dataset: Dataset, data: DataConfig, training: TrainConfig):
        self.method, self.dataset, self.data, self.training = method, dataset, data, training
        self.run = Path(training.workdir)
        decay = 0.0 if method.ema_warmup else method.ema_decay  # with warm-up there is no fresh weight to wait for
        self.watch = Watch(detectors(method.doubt, decay, method.gap))
        self._real: dict[tuple[str, int | None], Real] = {}

    def on_train_begin(self, trainer, step: int):
        self.log = MetricLog(self.run / "alarms.jsonl", step, alarm_row)
        for row in read_lines(self.run / "metrics.jsonl", metrics_row).records:
            self.watch.see(row)

    def on_log(self, trainer, row: dict[str, float]):
        if "images_per_second" in row and trainer.input_wait is not None:
            row = row | {"input_wait": trainer.input_wait}
        for alarm in self.watch.see(row):
            flag, remark = suggest(alarm.alarm, alarm.epoch, self.method, self.data, self.training)
            self.log.write(alarm.step, {"epoch": alarm.epoch, "alarm": alarm.alarm, "message": alarm.message, "flag": flag})
            text = f"{alarm.message}{remark}"
            trainer.say(f"step {alarm.step}: {tint('ALARM', 'yellow', sys.stdout)} {alarm.alarm}: {text}")
            if trainer.tensorboard:
                trainer.tensorboard.text(alarm.step, f"alarms/{alarm.alarm}", text)

    def on_samples(self, trainer, step: int, made: Made) -> dict[str, float]:
        return self.measure(made)

    def measure(self, made: Made) -> dict[str, float]:
        """Measures of a sample picture by name: least diversity and strongest grid of all signatures, and mean correlation.

        The correlation is of inputs and translations whose truth is not known. What cannot be measured is left out.
        """
        diversities: list[float | None] = []
        correlations: list[float | None] = []
        grids: list[float | None] = []
        for signature, label, inputs, outputs in _groups(made):
            real = self._real_images(signature, label, made)
            diversities.append(diversity(outputs, real.spread))
            grids.append(checkerboard(outputs, real.peak))
            if inputs is not None:
                correlations.append(luminance_correlation(inputs, outputs))
        measured: dict[str, tuple[Callable, list[float | None]]] = {
            "sample_diversity": (min, diversities),
            "sample_correlation": (np.mean, correlations),
            "sample_checkerboard": (max, grids),
        }
        known = {name: (join, [value for value in values if value is not None]) for name, (join, values) in measured.items()}
        return {name: float(join(values)) for name, (join, values) in known.items() if values}

    def _real_images(self, name: str, label: int | None, made: Made) -> Real:
        """Measures of what a signature's results are compared with, images of its target domain: where the data are paired, the truth."""
        if (name, label) not in self._real:
            signature = made.signatures[name]
            key = next(key for key, domain in self.dataset.spec.domains.items() if domain is signature.target)
            if isinstance(signature, Translator):
                images = np.stack([painted(example[key], signature.target) for example in made.examples])
            else:
                most = min(REAL_IMAGES * max(len(signature.class_names), 1), MOST_REAL_IMAGES)
                images = as_floats(self.dataset.column("validation", key, most), signature.target)
                if label is not None:
                    images = images[self.dataset.column("validation", "label", most) == label]
            self._real[name, label] = Real(spread(images), grid_peak(images))
        return self._real[name, label]


def _groups(made: Made):
    """Yields (signature, label, inputs, outputs) of images that were made alike.

    The inputs are those of translations whose truth is not known, and None for all others; the label is None where there are no classes.
    """
    for calls in zip(*made.calls):  # one call of each example
        signature = made.signatures[calls[0].signature]
        # What is made of images that were made themselves, such as CycleGAN's way back, says nothing new.
        if isinstance(signature, Translator) and all(
            call.input is example[signature.input_key] for call, example in zip(calls, made.examples)
        ):
            inputs, outputs = (np.stack(images) for images in zip(*((call.input, call.output) for call in calls)))
            outputs = np.stack([painted(image, signature.target) for image in outputs])
            yield calls[0].signature, None, None if signature.truth_key else inputs, outputs
    for name, columns in made.sampled.items():
        signature = made.signatures[name]
        assert isinstance(signature, Sampler)
        if signature.class_names:
            yield from ((name, label, None, np.stack(images)) for label, images in enumerate(columns.values()))
        else:
            yield name, None, None, np.stack([image for column in columns.values() for image in column])
