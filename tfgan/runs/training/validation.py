"""Metrics while training: what `tfgan train --validate_every` logs as val_NAME."""

import numpy as np

from tfgan.config import TrainConfig
from tfgan.data.dataset import Dataset
from tfgan.errors import UserError
from tfgan.evaluation.catalog import METRICS
from tfgan.evaluation.extractors import open_extractor
from tfgan.evaluation.measure import Tools, measure
from tfgan.inference import Signatures, open_inference
from tfgan.methods.base import Method
from tfgan.runs.evaluation.comparisons import compare, measurable
from tfgan.training.callbacks import Callback
from tfgan.training.timeline import Interval


class Validation(Callback):
    """Measures metrics while training, on validation images or samples: those that need no trained network, and with --features more.

    A metric of several comparisons, as of the two directions of CycleGAN, is logged for each, and as their mean.
    """

    def __init__(self, method: Method, signatures: Signatures, dataset: Dataset, settings: TrainConfig):
        self.every = Interval(settings.validate_every, "epochs")
        self.method, self.dataset, self.count = method, dataset, settings.validate_count
        self.stage, self.signatures = method.stage, signatures
        self.tools = Tools(features=open_extractor(settings.features, settings.inception_weights) if settings.features else None)
        there = [name for name in measurable(signatures, dataset.spec.image_size) if self.tools.has(METRICS[name].tool)]
        for flag, wanted in (("best_metric", settings.best_metric), ("lr_metric", getattr(method.hparams, "lr_metric", ""))):
            if wanted and wanted not in there:
                need = " It needs --features." if METRICS[wanted].tool == "features" else ""
                raise UserError(f"--{flag}={wanted} cannot be measured here; there are: {', '.join(there)}.{need}")

    def on_interval(self, trainer, step: int) -> dict[str, float]:
        if self.method.stage != self.stage:  # graphs do not grow with the method
            self.stage, self.signatures = self.method.stage, open_inference(self.method)
        found: dict[str, dict[str, float]] = {}
        for part, comparison in compare(self.signatures, self.dataset, self.count).items():
            for name, value in measure(comparison, list(METRICS), self.tools, full=False).values.items():
                found.setdefault(name, {})[part] = value.value
        values = {f"val_{name}": float(np.mean(list(parts.values()))) for name, parts in found.items()}
        trainer.say(f"step {step}: " + "  ".join(f"{name} {value:.4f}" for name, value in values.items()))
        parts = {f"val_{part}_{name}": value for name, parts in found.items() if len(parts) > 1 for part, value in parts.items()}
        return values | parts
