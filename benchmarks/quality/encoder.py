"""A second pair of eyes: an encoder that learned from real photos alone to tell them apart, by no labels (SimCLR, Chen et al. 2020).

Settings that learn from a segmenter's features may please a judge that is a segmenter. This one shares with them neither the architecture
(strided convolutions of 5×5 pixels, group norm) nor the task.
"""

import keras
import numpy as np
import tensorflow as tf

from tfgan.evaluation.extractors import Extractor, digest
from tfgan.evaluation.progress import Steps

FILTERS = (32, 64, 128, 256)
BATCH, LEARNING_RATE, TEMPERATURE = 64, 1e-3, 0.2
CROP = 0.75  # of height and width, in each view
BRIGHTNESS, CONTRAST = 0.3, 0.4  # at most


def build_encoder(channels: int) -> keras.Model:
    """An untrained encoder: photos N×H×W×`channels` in [-1, 1], of any size from 16 pixels on, to features N×256."""
    x = image = keras.Input((None, None, channels))
    for filters in FILTERS:
        x = keras.layers.Conv2D(filters, 5, strides=2, padding="same", use_bias=False)(x)  # N × H/2 × W/2 × filters
        x = keras.layers.Activation("silu")(keras.layers.GroupNormalization(8)(x))
    return keras.Model(image, keras.layers.GlobalAveragePooling2D()(x), name="encoder")


def train_encoder(photos: np.ndarray, *, seed: int = 0, steps: int = 1000) -> keras.Model:
    """An encoder of photos N×H×W×C in [-1, 1], to which two views of one photo are alike and those of others are not.

    Views are random crops, mirrored, of varied brightness and contrast. A projection head, which is thrown away, sees the features while
    they are learned, as in the paper; Adam's learning rate falls to 0 by half a cosine.

    Args:
        seed: of Keras' random numbers, which this sets for the whole program.
        steps: of the training.
    """
    keras.utils.set_random_seed(seed)
    encoder = build_encoder(photos.shape[3])
    head = keras.Sequential([keras.layers.Dense(256, activation="relu"), keras.layers.Dense(64), keras.layers.UnitNormalization()])
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model = _TwoViews(encoder, head)
    model.compile(keras.optimizers.Adam(rate))
    crop, batch = [*(int(CROP * side) for side in photos.shape[1:3]), photos.shape[3]], min(BATCH, len(photos))

    def view(photo, draw):
        """A photo H×W×C cropped, mirrored, brightened and stretched."""
        photo = tf.image.stateless_random_flip_left_right(tf.image.stateless_random_crop(photo, crop, draw), draw + 1)
        draws = tf.random.stateless_uniform([2], draw + 2, -1.0, 1.0)
        return photo * (1.0 + CONTRAST * draws[0]) + BRIGHTNESS * draws[1]

    def two_views(photo, number):
        return tuple(view(photo, tf.stack([seed, 6 * tf.cast(number, tf.int32) + 3 * other])) for other in (0, 1))

    examples = tf.data.Dataset.from_tensor_slices(photos).shuffle(len(photos), seed=seed).repeat()
    batches = tf.data.Dataset.zip(examples, tf.data.Dataset.range(steps * batch)).map(two_views).batch(batch).prefetch(4)
    with Steps("Training the encoder", steps) as shown:
        model.fit(batches, shuffle=False, verbose=0, callbacks=[shown])
    return encoder


def from_encoder(net: keras.Model) -> Extractor:
    """The extractor of `build_encoder`'s network, for metrics that compare features."""
    return Extractor("own encoder", net, None, net.input.shape[-1], False, digest(net))


def contrastive_loss(views, others):
    """The cross-entropy of finding each of N unit vectors N×D among all 2N - 1 others by its partner, the same row of the other side.

    NT-Xent, Chen et al. 2020, equation 1, with a temperature of 0.2; the mean over all 2N.
    """
    both = tf.concat([views, others], axis=0)  # 2N × D
    count = tf.shape(views)[0]
    likeness = tf.matmul(both, both, transpose_b=True) / TEMPERATURE - 1e9 * tf.eye(2 * count)  # none is its own partner
    partners = tf.roll(tf.range(2 * count), count, axis=0)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(partners, likeness))


class _TwoViews(keras.Model):
    """The encoder with its head, in training on pairs of batches of photos, N×H×W×C each."""

    def __init__(self, encoder: keras.Model, head: keras.Model):
        super().__init__()
        self.encoder, self.head = encoder, head

    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = contrastive_loss(*(self.head(self.encoder(view, training=True), training=True) for view in data))
        values = self.encoder.trainable_variables + self.head.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, values), values))
        return {"loss": loss}
