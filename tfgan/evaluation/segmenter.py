"""A small U-Net that reads classes in photos: what the FCN score needs in the place of the paper's Caffe network (Isola et al. 2017, §4.1).

It is trained on a data set's own real photos and label maps, so that the score of real photos, printed beside the others, is its ceiling.
"""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan.config import Size
from tfgan.errors import UserError, first_line
from tfgan.evaluation.extractors import CHANNELS, resize, with_channels
from tfgan.evaluation.progress import Steps
from tfgan.terminal import waiting

SIZE = 128  # pixels of the longer side, at most: windows are several pixels wide, and training takes minutes on a CPU
FILTERS = (16, 32, 64, 128)
BATCH, LEARNING_RATE = 8, 2e-3
BRIGHTNESS, CONTRAST = 0.2, 0.2  # of the training photos, at most


def build_segmenter(channels: int, classes: int) -> keras.Model:
    """An untrained U-Net (Ronneberger et al. 2015) that reads classes in photos.

    It takes photos N×H×W×`channels` in [-1, 1], H and W multiples of 8, and gives class logits N×H×W×`classes`.
    """
    x = image = keras.Input((None, None, channels))
    levels = []
    for number, filters in enumerate(FILTERS):
        if number:
            x = keras.layers.MaxPooling2D(2)(x)
        x = _block(x, filters, f"level{number}")  # N × H/2^number × W/2^number × filters
        levels.append(x)
    for filters, skip in zip(FILTERS[-2::-1], levels[-2::-1]):
        x = keras.layers.Concatenate()([keras.layers.UpSampling2D(2, interpolation="bilinear")(x), skip])
        x = _block(x, filters)  # N × 2h × 2w × filters
    logits = keras.layers.Conv2D(classes, 1, dtype="float32")(x)
    return keras.Model(image, logits, name="segmenter")


def _block(x, filters: int, name: str | None = None):
    for number in range(2):
        x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.ReLU(name=name if number else None)(x)
    return x


def train_segmenter(photos: np.ndarray, maps: np.ndarray, classes: int, *, seed: int = 0, steps: int = 1000) -> keras.Model:
    """A segmenter of photos N×H×W×C in [-1, 1] with class maps N×H×W int32, -1 for pixels that count nothing.

    It is trained on mirrored photos of varied brightness and contrast, by Adam whose learning rate falls to 0 by half a cosine, in batches
    of 8.

    Args:
        classes: how many there are.
        seed: of Keras' random numbers, which this sets for the whole program, and of the variations.
        steps: of the training.
    """
    keras.utils.set_random_seed(seed)
    model = build_segmenter(photos.shape[3], classes)

    def vary(example, number):
        photo, labels = example
        draws = tf.random.stateless_uniform([3], tf.stack([seed, tf.cast(number, tf.int32)]))
        photo = photo * (1.0 + CONTRAST * (2.0 * draws[0] - 1.0)) + BRIGHTNESS * (2.0 * draws[1] - 1.0)
        mirrored = draws[2] < 0.5
        return tf.where(mirrored, photo[:, ::-1], photo), tf.where(mirrored, labels[:, ::-1], labels)

    examples = tf.data.Dataset.from_tensor_slices((photos, maps)).shuffle(len(photos), seed=seed).repeat()
    numbered = tf.data.Dataset.zip(examples, tf.data.Dataset.range(steps * BATCH))
    batches = numbered.map(vary).batch(BATCH).prefetch(4)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(keras.optimizers.Adam(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1))
    with Steps("Training the segmenter", steps) as shown:
        model.fit(batches, shuffle=False, verbose=0, callbacks=[shown])
    return model


def segmenter_size(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width in pixels at which photos of `size` are read: both multiples of 8, the longer side at most 128 (`SIZE`)."""
    scale = min(1.0, SIZE / max(size))
    height, width = (max(8, 8 * round(side * scale / 8)) for side in size)
    return height, width


class Segmenter(NamedTuple):
    """A model that reads classes in photos, and the photos that it takes."""

    model: Callable  # photos N×H×W×`channels` in [-1, 1] -> class logits or probabilities N×h×w×classes
    channels: int
    size: tuple[int | None, int | None] = (None, None)  # the only height and width that the model takes; None: any

    def reads_at(self, size: Size) -> Size:
        """Height and width of the photos that the model is given, where classes are wanted at `size`."""
        height, width = (own or wanted for own, wanted in zip(self.size, size))
        return height, width


def load_segmenter(file: str, classes: int, channels: int, size: Size) -> Segmenter:
    """The segmenter in a Keras model's file or a SavedModel's folder.

    Args:
        classes: of the label maps.
        channels: of the data's photos, which a model that takes any number is given.
        size: of the label maps, at which a model that takes any size is tried.

    Raises:
        UserError: no such file, no model of photos, or one of another number of classes.
    """
    path = Path(file).expanduser()
    if not path.exists():
        raise UserError(f"--segmenter={file} does not exist.")
    try:
        model, shape = _saved_model(path) if path.is_dir() else _keras_model(path)
    except Exception as error:  # Keras and TensorFlow raise many kinds for files that are not theirs
        raise UserError(f"--segmenter={file} cannot be loaded: {first_line(error)}") from None
    if len(shape) != 4 or (shape[3] or channels) not in CHANNELS:
        raise UserError(f"--segmenter={file} takes {shape}: it must take photos N×H×W×C of 1, 3 or 4 channels.")
    segmenter = Segmenter(model, shape[3] or channels, shape[1:3])
    height, width = segmenter.reads_at(size)
    try:
        found = tuple(model(tf.zeros([1, height, width, segmenter.channels])).shape)
    except Exception as error:  # as above
        raise UserError(f"--segmenter={file} cannot read a photo of {height}×{width}: {first_line(error)}") from None
    if len(found) != 4 or found[-1] != classes:
        raise UserError(f"--segmenter={file} gives {found[1:]} for a photo of {height}×{width}; the label maps have {classes} classes.")
    return segmenter


def _keras_model(path: Path):
    """The model in a Keras file and the shape of its input."""
    model = keras.models.load_model(path, compile=False, safe_mode=True)
    return model, tuple(model.inputs[0].shape)


def _saved_model(path: Path):
    """The default signature of a SavedModel, as a function of photos, and the shape of its input."""
    loaded = tf.saved_model.load(str(path))
    signature = loaded.signatures["serving_default"]
    ((name, spec),) = signature.structured_input_signature[1].items()
    (output,) = signature.structured_outputs

    def run(photos):
        return loaded.signatures["serving_default"](**{name: photos})[output]  # a signature alone holds its variables weakly

    return run, tuple(spec.shape)


def segment(segmenter: Segmenter, photos: np.ndarray, size: Size, batch: int = 16) -> np.ndarray:
    """The most likely class of each pixel of photos N×H×W×C in [-1, 1], at `size`: N×h×w int32.

    Args:
        size: height and width of the result in pixels, also the photos' size for a model that takes any.
        batch: photos that go through the model at once.
    """
    results = []
    begins = range(0, len(photos), batch)
    for begin in waiting(begins, len(begins), "Reading classes, in batches"):
        given = resize(with_channels(photos[begin : begin + batch], segmenter.channels), segmenter.reads_at(size))
        results.append(tf.argmax(segmenter.model(given), axis=-1, output_type=tf.int32).numpy())
    return at_size(np.concatenate(results), size)


def at_size(maps: np.ndarray, size: Size) -> np.ndarray:
    """Class maps N×H×W at another size, N×h×w, by the nearest pixel."""
    rows, columns = ((2 * np.arange(new) + 1) * old // (2 * new) for new, old in zip(size, maps.shape[1:]))
    return maps[:, rows][:, :, columns]


def nearest_classes(images: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """The class of each pixel of pictures of label maps N×H×W×3 in [-1, 1], N×H×W int32: the one whose color is nearest.

    Args:
        colors: classes×3 in [-1, 1].
    """
    return np.stack([np.argmin(((image[..., None, :] - colors) ** 2).sum(-1), axis=-1).astype(np.int32) for image in images])
