"""What ends trials early."""

import logging
import math

import optuna

from tfgan.runs.sweeping.recipe import Recipe
from tfgan.runs.sweeping.search import Dimension

logger = logging.getLogger(__name__)

WARM_UP = 4  # a median says little before a quarter of the epochs: the first validations of a GAN are noise
FIRST = 5  # trials that are done before a median of them is asked
REDUCTION = 3  # of Hyperband (Li et al. 2018): a third of the trials goes on at each rung


def longest(recipe: Recipe, dimensions: list[Dimension], images: int) -> int:
    """The epochs of the longest trial, of so many training images."""

    def most(name: str, own: int) -> int:
        ends = [max(map(int, dimension.stands_for())) for dimension in dimensions if dimension.name == name]
        return ends[0] if ends else own

    if steps := most("steps", recipe.training.steps):
        return math.ceil(steps * most("batch_size", max(recipe.hparams.batch_sizes())) / images)
    return most("epochs", recipe.hparams.epochs)


def tell_idle(name: str, epochs: int, every: int, trials: int):
    """Says where no trial can end early."""
    if name != "none" and every >= epochs:
        logger.info(f"--pruner={name} ends no trial early, as each is validated once: lower --validate_every.")
    elif name == "median" and trials <= FIRST:
        logger.info(f"--pruner={name} ends none of {trials} trials early: it compares with {FIRST} that are done.")


def make_pruner(name: str, epochs: int, every: int) -> optuna.pruners.BasePruner:
    """The pruner of Optuna's that --pruner names, for trials of so many epochs with so many between validations."""
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=FIRST, n_warmup_steps=epochs // WARM_UP)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=every, max_resource=max(epochs, every), reduction_factor=REDUCTION)
    return optuna.pruners.NopPruner()
