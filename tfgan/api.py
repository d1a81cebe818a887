"""The functions and the class that `import tfgan` gives beside its layers, losses and networks: training, runs, evaluation and checks."""

from __future__ import annotations  # types of modules that are imported when they are needed

import dataclasses
import functools
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tfgan.config import (
    BATCH_KINDS,
    DataConfig,
    Size,
    TrainConfig,
    as_size,
    as_text,
    in_present_words,
    is_run,
    make_records,
    old_names,
    present_kind,
)
from tfgan.config.rows import metrics_row
from tfgan.config.stored import read_lines
from tfgan.config.unused import say_unused
from tfgan.config.verbs import EvaluateConfig, ExportConfig, ReportConfig, SampleConfig, TranslateConfig
from tfgan.data.catalog import DATASETS
from tfgan.errors import UserError, did_you_mean
from tfgan.messages import show_messages
from tfgan.methods import METHODS, method_class, register
from tfgan.runs import recipes
from tfgan.runs.planning.plan import make_plan
from tfgan.runs.planning.workdir import claimed
from tfgan.runs.start import start_tensorflow

if TYPE_CHECKING:
    from tfgan.data.checks import Inspection
    from tfgan.data.dataset import Dataset
    from tfgan.inference import Sampler
    from tfgan.inference.arrays import Pixels, Results
    from tfgan.methods.base import Method
    from tfgan.runs import opening
    from tfgan.training.callbacks import Callback

logger = logging.getLogger(__name__)

_BUILT_IN = '"synthetic" (for more see tfgan.list_datasets())'


def list_methods() -> dict[str, str]:
    """The methods that `train` knows: name -> what it learns, and from which images."""
    return {name: entry.summary for name, entry in METHODS.items()}


def list_datasets() -> dict[str, str]:
    """The built-in data sets, for the setting `dataset`: name -> what they hold. Any other images are named by `data_dir`."""
    return dict(DATASETS)


def list_recipes() -> dict[str, str]:
    """The recipes that come with the package, settings that `train` takes as `recipe`: name -> what they train."""
    return {Path(name).stem: summary for name, summary in recipes.recipes().items()}


def train(
    method: str | type[Method] = "", *, recipe: str = "", data: Any = None, callbacks: Sequence[Callback] = (), **settings: Any
) -> Run:
    """Trains a run, or goes on with the one in `workdir`, exactly where it stopped.

    Args:
        method: a name of `list_methods`, or a subclass of `tfgan.methods.base.Method` of your own; pix2pix, or that of the recipe, if it
            is left out.
        data: images of your own, in the place of `data_dir` and `dataset`: a dictionary of arrays with the keys of the method's batches
            (`source` and `target`; `labels` and `image`; `image` with `label` or `attributes`), N images H×W×C uint8 or uint16 of any
            sizes each; a list of images, where a method learns from images alone; a finite `tf.data.Dataset` of such dictionaries, which
            is read into memory; a `tfgan.data.source.Source`, which reads them when they are needed; or a dictionary of these by split:
            `train`, `val`, `test`.
        callbacks: `tfgan.training.callbacks.Callback`s, called after those that the settings ask for.
        recipe: a name of `list_recipes`, or a flag file; `settings` beat it.
        settings: what `tfgan train --method=NAME --help` lists: `data_dir`, `epochs`, `batch_size`, `workdir`, …

    Returns:
        The run with its last weights, also where a signal, such as Ctrl-C, stopped it.

    Raises:
        UserError: an unknown setting, values that do not fit, data that cannot be used, or a run that was trained with other settings.
        TrainingFailed: a loss that is not finite, or a full disk; the last good checkpoint stays.
    """
    show_messages()
    given = recipes.recipe_settings(recipe) if recipe else []
    named = [place.pop("method") for place in given if "method" in place]
    chosen = _method_name(method) if method else ["pix2pix", *named][-1]
    images, training, hparams = make_records(given, settings, [DataConfig, TrainConfig, method_class(chosen).HParams], later=[DataConfig])
    name = recipes.find_recipe(recipe, Path()).stem if recipe else f"{chosen}_{'own' if data is not None else images.name}"
    images, training = _with_own(images.with_home(), data, method_class(chosen).batch_kind), training.with_home(name)
    say_unused(images)
    named_by = {word for place in (*given, settings) for word in in_present_words(place, old_names(DataConfig))}
    if data is None and not images.is_named(named_by) and not is_run(Path(training.workdir)):  # a run that is there has its data
        raise UserError(f"which data set? Give data, data_dir, a recipe that names its data, or dataset={_BUILT_IN}.")
    with claimed(training, images) as lock:
        plan = make_plan(chosen, images, training, hparams)
        start_tensorflow()
        from tfgan.runs.training.newest_picture import NewestPicture
        from tfgan.runs.training.train import train as train_run
        from tfgan.training.notebook import in_notebook

        shown = [NewestPicture()] if in_notebook() else []
        train_run(plan, [lock, *shown, *callbacks])
    return load(training.workdir)


def _method_name(method: str | type[Method]) -> str:
    return method if isinstance(method, str) else register(method)


def _with_own(settings: DataConfig, data: Any, kind: str) -> DataConfig:
    """The settings with the name of a program's own images, if there are any."""
    if data is None:
        return settings
    if settings.data_dir or settings.dataset != DataConfig.dataset:
        raise UserError("data, data_dir and dataset each name images: give one of them.")
    from tfgan.data.own import keep

    return dataclasses.replace(settings, dataset=keep(data, kind, settings))


def load(folder: str | Path, checkpoint: str | int = "last", *, method: type[Method] | None = None, data: Any = None) -> Run:
    """Opens the run in `folder`, which describes itself.

    Args:
        folder: the run's, the `workdir` of its training.
        checkpoint: last, best, or the number of a step.
        method: the class, where the run is of a method of your own that this process has not trained or loaded before.
        data: the images that `train` was given as `data`, where `evaluate` or `open_dataset` are to find them in another process.

    Raises:
        UserError: the folder is no run, or has no such checkpoint, and the message lists those that are there; or `data` are other
            images than the run's.
    """
    start_tensorflow()
    from tfgan.runs.opening import open_run, read_config

    if method is not None:
        register(method)
    if data is not None:
        config = read_config(Path(folder).expanduser())
        given = _with_own(dataclasses.replace(config.data, dataset=DataConfig.dataset), data, config.spec.kind)
        if given.dataset != config.data.dataset:
            raise UserError(f"{folder} was trained on other images than data: {config.data.dataset}, not {given.dataset}.")
    return Run(open_run(str(folder), str(checkpoint)), str(checkpoint))


def evaluate(*, real: str | Path, fake: str | Path, **settings: Any) -> dict[str, float]:
    """Measures the images of the folder `fake` beside those of `real`; pair by pair too, if their names form pairs.

    Args:
        real: a folder of real images, or a pattern such as "results/*_real_B.png".
        fake: a folder or pattern of generated images, which are measured.
        settings: what `tfgan evaluate --help` lists: `metrics`, `features`, `count`, `pair_names`, …

    Returns:
        A dictionary, metric -> value.

    Raises:
        UserError: an unknown setting or metric, or one that cannot be measured on these images.
    """
    (config,) = make_records([], settings, [EvaluateConfig])
    from tfgan.runs.evaluation.evaluate import evaluate_folders

    return _values(evaluate_folders(str(real), str(fake), config))


def _values(result: dict) -> dict[str, float]:
    return {name: value["value"] for name, value in result["metrics"].items()}


def open_dataset(kind: str, image_size: int | Size, loaded_size: int | Size | None = None, **settings: Any) -> Dataset:
    """Opens a data set as the methods see it.

    Args:
        kind: of the batches: paired, unpaired, labeled, attributes, semantic or images.
        image_size: height and width in pixels, or one number for both.
        loaded_size: height and width of training images before the random crop; `image_size` if it is left out.
        settings: of the data, as `tfgan train --help` lists them: `data_dir`, `dataset`, `direction`, …

    Returns:
        A `tfgan.data.dataset.Dataset`.

    Raises:
        UserError: an unknown name or setting, a layout that is not understood, or images that cannot be used.
    """
    (data,) = make_records([], settings, [DataConfig])
    kind, size = present_kind(kind), as_size("image_size", image_size)
    loaded = size if loaded_size is None else as_size("loaded_size", loaded_size)
    if kind not in BATCH_KINDS:
        raise UserError(f"kind={kind!r} is unknown.{did_you_mean(kind, BATCH_KINDS)} There are: {', '.join(BATCH_KINDS)}.")
    if min(size) < 1 or loaded[0] < size[0] or loaded[1] < size[1]:
        raise UserError(f"image_size={as_text(size)} must be at least one pixel, and loaded_size={as_text(loaded)} no smaller.")
    start_tensorflow()
    from tfgan.data import open_dataset as open_data

    return open_data(data.with_home(), kind, size, loaded)


def check(data_dir: str | Path = "", method: str = "", **settings: Any) -> Inspection:
    """Looks at every image of a data set, as `tfgan check` does, and says what was found, what is wrong, and the cure.

    Args:
        data_dir: a folder; "" for a built-in set, named by `dataset`.
        method: a name of `list_methods`, the one that is to learn from it; the one that fits the layout, if it is left out.
        settings: what `tfgan train --method=NAME --help` lists.

    Returns:
        A `tfgan.data.checks.Inspection`, of which `findings` is a list; each has a severity, a name, a problem and a cure.

    Raises:
        UserError: a folder that cannot be opened at all, or settings that do not fit.
    """
    if not data_dir and "dataset" not in settings:
        raise UserError(f"which data set? Name a folder, data_dir, or dataset={_BUILT_IN}.")
    if method:
        method_class(method)  # a slip is told before TensorFlow is started
    start_tensorflow()
    from tfgan.runs.planning.check import choose_method, inspect_data

    known, given = {field.name for field in dataclasses.fields(DataConfig)}, in_present_words(settings, old_names(DataConfig))
    data = DataConfig(data_dir=str(data_dir), **{name: value for name, value in given.items() if name in known}).with_home()
    choice = choose_method(data, method)
    kinds = [DataConfig, TrainConfig, method_class(choice.method).HParams]
    _, training, hparams = make_records([], {**settings, "data_dir": str(data_dir)}, kinds)
    _, inspection = inspect_data(data, choice, hparams, training, given)
    return inspection


def _wants_floats(dtype: str) -> bool:
    if dtype not in ("", "float32"):
        raise UserError(f'dtype={dtype!r} must be "float32", or "" for pixels.')
    return dtype == "float32"


class Run:
    """A trained run, as `tfgan.train` and `tfgan.load` return it.

    Attributes:
        folder: where the run lies, a `pathlib.Path`.
        config: the run's settings, a `tfgan.config.RunConfig`.
        step: number of steps of the checkpoint that was loaded.
        networks: name -> Keras model; where a moving average of the weights is kept, which makes all results, it is that one.
    """

    def __init__(self, opened: opening.Run, checkpoint: str):
        self._opened, self._checkpoint = opened, checkpoint
        self.folder, self.config, self.step = opened.folder, opened.config, opened.step
        self.networks = opened.method.networks | opened.method.ema

    def __repr__(self) -> str:
        return f"<tfgan.Run {self.folder}: {self.config.method} at step {self.step}>"

    @functools.cached_property
    def _signatures(self):
        from tfgan.inference import open_inference

        return open_inference(self._opened.method)

    @property
    def sampler(self) -> Sampler:
        """The run's way from noise to images, for latents of your own, a `tfgan.inference.Sampler`. Raises `UserError` if it has none."""
        from tfgan.runs.results.latents import choose_sampler

        return choose_sampler(self._opened, self._signatures, None)

    @property
    def history(self) -> dict[str, np.ndarray]:
        """The values that were logged while training: name -> array of one for each row of metrics.jsonl, NaN where a row lacks it.

        Lines that are damaged are passed over, and a warning is logged. Raises `UserError` if the whole file is.
        """
        path = self.folder / "metrics.jsonl"
        found = read_lines(path, metrics_row)
        if found.bad:
            logger.warning(f"{path}: {found.bad} of {found.bad + len(found.records)} lines are damaged, and skipped.")
        names = dict.fromkeys(name for row in found.records for name in row)
        return {name: np.array([row.get(name, np.nan) for row in found.records]) for name in names}

    def open_dataset(self) -> Dataset:
        """The data set that the run learns from, as `tfgan.open_dataset` gives it. Raises `UserError` if it is not there any more."""
        from tfgan.data import open_dataset as open_data

        sizes = self.config.hparams.image_size, self.config.hparams.loaded_size()
        return open_data(self.config.data, self.config.spec.kind, *sizes)

    def translate(
        self,
        images: Pixels,
        *,
        to: str = "",
        set: str = "",
        style: str = "",
        seed: int = 0,
        size: str | int = "",
        tile: int = 2048,
        dtype: str = "",
    ) -> Results:
        """Puts images of any size through the run's generator, one after the other.

        Args:
            images: an array H×W×C or N×H×W×C of the source's pixels or of floats in [-1, 1] (maps of class indices H×W or N×H×W), or what
                NumPy takes for one: lists, tensors; a PIL image or a file's name, or a list of such.
            to: the domain to translate into, which a run that knows several ways must be told.
            set: attributes the results have, and, after ~, those they do not have: "Black_Hair,~Male".
            style: an image file whose style the results take.
            seed: a whole number for the random style, where there is no `style`.
            size: at which images go through, to come back in their own: "trained", the network's, whatever their shape, as for sample
                pictures; "full", their own pixels; or the number of pixels of the shorter side. "": as the method says, which is "trained"
                for all that come with tfgan.
            tile: of larger images that are "full" or at a number of pixels, overlapping tiles of this size go through; 0: never.
            dtype: "float32" for results in [-1, 1]; "" for pixels.

        Returns:
            Arrays for arrays, a PIL image for a PIL image or a file, a list for a list of them; in the target's own type and range, or
            float32 in [-1, 1].

        Raises:
            UserError: images or conditions that the run does not know; several ways of which none is named.
        """
        from tfgan.runs.results.translate import translate_images

        config = TranslateConfig(checkpoint=self._checkpoint, to=to, set=set, style=style, seed=seed, size=str(size), tile=tile)
        return translate_images(self._opened, self._signatures, images, config, _wants_floats(dtype))

    def sample(
        self,
        seeds: ArrayLike | Iterable[int] = range(16),
        labels: ArrayLike | Sequence[int | str] | None = None,
        truncation: float | None = None,
        dtype: str = "",
    ) -> np.ndarray:
        """Makes images from noise.

        Args:
            seeds: N whole numbers from 0 to 2³¹ - 1, as a list, a range or an array; each stands for one image, whatever else is made.
            labels: N classes, by number, from 0 on, or by name, for a run that knows classes; all in turns if it is left out.
            truncation: StyleGAN's ψ, from 0, one mean image, to 1, full variety.
            dtype: "float32" for results in [-1, 1]; "" for pixels.

        Returns:
            An array N×H×W×C in the image's own type and range, or float32 in [-1, 1].

        Raises:
            UserError: the run makes no images from noise, or has no styles to truncate; seeds or classes that do not exist.
        """
        from tfgan.runs.results.latents import choose_sampler, class_numbers

        (config,) = make_records([], {} if truncation is None else {"truncation": truncation}, [SampleConfig])
        sampler = choose_sampler(self._opened, self._signatures, next(iter(config.numbers("truncation")), None))
        latents = sampler.latents(seeds)
        numbers = class_numbers(sampler, labels, len(latents))
        return (sampler if _wants_floats(dtype) else sampler.pixels)(latents, numbers).numpy()

    def evaluate(self, **settings: Any) -> dict[str, float]:
        """Measures the run on its data, as `tfgan evaluate` does, and adds the result to its evaluation.json, if that can be written.

        Args:
            settings: what `tfgan evaluate --help` lists: `metrics`, `features`, `count`, …

        Returns:
            A dictionary, metric -> value.

        Raises:
            UserError: an unknown setting or metric, or one that cannot be measured on these images.
        """
        from tfgan.runs.evaluation.evaluate import evaluate as evaluate_runs

        (config,) = make_records([], {"checkpoint": self._checkpoint, **settings}, [EvaluateConfig])
        return _values(evaluate_runs([str(self.folder)], config, elsewhere=True)[0])

    def export(self, output: str | Path = "", *, overwrite: bool = False, max_pixels: int = ExportConfig.max_pixels) -> Path:
        """Writes a SavedModel that needs no tfgan, compares it with the run, and returns its folder, RUN/export if none is named.

        Args:
            overwrite: whether an export that is there is replaced; a folder that holds anything else never is.
            max_pixels: of each file that the export takes, at most: it refuses larger ones before it decodes them.

        Raises:
            UserError: the folder is there already and must not be overwritten, or the run's images to compare with are gone.
            OutputError: the folder cannot be written.
            TrainingFailed: the SavedModel does not reproduce the run.
        """
        from tfgan.runs.results.export import export_run

        return export_run(
            str(self.folder), ExportConfig(checkpoint=self._checkpoint, output=str(output), overwrite=overwrite, max_pixels=max_pixels)
        ).folder

    def report(self, out: str | Path = "", *, images: int = 20) -> Path:
        """Writes an HTML file about the run, RUN/report.html by default. Returns its path. Raises `UserError` if another file is there."""
        from tfgan.runs.report import write_report

        return write_report([self.folder], ReportConfig(out=str(out), images=images))[0]
