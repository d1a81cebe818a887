"""A small convolutional classifier, to tell whether images show the class, or the attributes, that were asked for."""

import keras
import numpy as np
import tensorflow as tf

from tfgan.evaluation.progress import Steps

SHIFT, ANGLE, SCALE = 0.08, 0.03, 0.1  # of the training images, at most: share of the size, turns, share
UNKNOWN = -1.0  # in place of an attribute, 0 or 1


def build_classifier(image_size, channels: int, classes: int) -> keras.Model:
    """An untrained classifier: images N×H×W×`channels` in [-1, 1], 16 pixels or more -> logits N×`classes`, of classes or of attributes.

    Args:
        image_size: height and width in pixels.
    """
    x = image = keras.Input((*image_size, channels))
    for filters in (32, 64, 128):
        for _ in range(2):
            x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
        x = keras.layers.MaxPooling2D(2)(x)  # N × H/2 × W/2 × 32, …, N × H/8 × W/8 × 128
    x = keras.layers.Dropout(0.3)(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, keras.layers.Dense(classes, dtype="float32")(x), name="classifier")


def train_classifier(images: np.ndarray, labels: np.ndarray, classes: int, *, seed: int = 0, epochs: int = 12) -> keras.Model:
    """A classifier of images N×H×W×C in [-1, 1], trained on small shifts, turns and enlargements of them.

    Adam with a learning rate that falls from 2e-3 to 0 by half a cosine, batches of 64.

    Args:
        labels: classes, N int; or attributes, N×`classes` float32: 1, 0 or `UNKNOWN`.
        classes: how many classes or attributes there are.
        seed: of Keras' random numbers, which this sets for the whole program.
    """
    keras.utils.set_random_seed(seed)
    move = keras.Sequential(
        [
            keras.layers.RandomTranslation(SHIFT, SHIFT, fill_mode="nearest"),
            keras.layers.RandomRotation(ANGLE, fill_mode="nearest"),
            keras.layers.RandomZoom(SCALE, fill_mode="nearest"),
        ]
    )
    data = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(len(images), seed=seed).batch(64, drop_remainder=len(images) >= 64)
    data = data.map(lambda x, y: (move(x, training=True), y), num_parallel_calls=tf.data.AUTOTUNE, deterministic=True).prefetch(4)
    model = build_classifier(images.shape[1:3], images.shape[3], classes)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * data.cardinality().numpy())
    loss = attribute_loss if labels.ndim == 2 else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    with Steps("Training the classifier", epochs * int(data.cardinality().numpy())) as shown:
        model.fit(data, epochs=epochs, shuffle=False, verbose=0, callbacks=[shown])
    return model


def attribute_loss(attributes, logits):
    """Mean binary cross-entropy, a scalar, of the attributes N×A that are known, under logits N×A; 0 if none is known."""
    known = tf.cast(attributes != UNKNOWN, tf.float32)
    entropies = tf.nn.sigmoid_cross_entropy_with_logits(tf.maximum(attributes, 0.0), logits)
    return tf.reduce_sum(known * entropies) / tf.maximum(tf.reduce_sum(known), 1.0)


def classify(model: keras.Model, images: np.ndarray, batch: int = 256) -> np.ndarray:
    """The most likely class of each of the images N×H×W×C in [-1, 1], N int; `batch` images go through the model at once."""
    return np.argmax(_logits(model, images, batch), axis=1)


def accuracy(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """The share, 0 to 1, of the images N×H×W×C in [-1, 1] whose most likely class is their label, of labels N int."""
    return float(np.mean(classify(model, images) == labels))


def read_as_asked(model: keras.Model, images: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """The share of what was asked for that the classifier reads in each image, N float in [0, 1].

    Images of which no attribute is known are left out of the result.

    Args:
        images: N×H×W×C in [-1, 1], at the model's size.
        asked: classes, N int; or attributes, N×A: 1, 0 or `UNKNOWN`, which does not count.
    """
    logits = _logits(model, images)
    if asked.ndim == 1:
        return (np.argmax(logits, axis=1) == asked).astype(np.float64)
    some = (asked != UNKNOWN).any(axis=1)
    right = (logits[some] > 0) == (asked[some] > 0.5)
    return right.astype(np.float64).mean(axis=1, where=asked[some] != UNKNOWN)


def _logits(model, images, batch: int = 256):
    return np.concatenate([np.asarray(model(images[i : i + batch], training=False)) for i in range(0, len(images), batch)])
