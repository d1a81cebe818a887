"""A small recipe for tests of sweeps."""

from tfgan.config import DataConfig, TrainConfig
from tfgan.methods import method_class
from tfgan.runs.sweeping.recipe import Recipe


def recipe(method="pix2pix", **hparams) -> Recipe:
    training = TrainConfig(workdir="x", validate_every=1, best_metric="l1")
    return Recipe(method, DataConfig(), training, method_class(method).HParams(**hparams))
