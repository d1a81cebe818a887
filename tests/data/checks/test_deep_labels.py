"""Gray files of 16 bits: ids of classes, instances of objects, and measured values are told apart, by check and by training."""

import numpy as np
import pytest
from PIL import Image
from tiny_folders import check, save

from tfgan.cli.main import main
from tfgan.config import DataConfig
from tfgan.data import open_sources
from tfgan.errors import UserError


def folder(path, deep):
    """Four photos and what `deep` makes of each one's number: H×W uint16."""
    noise = np.random.default_rng(0)
    for number in range(4):
        save(path / "train" / "photo" / f"{number}.png", noise.integers(0, 255, (48, 48, 3), np.uint8))
        target = path / "train" / "deep" / f"{number}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(deep(number).astype(np.uint16)).save(target)
    return path


def areas(values):
    return np.asarray(values, np.uint16).reshape(4, 4).repeat(12, 0).repeat(12, 1)


CLASSES = [7, 8, 11, 23] * 4
FLAGS = ("--method=pix2pix", "--domains=photo,deep", "--direction=deep_to_photo", "--noprobe", "--image_size=32", "--generator=unet_32")


def test_classes_of_16_bits(tmp_path):
    folder(tmp_path, lambda number: areas(np.roll(CLASSES, number)))
    code, found, text = check(tmp_path, *FLAGS)
    assert ("warning", "label_ids") in found and "deep holds the label ids 7, 8, 11, 23: nearly black as pictures" in " ".join(text.split())
    assert "--label_domains=deep --label_coding=ids" in " ".join(text.split())
    code, found, text = check(tmp_path, "--noprobe")  # the direction is told, too
    assert "label_domains=deep" in text.partition("Train")[2] or "--label_coding=ids" in text
    settings = DataConfig(data_dir=str(tmp_path), domains=("photo", "deep"), label_domains=("deep",), label_coding="ids", direction="BtoA")
    (source,) = open_sources(settings, "semantic", (32, 32))["train"]
    assert source.domains["labels"].classes.values == (7, 8, 11, 23)


def test_instances_are_refused_in_true_words(tmp_path, capsys):
    folder(tmp_path, lambda number: 1000 * (20 + number) + np.arange(48 * 48).reshape(48, 48) // 24)
    code, found, text = check(tmp_path, *FLAGS)
    assert "deep holds 384 different ids in areas: instances of objects, not classes" in " ".join(text.split())
    arguments = [f"--data_dir={tmp_path}", "--domains=photo,deep", "--direction=deep_to_photo", f"--workdir={tmp_path / 'run'}"]
    assert main(["train", "--method=spade", *arguments, "--image_size=32"]) == 2
    assert "384 different ids" in capsys.readouterr().err


def test_measured_values_are_no_ids(tmp_path):
    noise = np.random.default_rng(1)
    folder(tmp_path, lambda number: noise.integers(0, 60000, (48, 48)))
    code, found, text = check(tmp_path, *FLAGS)
    assert not {name for _, name in found} & {"label_ids", "looks_like_labels"}


def test_a_depth_map_of_planes_has_too_many_values_for_classes(tmp_path):
    ramp = np.arange(48 * 48).reshape(48, 48) * 20
    folder(tmp_path, lambda number: ramp + number)
    code, found, text = check(tmp_path, *FLAGS)
    assert "label_ids" not in {name for _, name in found}


@pytest.mark.parametrize("values", [[7] * 16, [0] * 16])
def test_one_value_is_no_map(tmp_path, values):
    folder(tmp_path, lambda number: areas(values))
    with pytest.raises(UserError, match="1 different ids"):
        open_sources(DataConfig(data_dir=str(tmp_path), domains=("photo", "deep"), direction="BtoA"), "semantic", (32, 32))
