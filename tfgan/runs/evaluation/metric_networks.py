"""Networks that `evaluate` measures with: read from the user's files, or trained on the run's data and kept beside the run."""

import dataclasses
import functools
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.config import BATCH_KINDS, Classes, DataConfig, RunConfig, Size
from tfgan.config.spec import OLD_CODINGS
from tfgan.config.verbs import EvaluateConfig
from tfgan.data import open_dataset
from tfgan.data.dataset import Dataset
from tfgan.data.preparation.normalization import as_floats
from tfgan.errors import OutputError, UserError, did_you_mean_path, first_line
from tfgan.evaluation import extractors
from tfgan.evaluation.catalog import FROM_FEATURES, METRICS
from tfgan.evaluation.classifier import UNKNOWN, train_classifier
from tfgan.evaluation.comparison import Comparison
from tfgan.evaluation.measure import Tools, fitting
from tfgan.evaluation.perceptual import lpips
from tfgan.evaluation.segmenter import Segmenter, load_segmenter, segmenter_size, train_segmenter
from tfgan.paths.aside import set_aside
from tfgan.paths.files import make_folder
from tfgan.paths.names import safe_name
from tfgan.paths.temporary import temporary

logger = logging.getLogger(__name__)

ALL = 2**31
CLASSIFIER_SIZE = 64  # pixels of the longer side, at most
LEFT_OUT = "FID and similar metrics are left out, as InceptionV3's weights could not be downloaded; --features=own measures those of a run."
LONGEST_DATA_NAME = 192  # bytes of a file's name, which says more
FOLDER = "evaluators"  # beside the runs: runs on the same data are measured by the same networks


def load_extractor(settings: EvaluateConfig) -> extractors.Extractor | None:
    """The extractor that --features names; None if no metric needs one, or for the data's own networks, which are made later.

    It is None as well, and said, if InceptionV3's weights cannot be downloaded and no metric that needs them was asked for by name.

    Raises:
        UserError: the extractor cannot be loaded.
    """
    if settings.features in ("", "own") or not any(METRICS[name].tool in FROM_FEATURES for name in settings.metrics or METRICS):
        return None
    try:
        return extractors.open_extractor(settings.features, settings.inception_weights)
    except UserError:
        if settings.metrics or settings.features != "inception" or settings.inception_weights:
            raise
    logger.warning(LEFT_OUT)
    return None


def load_perceptual(settings: EvaluateConfig, wanted: bool) -> Callable[[np.ndarray, np.ndarray], float] | None:
    """LPIPS by the weights of --lpips_weights; None if there are none, or it is not `wanted`."""
    return lpips(settings.lpips_weights, settings.vgg_weights) if settings.lpips_weights and wanted else None


class Evaluators:
    """The networks that measure one run, loaded or trained when they are needed.

    Args:
        folder: of the run, beside which networks are kept.
        config: its record.
        extractor: of `load_extractor`.
    """

    def __init__(self, folder: Path, config: RunConfig, settings: EvaluateConfig, extractor: extractors.Extractor | None):
        self.folder, self.data, self.spec, self.settings, self.extractor = folder, config.data, config.spec, settings, extractor
        self.own = settings.features == "own"
        asked = self._asked("segmenter") or settings.uncertainty == "segmenter"
        self.maps = self._open_maps() if asked or (self.own and self.spec.kind in ("paired", "semantic")) else None

    def _asked(self, tool: str) -> bool:
        return any(METRICS[name].tool == tool for name in self.settings.metrics or METRICS)

    def _open_maps(self) -> Dataset | None:
        """The data set as label maps and photos, at the segmenter's size; None if it has no label maps."""
        if self.spec.kind not in ("paired", "semantic"):
            return None
        data, size = self._map_settings(), segmenter_size(self.spec.image_size)
        return open_dataset(data, "semantic", size, size, self.spec.image_size) if data else None

    @property
    def _label_maps(self) -> Dataset:
        """The data set of label maps, for what is asked only where there are label maps."""
        assert self.maps is not None
        return self.maps

    def _map_settings(self) -> DataConfig | None:
        data = self.data
        if data.colorize:
            return None
        if data.dataset == "synthetic" and not data.data_dir:
            return dataclasses.replace(data, domains=(), direction="AtoB", label_domains=())
        asked = {name: getattr(self.settings, name) for name in ("label_palette", "label_names", "label_coding")}
        changes: dict[str, Any] = {name: value for name, value in asked.items() if value} | {"label_encoding": "colors", "instances": ""}
        if self.spec.kind == "paired":
            names = [self.spec.domains[key].name for key in ("source", "target")]
            labels = [name for name in names if name in data.label_domains]
            if len(labels) != 1:
                return None
            changes["direction"] = f"{labels[0]}_to_{next(name for name in names if name not in labels)}"
        return dataclasses.replace(data, **changes)

    def with_maps(self, comparison: Comparison) -> Comparison:
        """The comparison with the label maps of its images, N×h×w class indices, where there are any and a metric asks for them.

        Raises:
            UserError: there are more or fewer label maps than images.
        """
        if self.maps is None or not comparison.matched or not self._asked("segmenter"):
            return comparison
        maps = self.maps.column("validation", "labels", self.settings.count)
        if len(maps) != len(comparison.fake):
            raise UserError(f"{len(maps)} label maps but {len(comparison.fake)} images: remove the files that cannot be used.")
        domain = self.maps.spec.domains["labels"]
        return dataclasses.replace(comparison, maps=maps, classes=domain.classes, pictured=comparison.domain.name == domain.name)

    def tools(self, names: list[str], comparisons: list[Comparison]) -> Tools:
        """The tools that the metrics `names` need for the comparisons; networks that are not there yet are trained.

        Raises:
            UserError: a file that cannot be used, or features that the run's data cannot train a network for.
        """
        needed = {METRICS[name].tool for comparison in comparisons for name in fitting(comparison) if name in names}
        photos = any(comparison.maps is not None and not comparison.pictured for comparison in comparisons)
        featured = bool(needed & set(FROM_FEATURES))
        segmenter = self._segmenter() if photos or (self.own and featured and self.maps) else None
        classified = self.spec.class_names or self.spec.attribute_names
        classifier = self._classifier() if "classifier" in needed or (self.own and featured and classified and not segmenter) else None
        extractor = self._own_extractor(segmenter, classifier) if self.own and featured else self.extractor
        return Tools(extractor, load_perceptual(self.settings, "perceptual" in needed), segmenter, classifier)

    def _own_extractor(self, segmenter, classifier) -> extractors.Extractor:
        if self.settings.segmenter or self.settings.classifier:
            raise UserError("--features=own trains a network on this data. For a network of your own, use --features=MODEL.keras.")
        if segmenter is not None:
            return extractors.from_segmenter(segmenter.model, segmenter_size(self.spec.image_size))
        if classifier is not None:
            return extractors.from_classifier(classifier)
        raise UserError(
            "--features=own needs label maps or classes to train a network on, which the run's data does not have: use inception, "
            "a Keras model's file, or --features= for the metrics that need none."
        )

    def _segmenter(self) -> Segmenter:
        """The segmenter of --segmenter, or one trained on the data's real photos and label maps."""
        maps = self._label_maps
        spec = maps.spec
        photo, count = spec.domains["image"], len(spec.domains["labels"].require_classes().names)

        def load(file: str) -> Segmenter:
            return load_segmenter(file, count, photo.channels, spec.image_size)

        def make(path: Path):
            logger.info(f"Training a segmenter on {spec.sizes['train']} real photos and their label maps, once: {path}")
            photos = as_floats(maps.column("train", "image", ALL), photo)
            return train_segmenter(photos, maps.column("train", "labels", ALL), count, steps=self.settings.segmenter_steps)

        if self.settings.segmenter:
            return load(self.settings.segmenter)
        return kept_network(self._kept("segmenter", maps, self._segmenter_training), load, make)

    def reader(self) -> tuple[Segmenter, Classes]:
        """What reads the classes of the run's photos, and the classes, in the order of its channels."""
        return self._segmenter(), self._label_maps.spec.domains["labels"].require_classes()

    def _classifier(self):
        """The classifier of --classifier, or one trained on the data's real images; of classes, or of attributes."""
        count = len(self.spec.class_names or self.spec.attribute_names)
        if self.settings.classifier:
            return _load_classifier(self.settings.classifier, count)
        dataset = self._shown

        def make(path: Path):
            logger.info(f"Training a classifier on {self.spec.sizes['train']} real images, once: {path}")
            images = as_floats(dataset.column("train", "image", ALL), dataset.spec.domains["image"])
            return train_classifier(images, _labels(dataset), count, epochs=self.settings.classifier_epochs)

        path = self._kept("classifier", dataset, self._classifier_training)
        return kept_network(path, lambda file: _load_classifier(file, count), make)

    @functools.cached_property
    def _shown(self) -> Dataset:
        """The data set at the classifier's size."""
        size = shrunk(self.spec.image_size)
        return open_dataset(self.data, self.spec.kind, size, size, self.spec.image_size)

    def _kept(self, what: str, dataset: Dataset, training: dict) -> Path:
        """The file in which a network that was trained on this data, in this way, is kept."""
        return kept_file(self.folder, self.data.name, what, dataset, training)

    @functools.cached_property
    def _segmenter_training(self) -> dict:
        """What makes one training of a segmenter unlike another; empty for a given one, which its digest tells apart."""
        if self.settings.segmenter:
            return {}
        content = self._label_maps.content(("labels", "image"))
        return {"steps": self.settings.segmenter_steps, "classes": self._classes(), "trained on": content}

    @functools.cached_property
    def _classifier_training(self) -> dict:
        """What makes one training of a classifier unlike another; empty for a given one, which its digest tells apart."""
        if self.settings.classifier:
            return {}
        classes, content = self.spec.class_names or self.spec.attribute_names, self._shown.content(BATCH_KINDS[self.spec.kind].keys)
        return {"epochs": self.settings.classifier_epochs, "classes": _digest(classes), "trained on": content}

    def _classes(self) -> str:
        """A hash of the label maps' classes: their values in order, colors and names.

        It is made of the words that the first versions had for them, so that their figures and networks stay comparable.
        """
        classes = dataclasses.asdict(self._label_maps.spec.domains["labels"].require_classes())
        coding, colors = classes.pop("coding"), classes.pop("colors")
        first = {present: old for old, present in OLD_CODINGS.items()}
        return _digest(classes | {"coding": first.get(coding, coding), "colours": colors})

    def stamps(self, tools: Tools, comparisons: list[Comparison]) -> dict[str, dict]:
        """Stamps by tool, of what must be alike for figures to be comparable: of each tool that is there, and of the label maps."""
        found = {}
        if tools.features:
            found["features"] = tools.features.stamp()
        if tools.perceptual:
            found["perceptual"] = {"lpips": extractors.file_digest(self.settings.lpips_weights)}
        maps = [comparison.maps for comparison in comparisons if comparison.maps is not None]
        if maps:
            height, width = self._label_maps.spec.image_size
            found["segmenter"] = {"read at": f"{height}×{width}", "classes": self._classes(), "label maps": array_digest(*maps)}
        if tools.segmenter:
            file = self.settings.segmenter or str(self._kept("segmenter", self._label_maps, self._segmenter_training))
            found["segmenter"] = found.get("segmenter", {}) | self._segmenter_training | {"segmenter": extractors.file_digest(file)}
        if tools.classifier:
            asked = array_digest(*(comparison.asked for comparison in comparisons if comparison.asked is not None))
            found["classifier"] = self._classifier_training | {"classifier": extractors.digest(tools.classifier), "asked": asked}
        return found


def kept_file(folder: Path, data: str, what: str, dataset: Dataset, training: dict) -> Path:
    """The file beside the run in `folder` for a network of the kind `what` that was trained on `data`, in the way that `training` says."""
    height, width = dataset.spec.image_size
    made_of, name = _digest(training | {"names": dataset.spec.fingerprint}), safe_name(data, LONGEST_DATA_NAME)
    return folder.absolute().parent / FOLDER / f"{what}-{name}-{made_of}-{height}x{width}.keras"


def _digest(settings) -> str:
    """A hash of what JSON can hold, 12 hexadecimal digits, short enough for the name of a file."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:12]


def array_digest(*arrays: np.ndarray) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the arrays' values, one after the other."""
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(np.ascontiguousarray(array).data)
    return sha.hexdigest()[:16]


def _labels(dataset: Dataset) -> np.ndarray:
    """The labels of the training images: classes, N int; or attributes, N×A float32, `UNKNOWN` where they are not known."""
    if dataset.spec.kind == "labeled":
        return dataset.column("train", "label", ALL)
    attributes, known = (dataset.column("train", key, ALL) for key in ("attributes", "mask"))
    return np.where(known > 0, attributes, UNKNOWN).astype(np.float32)


def shrunk(size: Size) -> Size:
    """Height and width in pixels at which a classifier sees images of `size`."""
    scale = min(1.0, CLASSIFIER_SIZE / max(size))
    height, width = (max(16, round(side * scale)) for side in size)
    return height, width


def _load_classifier(file: str, classes: int):
    import keras

    if not Path(file).expanduser().exists():
        raise UserError(f"--classifier={file} cannot be loaded: it is missing.{did_you_mean_path(Path(file).expanduser())}")
    try:
        model = keras.models.load_model(Path(file).expanduser(), compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for files that are not its own
        raise UserError(f"--classifier={file} cannot be loaded: {first_line(error)}") from None
    try:
        extractors.image_input(model)
    except (ValueError, AttributeError) as error:  # AttributeError: Keras, of models that were never built
        raise UserError(f"--classifier={file} must take images: {first_line(error)}.") from None
    found = [tuple(output.shape) for output in model.outputs]
    if len(found) != 1 or len(found[0]) != 2 or found[0][1] != classes:
        raise UserError(f"--classifier={file} gives {', '.join(map(str, found))}; the run knows {classes} classes.")
    return model


def kept_network(path: Path, load: Callable[[str], Any], make: Callable[[Path], Any]):
    """The network that is kept in a file, or, where there is none or it is damaged, one that is made and kept there, if that can be done.

    Args:
        load: reads the file, and raises `UserError` if that is damaged.
        make: trains a network that is to be kept in the file.
    """
    if os.path.lexists(path):
        try:
            return load(str(path))
        except UserError as error:
            reason = str(error).partition(": ")[2].rstrip(".")
            logger.warning(f"{path} is damaged ({reason}), and kept as {set_aside(path).name}: the network is trained again.")
    model = make(path)
    try:
        _save(model, path)
        return load(str(path))
    except OutputError as error:
        logger.warning(f"{error} The network is not kept: the next evaluation trains it again.")
    with tempfile.TemporaryDirectory() as folder:
        _save(model, spare := Path(folder) / path.name)
        return load(str(spare))


def _save(model, path: Path):
    """Writes a model to a file, whole or not at all. Raises `OutputError` if it cannot be written."""
    try:
        make_folder(path.parent)
        part = temporary(path.parent, path.suffix)  # by which Keras knows the format
        try:
            model.save(part)
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(path, error) from error
