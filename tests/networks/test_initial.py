"""First weights: their variance, their directions, and what stays."""

import keras
import numpy as np
import pytest
from tiny_methods import make_method

from tfgan.networks import initial, patchgan, resnet, spade


def kernels(network):
    return [weight for weight in network.trainable_variables if weight.path.endswith("kernel")]


@pytest.mark.parametrize("way, gain", [("normal", 0.05), ("xavier", 0.5), ("kaiming", 0.02)])
def test_variances(way, gain):
    """Of 3×3 convolutions 64 -> 64: fan in and fan out are 576, and the variance of each way follows by hand."""
    network = resnet.resnet(3, 3, n_blocks=2, ngf=16)
    others = [weight.numpy() for weight in network.weights if not weight.path.endswith("kernel")]
    initial.draw(network, way, gain)
    expected = {"normal": 0.05, "xavier": 0.5 * np.sqrt(1 / 576), "kaiming": np.sqrt(2 / 576)}[way]
    blocks = [weight.numpy() for weight in kernels(network) if weight.shape == (3, 3, 64, 64)]
    assert len(blocks) == 4 and len({float(block[0, 0, 0, 0]) for block in blocks}) == 4
    for block in blocks:
        assert np.std(block) == pytest.approx(expected, rel=0.02) and np.mean(block) == pytest.approx(0, abs=0.02 * expected)
    assert max(np.abs(block).max() for block in blocks) > 3.5 * expected  # not truncated, as PyTorch's
    for weight, before in zip([w for w in network.weights if not w.path.endswith("kernel")], others, strict=True):
        np.testing.assert_array_equal(weight, before)


def test_orthogonal_kernels():
    """Rows or columns of each kernel as a matrix, (pixels × in) × out as PyTorch has it, are orthogonal and as long as the gain."""
    network = patchgan.patchgan(3, ndf=8, norm="batch")
    initial.draw(network, "orthogonal", 0.3)
    for kernel in kernels(network):
        matrix = kernel.numpy().reshape(-1, kernel.shape[-1])
        product = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
        np.testing.assert_allclose(product, 0.09 * np.eye(len(product)), atol=1e-5)


def test_spectral_and_dense_layers_are_drawn_too():
    network = spade.spade_generator(3, 3, ngf=4, depth=2, latent_dim=5, image_size=(16, 16))
    before = {weight.path: weight.numpy() for weight in network.weights}
    keras.utils.set_random_seed(3)
    initial.draw(network, "normal", 1.0)
    changed = {path for path, values in before.items() if np.any(values != next(w for w in network.weights if w.path == path).numpy())}
    assert changed == {weight.path for weight in kernels(network)} and any("first" in path for path in changed)


def deviations(method):
    return {name: np.std(kernels(network)[1].numpy()) for name, network in method.networks.items()}


@pytest.mark.parametrize(
    "name, network", [("pix2pix", "generator"), ("cyclegan", "to_source"), ("spade", "generator"), ("cut", "perceptrons")]
)
def test_settings_draw_all_networks_and_only_where_they_ask(name, network):
    """By default weights are as the builders draw them, but for CUT's, which are drawn by Xavier's rule."""
    plain, drawn = make_method(name), make_method(name, weight_init="normal", init_gain=2.0)
    assert all(found == pytest.approx(2.0, rel=0.35) for found in deviations(drawn).values()), deviations(drawn)
    least = {"pix2pix": 0.019, "cyclegan": 0.019}.get(name, 0.0)  # N(0, 0.02); the others are smaller
    assert least < deviations(plain)[network] < 0.021
