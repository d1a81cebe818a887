"""Perceptual distances: by hand, in plain numpy, and of a VGG16 with random weights.

Once, with the random weights of lpips 0.1.4 (net="vgg", pnet_rand=True, pretrained=False) carried over to Keras, both gave 0.0137470 for
one pair of images, to 3e-7.
"""

import keras
import numpy as np
import pytest

from tfgan.errors import UserError
from tfgan.evaluation.perceptual import CHANNELS, LAYERS, lpips, map_distance


def random_maps(seed):
    random = np.random.default_rng(seed)
    return [random.normal(size=shape).astype(np.float32) for shape in ((6, 5, 4), (3, 2, 7))]


def by_loops(real, fake, weights):
    """Zhang et al. 2018, eq. 1."""
    total = 0.0
    for one, two, weight in zip(real, fake, weights):
        for y in range(one.shape[0]):
            for x in range(one.shape[1]):
                a, b = (np.float64(vector[y, x]) / np.sqrt(np.sum(np.float64(vector[y, x]) ** 2)) for vector in (one, two))
                total += np.sum(weight * (a - b) ** 2) / (one.shape[0] * one.shape[1])
    return total


def test_by_hand():
    # Two places: (3, 4) beside (4, 3), of length 5, differ by 1/5 in both channels; (2, 0) beside (7, 0) point the same way.
    real, fake = np.array([[[3.0, 4.0], [2.0, 0.0]]]), np.array([[[4.0, 3.0], [7.0, 0.0]]])
    assert map_distance([real], [fake], [np.array([1.0, 3.0])]) == pytest.approx((0.04 + 3 * 0.04) / 2)
    assert map_distance([real], [fake]) == pytest.approx((0.5 * 0.04 + 0.5 * 0.04) / 2)
    assert map_distance([real, real], [fake, fake]) == pytest.approx(0.04)
    assert map_distance([real], [-real]) == pytest.approx(0.5 * 4)  # opposite vectors of length 1 are 2 apart


def test_by_loops():
    real, fake = random_maps(0), random_maps(1)
    weights = [np.random.default_rng(2).uniform(size=maps.shape[-1]) for maps in real]
    assert map_distance(real, fake, weights) == pytest.approx(by_loops(real, fake, weights), rel=1e-5)
    assert map_distance(real, fake) == pytest.approx(by_loops(real, fake, [1 / 4, 1 / 7]), rel=1e-5)


def test_equal_maps_and_symmetry():
    real, fake = random_maps(0), random_maps(1)
    assert map_distance(real, real) == 0
    assert map_distance(real, fake) == pytest.approx(map_distance(fake, real)) and map_distance(real, fake) > 0


def test_places_without_features_count_nothing():
    nothing = np.zeros((2, 2, 3), np.float32)
    assert map_distance([nothing], [nothing]) == 0
    assert map_distance([nothing], [nothing + 1]) == pytest.approx(1 / 3)  # a vector of length 1 beside none


def test_no_maps():
    with pytest.raises(UserError, match="has no feature maps"):
        map_distance([], [])


def test_maps_of_two_sizes():
    with pytest.raises(UserError, match=r"\(1, 1, 4\).*\(6, 5, 4\)"):
        map_distance([random_maps(0)[0][:1, :1]], [random_maps(0)[0]])


@pytest.fixture(scope="module")
def vgg(tmp_path_factory):
    """VGG16 with random weights, its file, and a file of weights of channels."""
    keras.utils.set_random_seed(0)
    net = keras.applications.VGG16(include_top=False, weights=None, input_shape=(None, None, 3))
    folder, random = tmp_path_factory.mktemp("vgg"), np.random.default_rng(0)
    net.save_weights(folder / "vgg.weights.h5")
    weights = [random.uniform(size=count).astype(np.float32) for count in CHANNELS]
    np.savez(folder / "learned.npz", **{f"lin{i}": weight for i, weight in enumerate(weights)})
    return net, folder, weights


def images(seed, size=(24, 20)):
    return np.random.default_rng(seed).uniform(-1, 1, (*size, 3)).astype(np.float32)


def test_lpips_of_a_vgg(vgg):
    net, folder, weights = vgg
    distance = lpips(str(folder / "learned.npz"), str(folder / "vgg.weights.h5"))
    real, fake = images(0), images(1)
    tapped = keras.Model(net.input, [net.get_layer(name).output for name in LAYERS])
    # What Keras itself does to images before they enter this net: RGB in 0 to 255 to BGR, less the mean.
    maps = [tapped(keras.applications.vgg16.preprocess_input((image[None] + 1) * 127.5)) for image in (real, fake)]
    expected = by_loops(*([np.asarray(layer[0]) for layer in layers] for layers in maps), weights)
    assert distance(real, fake) == pytest.approx(expected, rel=1e-4)
    assert distance(real, real) == 0
    assert distance(fake, real) == pytest.approx(distance(real, fake))
    assert distance(real, fake) != pytest.approx(distance(real[..., ::-1].copy(), fake[..., ::-1].copy()), rel=1e-4)
    with pytest.raises(UserError, match="too small for LPIPS: 16 pixels"):
        distance(images(0, (15, 20)), images(1, (15, 20)))
    with pytest.raises(UserError, match="cannot be compared"):
        distance(images(0), images(1, (24, 32)))


def test_layers_are_the_last_rectified_ones_of_their_sizes(vgg):
    net, _, _ = vgg
    assert LAYERS == ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")
    assert tuple(net.get_layer(name).filters for name in LAYERS) == CHANNELS
    assert {net.get_layer(name).activation for name in LAYERS} == {keras.activations.relu}


def test_weights_as_the_authors_shape_them(vgg, tmp_path):
    _, folder, weights = vgg
    np.savez(tmp_path / "four.npz", **{f"lin{i}": weight[None, :, None, None] for i, weight in enumerate(weights)})
    one, two = (lpips(str(path), str(folder / "vgg.weights.h5")) for path in (folder / "learned.npz", tmp_path / "four.npz"))
    assert one(images(0), images(1)) == two(images(0), images(1))


def test_files_that_are_not_weights(vgg, tmp_path):
    _, folder, weights = vgg
    named = {f"lin{i}": weight for i, weight in enumerate(weights)}
    np.savez(tmp_path / "few.npz", **{name: weight for name, weight in named.items() if name != "lin3"})
    np.savez(tmp_path / "short.npz", **named | {"lin2": weights[2][:9]})
    np.save(tmp_path / "one.npy", weights[0])
    (tmp_path / "empty.npz").write_bytes(b"")
    (tmp_path / "text.npz").write_text("lin0")
    (tmp_path / "cut.npz").write_bytes((folder / "learned.npz").read_bytes()[:900])
    for file, reason in [
        *(("absent.npz", "cannot be read"), ("few.npz", "lin3.*must be an .npz file of lin0 to lin4")),
        *((f"{name}", "cannot be read") for name in ("one.npy", "empty.npz", "text.npz", "cut.npz")),
        ("short.npz", r"\(64, 128, 9, 512, 512\); expected \(64, 128, 256, 512, 512\)"),
    ]:
        with pytest.raises(UserError, match=f"--lpips_weights=.*{file}.*{reason}"):
            lpips(str(tmp_path / file), str(folder / "vgg.weights.h5"))
    learned = str(folder / "learned.npz")
    with pytest.raises(UserError, match="--vgg_weights=.*absent.h5 does not exist"):
        lpips(learned, str(tmp_path / "absent.h5"))
    (tmp_path / "text.weights.h5").write_text("VGG")
    with pytest.raises(UserError, match="--vgg_weights=.*text.weights.h5 cannot be loaded.*without the top"):
        lpips(learned, str(tmp_path / "text.weights.h5"))


def test_no_network(vgg, monkeypatch):
    def fail(**_):
        raise Exception("URL fetch failure on https://storage.googleapis.com: no route\nto host")  # as Keras raises it

    monkeypatch.setattr(keras.applications, "VGG16", fail)
    with pytest.raises(UserError, match="URL fetch failure.*Without a network, download vgg16_weights"):
        lpips(str(vgg[1] / "learned.npz"), "imagenet")
