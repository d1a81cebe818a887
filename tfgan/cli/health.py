"""Alarms while training: sample pictures are measured, every row is shown to the detectors, and an alarm comes with a flag to try."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan.augmentation import AUGMENTATIONS
from tfgan.cli.callbacks import Made
from tfgan.config import DataConfig, DataSpec, TrainConfig, is_operational
from tfgan.data.dataset import Dataset
from tfgan.data.pipeline import normalize
from tfgan.errors import UserError
from tfgan.evaluation.health import Watch, detectors
from tfgan.evaluation.sample_health import checkerboard, diversity, grid_peak, luminance_correlation, spread
from tfgan.inference import Sampler, Translator
from tfgan.methods.base import Method
from tfgan.training.logs import MetricLog

REAL_IMAGES = 16  # beside which samples from noise stand, for each class
MOST_REAL_IMAGES = 320


class Real(NamedTuple):
    """Measures of real images."""

    spread: float | None
    peak: float | None


class Health:
    """What `Trainer` calls its watch, and what `Samples` calls its observer. Alarms go to the terminal, RUN/alarms.jsonl and TensorBoard.

    A resumed run rebuilds its state from metrics.jsonl. How long training waits for images is not written there, and judged anew: another
    machine may feed it faster.
    """

    def __init__(self, method: Method, dataset: Dataset, data: DataConfig, training: TrainConfig):
        self.method, self.dataset, self.data, self.training = method, dataset, data, training
        self.run = Path(training.workdir)
        self.watch = Watch(detectors(method.doubt, method.average_decay, method.gap))
        self._real: dict[tuple[str, int | None], Real] = {}

    def begin(self, step: int):
        self.log = MetricLog(self.run / "alarms.jsonl", step)
        for line in (self.run / "metrics.jsonl").read_text().splitlines():
            self.watch.see(json.loads(line))

    def see(self, row: dict[str, float], trainer):
        if "images_per_second" in row and trainer.input_wait is not None:
            row = row | {"input_wait": trainer.input_wait}
        for alarm in self.watch.see(row):
            flag, remark = suggest(alarm.alarm, alarm.epoch, self.method, self.data, self.training)
            self.log.write(alarm.step, {"epoch": alarm.epoch, "alarm": alarm.alarm, "message": alarm.message, "flag": flag})
            text = f"{alarm.message}{remark}"
            trainer.progress.say(f"step {alarm.step}: ALARM {alarm.alarm}: {text}")
            if trainer.tensorboard:
                trainer.tensorboard.text(alarm.step, f"alarms/{alarm.alarm}", text)

    def measure(self, made: Made) -> dict[str, float]:
        """Of sample pictures: the least diversity and the strongest grid of all ways; mean correlation, where the truth is not known."""
        diversities, correlations, grids = [], [], []
        for way, label, inputs, outputs in _groups(made):
            real = self._real_images(way, label, made)
            diversities.append(diversity(outputs, real.spread))
            grids.append(checkerboard(outputs, real.peak))
            if inputs is not None:
                correlations.append(luminance_correlation(inputs, outputs))
        measured = {
            "sample_diversity": (min, diversities),
            "sample_correlation": (np.mean, correlations),
            "sample_checkerboard": (max, grids),
        }
        known = {name: (join, [value for value in values if value is not None]) for name, (join, values) in measured.items()}
        return {name: float(join(values)) for name, (join, values) in known.items() if values}

    def _real_images(self, name: str, label: int | None, made: Made) -> Real:
        """What a way's results are compared with, images of its target domain: where the data are paired, the truth."""
        if (name, label) not in self._real:
            way = made.ways[name]
            key = next(key for key, domain in self.dataset.spec.domains.items() if domain is way.target)
            if isinstance(way, Translator):
                images = np.stack([example[key] for example in made.examples])
            else:
                most = min(REAL_IMAGES * max(len(way.class_names), 1), MOST_REAL_IMAGES)
                images = normalize(self.dataset.column("validation", key, most), way.target)
                if label is not None:
                    images = images[self.dataset.column("validation", "label", most) == label]
            self._real[name, label] = Real(spread(images), grid_peak(images))
        return self._real[name, label]


def _groups(made: Made):
    """(way, label, inputs or None, outputs) of images that were made alike; inputs of translations whose truth is not known."""
    for calls in zip(*made.calls):  # one call of each example
        way = made.ways[calls[0].way]
        # What is made of images that were made themselves, such as CycleGAN's way back, says nothing new.
        if isinstance(way, Translator) and all(call.input is example[way.input_key] for call, example in zip(calls, made.examples)):
            inputs, outputs = (np.stack(images) for images in zip(*((call.input, call.output) for call in calls)))
            yield calls[0].way, None, None if way.truth_key else inputs, outputs
    for name, columns in made.sampled.items():
        way = made.ways[name]
        assert isinstance(way, Sampler)
        if way.class_names:
            yield from ((name, label, None, np.stack(images)) for label, images in enumerate(columns.values()))
        else:
            yield name, None, None, np.stack([image for column in columns.values() for image in column])


class Now(NamedTuple):
    """What a suggestion may depend on, beside the flag's own value."""

    spec: DataSpec
    epoch: float
    validation: str  # the metric that tells of overfitting; empty if there is none


Proposal = Callable[[Any, Now], Any]  # (a setting's value, now) -> a better one, or None


def _put(value) -> Proposal:
    return lambda old, now: value


def _fill(value) -> Proposal:
    """For a setting that is not used yet."""
    return lambda old, now: None if old else value


def _times(factor: float) -> Proposal:
    return lambda old, now: type(old)(old * factor) if old > 0 else None


def _stronger_identity(old, now):
    same_channels = len({domain.channels for domain in now.spec.domains.values()}) == 1
    return (2.0 * old or 0.5) if same_channels else None


AUGMENT = ("diffaugment", _fill(tuple(AUGMENTATIONS)))
LAST = [("learning_rate", _times(0.5)), ("seed", lambda old, now: old + 1)]

CURES: dict[str, list[tuple[str, Proposal]]] = {
    "discriminator_saturated": [
        ("skip_margin", _fill(0.35)),  # the rule of VAE-GAN's code
        AUGMENT,  # a discriminator that knows its few images by heart (Zhao et al. 2020, §3)
        ("discriminator_learning_rate", _times(0.5)),
        ("ndf", _times(0.5)),
        *LAST,
    ],
    "collapse": [
        ("bottleneck_norm", _put(False)),  # at batch size 1 it hides the input from the decoder's first block
        ("loss", _put("wgan_gp")),
        ("reconstruction_weight", _times(2)),
        ("cycle_weight", _times(2)),
        ("l1_weight", _times(2)),
        ("feature_weight", _times(2)),
        ("similarity_weight", _times(2)),
        AUGMENT,
        *LAST,
    ],
    "colour_inversion": [
        ("identity_weight", _stronger_identity),  # it keeps colours (Zhu et al. 2017, §5.2)
        ("reconstruction_weight", _times(2)),
        ("seed", lambda old, now: old + 1),  # a negative is as consistent as the positive: which one is found is chance
    ],
    "checkerboard": [
        ("upsampling", _put("resize")),  # Odena et al. 2016
        ("architecture", _put("upsampling")),
        ("average_decay", _fill(0.999)),
        *LAST,
    ],
    "slow_input": [("cache", _put("always"))],
    "overfitting": [
        ("best_metric", lambda old, now: None if old else now.validation),
        AUGMENT,
        ("epochs", lambda old, now: max(int(now.epoch), 1)),
    ],
}
"""Alarm -> flags to try, best first."""


def suggest(alarm: str, epoch: float, method: Method, data: DataConfig, training: TrainConfig) -> tuple[str, str]:
    """The first flag among the alarm's cures that the method has, that changes its setting and that goes with the others.

    Returns:
        the flag, such as --ndf=32, and a sentence that names it; "" and another sentence if nothing is left to try.
    """
    now = Now(method.spec, epoch, method.gap.validation if method.gap else "")
    for name, propose in CURES[alarm]:
        for record in (method.hparams, training, data):
            field = next((field for field in dataclasses.fields(record) if field.name == name), None)
            if field is None:
                continue
            old = getattr(record, name)
            value = propose(old, now)
            if value is not None and value != old and _allowed(record, field, value):
                flag = _flag(name, value)
                return flag, f" Try {flag}{'' if is_operational(field) else ' in a new run'}."
    return "", " The setting that helps is on already; more processor cores, or smaller image files, would help."


def _allowed(record, field: dataclasses.Field, value) -> bool:
    choices, least, most = (field.metadata[name] for name in ("choices", "at_least", "at_most"))
    if (choices and value not in choices) or (least is not None and value < least) or (most is not None and value > most):
        return False
    try:
        dataclasses.replace(record, **{field.name: value})
    except UserError:
        return False
    return True


def _flag(name: str, value) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no{name}"
    if isinstance(value, tuple):
        return f"--{name}={','.join(value)}"
    return f"--{name}={value:g}" if isinstance(value, float) else f"--{name}={value}"
