"""StarGAN's losses, labels and updates against numbers worked out by hand, and what it makes of attributes."""

import dataclasses
import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from replicas import TWO, strategy_over

from tfgan.config import DataSpec, Domain
from tfgan.errors import UserError
from tfgan.layers import ForwardPass
from tfgan.losses import gradient_penalty
from tfgan.methods.stargan import HParams, StarGAN
from tfgan.training.step import TrainStep

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE = 16
SEED = tf.constant([3, 4])
LN2 = math.log(2)
HAIR = ("Black", "Blond", "Brown")
CELEBA = (*HAIR, "Male", "Young")
RAFD = ("angry", "happy", "sad")
ONE_SET = DataSpec(
    "attributes",
    (SIZE, SIZE),
    {"image": Domain("image", 3)},
    {"train": 40, "validation": 2},
    "",
    attribute_names=CELEBA,
    attribute_groups=(HAIR,),
)
TWO_SETS = dataclasses.replace(ONE_SET, attribute_names=CELEBA + RAFD, attribute_groups=(HAIR, RAFD), attribute_sets=(CELEBA, RAFD))


def make_method(spec=ONE_SET, kind=StarGAN, **changes):
    keras.utils.set_random_seed(1)
    tiny = {"ngf": 4, "ndf": 4, "n_blocks": 1, "n_layers": 2, "n_critic": 2, "image_size": (SIZE, SIZE), "batch_size": 4}
    return kind(HParams(**tiny | changes), spec)


def make_batch(spec=ONE_SET, known=CELEBA, n=4, seed=0):
    """Noise images with valid attributes of one data set; the others are unknown."""
    random = np.random.default_rng(seed)
    names = spec.attribute_names
    bits = random.integers(0, 2, (n, len(names))).astype(np.float32)
    for group in spec.attribute_groups:
        places = [names.index(name) for name in group]
        bits[:, places] = np.eye(len(group))[random.integers(0, len(group), n)]
    mask = np.tile(np.array([name in known for name in names], np.float32), (n, 1))
    images = random.uniform(-1, 1, (n, SIZE, SIZE, 3)).astype(np.float32)
    return {"image": tf.constant(images), "attributes": tf.constant(bits * mask), "mask": tf.constant(mask)}


def run_phases(method, batch=None):
    """Losses and scalars of one discriminator and one generator phase, as numbers."""
    found = {}
    for phase in (method.phases()[0], method.phases()[-1]):
        with ForwardPass(SEED):
            result = phase.losses(batch or make_batch(method.spec), SEED)
        found |= {f"{name}_loss": float(loss) for name, loss in result.losses.items()} | {n: float(v) for n, v in result.scalars.items()}
    return found


def zero(network):
    for variable in network.trainable_variables:
        variable.assign(tf.zeros_like(variable))


# Losses


def test_losses_of_a_discriminator_of_zeros():
    method = make_method(group_loss="sigmoid", reconstruction_weight=0.0)
    zero(method.discriminator)
    found = run_phases(method)
    assert found["gradient_penalty"] == pytest.approx(1.0)
    assert found["discriminator_loss"] == pytest.approx(10 + 5 * LN2, rel=1e-6)  # 13.4657
    assert found["generator_loss"] == pytest.approx(5 * LN2, rel=1e-6)  # 3.4657
    assert found["real_score"] == found["fake_score"] == found["gan_loss"] == 0


def test_a_group_of_eight_expressions():
    names = tuple("abcdefgh")
    method = make_method(dataclasses.replace(ONE_SET, attribute_names=names, attribute_groups=(names,)))
    batch = make_batch(method.spec, names)
    zero(method.discriminator)
    found = run_phases(method, batch)
    assert found["real_classification_loss"] == found["fake_classification_loss"] == pytest.approx(math.log(8), rel=1e-6)


def test_the_terms_are_weighted():
    method = make_method(classification_weight=3.0, reconstruction_weight=5.0, gp_weight=7.0)
    found = run_phases(method)
    assert found["discriminator_loss"] == pytest.approx(
        found["fake_score"] - found["real_score"] + 7 * found["gradient_penalty"] + 3 * found["real_classification_loss"], rel=1e-5
    )
    assert found["generator_loss"] == pytest.approx(
        found["gan_loss"] + 3 * found["fake_classification_loss"] + 5 * found["reconstruction_loss"], rel=1e-5
    )
    assert min(found["reconstruction_loss"], found["gradient_penalty"]) > 0.1


def test_a_generator_that_changes_nothing():
    method = make_method()
    method.generator = lambda inputs, training: inputs[0]
    found = run_phases(method)
    assert found["reconstruction_loss"] == 0 and found["fake_score"] == found["real_score"] == -found["gan_loss"]


def test_the_way_back_asks_for_the_own_labels():
    method, batch, asked = make_method(), make_batch(), []
    generator = method.generator
    method.generator = lambda inputs, training: asked.append(inputs[1].numpy()) or generator(inputs, training=training)
    method._discriminator_loss(batch, SEED)
    method._generator_loss(batch, SEED)
    for_discriminator, there, back = asked
    np.testing.assert_array_equal(for_discriminator, there)  # both networks see the same targets for one batch
    np.testing.assert_array_equal(back, batch["attributes"])
    assert np.any(there != back)


LOGITS = np.array([[2.0, 0.0, -1.0, 1.0, -2.0], [0.5, 0.5, 0.5, -1.0, 0.0]], np.float32)
ATTRIBUTES = np.array([[0, 1, 0, 1, 0], [0, 0, 0, 0, 1]], np.float32)  # the second has no hair of the group


def sigmoid_entropy(logit, bit):
    return math.log1p(math.exp(-logit if bit else logit))


def test_classification_by_softmax_and_sigmoids():
    method = make_method()
    found = method.classification_loss(tf.constant(LOGITS), tf.constant(ATTRIBUTES), tf.ones((2, 5))).numpy()
    softmax = math.log(math.exp(2) + 1 + math.exp(-1)) - 0.0
    first, second = ([sigmoid_entropy(*pair) for pair in zip(LOGITS[n, 3:], ATTRIBUTES[n, 3:])] for n in (0, 1))
    assert found == pytest.approx((softmax + sum(first) + sum(second)) / 2, rel=1e-6)


def test_classification_by_sigmoids_alone():
    method = make_method(group_loss="sigmoid")
    found = method.classification_loss(tf.constant(LOGITS), tf.constant(ATTRIBUTES), tf.ones((2, 5))).numpy()
    assert found == pytest.approx(sum(map(sigmoid_entropy, LOGITS.ravel(), ATTRIBUTES.ravel())) / 2, rel=1e-6)


@pytest.mark.parametrize("group_loss", ["softmax", "sigmoid"])
@pytest.mark.parametrize("known, unknown", [(CELEBA, RAFD), (RAFD, CELEBA)])
def test_unknown_attributes_have_no_gradient(known, unknown, group_loss):
    method, batch = make_method(TWO_SETS, group_loss=group_loss), make_batch(TWO_SETS, known)
    logits = tf.constant(np.random.default_rng(0).normal(size=(4, 8)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = method.classification_loss(logits, batch["attributes"], batch["mask"])
    gradient = tape.gradient(loss, logits).numpy()
    places = [TWO_SETS.attribute_names.index(name) for name in unknown]
    assert np.all(gradient[:, places] == 0) and np.all(np.delete(gradient, places, axis=1) != 0)


def test_a_group_of_which_one_is_unknown():
    method = make_method()
    mask = tf.constant([[1.0, 1.0, 0.0, 0.0, 0.0]])
    found = method.classification_loss(tf.constant(LOGITS[:1]), tf.constant(ATTRIBUTES[:1]), mask).numpy()
    assert found == pytest.approx(math.log(math.exp(2) + 1), rel=1e-6)


# Labels


def test_permuted_targets_are_those_of_the_batch():
    method, batch = make_method(), make_batch(n=8)
    marked = batch | {"mask": tf.reshape(tf.range(8.0), (8, 1)) + tf.zeros((8, 5))}  # shows where a row comes from
    attributes, mask = method._targets(marked, SEED)
    order = mask[:, 0].numpy().astype(int)
    assert sorted(order) == list(range(8)) and list(order) != list(range(8))
    np.testing.assert_array_equal(attributes, batch["attributes"].numpy()[order])
    assert list(method._targets(marked, tf.constant([3, 5]))[1][:, 0]) != list(order)


def test_sampled_targets_are_valid():
    method = make_method(TWO_SETS, target_labels="sampled")
    batch = make_batch(TWO_SETS, CELEBA, n=2000)
    attributes, mask = method._targets(batch, SEED)
    np.testing.assert_array_equal(mask, batch["mask"])
    attributes = attributes.numpy()
    assert set(np.unique(attributes)) == {0.0, 1.0}
    assert np.all(attributes[:, :3].sum(axis=1) == 1) and np.all(attributes[:, 5:] == 0)
    np.testing.assert_allclose(attributes[:, :5].mean(axis=0), [1 / 3, 1 / 3, 1 / 3, 1 / 2, 1 / 2], atol=0.05)
    assert abs(np.corrcoef(attributes[:, 3], attributes[:, 4])[0, 1]) < 0.1


def test_the_labels_of_two_sets():
    method = make_method(TWO_SETS)
    assert method.generator.input_shape[1] == (None, 8 + 2) and method.discriminator.output_shape[1] == (None, 8)
    for known, whose in ((CELEBA, [1, 0]), (RAFD, [0, 1])):
        batch = make_batch(TWO_SETS, known)
        labels = method._labels(tf.ones((4, 8)), batch["mask"])  # what is not known does not get through
        np.testing.assert_array_equal(labels, np.concatenate([batch["mask"], np.tile(whose, (4, 1))], axis=1))


def known_rows(*rows):
    return tf.constant([[float(name in known) for name in CELEBA + RAFD] for known in rows])


def test_whose_labels_partly_known_rows_are():
    method, ones = make_method(TWO_SETS), tf.ones((4, 8))

    def whose(*rows):
        return method._labels(ones, known_rows(*rows))[:, 8:].numpy().tolist()

    assert whose(CELEBA, ("Young",), (), HAIR) == [[1, 0]] * 4
    assert whose(RAFD, ("sad",), (), ("angry", "happy")) == [[0, 1]] * 4
    assert whose(CELEBA, CELEBA, CELEBA, ("sad",)) == [[1, 0]] * 3 + [[0, 1]]  # the batch decides for those that know nothing alone
    assert whose(CELEBA, ("Young", *RAFD), RAFD, ("Male", "Young", "sad")) == [[1, 0], [0, 1], [0, 1], [1, 0]]


def test_the_joint_networks_of_the_paper():
    """CelebA's five and RaFD's eight attributes: 3 + 15 input channels, 13 attributes to tell (§3.3)."""
    names = (*CELEBA, *"abcdefgh")
    spec = dataclasses.replace(ONE_SET, attribute_names=names, attribute_groups=(), attribute_sets=(CELEBA, tuple("abcdefgh")))
    method = make_method(spec, ngf=64, n_blocks=6)
    assert method.generator.count_params() == 8_461_888 and method.discriminator.output_shape[1] == (None, 13)


def test_one_set_needs_no_one_hot():
    assert make_method(dataclasses.replace(ONE_SET, attribute_sets=(CELEBA,))).generator.input_shape[1] == (None, 5)


# Updates


class Descent(StarGAN):
    """StarGAN with plain gradient descent, whose targets are the batch's labels in reverse."""

    def make_optimizers(self):
        return {"discriminator": keras.optimizers.SGD(1e-3), "generator": keras.optimizers.SGD(1e-2)}

    def _targets(self, batch, seed):
        return batch["attributes"][::-1], batch["mask"][::-1]


def run_steps(method_of, count=1, batches=None, **options):
    """A train step over these batches in turn, or over two of noise -> the step, its scalars."""
    strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
    with strategy.scope():
        method = method_of()
    step = TrainStep(method, strategy, seed=0, **options)
    batches = batches or [make_batch(method.spec, seed=seed) for seed in (0, 1)]
    dataset = tf.data.Dataset.from_tensor_slices({key: tf.stack([batch[key] for batch in batches]) for key in batches[0]}).repeat()
    values = step.run(iter(strategy.experimental_distribute_dataset(dataset)), tf.constant(count)).numpy()
    return step, dict(zip(step.names, values, strict=True))


def descend(rate, network, loss):
    variables = [v.value for v in network.trainable_variables]
    with tf.GradientTape() as tape:
        value = loss()
    for variable, gradient in zip(variables, tape.gradient(value, variables, unconnected_gradients="zero")):
        variable.assign_sub(rate * gradient)


def classification(logits, attributes):
    hair = tf.nn.softmax_cross_entropy_with_logits(attributes[:, :3], logits[:, :3])
    others = tf.nn.sigmoid_cross_entropy_with_logits(attributes[:, 3:], logits[:, 3:])
    return tf.reduce_mean(hair + tf.reduce_sum(others, axis=1))


def test_one_step_equals_three_tapes(monkeypatch):
    """The discriminator on each of two batches, then the generator on the second, written out by hand."""
    monkeypatch.setattr("tfgan.layers.uniform", lambda shape, seed: tf.fill(shape, 0.5))
    step, _ = run_steps(lambda: make_method(kind=Descent))
    reference = make_method(kind=Descent)
    G, D = reference.generator, reference.discriminator
    start = [v.numpy() for v in G.trainable_variables + D.trainable_variables]

    def critic_loss(batch):
        x, c = batch["image"], batch["attributes"]
        fake = G([x, c[::-1]])
        (real_score, logits), (fake_score, _) = D(x), D(fake)
        penalty = gradient_penalty(lambda points: D(points)[0], x, fake, tf.fill((4, 1, 1, 1), 0.5))
        return tf.reduce_mean(fake_score) - tf.reduce_mean(real_score) + 10 * penalty + classification(logits, c)

    def translator_loss(batch):
        x, c = batch["image"], batch["attributes"]
        fake = G([x, c[::-1]])
        score, logits = D(fake)
        return -tf.reduce_mean(score) + classification(logits, c[::-1]) + 10 * tf.reduce_mean(tf.abs(x - G([fake, c])))

    for seed in (0, 1):
        descend(1e-3, D, lambda seed=seed: critic_loss(make_batch(seed=seed)))
    descend(1e-2, G, lambda: translator_loss(make_batch(seed=1)))
    expected = [v.numpy() for v in G.trainable_variables + D.trainable_variables]
    found = [v.numpy() for name in ("generator", "discriminator") for v in step.method.networks[name].trainable_variables]
    for before, mine, theirs in zip(start, found, expected, strict=True):
        assert np.abs(before - theirs).max() > 0
        np.testing.assert_allclose(mine, theirs, atol=2e-6)


@pytest.mark.parametrize("target_labels", ["permuted", "sampled"])
def test_steps_with_adam(target_labels):
    step, scalars = run_steps(lambda: make_method(target_labels=target_labels), count=2)
    assert np.all(np.isfinite(list(scalars.values()))) and {"discriminator_loss", "generator_loss"} <= set(scalars)
    assert {name: int(optimizer.iterations.numpy()) for name, optimizer in step.optimizers.items()} == {"discriminator": 4, "generator": 2}


@pytest.mark.parametrize("first, second", [(CELEBA, RAFD), (RAFD, CELEBA)])
def test_a_step_over_two_sets(first, second):
    """The discriminator on a batch of each set, the generator on the second's, with rows that know all, one or none of its attributes.

    Weights move only where they meet a label that is known.
    """
    batches = []
    for known in (first, second):
        batch, mask = make_batch(TWO_SETS, known, n=8), known_rows(*[known] * 6, known[-1:], ())
        batches.append({"image": batch["image"], "attributes": batch["attributes"] * mask, "mask": mask})
    step, scalars = run_steps(lambda: make_method(TWO_SETS, batch_size=8), batches=batches)
    assert np.all(np.isfinite(list(scalars.values()))) and step.first_bad_step.numpy() == -1
    start = make_method(TWO_SETS, batch_size=8)
    (after, *_), (before, *_) = (convolution_kernels(method.generator) for method in (step.method, start))
    image, asked, whose = np.split(np.any(after != before, axis=(0, 1, 3)), [3, 3 + 8])
    np.testing.assert_array_equal(asked, np.any(batches[1]["attributes"] != 0, axis=0))
    assert np.all(image) and list(whose) == [second == CELEBA, second == RAFD]
    (*_, after, _), (*_, before, _) = (convolution_kernels(method.discriminator) for method in (step.method, start))
    assert after.shape == (4, 4, 8, 8) and np.all(np.any(after != before, axis=(0, 1, 2)))  # of the logits of the attributes


def convolution_kernels(model):
    return [layer.kernel.numpy() for layer in model._flatten_layers() if isinstance(layer, keras.layers.Conv2D)]


def test_the_learning_rate_of_both_networks_falls_by_epochs():
    method = make_method()
    assert method.steps_per_epoch == 5 == 40 / (4 * 2)
    for name, updates_per_epoch in (("discriminator", 10), ("generator", 5)):
        schedule = method.make_optimizers()[name]._learning_rate
        assert [float(schedule(epoch * updates_per_epoch)) for epoch in (0, 10, 15, 20)] == pytest.approx([1e-4, 1e-4, 0.5e-4, 0.0])


# Use


def test_translation_and_classification():
    method = make_method()
    signatures = method.inference()
    batch = make_batch()
    translated = signatures["translate"].function(batch["image"], batch["attributes"])
    np.testing.assert_array_equal(translated, method.generator([batch["image"], batch["attributes"]]))
    assert signatures["translate"].conditions == {"attributes": 5} and (
        signatures["translate"].multiple,
        signatures["translate"].minimum,
    ) == (4, 8)
    assert signatures["classify"].length == 5 and signatures["classify"].size == (SIZE, SIZE)
    _, logits = method.discriminator(batch["image"])
    expected = np.concatenate([tf.nn.softmax(logits[:, :3]), tf.sigmoid(logits[:, 3:])], axis=1)
    np.testing.assert_allclose(signatures["classify"].function(batch["image"]), expected, rtol=1e-5)


def test_translation_by_the_labels_of_one_of_two_sets():
    method, asked = make_method(TWO_SETS), []
    method.networks["generator"] = lambda inputs, training: asked.append(inputs[1].numpy().tolist()) or inputs[0]
    translate = method.inference()["translate"]
    assert translate.conditions == {"attributes": 8, "mask": 8}
    wanted = tf.constant([[0, 1, 0, 1, 0, 0, 1.0, 0], [0, 0, 0, 0, 1, 0, 1, 0], [0] * 8, [0] * 8])  # what is of the other set gets lost
    translate.function(make_batch()["image"], wanted, known_rows(CELEBA, RAFD, CELEBA, RAFD))
    none = [0] * 8
    assert asked == [[[0, 1, 0, 1, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 1, 0, 0, 1], [*none, 1, 0], [*none, 0, 1]]]


def test_a_row_of_samples_changes_each_attribute():
    method = make_method(TWO_SETS)
    image = np.zeros((SIZE, SIZE, 3), np.float32)
    example = {"image": image, "attributes": np.array([1, 0, 0, 1, 0, 0, 0, 0], np.float32)}

    def translate(image, attributes, mask):
        return "".join(str(int(bit)) if known else "-" for bit, known in zip(attributes, mask))

    row = method.sample_row(example, {"translate": translate})
    assert row.pop("input") is image
    assert row == {
        "Black": "10010---",
        "Blond": "01010---",
        "Brown": "00110---",
        "Male flipped": "10000---",
        "Young flipped": "10011---",
        "angry": "-----100",
        "happy": "-----010",
        "sad": "-----001",
    }


# Settings


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"image_size": (126, 128)}, "--image_size=126x128 does not suit StarGAN with --n_layers=5: use multiples of 4, from 32 on"),
        ({"image_size": (32, 32), "n_layers": 6}, "from 64 on"),
        ({"image_size": (4, 4), "n_layers": 1}, "from 8 on"),
        ({"batch_size": 1}, "labels of other images in the batch, and --batch_size=1 has none"),
        ({"epochs": 21, "lr_constant_epochs": 10, "lr_decay_epochs": 10}, r"The learning rate is 0 after 10 \+ 10 epochs"),
    ],
)
def test_settings_that_cannot_work(changes, message):
    with pytest.raises(UserError, match=message):
        HParams(**changes)
    assert HParams(batch_size=1, target_labels="sampled", image_size=(180, 220))


def test_one_image_a_replica_has_no_other_labels():
    with strategy_over(TWO).scope():
        with pytest.raises(UserError, match="--batch_size=2 leaves one image a replica, and --target_labels=permuted no other"):
            make_method(batch_size=2)
        assert make_method(batch_size=2, target_labels="sampled") and make_method(batch_size=4)


def test_data_without_attributes():
    with pytest.raises(UserError, match="StarGAN needs images with attributes"):
        make_method(dataclasses.replace(ONE_SET, attribute_names=(), attribute_groups=()))
