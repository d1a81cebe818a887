"""CUT's contrastive loss, the places of its patches, where its gradients stop, and its settings."""

import dataclasses
import os
import subprocess

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import SIZE, data_spec, make_batch, make_method

from tfgan import layers
from tfgan.config import Domain
from tfgan.errors import UserError
from tfgan.methods import cut
from tfgan.methods.cut import CUT, HParams, draw_places, patch_nce_loss, patches
from tfgan.networks import blocks, initial, patchgan, resnet
from tfgan.networks import cut as networks

TINY = {"generator": "resnet_1", "ngf": 4, "ndf": 4, "n_layers": 1, "image_size": (16, 16)}
SEED = tf.constant([1, 2])
FAKE = {"fake_target": make_batch("unpaired", seed=1)["target"]}


@pytest.fixture(scope="module")
def method():
    return make_method("cut")


def results(method, batch=None, seed=SEED):
    result = method._generator_loss(batch or {key: tf.constant(x) for key, x in make_batch("unpaired").items()}, seed)
    return {name: float(value) for name, value in {**result.losses, **result.scalars}.items()}, result.outputs


# The loss


def test_two_patches_by_hand():
    """Cosines of query 1 with the keys: 0.6 and 0.8; of query 2: 1 and 0. At temperature 0.5 they count twice."""
    keys = tf.constant([[[1.0, 0.0], [0.0, 2.0]]])  # lengths do not count
    queries = tf.constant([[[3.0, 4.0], [7.0, 0.0]]])
    first = np.log(np.exp(1.2) + np.exp(1.6)) - 1.2
    second = np.log(np.exp(2.0) + np.exp(0.0)) - 0.0
    np.testing.assert_allclose(patch_nce_loss(queries, keys, 0.5), [(first + second) / 2], rtol=1e-6)
    cold = patch_nce_loss(queries, keys, 0.07)  # (0.2 / 0.07 + 1 / 0.07) / 2, but for 0.03
    np.testing.assert_allclose(cold, [(np.log1p(np.exp(0.2 / 0.07)) + np.log1p(np.exp(1 / 0.07))) / 2], rtol=1e-5)


def test_groups_do_not_see_each_other():
    noise = tf.constant(np.random.default_rng(0).normal(size=(2, 3, 5, 4)), tf.float32)
    together = patch_nce_loss(*noise, 0.07).numpy()
    for group in range(3):
        np.testing.assert_allclose(patch_nce_loss(*noise[:, group : group + 1], 0.07), together[group : group + 1], rtol=1e-5)
    joined = patch_nce_loss(*tf.reshape(noise, [2, 1, 15, 4]), 0.07)
    assert float(joined[0]) > together.mean()  # more patches to be told from


@pytest.mark.parametrize("count", [2, 50])
def test_alike_patches_cost_ln_of_their_number_and_distinct_ones_nothing(count):
    alike = tf.ones([1, count, count])
    assert float(patch_nce_loss(alike, alike, 0.07)[0]) == pytest.approx(np.log(count), rel=1e-5)
    assert float(patch_nce_loss(tf.eye(count)[None], tf.eye(count)[None], 0.07)[0]) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.torch
def test_the_loss_in_pytorch(tmp_path):
    """As the paper's code states it: the positive in front, and the diagonal of the negatives at -10."""
    python = os.environ.get("TFGAN_TEST_TORCH_PYTHON")
    if not python:
        pytest.skip("TFGAN_TEST_TORCH_PYTHON names no Python with PyTorch")
    queries, keys = np.random.default_rng(0).normal(size=(2, 3, 20, 8)).astype(np.float32)
    np.savez(tmp_path / "features.npz", queries=queries, keys=keys)
    code = (
        "import numpy as np, torch, torch.nn.functional as F\n"
        f"given = np.load({str(tmp_path / 'features.npz')!r})\n"
        "q, k = (F.normalize(torch.tensor(given[name]), dim=-1) for name in ('queries', 'keys'))\n"
        "positive = (q * k).sum(-1, keepdim=True)\n"
        "negative = torch.bmm(q, k.transpose(2, 1)).masked_fill(torch.eye(20, dtype=torch.bool)[None], -10.0)\n"
        "logits = torch.cat([positive, negative], dim=-1).flatten(0, 1) / 0.07\n"
        "losses = F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long), reduction='none')\n"
        "print(*losses.view(3, 20).mean(1).tolist())\n"
    )
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    np.testing.assert_allclose(patch_nce_loss(queries, keys, 0.07), [float(word) for word in done.stdout.split()], rtol=1e-5)


# The patches


def test_places_are_different_and_follow_from_the_seed():
    found = draw_places(100, 30, SEED).numpy()
    assert len(set(found)) == 30 and set(found) <= set(range(100))
    np.testing.assert_array_equal(draw_places(100, 30, SEED), found)
    assert set(draw_places(100, 30, tf.constant([1, 3])).numpy()) != set(found)
    assert set(draw_places(9, 30, SEED).numpy()) == set(range(9))
    counts = np.zeros(8)
    for number in range(80):
        counts[draw_places(8, 2, layers.fold_in(SEED, number)).numpy()] += 1
    assert np.all(np.abs(counts - 20) < 18)  # beyond 4 standard deviations of 3.9


def test_patches_are_of_the_same_places_in_all_images():
    maps = tf.reshape(tf.range(2 * 3 * 4 * 5), [2, 3, 4, 5])
    found = patches(maps, tf.constant([7, 0])).numpy()
    np.testing.assert_array_equal(found, [[maps[n, 1, 3], maps[n, 0, 0]] for n in range(2)])


def test_translations_and_images_share_their_places(method, monkeypatch):
    """Perceptrons that are left out, and translations equal to their images: every patch is nearest to itself, of whatever place."""
    seen = []
    monkeypatch.setattr(cut, "patches", lambda maps, places: seen.append(places.numpy()) or patches(maps, places))
    maps = [tf.constant(np.random.default_rng(0).normal(size=(2, 9, 9, c)), tf.float32) for c in (3, 8, 16, 16)]
    method._contrast(maps, maps, 2, SEED)
    queries, keys = seen[:4], seen[4:]
    for ours, theirs in zip(queries, keys, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert {len(set(places)) for places in seen} == {16}
    assert set(queries[0]) != set(queries[1])  # each layer has places of its own


def test_layers_count_alike(method, monkeypatch):
    """Two layers without perceptrons, all of whose places are compared; where not all are, another seed has other places."""
    noise = np.random.default_rng(0)
    queries, keys = ([tf.constant(noise.normal(size=(2, 4, side, 8)), tf.float32) for side in (2, 4)] for _ in range(2))
    monkeypatch.setattr(method, "perceptrons", lambda features, training: features)
    monkeypatch.setattr(method, "hparams", method.hparams.unchecked(nce_temperature=0.3))
    alone = [patch_nce_loss(*(tf.reshape(maps, [2, -1, 8]) for maps in both), 0.3).numpy() for both in zip(queries, keys)]
    np.testing.assert_allclose(method._contrast(queries, keys, 2, SEED), np.mean(alone, axis=0), rtol=1e-5)
    np.testing.assert_allclose(method._contrast(queries, keys, 1, SEED), [np.mean(alone)], rtol=1e-5)
    monkeypatch.setattr(method, "hparams", method.hparams.unchecked(num_patches=3))
    found = [method._contrast(queries, keys, 1, tf.constant([1, seed])).numpy()[0] for seed in (2, 2, 3)]
    assert found[0] == found[1] != found[2]


def test_flipped_translations_are_compared_at_their_images_places():
    """A generator and layers that know nothing but single pixels: flipping changes nothing at all of the contrastive loss."""
    batch = {key: tf.constant(x) for key, x in make_batch("unpaired").items()}
    found = {}
    for flips in (False, True):
        method = make_method("cut", flip_equivariance=flips, nce_layers=("pixels",), num_patches=256)
        method.generator = lambda images, training: images * 0.5
        method.encoder = lambda images, training: [images]
        method.with_features = lambda images, training: [images * 0.5, images]
        found[flips], outputs = results(method, batch)
        flipped = [bool(np.any(fake != 0.5 * image)) for fake, image in zip(outputs["fake_target"].numpy(), batch["source"].numpy())]
        assert any(flipped) == flips and not all(flipped)
    assert found[True]["nce_source_loss"] == pytest.approx(found[False]["nce_source_loss"], rel=1e-5)


# The gradients


def test_the_images_side_gets_no_gradient(method):
    """Neither the perceptrons nor the maps of the images do; those of translations do."""
    noise = np.random.default_rng(0)
    queries, keys = ([tf.constant(noise.normal(size=(2, 4, 4, c)), tf.float32) for c in (3, 8, 16, 16)] for _ in range(2))
    with tf.GradientTape() as tape:
        tape.watch([*queries, *keys])
        loss = tf.reduce_sum(method._contrast(queries, keys, 2, SEED))
    of_queries, of_keys = tape.gradient(loss, [queries, keys])
    assert of_keys == [None] * 4 and all(float(tf.reduce_max(tf.abs(g))) > 0 for g in of_queries)


def test_the_loss_reaches_the_generator_and_the_perceptrons():
    """Without the discriminator: the last layers by the translation alone, the first ones also as those that look at it."""
    method = make_method("cut")
    method.loss = method.loss._replace(to_fool=lambda logits: 0.0 * tf.reduce_sum(logits))
    with tf.GradientTape() as tape:
        loss = method._generator_loss({key: tf.constant(x) for key, x in make_batch("unpaired").items()}, SEED).losses["generator"]
    variables = [v.value for name in ("generator", "perceptrons") for v in method.networks[name].trainable_variables]
    assert all(g is not None for g in tape.gradient(loss, variables))


def test_the_terms_add_up(method, monkeypatch):
    plain = method.hparams
    for changes in ({}, {"identity_nce": False}, {"flip_equivariance": True}, {"batch_negatives": True}):
        monkeypatch.setattr(method, "hparams", plain.unchecked(nce_weight=3.0, **changes))
        found, _ = results(method)
        sides = [found[name] for name in ("nce_source_loss", "nce_target_loss") if name in found]
        assert len(sides) == 1 + changes.get("identity_nce", True)
        assert found["generator"] == pytest.approx(found["gan_loss"] + 3.0 * np.mean(sides), rel=1e-5)


def test_each_domain_is_compared_with_its_own(method):
    """The target's images change its own term alone."""
    batch = {key: tf.constant(x) for key, x in make_batch("unpaired").items()}
    plain = results(method, batch)[0]
    changed = results(method, batch | {"target": -batch["target"]})[0]
    assert changed["nce_source_loss"] == pytest.approx(plain["nce_source_loss"], rel=1e-5)
    assert changed["nce_target_loss"] != pytest.approx(plain["nce_target_loss"], rel=1e-3)


def test_the_discriminator_judges_what_the_first_phase_made(method, monkeypatch):
    """Logits of 1/2 for all cost 1/4; images that it is given count, those that the generator would make do not."""
    batch = make_batch("unpaired")
    judged = []
    monkeypatch.setattr(method, "discriminator", lambda images, training: judged.append(images) or tf.fill([8, 3, 3, 1], 0.5))
    result = method._discriminator_loss(batch | FAKE, SEED)
    assert float(result.losses["discriminator"]) == 0.25 and float(result.scalars["fake_logit"]) == 0.5
    ((images,),) = judged
    np.testing.assert_array_equal(images, np.concatenate([batch["target"], FAKE["fake_target"]]))


# The networks


def test_halving_by_a_blur():
    """Every second pixel, weighted 1, 2, 1 in both directions, mirrored at the border."""
    image = np.random.default_rng(0).normal(size=(1, 6, 5, 2)).astype(np.float32)
    x = tf.constant(image)
    for layer in blocks.halving_blur():
        x = layer(x)
    padded = np.pad(image, [(0, 0), (1, 1), (1, 1), (0, 0)], mode="reflect")
    weights = np.outer([1, 2, 1], [1, 2, 1]) / 16
    expected = [[np.tensordot(weights, padded[0, i : i + 3, j : j + 3], 2) for j in (0, 2, 4)] for i in (0, 2, 4)]
    np.testing.assert_allclose(x[0], expected, atol=1e-6)


def test_doubling_by_a_blur():
    """The authors' filter 1, 3, 3, 1 between zeros, with the border repeated: three quarters of the nearer, one of the farther pixel."""
    row = np.array([1.0, 2.0, 8.0, 0.0], np.float32)
    doubled = tf.constant(row[None, None, :, None])
    for layer in blocks.upsample_conv(1, "blur")[:-1]:
        doubled = layer(doubled)
    left, right = row[[0, 0, 1, 2]], row[[1, 2, 3, 3]]
    expected = np.ravel(np.stack([0.75 * row + 0.25 * left, 0.75 * row + 0.25 * right], axis=1))
    np.testing.assert_allclose(doubled[0, 0, :, 0], expected)
    np.testing.assert_allclose(doubled[0, 1], doubled[0, 0])


@pytest.mark.parametrize("downsampling", ["blur", "stride"])
def test_layers_that_are_looked_at(downsampling):
    generator = resnet.resnet(3, 3, n_blocks=6, ngf=2, downsampling=downsampling, upsampling="blur")
    names = ("pixels", "down_1", "down_2", "block_1", "block_5")
    image = np.random.default_rng(0).uniform(-1, 1, (1, 16, 24, 3)).astype(np.float32)
    made, *maps = networks.with_features(generator, names)(image)
    whole, half = (2, 1) if downsampling == "blur" else (1, 0.5)  # times the size after the halving
    assert [tuple(m.shape[1:]) for m in maps] == [
        (22, 30, 3),
        (8 * whole, 12 * whole, 4),
        (8 * half, 12 * half, 8),
        (4, 6, 8),
        (4, 6, 8),
    ]
    assert networks.channels(generator, names) == [3, 4, 8, 8, 8]
    np.testing.assert_array_equal(made, generator(image))
    np.testing.assert_array_equal(maps[0], np.pad(image, [(0, 0), (3, 3), (3, 3), (0, 0)], mode="reflect"))
    np.testing.assert_allclose(networks.encoder(generator, names)(image)[-1], maps[-1], atol=1e-5)


def test_the_blurred_discriminator_has_as_many_logits():
    for size, least in ((24, 1), (40, 3)):
        judge = patchgan.patchgan(3, ndf=2, norm="instance", downsampling="blur")
        assert judge.compute_output_shape((1, size, size, 3)) == (1, least, least, 1)
        assert patchgan.patchgan(3, ndf=2, norm="instance").compute_output_shape((1, size, size, 3)) == (1, least, least, 1)


def test_xavier_draws_each_kernel_for_itself():
    keras.utils.set_random_seed(0)
    generator = resnet.resnet(3, 3, n_blocks=2, ngf=16)
    initial.draw(generator, "xavier")
    kernels = [v.numpy() for v in generator.trainable_variables if v.path.endswith("kernel")]
    for kernel in kernels:
        fans = np.prod(kernel.shape[:2]) * sum(kernel.shape[2:])
        assert np.std(kernel) == pytest.approx(0.02 * np.sqrt(2 / fans), rel=0.1)
    alike = [k for k in kernels if k.shape == (3, 3, 64, 64)]
    assert len(alike) == 4 and len({float(k[0, 0, 0, 0]) for k in alike}) == 4
    assert not any(np.any(v) for v in generator.trainable_variables if v.path.endswith("bias"))


# The settings


def test_defaults_are_the_authors():
    h = HParams().settled()
    assert (h.generator, h.ngf, h.ndf, h.n_layers, h.loss, h.downsampling, h.upsampling) == ("resnet_9", 64, 64, 3, "lsgan", "blur", "blur")
    assert (h.nce_weight, h.nce_temperature, h.num_patches, h.patch_units, h.identity_nce) == (1.0, 0.07, 256, 256, True)
    assert h.nce_layers == ("pixels", "down_1", "down_2", "block_1", "block_5")
    assert (h.learning_rate, h.beta_1, h.beta_2, h.batch_size, h.schedule(), h.loaded_size()) == (
        2e-4,
        0.5,
        0.999,
        1,
        (200, 200),
        (286, 286),
    )


@pytest.mark.parametrize(("generator", "last"), [("resnet_1", ("block_1",)), ("resnet_3", ("block_1", "block_3"))])
def test_fewer_blocks_have_fewer_layers(generator, last):
    assert HParams(**TINY | {"generator": generator}).settled().nce_layers == ("pixels", "down_1", "down_2", *last)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generator": "unet_16"}, "--generator=unet_16: CUT compares layers of a ResNet. Use resnet_9"),
        ({"image_size": (30, 32)}, "--image_size=30x32 does not suit --generator=resnet_1 and --n_layers=1: use multiples of 4 from 8 on"),
        ({"nce_layers": ("pixels", "block_5")}, "--nce_layers=block_5: --generator=resnet_1 has pixels, down_1, down_2, block_1."),
        ({"nce_layers": ("pixels", "pixels")}, "--nce_layers names a layer twice"),
        ({"nce_weight": 0.0}, "--nce_weight=0 must be at least 0.001"),
    ],
)
def test_settings_that_cannot_work(changes, message):
    with pytest.raises(UserError, match=message):
        HParams(**TINY | changes)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Domain("sketch", 1), "day has 3 and sketch 1 channels: use --method=cyclegan"),
        (Domain("day", 3), "Both domains are called 'day'"),
    ],
)
def test_domains_that_do_not_go_together(target, message):
    spec = data_spec("unpaired")
    with pytest.raises(UserError, match=message):
        CUT(HParams(**TINY), dataclasses.replace(spec, domains=spec.domains | {"target": target}))


def test_one_way_with_what_the_target_keeps_in_the_sample_row(method, monkeypatch):
    example = {key: x[0] for key, x in make_batch("unpaired").items()}
    for keeps in (True, False):
        monkeypatch.setattr(method, "hparams", method.hparams.unchecked(identity_nce=keeps))
        assert list(method.inference()) == ["translate"] and not method.both_ways
        row = method.sample_row(example, {"translate": lambda image: image + 1})
        assert list(row) == ["day", "day to night", "night", "night to night"][: 3 + keeps]
        np.testing.assert_array_equal(row["day to night"], example["source"] + 1)
        assert row["night"] is example["target"] and row["day"].shape == (SIZE, SIZE, 3)
