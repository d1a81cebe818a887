"""Which values a trial tries: drawn by Optuna's TPE (Bergstra et al. 2011) from what the trials before it came to."""

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning

from tfgan.config import as_text
from tfgan.errors import UserError
from tfgan.runs.sweeping.recipe import Recipe
from tfgan.runs.sweeping.search import Dimension, combinations

optuna.logging.set_verbosity(optuna.logging.WARNING)  # a sweep has its own line for each trial

Direction = Literal["minimize", "maximize"]

ATTEMPTS = 64  # draws for one trial, until one is new and contradicts nothing
DIGITS = 4  # of numbers in a range: as many as a table shows, and more than any training tells apart


def distributions(dimensions: list[Dimension]) -> dict[str, BaseDistribution]:
    """What Optuna calls the dimensions, by name."""
    return {dimension.name: _distribution(dimension) for dimension in dimensions}


def _distribution(dimension: Dimension) -> BaseDistribution:
    if dimension.choices:
        return CategoricalDistribution(dimension.choices)
    if dimension.whole:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def draw(
    trials: Sequence[optuna.trial.FrozenTrial], dimensions: list[Dimension], recipe: Recipe, direction: Direction
) -> dict[str, Any] | None:
    """The values of the next trial, which no other has and which contradict nothing; None if there are none left.

    They follow from the seed of the recipe, the number of trials, and what these came to. The first trial has the recipe's own values, if
    they are among those that are searched.

    Args:
        trials: those before it, running ones too.

    Raises:
        UserError: of any number of combinations, none that was drawn is free of contradictions.
    """
    used = [trial.params for trial in trials]
    own = _own(recipe, dimensions)
    if not used and own:
        return own

    def fits(values: dict[str, Any]) -> bool:
        return values not in used and not recipe.refusal({name: as_text(value) for name, value in values.items()})

    wanted = distributions(dimensions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of constant_liar, by which workers at one time draw other values
        study = optuna.create_study(direction=direction)
        study.add_trials(trials)
        for attempt in range(ATTEMPTS):
            seed = (recipe.training.seed + len(trials) * ATTEMPTS + attempt) % 2**32
            study.sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
            params = study.ask(wanted).params
            values = {dimension.name: _rounded(dimension, params[dimension.name]) for dimension in dimensions}
            if fits(values):
                return values
    if combinations(dimensions) is None:
        raise UserError("--search: nearly all combinations contradict themselves. Search fewer settings, or other values of them.")
    every = itertools.product(*(dimension.values() for dimension in dimensions))
    names = [dimension.name for dimension in dimensions]
    return next((values for values in (dict(zip(names, row)) for row in every) if fits(values)), None)


def _own(recipe: Recipe, dimensions: list[Dimension]) -> dict[str, Any] | None:
    """The recipe's values of the dimensions; None if one is not among those that are searched."""
    found = {}
    for dimension in dimensions:
        value = next(getattr(record, dimension.name) for record in recipe.records if dimension.name in record.texts())
        if not dimension.holds(as_text(value), value):
            return None
        found[dimension.name] = as_text(value) if dimension.choices else value
    return found


def _rounded(dimension: Dimension, value: Any) -> Any:
    """A value with the digits that are shown, so that what is read is what was trained."""
    if dimension.choices or dimension.whole or not math.isfinite(value):
        return value
    return min(max(float(f"{value:.{DIGITS}g}"), dimension.low), dimension.high)
