"""Maps of classes as channels: values computed by hand, and pix2pix from and to such maps."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Classes, DataSpec, Domain
from tfgan.layers import ForwardPass
from tfgan.methods.pix2pix import HParams, Pix2Pix
from tfgan.one_hot import as_map, as_seen, network_channels, one_hot, where_known

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE = 16
CLASSES = Classes("ids", (3, 7, 9), ("#800000", "#008000", "#808000"), ("a", "b", "c"), 255)
LABELS, PHOTO = Domain("labels", 1, "int32", "nearest", CLASSES), Domain("photo", 2)
LEFT_HALF_UNKNOWN = np.array([[[-1, 2], [-1, 0]]])


def test_values():
    labels = tf.constant([[[0, 2], [-1, 1]]])
    assert one_hot(labels, LABELS).numpy().tolist() == [[[[1, 0, 0], [0, 0, 1]], [[0, 0, 0], [0, 1, 0]]]]
    assert as_seen(labels, LABELS).numpy().tolist() == [[[[1, -1, -1], [-1, -1, 1]], [[-1, -1, -1], [-1, 1, -1]]]]
    assert as_map(tf.constant([[[[0.1, 0.3, 0.2]], [[-0.9, -0.95, -1.0]]]])).numpy().tolist() == [[[1], [0]]]
    assert network_channels(LABELS) == 3 and network_channels(PHOTO) == 2
    images = tf.zeros([1, 2, 2, 2])
    assert as_seen(images, PHOTO) is images and where_known(images, images + 1, PHOTO) is images


def test_pixels_of_no_class_teach_nothing():
    made = tf.Variable(tf.random.stateless_normal([1, 2, 2, 3], [1, 2]))
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.abs(where_known(made, LEFT_HALF_UNKNOWN, LABELS) - as_seen(tf.constant(LEFT_HALF_UNKNOWN), LABELS)))
    gradient = tape.gradient(loss, made).numpy()
    assert not gradient[:, :, 0].any() and gradient[:, :, 1].all()


def method_of(source, target, **changes):
    keras.utils.set_random_seed(1)
    spec = DataSpec("paired", (SIZE, SIZE), {"source": source, "target": target}, {"train": 6, "val": 2}, "")
    return Pix2Pix(HParams(generator="unet_16", ngf=4, ndf=4, n_layers=1, image_size=(SIZE, SIZE), batch_size=2, **changes), spec)


def batch_of(source, target):
    noise = np.random.default_rng(0)

    def images(domain):
        return noise.integers(-1, 3, (2, SIZE, SIZE)) if domain.is_map else noise.uniform(-1, 1, (2, SIZE, SIZE, domain.channels))

    return {
        key: tf.constant(images(domain), tf.int32 if domain.is_map else tf.float32)
        for key, domain in (("source", source), ("target", target))
    }


def run(method, batch):
    found = {}
    for phase in method.phases():
        with ForwardPass(tf.constant([3, 4])):
            result = phase.losses(batch, tf.constant([3, 4]))
        found |= result.losses | result.scalars
    return {name: float(value) for name, value in found.items()}


@pytest.mark.parametrize("source, target, channels", [(LABELS, PHOTO, (3, 2)), (PHOTO, LABELS, (2, 3))])
@pytest.mark.parametrize("updates", ["simultaneous", "discriminator_first"])
def test_networks_have_a_channel_for_each_class(source, target, channels, updates):
    method, batch = method_of(source, target, updates=updates), batch_of(source, target)
    assert (method.generator.input_shape[-1], method.generator.output_shape[-1]) == channels
    assert [shape[-1] for shape in method.discriminator.input_shape] == list(channels)
    assert np.isfinite(list(run(method, batch).values())).all()
    assert (method.gap is None) == target.is_map


def test_the_l1_loss_is_that_of_the_channels_where_there_is_a_class():
    method, batch = method_of(PHOTO, LABELS, objective="l1", l1_weight=10.0), batch_of(PHOTO, LABELS)
    method.generator = lambda images, training: tf.zeros([2, SIZE, SIZE, 3])
    found, known = run(method, batch), float(np.mean(batch["target"] >= 0))
    assert 0.5 < known < 1
    assert found["l1_loss"] == pytest.approx(known)  # 0 is 1 away from both -1 and 1
    assert found["generator"] == pytest.approx(10 * known)


def test_a_perfect_generator_fools_the_discriminator_also_where_there_is_no_class():
    method, batch = method_of(PHOTO, LABELS), batch_of(PHOTO, LABELS)
    method.generator = lambda images, training: as_seen(tf.maximum(batch["target"], 0), LABELS)  # a class everywhere
    found = run(method, batch)
    assert found["l1_loss"] == 0 and found["real_logit"] == pytest.approx(found["fake_logit"], abs=1e-6)


def test_the_translation_takes_maps_and_gives_scores():
    method = method_of(LABELS, LABELS)
    way = method.inference()["translate"]
    maps = tf.constant([np.full((SIZE, SIZE), label) for label in (0, 2)])
    scores = way.function(maps)
    assert scores.shape == (2, SIZE, SIZE, 3) and np.abs(scores).max() <= 1
    np.testing.assert_array_equal(scores, method.generator(as_seen(maps, LABELS), training=False))
