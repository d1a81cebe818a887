"""Trained runs from Python: opening one, what can be done with it, and the evaluation of folders of images."""

from __future__ import annotations  # types of modules that are imported when they are needed

import dataclasses
import functools
import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from tfgan.api.data import with_own
from tfgan.config import DataConfig, make_records
from tfgan.config.rows import metrics_row
from tfgan.config.stored import read_lines
from tfgan.config.verbs import AppConfig, EvaluateConfig, ExportConfig, ReportConfig, SampleConfig, TranslateConfig
from tfgan.errors import UserError
from tfgan.methods import register
from tfgan.runs.start import start_tensorflow

if TYPE_CHECKING:
    from tfgan.data.dataset import Dataset
    from tfgan.inference import Sampler
    from tfgan.inference.arrays import Pixels, Results
    from tfgan.inference.directions import Directions
    from tfgan.inference.projection import Projection
    from tfgan.methods.base import Method
    from tfgan.runs import opening

logger = logging.getLogger(__name__)


def load(folder: str | Path, checkpoint: str | int = "last", *, method: type[Method] | None = None, data: Any = None) -> Run:
    """Opens a trained run. Its folder holds all settings, so no others are needed.

    Args:
        folder: the run's folder, which was the `workdir` of its training.
        checkpoint: "last", "best", or the number of a step.
        method: your own method's class, if this process has not trained or loaded a run with it before.
        data: the images that `train` was given as `data`. They are needed for `evaluate` and `open_dataset` in another process.

    Raises:
        UserError: the folder is not a run, or has no such checkpoint (the message lists those that exist); or `data` are other images than
            those of the run.
    """
    start_tensorflow()
    from tfgan.runs.opening import open_run, read_config

    if method is not None:
        register(method)
    if data is not None:
        config = read_config(Path(folder).expanduser())
        given = with_own(dataclasses.replace(config.data, dataset=DataConfig.dataset), data, config.spec.kind)
        if given.dataset != config.data.dataset:
            raise UserError(f"{folder} was trained on other images than data: {config.data.dataset}, not {given.dataset}.")
    return Run(open_run(str(folder), str(checkpoint)), str(checkpoint))


def evaluate(*, real: str | Path, fake: str | Path, **settings: Any) -> dict[str, float]:
    """Compares the images of two folders: as sets, and, if their names form pairs, pair by pair.

    Args:
        real: a folder of real images, or a pattern such as "results/*_real_B.png".
        fake: a folder or pattern of generated images.
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


def _wants_floats(dtype: str) -> bool:
    if dtype not in ("", "float32"):
        raise UserError(f'dtype={dtype!r} must be "float32", or "" for pixels.')
    return dtype == "float32"


class Run:
    """A trained run, as `tfgan.train` and `tfgan.load` return it.

    Attributes:
        folder: the run's folder, a `pathlib.Path`.
        config: the run's settings, a `tfgan.config.RunConfig`.
        step: the step of the loaded checkpoint.
        networks: name -> Keras model. If the run keeps moving averages of weights, these are the averaged networks, which make all results.
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
        """Makes images from your own latents: a `tfgan.inference.Sampler`. Raises `UserError` if the run makes no images from noise."""
        from tfgan.runs.results.latents import choose_sampler

        return choose_sampler(self._opened, self._signatures, None)

    @property
    def history(self) -> dict[str, np.ndarray]:
        """The values logged during training: name -> array with one value for each row of metrics.jsonl, NaN if a row has none.

        Damaged lines are skipped, and a warning is logged. Raises `UserError` if the whole file is damaged.
        """
        path = self.folder / "metrics.jsonl"
        found = read_lines(path, metrics_row)
        if found.bad:
            logger.warning(f"{path}: {found.bad} of {found.bad + len(found.records)} lines are damaged, and skipped.")
        names = dict.fromkeys(name for row in found.records for name in row)
        return {name: np.array([row.get(name, np.nan) for row in found.records]) for name in names}

    def open_dataset(self) -> Dataset:
        """Opens the data set of the run, like `tfgan.open_dataset`. Raises `UserError` if it no longer exists."""
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
        instances: Pixels | None = None,
    ) -> Results:
        """Translates images of any size with the run's generator, one after the other.

        Args:
            images: an array H×W×C or N×H×W×C with pixels of the source domain or floats in [-1, 1] (label maps: class indices H×W or
                N×H×W), or anything that NumPy accepts as an array; a PIL image, a file name, or a list of these.
            to: the domain to translate into; required if the run translates both ways.
            set: attributes that the results have, and, after ~, those that they do not have: "Black_Hair,~Male".
            style: an image file whose style the results take.
            seed: the seed of the random style, an integer, if there is no `style`.
            size: the size at which the network gets the images; results have the size of their image. "trained": the network's size, as in
                training and sample pictures; "full": the image's own size; or the number of pixels of the shorter side. "" is the method's
                default, "trained" for all methods of tfgan.
            tile: with "full" or a number, larger images are translated in overlapping tiles of this many pixels; 0: never.
            dtype: "float32" for results in [-1, 1]; "" for pixels.
            instances: the instance maps of as many label maps, for a run that was trained with --instances: an array H×W or N×H×W of whole
                numbers, PIL images or file names.

        Returns:
            An array for an array, a PIL image for a PIL image or a file, a list for a list; in the type and range of the target domain, or
            float32 in [-1, 1].

        Raises:
            UserError: images or conditions that do not suit the run, or a missing `to`.
        """
        from tfgan.runs.results.translate import translate_images

        config = TranslateConfig(checkpoint=self._checkpoint, to=to, set=set, style=style, seed=seed, size=str(size), tile=tile)
        return translate_images(self._opened, self._signatures, images, config, _wants_floats(dtype), instances)

    def uncertainty(
        self,
        images: Pixels,
        kind: str = "dropout",
        *,
        samples: int = 8,
        to: str = "",
        instances: Pixels | None = None,
        **settings: Any,
    ) -> np.ndarray | list[np.ndarray]:
        """Makes maps of how sure the run is of its translations of images of any size.

        Args:
            images: as for `translate`.
            kind: what a map shows, see `tfgan translate --help`: "dropout", "styles", "checkpoints", "cycle" or "segmenter".
            samples: the number of masks of dropout, or of random styles.
            to: the domain that is translated into; required if the run translates both ways.
            instances: as for `translate`.
            settings: others of `tfgan translate`: `set`, `style`, `seed`, `size`, `tile`, `segmenter`.

        Returns:
            An array H×W float32 for one image, N×H×W for an array of N, a list of arrays for a list. Values begin at 0, in units of the
            target's files ("cycle": of the source's; "segmenter", and all kinds where results are maps of classes: a share up to 1).

        Raises:
            UserError: the run has no maps of this kind (the message says which it has); images or conditions that do not suit it.
        """
        from tfgan.runs.judging import judge_uncertainty
        from tfgan.runs.results.translate import map_images

        values = {"checkpoint": self._checkpoint, "to": to, "uncertainty": kind, "uncertainty_samples": samples, **settings}
        (config,) = make_records([], {name: str(value) if name == "size" else value for name, value in values.items()}, [TranslateConfig])
        judge_uncertainty(self.config, self.folder, kind)
        return map_images(self._opened, self._signatures, images, config, instances)

    def sample(
        self,
        seeds: ArrayLike | Iterable[int] = range(16),
        labels: ArrayLike | Sequence[int | str] | None = None,
        truncation: float | None = None,
        dtype: str = "",
        *,
        w: ArrayLike | None = None,
        truncation_layers: int = SampleConfig.truncation_layers,
        noise_mode: str = SampleConfig.noise_mode,
    ) -> np.ndarray:
        """Makes images from noise, or from styles.

        Args:
            seeds: N integers from 0 to 2³¹ - 1, as a list, a range, or an array. The same seed always gives the same image.
            labels: N classes, as numbers from 0 on or as names, if the run has classes; by default all classes in turn.
            truncation: StyleGAN's ψ, from 0 (the mean image) to 1 (full variety).
            dtype: "float32" for results in [-1, 1]; "" for pixels.
            w: StyleGAN's styles instead of seeds, N×w_dim, or N×layers×w_dim with one for each layer, such as `project` finds. They are not
                truncated.
            truncation_layers: StyleGAN's number of first layers that ψ is for; -1: the run's own.
            noise_mode: StyleGAN's noise: "const", the same for all images; "random", each image's own, which follows from its seed; "none".

        Returns:
            An array N×H×W×C in the type and range of the run's images, or float32 in [-1, 1].

        Raises:
            UserError: the run makes no images from noise, or has no styles to truncate; seeds or classes that do not exist; w of another
                shape.
        """
        from tfgan.runs.results.latents import choose_sampler, class_numbers, make_of_styles, with_styles_of

        given = {} if truncation is None else {"truncation": truncation}
        (config,) = make_records([], given | {"truncation_layers": truncation_layers, "noise_mode": noise_mode}, [SampleConfig])
        sampler = choose_sampler(self._opened, self._signatures, next(iter(config.numbers("truncation")), None))
        if w is not None:
            return make_of_styles(self._opened, sampler, w, config, _wants_floats(dtype))
        sampler = with_styles_of(self._opened, sampler, config)
        latents = sampler.latents(seeds)
        numbers = class_numbers(sampler, labels, len(latents))
        return (sampler if _wants_floats(dtype) else sampler.pixels)(latents, numbers).numpy()

    def project(
        self,
        images: Pixels,
        *,
        features: str | Path = "",
        inception_weights: str | Path = "",
        steps: int = 1000,
        seed: int = 0,
        noise: bool = False,
        label: int | str | None = None,
    ) -> Projection:
        """Finds the latents whose images are nearest to given ones (Karras et al. 2020, appendix D): StyleGAN's w, or other methods' noise.

        Args:
            images: as for `translate`, of any size; the run sees them as it saw those of its validation.
            features: the file of a Keras model, or "inception", by whose features images are compared; "": by pixels and by the maps of the
                run's own discriminator.
            inception_weights: file of Keras' InceptionV3 weights; "": they are downloaded.
            steps: of Adam, for each image.
            seed: of the noise that is added to latents at first.
            noise: learn StyleGAN's noise maps beside w, as in the paper, which take up what is chance in an image.
            label: the class of the images, a number or a name, if the run has classes.

        Returns:
            `latents` N×length, for `sample(w=…)` of StyleGAN or for `sampler` of other methods; `images` N×H×W×C float32 in [-1, 1], which
            the run makes of them; `distances` N, and what they are, in `measure`.

        Raises:
            UserError: the run makes no images from noise; images, features or a class that cannot be used.
        """
        from tfgan.runs.results.projecting import project_images

        network = {"features": str(features), "inception_weights": str(inception_weights)}
        values = {"checkpoint": self._checkpoint, "sheet": "projection", "images": "given", "projection_steps": steps, "seed": seed}
        (config,) = make_records([], values | network | {"projection_noise": noise}, [SampleConfig])
        return project_images(self._opened, self._signatures, images, config, label)

    def directions(
        self, count: int = 8, *, latents: ArrayLike | None = None, labels: ArrayLike | None = None, names: Sequence[str] = ()
    ) -> Directions:
        """Finds directions in which latents are edited: `latents + strength * found.deviations[i] * found.vectors[i]`.

        Without arguments, they are those in which StyleGAN's w varies most (Härkönen et al. 2020). With labels, each leads to one attribute
        (Shen et al. 2020).

        Args:
            count: of the main directions.
            latents: N×length, as `project` finds them, whose images were labeled.
            labels: N, or N×attributes, 1 for an image with an attribute, 0 for one without.
            names: of the attributes.

        Raises:
            UserError: the run makes no images from noise, or has no main directions; latents and labels that do not fit.
        """
        from tfgan.runs.results.projecting import directions_of

        return directions_of(self._opened, self._signatures, count, latents, labels, names)

    def evaluate(self, **settings: Any) -> dict[str, float]:
        """Measures the run on its data, like `tfgan evaluate`, and adds the result to its evaluation.json if that can be written.

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

    def export(self, output: str | Path = "", *, formats: Sequence[str] = ("savedmodel",), **settings: Any) -> Path:
        """Writes the run's networks in formats that do not need tfgan, compares each with the run, and returns the folder.

        How near each file comes to the run lies in agreement.json, beside the files of formats other than the SavedModel.

        Args:
            output: the folder; by default RUN/export.
            formats: of savedmodel, litert, onnx and keras.
            settings: what `tfgan export --help` lists: `overwrite`, `quantize`, `export_size`, `license`, `max_pixels`.

        Raises:
            UserError: the folder exists and must not be overwritten, the run's images to compare with are gone, or a library is missing.
            OutputError: the folder cannot be written.
            TrainingFailed: a file does not reproduce the run. If it is one with smaller numbers (`quantize`), it is written nevertheless.
        """
        from tfgan.runs.judging import judge_export
        from tfgan.runs.results.export import export_run, refuse_unfit

        values = {"checkpoint": self._checkpoint, "output": str(output), "format": tuple(formats), **settings}
        (config,) = make_records([], values, [ExportConfig])
        exported = export_run(str(self.folder), config, judge_export(str(self.folder), config))
        refuse_unfit(exported)
        return exported.folder

    def report(self, out: str | Path = "", *, images: int = 20) -> Path:
        """Writes an HTML file about the run, by default RUN/report.html, and returns its path.

        Args:
            out: the file.
            images: the maximum number of sample pictures, evenly spaced over training.

        Raises:
            UserError: the file exists and is not a report.
        """
        from tfgan.runs.report import write_report

        return write_report([self.folder], ReportConfig(out=str(out), images=images))[0]

    def app(
        self,
        out: str | Path = "",
        *,
        folder: bool = AppConfig.folder,
        quantize: str = AppConfig.quantize,
        examples: int = AppConfig.examples,
        runtime: str | Path = "",
    ) -> Path:
        """Writes an HTML file that runs the run in the visitor's browser, compared with the run, and returns its path.

        Args:
            out: the file, by default RUN/app.html; with `folder` the folder, by default RUN/app.
            folder: whether to write a folder of parts for a web server.
            quantize: "none" for weights in float32, "float16", or "dynamic" for weights of 8 bits.
            examples: the maximum number of the run's sample images to begin with.
            runtime: the folder of LiteRT.js' unpacked npm package; by default npm fetches it once.

        Raises:
            UserError: something that is no page is there, a browser cannot show the run's images, or the runtime is not to be had.
            OutputError: the page cannot be written.
            TrainingFailed: the converted networks do not reproduce the run.
        """
        from tfgan.runs.pages import judge_app
        from tfgan.runs.results.app import make_app

        config = AppConfig(self._checkpoint, str(out), folder, quantize, examples, str(runtime))
        return make_app(str(self.folder), config, judge_app(str(self.folder), config)).path
