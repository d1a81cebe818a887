import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import Domain
from tfgan.errors import UserError
from tfgan.inference import sheets
from tfgan.inference.sampler import BATCH, Sampler
from tfgan.layers import fixed, normal
from tfgan.methods.base import Generation, Styles

GRAY = Domain("digit", 1)


def paint(latents, labels=None):
    """Left half: the first of the latents; right half: the label, in tenths."""
    left = tf.tile(latents[:, :1, None, None] / 10, [1, 4, 2, 1])
    right = tf.zeros_like(left) if labels is None else tf.zeros_like(left) + tf.cast(labels, tf.float32)[:, None, None, None] / 10
    return tf.clip_by_value(tf.concat([left, right], axis=2), -1.0, 1.0)


def make_sampler(**changes):
    return Sampler(Generation(paint, GRAY, **{"latent_dim": 3} | changes))


def test_a_seed_stands_for_one_image():
    sampler = make_sampler()
    alone = np.concatenate([sampler.latents([seed]) for seed in (5, 6, 7)])
    np.testing.assert_array_equal(sampler.latents([5, 6, 7]), alone)
    assert alone.shape == (3, 3) and len(np.unique(alone)) == 9
    np.testing.assert_array_equal(sampler.pixels(alone)[1], sampler.pixels(alone[1:2])[0])


@pytest.mark.parametrize("prior, deviation, most", [("normal", 1.0, np.inf), ("uniform", 1 / np.sqrt(3), 1.0)])
def test_latents_follow_the_prior(prior, deviation, most):
    latents = make_sampler(prior=prior, latent_dim=200).latents(range(100))
    assert abs(latents.mean()) < 0.03 and latents.std() == pytest.approx(deviation, rel=0.03) and np.abs(latents).max() <= most
    assert (np.abs(latents) > 1.5).any() == (prior == "normal")


def test_pixels_are_rounded_to_the_dtype():
    sampler = make_sampler()
    images = sampler.pixels([[2.5, 0, 0], [-99, 0, 0]]).numpy()
    assert images.dtype == np.uint8 and images.shape == (2, 4, 4, 1)
    assert images[0, 0, 0, 0] == round(1.25 * 127.5) and images[0, 0, 3, 0] == 128 and images[1, 0, 0, 0] == 0


def test_any_number_of_images():
    latents = np.linspace(-5, 5, 2 * BATCH + 3, dtype=np.float32)[:, None] * np.ones((1, 3), np.float32)
    np.testing.assert_allclose(make_sampler()(latents)[:, 0, 0, 0], latents[:, 0] / 10, atol=1e-7)


def test_labels_belong_to_classes():
    sampler = make_sampler(class_names=("a", "b", "c"))
    assert sampler(np.zeros((2, 3)), [2, 1]).numpy()[:, 0, 3, 0] == pytest.approx([0.2, 0.1])
    with pytest.raises(ValueError, match="labels are needed"):
        sampler(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="not known"):
        make_sampler()(np.zeros((2, 3)), [0, 1])
    assert "3 classes" in sampler.describe()


@pytest.mark.parametrize(
    "latents, labels, message",
    [
        (np.zeros(3), [0], r"latents have the shape \(3,\); give N×3"),
        (np.zeros((1, 4)), [0], "give N×3"),
        (np.zeros((0, 3)), [0], "one at least"),
        (np.full((1, 3), np.nan), [0], "not finite"),
        (np.full((1, 3), np.inf), [0], "not finite"),
        ("noise", [0], "latents cannot be read as numbers"),
        (np.zeros((1, 3)), [-1], "labels must be whole numbers from 0 to 2; found -1"),
        (np.zeros((1, 3)), [3], "found 3"),
        (np.zeros((1, 3)), [1.0], "found 1.0"),
        (np.zeros((1, 3)), [True], "found True"),
        (np.zeros((1, 3)), 1, "a single value"),
        (np.zeros((1, 3)), np.eye(3, dtype=int)[:1], "found the shape 1×3"),
        (np.zeros((1, 3)), [0, 1], "2 labels for 1 latents"),
    ],
)
def test_what_is_given_wrong_is_refused_by_name(latents, labels, message):
    with pytest.raises(UserError, match=message):
        make_sampler(class_names=("a", "b", "c")).pixels(latents, labels)


@pytest.mark.parametrize("seeds", [[-1], [2**31], [0.5], [], 3, "12", [[1, 2]], [np.nan]])
def test_seeds_that_do_not_exist(seeds):
    with pytest.raises(UserError, match="seeds must be whole numbers from 0 to 2147483647"):
        make_sampler().latents(seeds)


@pytest.mark.parametrize(
    "seeds", [(3, 5), range(3, 7, 2), iter([3, 5]), np.array([3, 5], np.uint8), tf.constant([3, 5]), np.array([5, 4, 3])[::-2], {3, 5}]
)
def test_seeds_are_whatever_holds_whole_numbers(seeds):
    np.testing.assert_array_equal(make_sampler().latents(seeds), make_sampler().latents([3, 5]))


def test_gradients_pass_to_the_latents():
    latents = tf.Variable(np.ones((2, 3), np.float32))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(make_sampler()(latents))
    assert np.any(tape.gradient(loss, latents))


def styled(truncation=0.5):
    """Two numbers a layer: z and 10 z, drawn toward 0.1; a pixel row shows a layer's first number."""

    def map(latents, psi, truncation_layers=4):
        w = tf.concat([latents[:, :1], 10 * latents[:, :1]], axis=1)
        psi = tf.where(tf.range(4) < truncation_layers, psi, 1.0)[:, None]
        return 0.1 + psi * (w[:, None] - 0.1)

    def synthesize(styles):
        return tf.clip_by_value(tf.tile(styles[:, :, :1, None], [1, 1, 4, 1]), -1.0, 1.0)

    styles = Styles(map, synthesize, layers=4, w_dim=2, truncation=truncation)
    return Sampler(Generation(lambda z: synthesize(map(z, truncation)), GRAY, 1, styles=styles))


def test_truncation_of_a_sampler():
    sampler, latents = styled(), np.array([[0.3]], np.float32)
    assert sampler(latents).numpy().max() == pytest.approx(0.2)
    assert sampler.truncated(1.0)(latents).numpy().max() == pytest.approx(0.3)
    assert sampler.truncated(0.0)(latents).numpy().max() == pytest.approx(0.1)
    assert sampler.truncated(0.25).styles.truncation == 0.25 and sampler.styles.truncation == 0.5


def test_truncation_of_the_first_layers():
    """Also in what is made of the halves: sheets."""
    sampler, latents = styled().truncated(0.0, 3), np.array([[0.3]], np.float32)
    np.testing.assert_allclose(sampler(latents)[0, :, 0, 0], [0.1, 0.1, 0.1, 0.3], rtol=1e-6)
    (column,) = sheets.truncations(sampler, latents, [0.5]).values()
    np.testing.assert_allclose(column[0][:, 0, 0], [0.2, 0.2, 0.2, 0.3], rtol=1e-6)
    assert styled().truncated(layers=1).styles.truncation == 0.5


def test_images_of_w():
    sampler, styles = styled(), np.arange(8, dtype=np.float64).reshape(1, 4, 2) / 10
    np.testing.assert_allclose(sampler.synthesize(styles)[0, :, 0, 0], [0, 0.2, 0.4, 0.6], atol=1e-7)
    many = np.linspace(-1, 1, 2 * BATCH + 1)[:, None] * [1.0, 0.0]
    np.testing.assert_allclose(sampler.synthesize(many)[:, 3, 0, 0], many[:, 0], atol=1e-7)
    for wrong in (np.zeros([1, 3]), np.zeros([0, 2]), np.zeros(2), [["a", "b"]]):
        with pytest.raises(UserError, match="w has the shape .*; give N×2 or N×4×2, one at least"):
            sampler.synthesize(wrong)
    with pytest.raises(UserError, match="not finite"):
        sampler.synthesize([[np.nan, 0.0]])


def noisy():
    return Sampler(Generation(lambda z: z[:, :1, None, None] * 0.0 + 0.1 * fixed(normal, [1, 8, 8, 1], 2), GRAY, 3))


def test_modes_of_noise():
    """Random noise is each image's own, whatever is made beside it, and that of its latents; no image has any of none."""
    latents = noisy().latents(range(20))
    const, random, none = (noisy().with_noise(mode)(latents).numpy() for mode in ("const", "random", "none"))
    assert np.all(const == const[:1]) and const.std() == pytest.approx(0.1, rel=0.2) and not none.any()
    assert len(np.unique(random[:, 0, 0, 0])) == 20 and random.std() == pytest.approx(0.1, rel=0.1)
    correlations = np.corrcoef(random.reshape(20, -1))[np.triu_indices(20, 1)]
    assert np.abs(correlations).max() < 0.5
    np.testing.assert_array_equal(noisy().with_noise("random")(latents[7:8])[0], random[7])
    np.testing.assert_array_equal(noisy()(latents), const)


def test_samples_without_classes_count_seeds_row_by_row():
    sampler = make_sampler()
    columns = sheets.samples(sampler, seed=7, rows=2, columns=3, classes=[])
    assert list(columns) == ["0", "1", "2"] and all(len(column) == 2 for column in columns.values())
    np.testing.assert_array_equal(columns["2"][1], sampler(sampler.latents([7 + 3 + 2]))[0])


def test_samples_of_classes_share_a_rows_seed():
    sampler = make_sampler(class_names=("a", "b", "c"))
    columns = sheets.samples(sampler, seed=1, rows=2, columns=9, classes=[2, 0])
    assert list(columns) == ["c", "a"]
    for title, label in (("c", 2), ("a", 0)):
        for row in range(2):
            np.testing.assert_array_equal(columns[title][row], sampler(sampler.latents([1 + row]), [label])[0])


def first(image):
    return float(image[0, 0, 0])


def test_interpolations():
    ends = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 2]], np.float32)
    arc = sheets.interpolations(make_sampler(), ends, columns=3)
    assert list(arc) == ["0.00", "0.50", "1.00"] and [len(column) for column in arc.values()] == [2, 2, 2]
    assert [first(column[0]) for column in arc.values()] == pytest.approx([0.1, np.sqrt(0.5) / 10, 0.0], abs=1e-6)
    straight = sheets.interpolations(make_sampler(prior="uniform"), ends, columns=3)
    assert [first(column[0]) for column in straight.values()] == pytest.approx([0.1, 0.05, 0.0], abs=1e-6)
    through_styles = sheets.interpolations(styled(), np.array([[0.3], [-0.1]], np.float32), columns=3)
    assert [first(column[0]) for column in through_styles.values()] == pytest.approx([0.2, 0.1, 0.0], abs=1e-6)
    labeled = sheets.interpolations(make_sampler(class_names=("a", "b", "c")), ends, 2, np.array([1, 2]))
    assert [image[0, 3, 0] for image in labeled["1.00"]] == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize("a, b", [([1.0, 0.0], [2.0, 0.0]), ([1.0, 0.0], [-1.0, 0.0]), ([0.0, 0.0], [1.0, 1.0])])
def test_slerp_where_there_is_no_arc(a, b):
    np.testing.assert_allclose(sheets.slerp(np.array(a), np.array(b), 0.25), 0.75 * np.array(a) + 0.25 * np.array(b), atol=1e-6)


def test_mixing_takes_coarse_layers_from_the_row_and_fine_ones_from_the_column():
    sampler = styled()
    columns = sheets.mixing(sampler, np.array([[0.1], [0.3]], np.float32), np.array([[0.5], [0.7], [0.9]], np.float32), crossover=1)
    assert len(columns) == 4 and all(len(column) == 3 for column in columns.values())
    corner, *sources = columns["coarse"]
    assert np.all(corner == 1) and [first(image) for image in sources] == pytest.approx([0.1, 0.2])
    mixed = columns["fine 1"]
    assert first(mixed[0]) == pytest.approx(0.4)  # the fine source itself
    assert mixed[2][:, 0, 0] == pytest.approx([0.2, 0.4, 0.4, 0.4])


def test_truncation_sweep_and_edits():
    sweep = sheets.truncations(styled(), np.array([[0.3], [0.5]], np.float32), [0.0, 1.0])
    assert list(sweep) == ["ψ = 0", "ψ = 1"] and [[first(i) for i in column] for column in sweep.values()] == [
        pytest.approx([0.1, 0.1]),
        pytest.approx([0.3, 0.5]),
    ]
    edited = sheets.edits(make_sampler(), np.array([[1, 0, 0]], np.float32), np.array([2, 0, 0], np.float32), [-1.0, 0.5])
    assert list(edited) == ["-1", "+0.5"] and [first(column[0]) for column in edited.values()] == pytest.approx([-0.1, 0.2])
