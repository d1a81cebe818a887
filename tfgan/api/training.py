"""Training from Python."""

from __future__ import annotations  # types of modules that are imported when they are needed

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfgan.api.data import BUILT_IN, with_own
from tfgan.api.run import Run, load
from tfgan.config import DataConfig, TrainConfig, in_present_words, is_run, make_records, old_names
from tfgan.config.unused import say_unused
from tfgan.errors import UserError
from tfgan.messages import show_messages
from tfgan.methods import method_class, register
from tfgan.runs import recipes
from tfgan.runs.planning.plan import make_plan
from tfgan.runs.planning.workdir import claimed
from tfgan.runs.start import start_tensorflow
from tfgan.runs.sweeping.recipe import Recipe

if TYPE_CHECKING:
    from tfgan.methods.base import Method
    from tfgan.training.callbacks import Callback


def train(
    method: str | type[Method] = "", *, recipe: str = "", data: Any = None, callbacks: Sequence[Callback] = (), **settings: Any
) -> Run:
    """Trains a run, or continues the one in `workdir` exactly where it stopped.

    Args:
        method: a name from `list_methods`, or your own subclass of `tfgan.methods.base.Method`. By default it is the recipe's method, or
            pix2pix.
        recipe: a name from `list_recipes`, or a flag file. `settings` override it.
        data: your own images, instead of `data_dir` and `dataset`. One of: a dictionary of arrays with the keys of the method's batches
            (`source` and `target`; `labels` and `image`; `image` with `label` or `attributes`), each N images H×W×C, uint8 or uint16, of
            any sizes; a list of images, for methods that learn from images alone; a finite `tf.data.Dataset` of such dictionaries, which
            is read into memory; a `tfgan.data.source.Source`, which reads examples when they are needed; or a dictionary of these, one for
            each split: `train`, `val`, `test`.
        callbacks: instances of `tfgan.training.callbacks.Callback`, called after those that the settings ask for.
        settings: what `tfgan train --method=NAME --help` lists: `data_dir`, `epochs`, `batch_size`, `workdir`, …

    Returns:
        The run with its last weights, even if a signal such as Ctrl-C stopped it.

    Raises:
        UserError: an unknown setting, values that do not fit, data that cannot be used, or a run that was trained with other settings.
        TrainingFailed: a loss that is not finite, or a full disk; the last good checkpoint is kept.
    """
    show_messages()
    chosen, images, training, hparams = asked(method, recipe, data, settings)
    with claimed(training, images) as lock:
        plan = make_plan(chosen, images, training, hparams)
        start_tensorflow()
        from tfgan.runs.training.newest_picture import NewestPicture
        from tfgan.runs.training.train import train as train_run
        from tfgan.training.notebook import in_notebook

        shown = [NewestPicture()] if in_notebook() else []
        train_run(plan, [lock, *shown, *callbacks])
    return load(training.workdir)


def asked(method: str | type[Method], recipe: str, data: Any, settings: dict[str, Any], place: str = "runs") -> Recipe:
    """The training that the arguments of `train` ask for, in the folder PLACE/NAME where they name none; raises `UserError` as it does."""
    given = recipes.recipe_settings(recipe) if recipe else []
    named = [words.pop("method") for words in given if "method" in words]
    chosen = _method_name(method) if method else ["pix2pix", *named][-1]
    images, training, hparams = make_records(given, settings, [DataConfig, TrainConfig, method_class(chosen).HParams], later=[DataConfig])
    name = recipes.find_recipe(recipe, Path()).stem if recipe else f"{chosen}_{'own' if data is not None else images.name}"
    images, training = with_own(images.with_home(), data, method_class(chosen).batch_kind), training.with_home(name, place)
    say_unused(images)
    named_by = {word for words in (*given, settings) for word in in_present_words(words, old_names(DataConfig))}
    if data is None and not images.is_named(named_by) and not is_run(Path(training.workdir)):  # a run that is there has its data
        raise UserError(f"which data set? Give data, data_dir, a recipe that names its data, or dataset={BUILT_IN}.")
    return Recipe(chosen, images, training, hparams)


def _method_name(method: str | type[Method]) -> str:
    return method if isinstance(method, str) else register(method)
