"""`tfgan sample`: files and sheets of tiny runs from noise, and what is refused."""

import re

import numpy as np
import pytest
import tensorflow as tf
from cut_pictures import column, planned, stated

from tfgan.cli.main import main
from tfgan.config import DataConfig, Domain
from tfgan.config.verbs import SampleConfig
from tfgan.data.reading import images
from tfgan.errors import UserError
from tfgan.inference import Encoder, Sampler, open_inference
from tfgan.inference.grids import GAP, LEAST_CELL, LINE_HEIGHT
from tfgan.methods.base import Encoding, Generation
from tfgan.paths.inputs import Inputs
from tfgan.runs.judging import read_by_samples
from tfgan.runs.opening import Run, open_run
from tfgan.runs.results import sampling
from tfgan.runs.results.written import Written

pytestmark = pytest.mark.usefixtures("eagerly")

SIZE = 16


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of GAN of one step."""
    folder = tmp_path_factory.mktemp("runs") / "gan"
    size = f"--image_size={SIZE} --batch_size=4 --synthetic_images=8 --steps=1 --num_samples=3 --notensorboard --precision=float32"
    assert main(["train", "--method=gan", *size.split(), f"--workdir={folder}"]) == 0
    return folder


def files(path):
    return sorted(file.relative_to(path).as_posix() for file in path.rglob("*.*"))


def test_each_seed_is_one_file(folder, tmp_path, capsys):
    assert main(["sample", str(folder), str(tmp_path / "a"), "--count=3", "--seed=5"]) == 0
    assert files(tmp_path / "a") == ["seed000005.png", "seed000006.png", "seed000007.png"]
    assert "3 written" in capsys.readouterr().out
    assert main(["sample", str(folder), str(tmp_path / "b"), "--count=1", "--seed=6"]) == 0
    six = images.decode(tmp_path / "a" / "seed000006.png")
    np.testing.assert_array_equal(images.decode(tmp_path / "b" / "seed000006.png"), six)
    sampler = open_inference(open_run(str(folder)).method)["generate"]
    np.testing.assert_array_equal(sampler.pixels(sampler.latents([6])).numpy()[0], six)


def test_what_is_there_stays(folder, tmp_path, capsys):
    (tmp_path / "seed000001.png").write_bytes(b"mine")
    command = ["sample", str(folder), str(tmp_path), "--count=2"]
    assert main(command) == 1
    assert (
        "1 written" in (out := capsys.readouterr().out)
        and f"1 in {tmp_path} do not say what made them (an earlier version, or another program). They stay" in out
    )
    assert (tmp_path / "seed000001.png").read_bytes() == b"mine"
    assert main([*command, "--overwrite"]) == 0
    assert (tmp_path / "seed000001.png").read_bytes() != b"mine"
    assert main([*command[:3], "--count=3"]) == 0
    assert "1 written" in (out := capsys.readouterr().out) and "2 were there already" in out


def test_results_of_other_settings_stay_and_are_told(tmp_path):
    method, out = FakeMethod(), tmp_path / "out"
    light, dark = grays(tmp_path / "light", 200, 220), grays(tmp_path / "dark", 30, 50)
    edited = {"images": dark, "having": light, "lacking": dark}
    assert sampling.make_files(request(method, **edited), out) == Written(2, 0, {}, 0)
    assert sampling.make_files(request(method, **edited), out) == Written(0, 2, {}, 0)
    assert sampling.make_files(request(method, **edited, strengths=[2.0]), out).other == {
        f"have another edit ({light} without {dark}, times 1, not {light} without {dark}, times 2)": 2
    }
    assert sampling.make_files(request(method, **edited | {"images": light}), out).other == {"have another input": 2}
    assert sampling.make_files(request(method, images=dark), out).exit_code == 1


def test_an_output_called_like_a_picture_is_one(folder, tmp_path, capsys):
    run, output = str(folder), tmp_path / "digits.png"
    assert main(["sample", run, str(output), "--rows=2", "--columns=3"]) == 0
    assert "one picture (--sheet=samples); to write one file for each image, name a folder" in capsys.readouterr().out
    assert main(["sample", run, str(tmp_path / "sheet.png"), "--sheet=samples", "--rows=2", "--columns=3"]) == 0
    np.testing.assert_array_equal(images.decode(output), images.decode(tmp_path / "sheet.png"))
    assert main(["sample", run, str(output)]) == 2 and "digits.png exists: use --overwrite" in capsys.readouterr().err

    assert main(["sample", run, str(tmp_path / "one.webp"), "--count=1", "--seed=6"]) == 0
    assert main(["sample", run, str(tmp_path / "one.png"), "--count=1", "--seed=6"]) == 0
    assert main(["sample", run, str(tmp_path / "folder"), "--count=1", "--seed=6"]) == 0
    assert images.decode(tmp_path / "one.webp").shape[:2] == (SIZE, SIZE)
    np.testing.assert_array_equal(images.decode(tmp_path / "one.png"), images.decode(tmp_path / "folder" / "seed000006.png"))


def test_a_folder_called_like_a_picture_stays_a_folder(folder, tmp_path):
    (tmp_path / "digits.png").mkdir()
    assert main(["sample", str(folder), str(tmp_path / "digits.png"), "--count=2"]) == 0
    assert files(tmp_path / "digits.png") == ["seed000000.png", "seed000001.png"]


@pytest.mark.parametrize("sheet, rows", [("samples", 3), ("interpolation", 3)])
def test_sheets_are_one_picture(folder, tmp_path, capsys, sheet, rows):
    command = ["sample", str(folder), str(tmp_path / "sheet.png"), f"--sheet={sheet}", f"--rows={rows}", "--columns=2"]
    assert main(command) == 0
    picture = images.decode(tmp_path / "sheet.png")
    assert picture.shape[0] == LINE_HEIGHT + GAP + rows * (LEAST_CELL + GAP) and len(np.unique(picture)) > 20
    before = (tmp_path / "sheet.png").read_bytes()
    assert main(command) == 2 and "--overwrite" in capsys.readouterr().err
    assert main([*command, "--seed=9", "--overwrite"]) == 0 and (tmp_path / "sheet.png").read_bytes() != before


def test_sample_pictures_of_training_are_of_fixed_seeds(folder):
    """Three rows and columns, the seeds from 0 on row by row."""
    *_, path = sorted((folder / "samples").glob("*.png"))
    assert main(["sample", str(folder), str(folder / "again.png"), "--sheet=samples", "--rows=3", "--columns=3"]) == 0
    sheet, picture, places = images.decode(folder / "again.png"), images.decode(path), stated(path)
    assert [place.title for place in places.columns] == ["from noise", "", ""]  # which of them is the first of a row is not said
    own, top = planned(["0", "1", "2"], 3, SIZE), places.columns[0].top
    assert sheet.shape[:2] == (picture.shape[0] - top + own.columns[0].top, picture.shape[1])
    np.testing.assert_array_equal(sheet[own.columns[0].top :], picture[top:])


@pytest.mark.parametrize(
    "flags, message",
    [
        (["out", "--count=0"], "--count=0 must be at least 1"),
        (["out", "--seed=-1"], "--seed=-1 must be at least 0"),
        (["out", "--sheet=samples"], r"name it, for example \S*out.png"),
        (["out.png", "--sheet=mixing"], "--sheet=mixing is for StyleGAN"),
        (["out.png", "--sheet=truncation"], "--sheet=truncation is for StyleGAN"),
        (["out", "--truncation=0.5"], ": it is for StyleGAN"),
        (["out", "--truncation=half"], "--truncation=half: use numbers"),
        (["out", "--classes=3"], "trained without classes"),
        (["out", "--images=."], "--images needs a run with an encoder"),
        (["out.png", "--sheet=reconstruction"], "--sheet=reconstruction needs --images"),
        (["out.png", "--sheet=edit", "--images=."], "give both, --having"),
        (["out.png", "--sheet=samples", "--images=."], "--images does nothing with --sheet=samples"),
        (["out", "--having=a", "--lacking=b"], "--having and --lacking edit --images"),
        (["out", "--strengths=1"], "--strengths does nothing without an edit"),
        (["taken", "--count=1"], "taken is a file"),
        (["out.png", "--count=9"], "name a folder, or say how many the picture shows by --rows and --columns"),
        (["out.pdf"], r"PDF files \(\S*out.pdf\) are not written: name a picture, \S*out.png, or a folder"),
        (["out.cr2", "--sheet=samples"], r"name it, for example"),
    ],
)
def test_what_cannot_be_made_is_refused(folder, tmp_path, capsys, flags, message):
    (tmp_path / "taken").write_bytes(b"")
    assert main(["sample", str(folder), str(tmp_path / flags[0]), *flags[1:]]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


class FakeMethod:
    """Latents are the mean gray of an image and its reverse; labels shift the image by tenths."""

    networks, ema = {}, {}

    def __init__(self, class_names=(), encoder=True):
        image = Domain("image", 1)
        self.signatures = {"generate": Sampler(Generation(self.paint, image, 2, class_names))}
        if encoder:
            self.signatures["encode"] = Encoder(Encoding(self.measure, image, (SIZE, SIZE), 2, crop=True))

    @staticmethod
    def paint(latents, labels=None):
        gray = latents[:, 0] if labels is None else latents[:, 0] * 0 + tf.cast(labels, tf.float32) / 10
        return tf.clip_by_value(tf.tile(gray[:, None, None, None], [1, SIZE, SIZE, 1]), -1.0, 1.0)

    @staticmethod
    def measure(images):
        mean = tf.reduce_mean(images, axis=[1, 2, 3])
        return tf.stack([mean, -mean], axis=1)


class FakeConfig:
    method, data = "vaegan", DataConfig()


def request(method, **changes):
    settings = SampleConfig(**({"count": 4, "rows": 2, "columns": 3} | changes))
    run, inputs = Run("run", FakeConfig, method, 1), read_by_samples(settings)
    return sampling.Request(run, method.signatures, method.signatures["generate"], settings, inputs)


def grays(folder, *values, size=SIZE):
    folder.mkdir(parents=True, exist_ok=True)
    for number, value in enumerate(values):
        images.save(folder / f"{number}.png", np.full((size, size, 1), value, np.uint8))
    return str(folder)


def test_classes_take_turns_in_folders_of_their_names(tmp_path):
    method = FakeMethod(("T-shirt/top", "bag", "coat"))
    assert sampling.make_files(request(method, classes=["coat", "T-shirt/top"], count=3), tmp_path) == Written(3, 0, {}, 0)
    assert files(tmp_path) == ["T-shirt_top/seed000001.png", "coat/seed000000.png", "coat/seed000002.png"]
    assert images.decode(tmp_path / "coat" / "seed000000.png")[0, 0, 0] == round(1.2 * 127.5)
    sampling.make_files(request(method, count=3), tmp_path / "all")
    assert {path.split("/")[0] for path in files(tmp_path / "all")} == {"T-shirt_top", "bag", "coat"}


def test_unknown_classes(tmp_path):
    with pytest.raises(UserError, match="no class 'cot'. Did you mean coat"):
        sampling.make_files(request(FakeMethod(("bag", "coat")), classes=["cot"]), tmp_path)


def test_images_are_reconstructed_under_their_names(tmp_path):
    source = grays(tmp_path / "photos", 51, 204, size=40)
    sampling.make_files(request(FakeMethod(), images=source), tmp_path / "out")
    assert files(tmp_path / "out") == ["0.png", "1.png"]
    made = [images.decode(tmp_path / "out" / f"{n}.png") for n in range(2)]
    assert made[0].shape == (SIZE, SIZE, 1) and [image[0, 0, 0] for image in made] == [51, 204]


@pytest.mark.parametrize("strengths, expected", [([], 101 + 50), ([-2.0], 101 - 100)])
def test_an_edit_adds_the_difference_of_two_folders(tmp_path, strengths, expected):
    source, having, lacking = grays(tmp_path / "a", 101), grays(tmp_path / "b", 150, 190), grays(tmp_path / "c", 100, 120, 140)
    sampling.make_files(request(FakeMethod(), images=source, having=having, lacking=lacking, strengths=strengths), tmp_path / "out")
    assert images.decode(tmp_path / "out" / "0.png")[0, 0, 0] == expected


def test_sheets_of_images(tmp_path):
    source, having, lacking = grays(tmp_path / "a", 51, 102, 204), grays(tmp_path / "b", 20), grays(tmp_path / "c", 10)
    columns = sampling._SHEETS["reconstruction"](request(FakeMethod(), images=source, rows=2))
    assert [len(column) for column in columns.values()] == [2, 2]
    np.testing.assert_allclose(columns["image"], columns["reconstruction"], atol=1e-6)
    edits = sampling._SHEETS["edit"](request(FakeMethod(), images=source, having=having, lacking=lacking))
    assert list(edits) == ["image", "-1", "-0.5", "+0", "+0.5", "+1"]
    assert np.mean(edits["+1"][0] - edits["image"][0]) == pytest.approx(10 / 127.5, abs=1e-5)
    between = sampling._SHEETS["interpolation"](request(FakeMethod(), images=source))
    assert [float(column[1].mean()) for column in (between["0.00"], between["1.00"])] == pytest.approx(
        [102 / 127.5 - 1, 204 / 127.5 - 1], abs=1e-5
    )


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"images": "{a}", "having": "{a}", "lacking": "{a}", "strengths": [1.0, 2.0]}, "one of --strengths"),
        ({"images": "{bad}"}, "bad.png"),
        ({"images": "{empty}"}, "neither an image nor a folder"),
    ],
)
def test_images_that_cannot_be_used(tmp_path, changes, message):
    grays(tmp_path / "a", 1)
    for name in ("bad", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "bad" / "bad.png").write_bytes(b"no image")
    places = {name: str(tmp_path / name) for name in ("a", "bad", "empty")}
    filled = {key: value.format(**places) if isinstance(value, str) else value for key, value in changes.items()}
    with pytest.raises(UserError, match=message):
        sampling.make_files(request(FakeMethod(), **filled), tmp_path / "out")


def test_a_translator_run_is_sent_to_translate(tmp_path, monkeypatch):
    monkeypatch.setattr("tfgan.runs.results.sampling.open_run", lambda *_: Run("run", FakeConfig, FakeMethod(), 1))
    monkeypatch.setattr("tfgan.runs.results.sampling.open_inference", lambda method: {})
    with pytest.raises(UserError, match="use `tfgan translate`"):
        sampling.sample("run", tmp_path / "out", SampleConfig(), Inputs({}))


def test_sample_pictures_grow_with_the_images(tmp_path, capsys):
    """8×8 blocks of 2×2 pixels in the first stage; later the pictures of training show what `tfgan sample` makes of the run."""
    small = (
        "--image_size=16 --latent_dim=4 --w_dim=4 --mapping_layers=1 --channel_base=32 --channel_max=4 --truncation=1 --precision=float32"
    )
    length = (
        "--stable_images=4 --fade_images=4 --synthetic_images=8 --batch_size=4 --epochs=2 --sample_every=1 --num_samples=2 --notensorboard"
    )
    folder = tmp_path / "run"
    assert main(["train", "--method=stylegan", *small.split(), *length.split(), f"--workdir={folder}"]) == 0
    said = capsys.readouterr().out
    assert "The images grow: 8×8 from step 0 (batch 4), 16×16 from step 1 (batch 4)." in said and "end at" not in said
    paths = [folder / "samples" / f"{name}.png" for name in ("step_00000001", "epoch_0002")]
    first, last = (column(images.decode(path), stated(path), "from noise")[0] for path in paths)
    blocks = first[::2, ::2].repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(first, blocks)
    assert np.any(last[::2, ::2] != last[1::2, 1::2])
    sampler = open_inference(open_run(str(folder)).method)["generate"]
    np.testing.assert_allclose(last.astype(int), sampler.pixels(sampler.latents([0])).numpy()[0].astype(int), atol=1)


def test_a_run_too_short_to_grow_says_so(tmp_path, capsys):
    small = (
        "--image_size=16 --latent_dim=4 --w_dim=4 --mapping_layers=1 --channel_base=32 --channel_max=4 --synthetic_images=8 --batch_size=4"
    )
    assert main(["train", "--method=stylegan", *small.split(), "--steps=1", "--notensorboard", f"--workdir={tmp_path / 'run'}"]) == 0
    assert "Its 1 steps end at 8×8: raise --epochs, or use --stable_images=1 --fade_images=1." in capsys.readouterr().out
