"""What of foreign weights is carried over and not only copied, by hand-made numbers; and which files of a folder are taken."""

import numpy as np
import pytest

from tfgan.errors import UserError
from tfgan.runs.importing import files
from tfgan.weights import nvlabs
from tfgan.weights.tensors import Unfit

KEYS = ("w.weight_orig", "w.weight_v", "w.weight")


@pytest.mark.parametrize("old", [False, True], ids=["v in the file", "divided weights of old versions"])
@pytest.mark.parametrize("rows", [2, 6])
def test_u_is_turned_until_both_divide_by_the_same_number(old, rows):
    rng = np.random.default_rng(rows)
    matrix, u = rng.normal(size=(rows, 5, 3, 3)) * np.linspace(2, 0.5, rows)[:, None, None, None], rng.normal(size=rows)
    u /= np.linalg.norm(u)
    flat = matrix.reshape(rows, -1)
    v = u @ flat / np.linalg.norm(u @ flat) + 0.05 * rng.normal(size=45)  # not where u leads, as in the midst of a training
    v /= np.linalg.norm(v)
    wanted = float(u @ flat @ v)
    stored = {KEYS[0]: matrix} | ({KEYS[2]: matrix / wanted} if old else {KEYS[1]: v})
    turned = nvlabs._same_norm(KEYS, u, stored.get)
    assert 0 < wanted < np.linalg.norm(u @ flat)
    assert np.linalg.norm(turned) == pytest.approx(1) and np.linalg.norm(turned @ flat) == pytest.approx(wanted, rel=1e-9)
    if rows == 6:
        assert turned @ u > 0  # it is on the way, and no other vector of that length


@pytest.mark.parametrize("v", [[0.0, 0.5], [0.0, -1.0], [0.0, 2.0], [0.0, np.nan]], ids=["less", "negative", "more", "NaN"])
def test_a_number_that_no_direction_has_is_refused(v):
    stored = {KEYS[0]: np.diag([2.0, 1.5]), KEYS[1]: np.array(v)}
    with pytest.raises(Unfit, match="which the norm of no direction of its weights is"):
        nvlabs._same_norm(KEYS, np.array([0.0, 1.0]), stored.get)


def test_u_stays_where_it_already_divides_by_that_number():
    u = np.array([1.0, 0.0])
    stored = {KEYS[0]: np.array([[2.0, 0.0], [0.0, 1.0]]), KEYS[1]: np.array([1.0, 0.0])}
    np.testing.assert_array_equal(nvlabs._same_norm(KEYS, u, stored.get), u)
    del stored[KEYS[1]]
    np.testing.assert_array_equal(nvlabs._same_norm(KEYS, u, stored.get), u)  # nothing says by which number


def test_dense_layers_before_and_behind_maps_have_channels_last():
    """PyTorch's `view(-1, C, H, W)` counts channel by channel, and TensorFlow's maps pixel by pixel: c·P + p there, p·C + c here."""
    pixels, channels = 4, 16
    weight = np.arange(pixels * channels * 3).reshape(pixels * channels, 3)
    first = nvlabs.generator_slots(4, True, 1)
    there, here = zip(*((c * pixels + p, p * channels + c) for c in range(channels) for p in range(pixels)))
    kernel, bias = first["first/kernel"].change(weight).transpose(first["first/kernel"].axes), first["first/bias"].change(weight[:, 0])
    np.testing.assert_array_equal(kernel[:, here], weight[list(there)].T)
    np.testing.assert_array_equal(bias[list(here)], weight[list(there), 0])
    np.testing.assert_array_equal(first["first/kernel"].undo(kernel.T), weight)

    mean, squares = nvlabs.encoder_slots(6, 5)["mean/kernel"], nvlabs.MAP**2
    weight = np.arange(2 * 5 * squares).reshape(2, 5 * squares)
    kernel = mean.change(weight).transpose(mean.axes)
    there, here = zip(*((c * squares + p, p * 5 + c) for c in range(5) for p in range(squares)))
    np.testing.assert_array_equal(kernel[list(here)], weight[:, list(there)].T)
    np.testing.assert_array_equal(mean.undo(kernel.T), weight)


def test_of_a_folder_the_last_epoch_is_taken(tmp_path):
    def taken(*names):
        for name in names:
            (tmp_path / name).touch()
        return files._in_folder(tmp_path).name

    assert taken("5_net_G.pth", "20_net_G.pth", "20_net_D.pth", "notes.txt") == "20_net_G.pth"  # by number, not by letters
    assert taken("latest_net_G.pth") == "latest_net_G.pth"
    with pytest.raises(UserError, match=r"several generators, latest_net_G.pth, latest_net_G_A.pth: name one"):
        taken("latest_net_G_A.pth")
