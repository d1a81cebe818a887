"""The plan of a sweep: all that is judged by settings alone, before images are read and TensorFlow is started."""

import logging
from typing import NamedTuple

from tfgan.config import DataConfig, TrainConfig
from tfgan.config.cluster import read_cluster
from tfgan.config.training import VALIDATED
from tfgan.config.verbs import SweepConfig
from tfgan.errors import UserError
from tfgan.extras import require
from tfgan.methods.base import HParams
from tfgan.runs.judging import judge_run
from tfgan.runs.sweeping.recipe import Recipe
from tfgan.runs.sweeping.record import judge_folder
from tfgan.runs.sweeping.search import Dimension, combinations, judge, parse

logger = logging.getLogger(__name__)


class SweepPlan(NamedTuple):
    """A sweep whose settings fit each other."""

    recipe: Recipe
    dimensions: list[Dimension]
    trials: int  # that there are to be, no more than combinations of values
    pruner: str


def plan_sweep(method: str, data: DataConfig, training: TrainConfig, hparams: HParams, settings: SweepConfig) -> SweepPlan:
    """The plan of a sweep of a training; says which combinations contradict themselves.

    Args:
        training: with the folder of the sweep as `workdir`.

    Raises:
        UserError: Optuna is not installed; settings that cannot be searched, or with which trials cannot be compared.
    """
    require("tfgan sweep", ("optuna", "sqlalchemy"), "sweep")
    if read_cluster():
        raise UserError("A sweep does not work in a cluster: unset TF_CONFIG, and start the same command on each machine.")
    recipe = Recipe(method, data, training, hparams)
    dimensions = parse(settings.search, recipe)
    if not training.best_metric:
        metrics = ", ".join(filter(None, VALIDATED))
        raise UserError(f"by which metric are trials compared? Give --validate_every=1 and --best_metric=NAME, one of {metrics}.")
    judge_folder(recipe)
    if said := judge(recipe, dimensions):
        logger.info(f"{said}.")
    for run in (choice for dimension in dimensions if dimension.name == "init_from" for choice in dimension.choices if choice):
        judge_run(run)
    most = combinations(dimensions)
    if most is not None and most < settings.trials:
        logger.info(f"There are {most} combinations of values: {most} trials are enough.")
    return SweepPlan(recipe, dimensions, settings.trials if most is None else min(most, settings.trials), settings.pruner)
