"""Maps of uncertainty of tiny runs, by the command and from Python: files, numbers, words, and what is refused."""

import json

import numpy as np
import pytest
from conftest import TINY

import tfgan
from tfgan.cli.main import main
from tfgan.data.reading import images

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Labels to photo, with dropout and two checkpoints; twelve training pairs, so that some validate."""
    folder = tmp_path_factory.mktemp("maps") / "run"
    flags = [*TINY, "--direction=BtoA", "--synthetic_images=12", "--steps=4", "--checkpoint_every=1", "--batch_size=6"]
    assert main(["train", *flags, f"--workdir={folder}"]) == 0
    return folder


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """deep/a.png and b.png of two sizes."""
    folder, random = tmp_path_factory.mktemp("inputs"), np.random.default_rng(0)
    for name, size in (("deep/a.png", (16, 16)), ("b.png", (20, 24))):
        (folder / name).parent.mkdir(exist_ok=True)
        images.save(folder / name, random.integers(0, 256, (*size, 3), np.uint8))
    return folder


def translate(run, inputs, output, *flags):
    return main(["translate", str(run), str(inputs), str(output), *flags])


def test_a_map_lies_beside_each_result_and_says_what_made_it(run, inputs, tmp_path, capsys):
    assert translate(run, inputs, tmp_path, "--uncertainty=dropout", "--uncertainty_samples=3") == 0
    said = capsys.readouterr()
    said = said.out + said.err
    assert "3 masks of dropout, float32 from 0 to 127.5" in said and f"tfgan evaluate {run} --uncertainty=dropout" in said
    files = sorted(str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.*"))
    assert files == ["b.png", "b_uncertainty.tif", "deep/a.png", "deep/a_uncertainty.tif"]
    found = images.decode(tmp_path / "b_uncertainty.tif")
    assert found.shape == (20, 24, 1) and found.dtype == np.float32 and 0 <= found.min() < found.max() < 127.5
    plain = tmp_path / "plain"
    assert translate(run, inputs, plain) == 0
    assert (plain / "b.png").read_bytes() == (tmp_path / "b.png").read_bytes()  # results are those without maps
    capsys.readouterr()
    assert translate(run, inputs, tmp_path, "--uncertainty=dropout", "--uncertainty_samples=3") == 0
    assert "2 were there already" in capsys.readouterr().out
    assert translate(run, inputs, tmp_path, "--uncertainty=dropout", "--uncertainty_samples=4") == 1  # other maps: they stay, and are told
    assert "another sample count (3, not 4)" in (said := capsys.readouterr()).out + said.err


def test_python_gives_the_maps_of_the_command(run, inputs, tmp_path):
    assert translate(run, inputs / "b.png", tmp_path / "b.png", "--uncertainty=dropout", "--seed=5") == 0
    opened = tfgan.load(run)
    found = opened.uncertainty([inputs / "b.png"], "dropout", seed=5)
    np.testing.assert_array_equal(found[0], images.decode(tmp_path / "b_uncertainty.tif")[..., 0])
    array = images.decode(inputs / "deep/a.png")
    assert opened.uncertainty(array[None]).shape == (1, 16, 16) and opened.uncertainty(array, samples=2).shape == (16, 16)


def test_checkpoints_that_agree_are_sure(run, inputs, tmp_path):
    """The spread of two checkpoints is half of their distance: of one channel or of three, by the root of the mean square."""
    opened = [tfgan.load(run, checkpoint=step) for step in (2, 4)]
    array = images.decode(inputs / "deep/a.png")
    one, two = (np.clip(each.translate(array, dtype="float32"), -1, 1) for each in opened)
    expected = 127.5 * np.sqrt((((one - two) / 2) ** 2).mean(axis=2))
    np.testing.assert_allclose(opened[0].uncertainty(array, "checkpoints"), expected, atol=1e-3)


def test_evaluate_measures_them_and_translate_tells(run, inputs, tmp_path, capsys):
    names = "--metrics=uncertainty_pixels,uncertainty_images"
    assert main(["evaluate", str(run), "--features=", names, "--uncertainty=segmenter", "--segmenter_steps=2", "--cases=0"]) == 0
    entry = json.loads((run / "evaluation.json").read_text())["results"][-1]
    assert set(entry["metrics"]) == {"uncertainty_pixels", "uncertainty_images"}
    assert entry["stamp"]["uncertainty"] == {"uncertainty": "segmenter", "samples": 8}
    value = entry["metrics"]["uncertainty_pixels"]["value"]
    assert -1 <= value <= 1
    (segmenter,) = (run.parent / "evaluators").glob("segmenter*.keras")
    capsys.readouterr()
    assert translate(run, inputs / "b.png", tmp_path / "b.png", "--uncertainty=segmenter", f"--segmenter={segmenter}") == 0
    said = capsys.readouterr()
    assert f"its rank correlation with the error is {value:.2f}" in said.out + said.err


@pytest.mark.parametrize(
    "flags, said",
    [
        (["--uncertainty=cycle"], "no way back: use --uncertainty=dropout or --uncertainty=checkpoints or --uncertainty=segmenter"),
        (["--uncertainty=styles"], "it has no style encoder"),
        (["--uncertainty=dropuot"], "dropuot"),
        (["--uncertainty_samples=3"], "--uncertainty_samples does nothing"),
        (["--uncertainty=dropout", "--segmenter=x.keras"], "--segmenter does nothing without --uncertainty=segmenter"),
        (["--seed=1"], "--seed does nothing"),
    ],
)
def test_what_the_run_does_not_have_is_refused(run, inputs, tmp_path, capsys, flags, said):
    assert translate(run, inputs, tmp_path / "out", *flags) == 2
    assert said in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_two_maps_of_one_name_are_refused(run, tmp_path, capsys):
    for name in ("a.png", "a.jpg"):
        images.save(tmp_path / "in" / name, np.zeros((16, 16, 3), np.uint8))
    assert translate(run, tmp_path / "in", tmp_path / "out", "--uncertainty=dropout") == 2
    assert "would both become" in capsys.readouterr().err


def test_evaluate_needs_the_kind_for_its_metrics(run, capsys):
    assert main(["evaluate", str(run), "--features=", "--metrics=uncertainty_pixels"]) == 2
    assert "uncertainty_pixels" in capsys.readouterr().err
