"""Features of images for FID and similar metrics: of InceptionV3, any given Keras model, or this package's own classifier or segmenter."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan.errors import UserError, first_line
from tfgan.evaluation.catalog import WITHOUT_FEATURES
from tfgan.networks.features import CHANNELS as CHANNELS
from tfgan.networks.features import image_input as image_input
from tfgan.networks.features import load_given
from tfgan.networks.features import with_channels as with_channels
from tfgan.terminal import waiting

INCEPTION_SIZE = 299
INCEPTION_MAPS = ("mixed0", "mixed2", "mixed7", "mixed10")  # 35×35×256, 35×35×288, 17×17×768 and 8×8×2048
BATCH = 32

WITHOUT_WEIGHTS = (
    "Name the file of Keras' weights with --inception_weights=FILE, or choose another network: --features=MODEL.keras is one of your own, "
    "and in `tfgan evaluate` --features=own trains a small one on your data. With --features= these metrics remain, as far as they fit "
    "the data: {metrics}."
)


class Extractor(NamedTuple):
    """A network that sees images for the metrics that compare features, and how images are brought to it."""

    name: str  # for stamps and tables
    model: keras.Model  # images N×H×W×C in [-1, 1] -> [features N×D, *maps N×h×w×c[, class logits N×classes]]
    size: tuple[int, int] | None  # to which images are resized first; None: as they are
    channels: int
    classifies: bool  # whether the last output is class logits
    digest: str  # of the weights

    @property
    def has_maps(self) -> bool:
        return len(self.model.outputs) > 1 + self.classifies

    def stamp(self) -> dict:
        """The settings of the extractor that must be alike for two figures to be comparable, ready for JSON."""
        size = "none" if self.size is None else f"{self.size[0]}×{self.size[1]}, bicubic, antialiased"
        return {"extractor": self.name, "weights": self.digest, "resize": size}


class Seen(NamedTuple):
    features: np.ndarray  # N×D
    probabilities: np.ndarray | None  # N×classes


def see(extractor: Extractor, images: np.ndarray, to_floats: Callable) -> Seen:
    """Features and class probabilities, both float32, of images N×H×W×C, which `to_floats` brings to [-1, 1]."""
    begins = range(0, len(images), BATCH)
    shown = waiting(begins, len(begins), "Seeing images, in batches")
    outputs = [_outputs(extractor, to_floats(images[i : i + BATCH])) for i in shown]
    features = np.concatenate([np.asarray(found[0], np.float32) for found in outputs])
    if not extractor.classifies:
        return Seen(features, None)
    return Seen(features, np.concatenate([tf.nn.softmax(tf.cast(found[-1], tf.float32)).numpy() for found in outputs]))


def maps_of(extractor: Extractor, images) -> list[np.ndarray]:
    """Feature maps of images N×H×W×C in [-1, 1], for a perceptual distance: one N×h×w×c float32 a layer, none if there are no maps."""
    return [np.asarray(feature_map, np.float32) for feature_map in seen_maps(extractor, images)] if extractor.has_maps else []


def seen_maps(extractor: Extractor, images) -> list:
    """Feature maps N×h×w×c of images N×H×W×C in [-1, 1], tensors with gradients; its features, N×1×1×D, of a network without maps."""
    features, *maps = _outputs(extractor, images)
    return (maps[:-1] if extractor.classifies else maps) or [features[:, None, None]]


def _outputs(extractor: Extractor, images):
    found = extractor.model(resize(with_channels(images, extractor.channels), extractor.size), training=False)
    return found if isinstance(found, list) else [found]  # Keras unwraps a single output


def resize(images, size: tuple[int, int] | None):
    """Images N×H×W×C in [-1, 1] resized as Parmar et al. 2022 ask for: bicubic, and smoothed before they shrink.

    They are float32 in [-1, 1] all the way, never rounded to bytes.

    Args:
        size: height and width in pixels; None: as they are.
    """
    if size is None or tuple(images.shape[1:3]) == tuple(size):
        return tf.cast(images, tf.float32)
    return tf.clip_by_value(tf.image.resize(images, size, "bicubic", antialias=True), -1.0, 1.0)


def inception(weights: str, needing_none: list[str]) -> Extractor:
    """InceptionV3 with ImageNet weights as Keras has it: features are its last average pool, 2048.

    Published FID figures come from another InceptionV3 (Szegedy's of 2015, 1008 classes), and are not comparable.

    Args:
        weights: imagenet, downloaded by Keras, or the path of such a file, with or without the top; the top is needed for the IS.
        needing_none: metrics that need no features, for the error.

    Raises:
        UserError: no network, no such file, or not InceptionV3's weights.
    """
    cure = WITHOUT_WEIGHTS.format(metrics=", ".join(needing_none))
    if weights != "imagenet" and not Path(weights).expanduser().is_file():
        raise UserError(f"--inception_weights={weights} does not exist. {cure}")
    path, shape = weights if weights == "imagenet" else str(Path(weights).expanduser()), (INCEPTION_SIZE,) * 2 + (3,)
    errors: list[Exception] = []
    for top in (True, False):
        try:
            net = keras.applications.InceptionV3(include_top=top, weights=path, input_shape=shape, classifier_activation=None)
            break
        except Exception as error:  # Keras raises its own kinds, and a bare Exception for a failed download
            errors.append(error)
    else:
        raise UserError(f"InceptionV3's weights cannot be loaded ({first_line(errors[-1])}). {cure}")
    maps = [net.get_layer(name).output for name in INCEPTION_MAPS]
    outputs = [keras.ops.mean(maps[-1], axis=(1, 2)), *maps] + ([net.output] if top else [])
    model = keras.Model(net.input, outputs)
    return Extractor("InceptionV3 (Keras, ImageNet)", model, (INCEPTION_SIZE,) * 2, 3, top, digest(model))


def open_extractor(features: str, inception_weights: str) -> Extractor:
    """The extractor of --features: inception, with the weights of a file or "" for a download, or else a Keras model's file.

    Raises:
        UserError: a file that does not exist or cannot be loaded, weights that cannot be downloaded, or no model of images.
    """
    return inception(inception_weights or "imagenet", WITHOUT_FEATURES) if features == "inception" else given_model(features)


def given_model(file: str) -> Extractor:
    """The extractor of a Keras model's file: its outputs are vectors, or maps, which are averaged over height and width.

    The model takes images N×H×W×C in [-1, 1] of one size, or of any, and 1, 3 or 4 channels.

    Raises:
        UserError: no such file, or no model of images.
    """
    net = load_given("features", file)
    try:
        size, channels = image_input(net)
        (output,) = net.outputs
    except (ValueError, AttributeError) as error:  # AttributeError: Keras, of models that were never built
        raise UserError(f"--features={file} must take images and give vectors or maps: {first_line(error)}.") from None
    if len(output.shape) not in (2, 4):
        raise UserError(f"--features={file} must take images and give vectors or maps; it gives {tuple(output.shape)}.")
    maps = [output] if len(output.shape) == 4 else []
    vector = keras.ops.mean(output, axis=(1, 2)) if maps else output
    model = keras.Model(net.inputs[0], [vector, *maps])
    return Extractor(Path(file).name, model, size, channels, False, digest(model))


def from_classifier(net: keras.Model) -> Extractor:
    """The extractor of `tfgan.evaluation.classifier`'s network: features are the average of its last maps.

    Its class logits serve the Inception Score's arithmetic.
    """
    pool = next(layer for layer in net.layers if isinstance(layer, keras.layers.GlobalAveragePooling2D))
    model = keras.Model(net.input, [pool.output, pool.input, net.output])
    _, height, width, channels = net.input.shape
    return Extractor("own classifier", model, (height, width), channels, True, digest(model))


def from_segmenter(net: keras.Model, size: tuple[int, int]) -> Extractor:
    """The extractor of `tfgan.evaluation.segmenter`'s network: features are the averages of its maps on the way down, 16 + 32 + 64 + 128.

    Args:
        size: height and width in pixels at which it reads photos.
    """
    maps = [net.get_layer(name).output for name in sorted(layer.name for layer in net.layers if layer.name.startswith("level"))]
    vector = keras.ops.concatenate([keras.ops.mean(feature_map, axis=(1, 2)) for feature_map in maps], axis=-1)
    model = keras.Model(net.input, [vector, *maps])
    return Extractor("own segmenter", model, size, net.input.shape[-1], False, digest(model))


def digest(model: keras.Model) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of all weights of a model."""
    sha = hashlib.sha256()
    for weight in model.weights:
        sha.update(np.ascontiguousarray(weight.numpy()).tobytes())
    return sha.hexdigest()[:16]


def file_digest(file: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a file, or of all files of a folder in the order of their names."""
    path, sha = Path(file).expanduser(), hashlib.sha256()
    for part in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if part.is_file():
            sha.update(part.read_bytes())
    return sha.hexdigest()[:16]
