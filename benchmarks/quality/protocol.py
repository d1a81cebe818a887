"""The one protocol by which all settings of a study are measured, whatever trained them.

Photos made of label maps: a segmenter, trained once on the real pairs, reads them, and its features are compared with those of real photos;
so are those of an encoder that never saw a label map, since some settings learn from a segmenter themselves.
Label maps made of photos are read by their colors. Digits are read by a classifier that was trained once on real ones.
"""

from pathlib import Path

import keras
import numpy as np

import tfgan
from benchmarks.quality.encoder import from_encoder, train_encoder
from tfgan.data import open_dataset
from tfgan.data.preparation.normalization import as_floats
from tfgan.evaluation import extractors
from tfgan.evaluation.catalog import METRICS
from tfgan.evaluation.classifier import train_classifier
from tfgan.evaluation.comparison import Comparison
from tfgan.evaluation.measure import Tools, measure
from tfgan.evaluation.segmenter import Segmenter, segmenter_size, train_segmenter
from tfgan.inference import open_inference
from tfgan.runs.evaluation.comparisons import compare
from tfgan.runs.opening import open_run

ALL = 2**31
SAMPLES = 1000  # images from noise that are measured
OTHER = ("fid", "kid")  # what the encoder measures
PAIRS = {"domains": ("photo", "labels"), "label_domains": ("labels",), "direction": "labels_to_photo"}


def kept(path: Path, make) -> keras.Model:
    """The network in a file, or one that is made now and kept there."""
    if not path.exists():
        model, part = make(), path.with_suffix(".part.keras")
        model.save(part)
        part.replace(path)
    return keras.models.load_model(path, compile=False, safe_mode=True)


class OfPairs:
    """Measures photos made of label maps, and label maps made of photos, of the validation pairs.

    Args:
        whole: the folder of all pairs.
        palette: names of the label maps' colors: facades, or empty if they are found in the files.
        size: height and width in pixels.
        steps: of the training of the segmenter and the encoder.
        folder: where both are kept.
        sides: say of which side figures are, also of a run that translates one way alone.
    """

    def __init__(self, whole: Path, palette: str, size: int, steps: int, folder: Path, sides: bool = False):
        self.sides = sides
        data = PAIRS | {"data_dir": str(whole), "label_palette": (palette,) if palette else (), "label_encoding": "colors"}
        self.maps = tfgan.open_dataset("semantic", size, **data)
        self.pictures = tfgan.open_dataset("paired", size, data_dir=str(whole), **PAIRS)
        self.classes = self.maps.spec.domains["labels"].require_classes()
        self.truth = self.maps.column("validation", "labels", ALL)
        photo = self.maps.spec.domains["image"]

        def photos():
            return as_floats(self.maps.column("train", "image", ALL), photo)

        def read():
            return train_segmenter(photos(), self.maps.column("train", "labels", ALL), len(self.classes.names), steps=steps)

        model = kept(folder / f"segmenter_{size}_{steps}.keras", read)
        self.tools = Tools(features=extractors.from_segmenter(model, segmenter_size((size, size))), segmenter=Segmenter(model, 3))
        encoder = kept(folder / f"encoder_{size}_{steps}.keras", lambda: train_encoder(photos(), steps=steps))
        self.others = Tools(features=from_encoder(encoder))
        self.name = f"segmenter and encoder, {steps} steps"

    def of_run(self, folder: Path) -> dict[str, float]:
        """The figures of a run's photos, or, with `sides`, of each domain that it translates to, whose names begin with the domain's."""
        found = compared(folder)
        if list(found) == [""]:
            figures = self.of_images("photo", found[""].fake)
            return {f"photo {metric}": value for metric, value in figures.items()} if self.sides else figures
        return {
            f"{name} {metric}": value
            for name, comparison in found.items()
            for metric, value in self.of_images(name, comparison.fake, comparison.cycled).items()
        }

    def of_results(self, results: dict[str, np.ndarray]) -> dict[str, float]:
        """The figures of arrays uint8 N×H×W×3, by the generator that made them, as `torch_training` has them."""
        if "generator" in results:
            return self.of_images("photo", results["generator"])
        sides = {"photo": results["to_target"], "labels": results["to_source"]}
        return {f"{side} {metric}": value for side, fake in sides.items() for metric, value in self.of_images(side, fake).items()}

    def of_images(self, side: str, fake: np.ndarray, cycled=None) -> dict[str, float]:
        """The figures of all validation pairs' photos, or pictures of label maps, N×H×W×3 uint8, in the order of their names."""
        key = "target" if side == "photo" else "source"
        comparison = Comparison(
            self.pictures.spec.domains[key],
            fake,
            self.pictures.column("validation", key, ALL),
            matched=True,
            alone=side == "photo",  # the segmenter has features of photos alone
            maps=self.truth,
            classes=self.classes,
            pictured=side == "labels",
            cycled=cycled,
            shown=self.pictures.spec.domains["source" if side == "photo" else "target"],
        )
        seen = values(comparison, self.others, OTHER) if comparison.alone else {}
        return values(comparison, self.tools) | {f"encoder {name}": value for name, value in seen.items()}


class OfPhotos:
    """Measures photos from noise beside the training photos by an encoder that learned from these, and reconstructions of unseen photos.

    Args:
        whole: the folder of pairs, photo on the left.
        size: height and width in pixels.
        steps: of the training of the encoder.
        folder: where it is kept.
    """

    def __init__(self, whole: Path, size: int, steps: int, folder: Path):
        def make():
            dataset = tfgan.open_dataset("images", size, data_dir=str(whole), half="left")
            return train_encoder(as_floats(dataset.column("train", "image", ALL), dataset.spec.domains["image"]), steps=steps)

        encoder = kept(folder / f"encoder_{size}_{steps}.keras", make)
        self.tools = Tools(features=from_encoder(encoder))
        self.name = f"encoder, {steps} steps"

    def of_run(self, folder: Path) -> dict[str, float]:
        """The figures of samples, and, where there is an encoder, those of reconstructions, whose names begin with that."""
        found = compared(folder, SAMPLES)
        figures = values(found.pop(""), self.tools)
        return figures | {f"{name} {metric}": value for name, other in found.items() for metric, value in values(other, Tools()).items()}


class OfDigits:
    """Measures images from noise by a classifier that was trained on real ones.

    Args:
        data_dir: of the digits.
        size: height and width in pixels.
        epochs: of the classifier's training.
        folder: where the classifier is kept.
    """

    def __init__(self, data_dir: Path, size: int, epochs: int, folder: Path):
        def make():
            dataset = tfgan.open_dataset("labeled", size, data_dir=str(data_dir))
            images = as_floats(dataset.column("train", "image", ALL), dataset.spec.domains["image"])
            return train_classifier(images, dataset.column("train", "label", ALL), len(dataset.spec.class_names), epochs=epochs)

        model = kept(folder / f"reader_{size}_{epochs}.keras", make)
        self.tools = Tools(features=extractors.from_classifier(model), classifier=model)
        self.name = f"reader, {epochs} epochs"

    def of_run(self, folder: Path) -> dict[str, float]:
        return values(compared(folder, SAMPLES)[""], self.tools)


def compared(folder: Path, count: int = ALL) -> dict[str, Comparison]:
    """What a run makes of its validation images, or of noise, as `tfgan evaluate` compares it."""
    run = open_run(str(folder))
    config = run.config
    dataset = open_dataset(config.data, config.spec.kind, config.spec.image_size, config.spec.image_size)
    return compare(open_inference(run.method), dataset, count)


def values(comparison: Comparison, tools: Tools, names=tuple(METRICS)) -> dict[str, float]:
    return {name: value.value for name, value in measure(comparison, list(names), tools, full=False).values.items()}
