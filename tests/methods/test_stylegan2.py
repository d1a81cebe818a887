"""StyleGAN2's training: path lengths, penalties that are updates of their own, Adam's settings beside them, what is remembered."""

import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import BATCH, SIZE, Training, make_batch, make_method, weights

from tfgan.errors import UserError
from tfgan.layers import ForwardPass
from tfgan.layers.machine import tuned
from tfgan.losses import path_lengths
from tfgan.methods.stylegan import HParams
from tfgan.training.checkpoint import Checkpointer

pytestmark = pytest.mark.usefixtures("eagerly")
TWO_STEPS = {"architecture": "stylegan2", "r1_interval": 2, "path_length_interval": 2}
SEED = tf.constant([3, 4])


def method(**changes):
    return make_method("stylegan", **TWO_STEPS | changes)


def phase(made, name):
    return next(found for found in made.phases() if found.name == name)


def result(made, name, step=1, seed=SEED):
    """The result of a phase in the step of this number, from 0."""
    made.step = step
    with ForwardPass(seed):
        return phase(made, name).losses({key: tf.constant(value) for key, value in make_batch("images").items()}, seed)


def test_the_papers_settings():
    h = HParams(architecture="stylegan2", r1_interval=16)
    assert (h.path_length_weight, h.path_length_interval, h.path_length_shrink) == (2, 4, 2)
    assert not h.grows and h.sizes() == [256] and h.r1_gamma == 10


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"path_length_weight": 1.0, "architecture": "stylegan"}, "--path_length_weight does nothing with --architecture=stylegan: give"),
        ({"path_length_weight": 0.0, "path_length_shrink": 4}, "--path_length_shrink does nothing without --path_length_weight"),
        ({"start_size": 16}, "--start_size does nothing with --architecture=stylegan2, whose networks do not grow"),
        ({"stage_batch_sizes": ("8:4",)}, "--stage_batch_sizes does nothing with --architecture=stylegan2"),
        ({"image_size": (24, 24)}, "24x24 does not suit"),
    ],
)
def test_settings_that_do_not_fit(changes, words):
    with pytest.raises(UserError, match=words):
        HParams(**{"architecture": "stylegan2"} | changes)


def test_path_lengths_of_a_linear_synthesis():
    """An image is the first layer's style times 3, and twice the second's: Jᵀy is 3y and 2y, and its length √((9 + 4) / 2) ‖y‖."""
    styles, direction = (
        tf.constant(np.random.default_rng(0).normal(size=(2, 2, 4)), tf.float32),
        tf.constant(np.arange(8.0).reshape(2, 2, 2, 1), tf.float32),
    )

    def synthesize(styles):
        return tf.reshape(3.0 * styles[:, 0] + 2.0 * styles[:, 1], [2, 2, 2, 1])

    norms = np.sqrt([0 + 1 + 4 + 9, 16 + 25 + 36 + 49])
    np.testing.assert_allclose(path_lengths(synthesize, styles, direction), np.sqrt(6.5) * norms, rtol=1e-5)


def test_the_regularization_of_path_lengths(monkeypatch):
    """weight · interval · mean (length - a)², of half of the batch; in other steps 0, and a stays."""
    made, seen = method(path_length_weight=3.0), []

    def lengths(synthesize, styles, direction):
        seen.append((synthesize(styles).shape, styles.shape, float(tf.math.reduce_std(direction))))
        return tf.constant([1.0, 4.0])

    monkeypatch.setattr("tfgan.methods.stylegan.path_lengths", lengths)
    made.state["path_length_mean"].assign(2.0)
    found = result(made, "path_length")
    assert float(found.losses["path_length"]) == pytest.approx(3.0 * 2 * (1 + 4) / 2)
    assert (float(found.scalars["path_length"]), float(found.scalars["path_length_mean"])) == (2.5, 2.0)
    ((image, styles, deviation),) = seen
    assert image == (BATCH // 2, SIZE, SIZE, 3) and styles == (BATCH // 2, 6, 8) and deviation == pytest.approx(1 / SIZE, rel=0.1)
    assert made.exchange_outputs(dict(found.outputs), SEED) == {}
    assert float(made.state["path_length_mean"]) == pytest.approx(2.0 + 0.01 * 0.5)
    idle = result(made, "path_length", step=2)
    assert float(idle.losses["path_length"]) == 0.0 and len(seen) == 1
    made.exchange_outputs(dict(idle.outputs), SEED)
    assert float(made.state["path_length_mean"]) == pytest.approx(2.005)
    assert made.state["images_seen"] == 0  # which the generator's own phase counts


def test_the_gradient_of_path_lengths_agrees_with_finite_differences():
    """Along the gradient itself, in the weights of synthesis and mapping: of two penalties, in which there is one derivative alone."""
    made = method(style_mixing_prob=0.0)
    noise = np.random.default_rng(0)
    variables = [v for name in ("mapping", "synthesis") for v in made.networks[name].trainable_variables]
    for v in variables:
        v.assign(v + noise.normal(0, 0.3, v.shape))

    def penalty():
        with tuned():
            return result(made, "path_length").losses["path_length"]

    with tf.GradientTape() as tape:
        loss = penalty()
    slopes = tape.gradient(loss, [v.value for v in variables])
    moved = {v.path for v, slope in zip(variables, slopes) if slope is not None and np.any(slope)}
    # Biases of colors are added to an image, whatever its styles.
    assert {v.path for v in variables} - moved <= {layer.bias.path for layer in made.networks["synthesis"].to_rgb}
    slopes = [tf.zeros_like(v.value) if slope is None else slope for v, slope in zip(variables, slopes)]
    norm = tf.linalg.global_norm(slopes)

    def shifted(by):
        for v, slope in zip(variables, slopes):
            v.assign_add(by * slope / norm)
        found = float(penalty())
        for v, slope in zip(variables, slopes):
            v.assign_sub(by * slope / norm)
        return found

    # On some ways a ReLU changes sides, where slopes jump.
    found = ((shifted(epsilon) - shifted(-epsilon)) / (2 * epsilon) for epsilon in (1e-4, 3e-4, 1e-3))
    assert any(one == pytest.approx(float(norm), rel=0.01) for one in found)


def test_penalties_are_apart_from_the_discriminators_loss():
    """γ/2 · interval · R1 and R2, in a phase of their own; together with the loss what it is where each step has them."""
    made, always = method(r2_gamma=5.0), method(r2_gamma=5.0, r1_interval=1)
    main, whole = (result(one, "discriminator") for one in (made, always))
    assert "r1_penalty" not in main.scalars and "discriminator_penalty" not in {found.name for found in always.phases()}
    found = result(made, "discriminator_penalty")
    for name in ("r1_penalty", "r2_penalty"):
        assert float(found.scalars[name]) == pytest.approx(2 * float(whole.scalars[name]), rel=1e-4)
    penalty = float(found.losses["discriminator_penalty"])
    assert penalty == pytest.approx(10 / 2 * float(found.scalars["r1_penalty"]) + 5 / 2 * float(found.scalars["r2_penalty"]), rel=1e-5)
    assert float(main.losses["discriminator"]) + penalty / 2 == pytest.approx(float(whole.losses["discriminator"]), rel=1e-5)
    assert float(result(made, "discriminator_penalty", step=2).losses["discriminator_penalty"]) == 0.0


@pytest.mark.parametrize("learning_rate, rate", [(0.0, 2e-3), (0.01, 0.01)])
def test_adam_does_one_more_update_in_so_many(learning_rate, rate):
    """c = 16/17 and 4/5: the rate times c, β to the power c; where losses share a network, they share the optimizer."""
    made = method(r1_interval=16, path_length_interval=4, learning_rate=learning_rate, beta_1=0.5).make_optimizers()
    assert made["discriminator_penalty"] is made["discriminator"] and made["path_length"] is made["generator"]
    for name, share in (("discriminator", 16 / 17), ("generator", 4 / 5)):
        assert float(made[name].learning_rate) == pytest.approx(share * rate)
        assert (made[name].beta_1, made[name].beta_2) == pytest.approx((0.5**share, 0.99**share))
    plain = make_method("stylegan", architecture="stylegan2", path_length_weight=0.0, learning_rate=learning_rate).make_optimizers()
    assert set(plain) == {"discriminator", "generator"} and float(plain["generator"].learning_rate) == pytest.approx(rate)
    assert (plain["discriminator"].beta_1, plain["discriminator"].beta_2) == (0.0, 0.99)


def state(training):
    """All that a training has learned and remembers, in order."""
    return [*weights(training.method).values(), *(value.numpy() for value in training.method.state.values())]


@pytest.fixture(scope="module")
def unbroken(eagerly, tmp_path_factory):
    """A training after three steps, of which the second has the penalties, its rows, its mean path length after each step, and a folder
    of checkpoints, of which the newest is of the second step."""
    training, rows, means = Training("stylegan", **TWO_STEPS), [], []
    checkpoints = Checkpointer(tmp_path_factory.mktemp("checkpoints"), training.step, keep=1)
    for number in range(3):
        rows.append(training.run())
        means.append(float(tf.convert_to_tensor(training.method.state["path_length_mean"])))
        if number == 1:
            checkpoints.save()
    return training, rows, means, checkpoints


def test_the_steps(unbroken):
    training, rows, means, _ = unbroken
    lazy = ("r1_penalty", "discriminator_penalty_loss", "path_length", "path_length_loss")
    assert [[row[name] > 0 for name in lazy] for row in rows] == [[False] * 4, [True] * 4, [False] * 4]
    assert all(np.isfinite(list(row.values())).all() for row in rows)
    assert means == pytest.approx([0.0, *[0.01 * rows[1]["path_length"]] * 2])
    assert rows[2]["path_length_mean"] == pytest.approx(0.01 * rows[1]["path_length"])
    optimizers = training.step.optimizers
    assert [int(optimizers[name].iterations.numpy()) for name in ("discriminator", "generator")] == [4, 4]  # three, and one more
    assert training.method.state["images_seen"] == 3 * BATCH


def test_a_resume_is_exact(unbroken):
    """With a mean path length that is remembered, and optimizers that losses share, whose values are in the checkpoint once."""
    training, rows, _, checkpoints = unbroken
    optimizers = [training.step.optimizers[name] for name in ("discriminator", "generator")]
    assert checkpoints.size - checkpoints.best_size == sum(v.numpy().nbytes for optimizer in optimizers for v in optimizer.variables)
    resumed = Training("stylegan", **TWO_STEPS)
    assert Checkpointer(checkpoints.folder, resumed.step, keep=1).restore() == 2
    assert resumed.run() == rows[2]
    for now, then in zip(state(resumed), state(training), strict=True):
        np.testing.assert_array_equal(now, then)


@pytest.mark.slow
def test_penalties_go_with_adaptive_augmentation_and_pairs():
    training = Training("stylegan", **TWO_STEPS, loss="rpgan", r2_gamma=1.0, ada_target=0.6, ada_images=8, ada_kinds=("blit",))
    training.step.phases = [found for found in training.step.phases if found.name.startswith("discriminator")]
    training.step.step.assign(1)
    row = training.run()
    assert row["r2_penalty"] > 0 and np.isfinite(list(row.values())).all() and training.method.state["sign_steps"] == 1


def test_truncation_and_mixing_are_those_of_stylegan():
    made = method()
    styles, latents = made.inference()["generate"].styles, np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    assert (styles.layers, styles.w_dim) == (6, 8)
    mapped = styles.map(latents, 1.0).numpy()
    images = styles.synthesize(mapped).numpy()
    assert images.shape == (2, SIZE, SIZE, 3) and np.any(images[0] != images[1]) and np.abs(images).max() <= 1
    made.state["mean_style"].assign(tf.ones([8]))
    np.testing.assert_array_equal(styles.map(latents, 0.0), np.ones((2, 6, 8)))
    mixed = np.concatenate([mapped[:1, :3], mapped[1:, 3:]], axis=1)
    assert all(np.any(styles.synthesize(mixed) != image) for image in images)
