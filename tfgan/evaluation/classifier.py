"""A small convolutional classifier, to tell whether images show the class that was asked for."""

import keras
import numpy as np
import tensorflow as tf

SHIFT, ANGLE, SCALE = 0.08, 0.03, 0.1  # of the training images, at most: share of the size, turns, share


def build_classifier(image_size, channels: int, classes: int) -> keras.Model:
    """Images N×H×W×`channels` in [-1, 1], 16 pixels or more -> class logits N×`classes`."""
    x = image = keras.Input((*image_size, channels))
    for filters in (32, 64, 128):
        for _ in range(2):
            x = keras.layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
        x = keras.layers.MaxPooling2D(2)(x)  # N × H/2 × W/2 × 32, …, N × H/8 × W/8 × 128
    x = keras.layers.Dropout(0.3)(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, keras.layers.Dense(classes)(x), name="classifier")


def train_classifier(images: np.ndarray, labels: np.ndarray, classes: int, *, seed: int = 0, epochs: int = 12) -> keras.Model:
    """A classifier of images N×H×W×C in [-1, 1] with labels N int, trained on small shifts, turns and enlargements of them.

    Adam with a learning rate that falls from 2e-3 to 0 by half a cosine, batches of 64.
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
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(data, epochs=epochs, shuffle=False, verbose=0)
    return model


def classify(model: keras.Model, images: np.ndarray, batch: int = 256) -> np.ndarray:
    """The most likely class of each image, N int."""
    return np.concatenate([np.argmax(model(images[i : i + batch], training=False), axis=1) for i in range(0, len(images), batch)])


def accuracy(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """The share of the images whose most likely class is their label."""
    return float(np.mean(classify(model, images) == labels))
