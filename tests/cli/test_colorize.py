"""pix2pix that colors gray pictures (--colorize=lab), from a folder of color pictures to the export."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tiny_folders import check, save

import tfgan
from tfgan.cli.main import main
from tfgan.runs.opening import read_config

color = pytest.importorskip("skimage.color")

FLAGS = (
    *("--generator=unet_16", "--ngf=4", "--ndf=4", "--n_layers=1", "--image_size=16", "--batch_size=2", "--num_samples=2", "--steps=2"),
    *("--notensorboard", "--validate_every=1", "--precision=float32", "--dropout=0"),
)
pytestmark = pytest.mark.usefixtures("eagerly")


def pictures(folder, count=4, dtype=np.uint8):
    noise = np.random.default_rng(0)
    for split in ("train", "val"):
        for number in range(count if split == "train" else 2):
            rough = noise.uniform(0.1, 0.9, (5, 6, 3)).repeat(4, axis=0).repeat(4, axis=1)
            path = folder / split / f"{number}.png"
            if dtype == np.uint8:
                save(path, np.rint(rough * 255).astype(np.uint8))
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tf.io.encode_png(np.rint(rough * 65535).astype(np.uint16)).numpy())


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("colorize") / "photos"
    pictures(folder)
    return folder


@pytest.fixture(scope="module")
def run(data):
    folder = data.parent / "run"
    assert main(["train", *FLAGS, f"--data_dir={data}", "--colorize=lab", f"--workdir={folder}"]) == 0
    return folder


def lightness(pixels):
    return color.rgb2lab(pixels / np.iinfo(pixels.dtype).max)[..., 0]


def test_networks_see_one_channel_and_make_two(run):
    record = read_config(run)
    assert {key: (domain.name, domain.lab) for key, domain in record.spec.domains.items()} == {
        "source": ("lightness", "L"),
        "target": ("colors", "ab"),
    }
    networks = tfgan.load(run)._opened.method.networks
    assert networks["generator"].input_shape[-1] == 1 and networks["generator"].output_shape[-1] == 2
    assert [x.shape[-1] for x in networks["discriminator"].inputs] == [1, 2]


@pytest.mark.parametrize("given", ["color", "gray"])
def test_results_keep_the_lightness_of_what_was_given(run, data, tmp_path, given):
    """Of gray files and of color files alike; colors that the tiny network makes are in sRGB, so that rounding alone is left."""
    pixels = np.asarray(Image.open(data / "val" / "0.png"))
    pixels = pixels if given == "color" else pixels[..., 1]
    save(tmp_path / "in.png", pixels)
    assert main(["translate", str(run), str(tmp_path / "in.png"), str(tmp_path / "out.png")]) == 0
    result = np.asarray(Image.open(tmp_path / "out.png"))
    assert result.shape == (20, 24, 3) and result.dtype == np.uint8
    seen = pixels if given == "color" else np.repeat(pixels[..., None], 3, axis=-1)
    assert np.abs(lightness(result) - lightness(seen)).max() < 0.4
    assert np.any(result != result[..., :1])


def test_what_training_sees(data):
    opened = tfgan.open_dataset("paired", (20, 24), data_dir=str(data), colorize="lab")
    example = opened._train[0].source.load(1)
    own = np.asarray(Image.open(data / "train" / "1.png"))
    np.testing.assert_array_equal(example["B"], own)
    assert (example["A"] == example["A"][..., :1]).all() and np.abs(lightness(example["A"]) - lightness(own)).max() < 0.26


def test_evaluate_report_and_export(run, tmp_path):
    assert main(["evaluate", str(run), "--metrics=l1,psnr", "--features="]) == 0
    assert main(["report", str(run)]) == 0
    out = tmp_path / "export"
    assert main(["export", str(run), f"--output={out}"]) == 0
    about = json.loads((out / "tfgan.json").read_text())["domains"]
    assert "takes the lightness L of CIELAB" in about["lightness"]["colorization"] and "clipped" in about["colors"]["colorization"]
    pixels = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 3)).astype(np.uint8)
    served = tf.saved_model.load(str(out)).signatures["serving_default"](images=tf.constant(pixels))["images"].numpy()
    assert np.abs(served[0].astype(int) - tfgan.load(run).translate(pixels[0], size="full")).max() <= 1


def test_check_takes_color_pictures_for_pairs(data, tmp_path):
    code, found, text = check(f"--data_dir={data}", "--colorize=lab", "--image_size=64", "--noprobe")
    assert code == 0 and not {"all_gray", "narrow_halves"} & {name for _, name in found}, text
    assert "color pictures, each with its lightness" in text and "--colorize=lab" in text.split("Train")[-1]
    save(tmp_path / "gray" / "0.png", np.zeros((20, 20), np.uint8))
    code, found, text = check(f"--data_dir={tmp_path / 'gray'}", "--colorize=lab", "--method=pix2pix", "--image_size=64", "--noprobe")
    assert code == 1 and "there is no color to learn" in text


def test_pictures_of_16_bits_and_halves(tmp_path):
    pictures(tmp_path, count=2, dtype=np.uint16)
    deep = tfgan.open_dataset("paired", 16, data_dir=str(tmp_path), colorize="lab")
    assert {domain.dtype for domain in deep.spec.domains.values()} == {"uint16"}
    assert len(np.unique(deep._train[0].source.load(0)["A"] % 257)) > 1  # finer than 8 bits
    half = tfgan.open_dataset("paired", 16, data_dir=str(tmp_path), half="left", colorize="lab")
    assert half._train[0].source.load(0)["B"].shape == (20, 12, 3)


@pytest.mark.parametrize(
    "flags, message",
    [
        (("--method=cyclegan",), "--colorize has no effect for a method that learns from unpaired images"),
        (("--direction=BtoA",), "--direction does nothing with --colorize=lab"),
        (("--augment=color",), "--augment=color changes the colors"),
        (("--half=left", "--colorize="), "--half has no effect"),
    ],
)
def test_settings_that_cannot_work(data, tmp_path, capsys, flags, message):
    assert main(["train", f"--data_dir={data}", "--colorize=lab", *flags, f"--workdir={tmp_path / 'run'}", "--image_size=64"]) == 2
    assert message in capsys.readouterr().err


def test_color_in_diffaugment_is_refused(data, tmp_path, capsys):
    assert main(["train", *FLAGS, f"--data_dir={data}", "--colorize=lab", "--diffaugment=color", f"--workdir={tmp_path / 'run'}"]) == 2
    assert "--diffaugment=color changes the colors" in capsys.readouterr().err


def test_a_limit_on_the_images(data, capsys):
    """The first ones by name, and none of those that validate."""
    opened = tfgan.open_dataset("paired", 16, data_dir=str(data), colorize="lab", max_images=3)
    assert opened.spec.sizes == {"train": 3, "validation": 2}
    assert [opened._train[0].name(number) for number in range(3)] == [f"train/{number}.png" for number in range(3)]
    assert "--max_images=3: 3 training images are used" in capsys.readouterr().out
    every = tfgan.open_dataset("paired", 16, data_dir=str(data), colorize="lab", max_images=9)
    assert every.spec.sizes["train"] == 4
