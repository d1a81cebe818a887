"""Networks of the user's that see images: which files are taken, what images they get, and their maps of several sizes, for training."""

import math
from pathlib import Path
from typing import NamedTuple

import keras
import tensorflow as tf

from tfgan.errors import UserError, did_you_mean_path, first_line
from tfgan.layers import resize

CHANNELS = (1, 3, 4)  # that images can be given, see `with_channels`


def load_given(flag: str, file: str) -> keras.Model:
    """The Keras model in a file that the setting `flag` names; raises `UserError` if there is none. No code in it is run."""
    path = Path(file).expanduser()
    if not path.exists():
        raise UserError(f"--{flag}={file} cannot be loaded: it is missing.{did_you_mean_path(path)}")
    try:
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises many kinds for files that are not its own
        raise UserError(f"--{flag}={file} cannot be loaded: {first_line(error)}") from None


def image_input(net: keras.Model) -> tuple[tuple[int, int] | None, int]:
    """The one size of images that a model takes, or None if it takes any, and their channels.

    Raises:
        ValueError: it takes no images, or images that others cannot be brought to.
    """
    shapes = [tuple(tensor.shape) for tensor in net.inputs]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][3] not in CHANNELS or (shapes[0][1] is None) != (shapes[0][2] is None):
        raise ValueError(f"it takes {', '.join(map(str, shapes))}, not images N×H×W×C of one size, or any, and of 1, 3 or 4 channels")
    _, height, width, channels = shapes[0]
    return (None if height is None else (height, width)), channels


def with_channels(images, channels: int):
    """Images N×H×W×C in [-1, 1] with 1, 3 or 4 channels: gray is repeated, RGB made gray, alpha left out or opaque."""
    found = images.shape[-1]
    if found == channels:
        return images
    if channels == 1:
        return tf.image.rgb_to_grayscale(images[..., :3])
    colors = tf.repeat(images, 3, axis=-1) if found == 1 else images[..., :3]
    return colors if channels == 3 else tf.concat([colors, tf.ones_like(colors[..., :1])], axis=-1)


class Features(NamedTuple):
    """A frozen network that training sees images with."""

    model: keras.Model  # images N×`size`×`channels` in [-1, 1] -> maps, from fine to coarse, or the only one
    size: tuple[int, int]  # to which images are resized, bilinearly, and smoothed before they shrink
    channels: int  # which they are given, see `with_channels`
    shapes: list[tuple[int, ...]]  # of the maps: height, width, channels

    def maps(self, images) -> list:
        """The maps of images N×H×W×C in [-1, 1], C being 1, 3 or 4: N×h×w×c float32, as after training, with a gradient to the images."""
        given = tf.cast(resize(with_channels(images, self.channels), self.size), self.model.inputs[0].dtype)
        return [tf.cast(found, tf.float32) for found in keras.tree.flatten(self.model(given, training=False))]


def features_of(net: keras.Model, image_size: tuple[int, int], what: str) -> Features:
    """The maps of a network: all its outputs if it has several, otherwise those of `on_the_way_down`.

    Args:
        net: of one input, images N×H×W×C in [-1, 1].
        image_size: height and width of the run's images, at which a network that takes any size sees them.
        what: the network in messages.

    Raises:
        UserError: no network of images, or one without maps.
    """
    try:
        own_size, channels = image_input(net)
        size = own_size or image_size
        found = list(net.outputs) if len(net.outputs) > 1 else on_the_way_down(net, size)
        if not found or any(len(output.shape) != 4 for output in found):
            raise ValueError(f"it gives {', '.join(str(tuple(output.shape)) for output in net.outputs)}, and has no maps N×h×w×c")
        model = keras.Model(net.inputs[0], found)
        shapes = _shapes(model, size, channels)
    except Exception as error:  # Keras and TensorFlow raise many kinds, of models that were never built and for sizes that do not fit
        raise UserError(f"{what} must take images and have maps of them: {first_line(error)}.") from None
    model.trainable = False
    return Features(model, size, channels, shapes)


def on_the_way_down(net: keras.Model, size: tuple[int, int]) -> list:
    """The last map of each size, from the first layer with weights to where maps grow again, or are maps no more: a list of Keras' tensors.

    Sizes are told apart by halvings, as borders take or give some pixels.

    Args:
        size: height and width of what the network sees.
    """
    began, outputs = False, []
    for layer in net.layers:
        began = began or bool(layer.weights)
        if began and not isinstance(layer.output, list | tuple | dict) and len(layer.output.shape) == 4:
            outputs.append(layer.output)
    if not outputs:
        return []
    last: dict[int, keras.KerasTensor] = {}
    for output, (height, width, _) in zip(outputs, _shapes(keras.Model(net.inputs[0], outputs), size, net.inputs[0].shape[-1])):
        halvings = round(math.log2(max(size) / max(height, width)))
        if last and halvings < max(last):
            break
        last[halvings] = output
    return list(last.values())


def _shapes(model: keras.Model, size: tuple[int, int], channels: int) -> list[tuple[int, ...]]:
    """The shapes of a model's outputs for one image, without the axis of images."""
    return [tuple(found.shape[1:]) for found in keras.tree.flatten(model(keras.KerasTensor((1, *size, channels))))]
