"""The step of TensorFlow's pix2pix tutorial (tensorflow.org/tutorials/generative/pix2pix): the baseline that a user would copy.

As there: LeakyReLU 0.3 and batch norm by Keras' defaults, on the bottleneck too, Keras' Adam, and one `tf.function` a step, in which
both gradients are taken at the old weights. In bfloat16 the networks differ only by Keras' dtype policy and float32 outputs.
"""

import keras
import tensorflow as tf

from benchmarks.tfgan_step import facts, peak_memory, random_images, share_gpu

INITIALIZER = keras.initializers.RandomNormal(0.0, 0.02)
LAMBDA = 100


def downsample(filters, apply_batchnorm=True):
    result = keras.Sequential()
    result.add(keras.layers.Conv2D(filters, 4, strides=2, padding="same", kernel_initializer=INITIALIZER, use_bias=False))
    if apply_batchnorm:
        result.add(keras.layers.BatchNormalization())
    result.add(keras.layers.LeakyReLU())
    return result


def upsample(filters, apply_dropout=False):
    result = keras.Sequential()
    result.add(keras.layers.Conv2DTranspose(filters, 4, strides=2, padding="same", kernel_initializer=INITIALIZER, use_bias=False))
    result.add(keras.layers.BatchNormalization())
    if apply_dropout:
        result.add(keras.layers.Dropout(0.5))
    result.add(keras.layers.ReLU())
    return result


def generator(image_size: int, ngf: int):
    depth = min(8, image_size.bit_length() - 1)
    filters = [ngf * min(2**level, 8) for level in range(depth)]
    x = inputs = keras.Input((image_size, image_size, 3))
    skips = []
    for level, f in enumerate(filters):
        x = downsample(f, apply_batchnorm=level > 0)(x)
        skips.append(x)
    for level in reversed(range(depth - 1)):
        x = upsample(filters[level], apply_dropout=level >= depth - 4)(x)
        x = keras.layers.Concatenate()([x, skips[level]])
    x = keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same", kernel_initializer=INITIALIZER)(x)
    return keras.Model(inputs, keras.layers.Activation("tanh", dtype="float32")(x))


def discriminator(image_size: int, ndf: int):
    inputs = [keras.Input((image_size, image_size, 3)) for _ in range(2)]
    x = keras.layers.concatenate(inputs)
    for level in range(3):
        x = downsample(ndf * 2**level, apply_batchnorm=level > 0)(x)
    x = keras.layers.ZeroPadding2D()(x)
    x = keras.layers.Conv2D(8 * ndf, 4, kernel_initializer=INITIALIZER, use_bias=False)(x)
    x = keras.layers.LeakyReLU()(keras.layers.BatchNormalization()(x))
    x = keras.layers.Conv2D(1, 4, kernel_initializer=INITIALIZER)(keras.layers.ZeroPadding2D()(x))
    return keras.Model(inputs, keras.layers.Activation("linear", dtype="float32")(x))


class Step:
    def __init__(self, *, method, batch_size, image_size, ngf, precision):
        share_gpu()
        keras.config.set_dtype_policy(precision)
        self.generator, self.discriminator = generator(image_size, ngf), discriminator(image_size, ngf)
        self.generator_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
        self.discriminator_optimizer = keras.optimizers.Adam(2e-4, beta_1=0.5)
        self.bce = keras.losses.BinaryCrossentropy(from_logits=True)
        self.images = [tf.constant(images) for images in random_images(batch_size, image_size)]

    @tf.function
    def train_step(self, source, target):
        with tf.GradientTape() as generator_tape, tf.GradientTape() as discriminator_tape:
            fake = self.generator(source, training=True)
            real_logits = self.discriminator([source, target], training=True)
            fake_logits = self.discriminator([source, fake], training=True)
            generator_loss = self.bce(tf.ones_like(fake_logits), fake_logits) + LAMBDA * tf.reduce_mean(tf.abs(target - fake))
            discriminator_loss = self.bce(tf.ones_like(real_logits), real_logits) + self.bce(tf.zeros_like(fake_logits), fake_logits)
        generator_variables, discriminator_variables = self.generator.trainable_variables, self.discriminator.trainable_variables
        generator_gradients = generator_tape.gradient(generator_loss, generator_variables)
        discriminator_gradients = discriminator_tape.gradient(discriminator_loss, discriminator_variables)
        self.generator_optimizer.apply_gradients(zip(generator_gradients, generator_variables))
        self.discriminator_optimizer.apply_gradients(zip(discriminator_gradients, discriminator_variables))
        return generator_loss, discriminator_loss

    def run(self, count: int):
        for _ in range(count):
            self.train_step(*self.images)
        self.generator.trainable_variables[-1].numpy()  # waits for a GPU

    def facts(self) -> dict:
        return facts(self.generator.trainable_variables + self.discriminator.trainable_variables)

    def peak_memory(self) -> int:
        return peak_memory()
