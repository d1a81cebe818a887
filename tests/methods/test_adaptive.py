"""Adaptive augmentation in every method: its probability follows the signs, is in checkpoints, and both sides see the same changes."""

import numpy as np
import pytest
import tensorflow as tf
from replicas import TWO
from tiny_methods import BATCH, Training, make_batch, make_method, weights

from tfgan.augmentation import adaptive
from tfgan.errors import UserError
from tfgan.losses import CRITIC_LOSSES
from tfgan.methods import METHODS, adversarial, method_class
from tfgan.training.checkpoint import Checkpointer

pytestmark = pytest.mark.usefixtures("eagerly")
ADAPTING = {"ada_target": 0.6, "ada_images": 8 * BATCH}  # a step moves p by 1/8, four of them by 1/2


def kept(training, name="augment_probability"):
    return float(tf.convert_to_tensor(training.method.state[name]))


def signs_of(monkeypatch, sign):
    monkeypatch.setattr(adversarial, "_signs", lambda loss, real, fake: tf.fill([tf.shape(real)[0]], sign))


@pytest.mark.parametrize("name", METHODS)
def test_p_rises_with_every_update_of_a_sure_discriminator(name, monkeypatch):
    """By 1/8 here, where it is asked after each one; it is logged as it was in the step."""
    signs_of(monkeypatch, 1.0)
    monkeypatch.setattr(adaptive, "INTERVAL", 1)
    training = Training(name, **ADAPTING, ada_kinds=("color",))
    found = training.run()
    assert kept(training) == training.method.batches_per_step / 8 and 0 <= found["augment_probability"] < kept(training)
    assert all(np.isfinite(value).all() for value in weights(training.method).values())


def test_p_moves_every_fourth_step_and_falls_where_the_discriminator_is_unsure(monkeypatch):
    signs_of(monkeypatch, 1.0)
    training = Training("gan", **ADAPTING, ada_kinds=("color",))
    training.run(3)
    assert kept(training) == 0.0
    training.run(1)
    assert kept(training) == 0.5
    signs_of(monkeypatch, -1.0)
    training.run(4)
    assert kept(training) == 0.0


def test_what_discriminators_see_is_changed_by_p_and_pairs_alike(monkeypatch):
    """pix2pix sees source and target moved to the same places; with p = 0 both stay as they are."""
    method = make_method("pix2pix", **ADAPTING, ada_kinds=("blit",))
    seen = []
    monkeypatch.setattr(method, "discriminator", lambda judged, training: seen.append(judged) or tf.zeros([BATCH, 1, 1, 1]))
    gray = tf.constant(make_batch("paired")["target"][..., :1])
    for value in (0.0, 1.0):
        method.state["augment_probability"].assign(value)
        method._judge(gray, tf.repeat(gray, 3, axis=3), tf.constant([1, 2]))
    (before, _), (source, target) = seen
    np.testing.assert_array_equal(before, gray)
    assert np.any(source != gray)
    np.testing.assert_array_equal(tf.repeat(source, 3, axis=3), target)


def test_labels_are_moved_and_not_colored(monkeypatch):
    method = make_method("spade", **ADAPTING, ada_kinds=("color",))
    method.state["augment_probability"].assign(1.0)
    labels, photo = tf.ones([BATCH, 16, 16, 3]), tf.fill([BATCH, 16, 16, 3], 0.25)
    np.testing.assert_array_equal(method.augment(labels, tf.constant([1, 2]), color=False), labels)
    assert np.any(method.augment(photo, tf.constant([1, 2])) != photo)


@pytest.mark.parametrize(
    "loss, expected",
    [
        ("bce", [1.0, -1.0]),  # counted from logit 0
        ("hinge", [1.0, -1.0]),
        ("lsgan", [0.0, -1.0]),  # from 1/2, which one of two patches of the first image is below
        ("rpgan", [0.0, 1.0]),  # from the generated image of the pair
        ("wgan_gp", [0.0, 1.0]),
    ],
)
def test_signs_are_counted_from_the_undecided_output(loss, expected):
    real, fake = tf.constant([[0.3, 0.9], [-2.0, -3.0]]), tf.constant([[0.5, 0.1], [-4.0, -4.0]])
    np.testing.assert_array_equal(adversarial._signs(CRITIC_LOSSES[loss], real, fake), expected)


def test_a_resume_goes_on_with_p_and_its_sums(tmp_path):
    whole, stopped = (Training("gan", **ADAPTING, ada_kinds=("color",)) for _ in range(2))
    whole.run(6)
    stopped.run(3)
    Checkpointer(tmp_path, stopped.step, keep=1).save()
    resumed = Training("gan", **ADAPTING, ada_kinds=("color",))
    assert Checkpointer(tmp_path, resumed.step, keep=1).restore() == 3
    assert kept(resumed, "sign_steps") == 3
    resumed.run(3)
    for name in adversarial.ADAPTED:
        assert kept(whole, name) == kept(resumed, name)
    for one, other in zip(weights(whole.method).values(), weights(resumed.method).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_two_replicas_have_one_p(monkeypatch):
    """The sign of the global batch's mean moves it: here of images that half of the replicas' discriminators are sure of."""
    monkeypatch.setattr(adversarial, "_signs", lambda loss, real, fake: tf.constant([1.0, 0.5])[: tf.shape(real)[0]])
    monkeypatch.setattr(adaptive, "INTERVAL", 1)
    training = Training("pix2pix", TWO, **ADAPTING)
    training.run()
    assert kept(training) == 0.125


def test_without_it_methods_have_no_state_and_no_changes(monkeypatch):
    monkeypatch.setattr(adaptive, "_warp", None)  # which is not called
    method = make_method("dcgan")
    assert not set(adversarial.ADAPTED) & set(method.state)


@pytest.mark.parametrize("name", METHODS)
def test_settings_that_do_nothing_or_do_not_exist(name):
    hparams = method_class(name).HParams
    with pytest.raises(UserError, match="--ada_images does nothing"):
        hparams(ada_images=1000)
    with pytest.raises(UserError, match="--ada_kinds=noise is unknown. There are: blit, geometry, color"):
        hparams(ada_target=0.6, ada_kinds=("noise",))
    with pytest.raises(UserError, match="names none"):
        hparams(ada_target=0.6, ada_kinds=())
