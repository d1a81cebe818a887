"""`tfgan export --format=…`: what lies in the folder, and what is refused."""

import json

import numpy as np
import pytest

import tfgan
from tfgan import extras
from tfgan.cli.main import main
from tfgan.errors import TrainingFailed
from tfgan.inference.translator import Translator
from tfgan.portable import agreement
from tfgan.runs import judging
from tfgan.runs.opening import open_run
from tfgan.runs.training.pictures import stored_inputs


@pytest.fixture(scope="module")
def folder(run, tmp_path_factory):
    pytest.importorskip("ai_edge_litert")
    pytest.importorskip("tf2onnx")
    folder = tmp_path_factory.mktemp("portable") / "model"
    assert main(["export", str(run), f"--output={folder}", "--format=litert,onnx,keras", "--license=MIT"]) == 0
    return folder


def test_the_folder(folder):
    record = json.loads((folder / "tfgan.json").read_text())
    assert set(record["files"]) == {
        *("agreement.json", "keras/generator.keras", "litert/translate.tflite"),
        *("onnx/translate_floats.onnx", "onnx/translate_pixels.onnx"),
    }
    assert record["license"] == "MIT" and record["method"] == "pix2pix" and record["domains"]["labels"]["palette"][0]["color"] == "#0000de"
    found = json.loads((folder / "agreement.json").read_text())
    assert len(found) == 5 and all(one["fits"] for one in found)
    assert {one["cases"] for one in found if one["file"].startswith("onnx")} == {"16×16, 8×11 padded"}  # its dropout has one size


def test_a_mirrored_image_in_both_runtimes(run, folder):
    """By hand: an image of 13×10 pixels is mirrored at its border, translated and cut out."""
    import onnxruntime
    from ai_edge_litert.interpreter import Interpreter

    translator = Translator(open_run(str(run)).method.inference()["translate"])
    image = stored_inputs(run, translator)[0][:13, :10][None]
    padded = np.pad(image, ((0, 0), (1, 2), (3, 3), (0, 0)), mode="reflect")
    expected = translator.pixels(image).numpy()
    run_pixels = Interpreter(str(folder / "litert" / "translate.tflite")).get_signature_runner("translate_pixels")
    session = onnxruntime.InferenceSession(str(folder / "onnx" / "translate_pixels.onnx"))
    for made in (run_pixels(images=padded)["translated"], session.run(["translated"], {"images": padded})[0]):
        assert made.dtype == np.uint8
        np.testing.assert_allclose(made[:, 1:14, 3:13].astype(int), expected.astype(int), atol=1)


def test_out_of_bounds(run, tmp_path, monkeypatch, capsys):
    pytest.importorskip("ai_edge_litert")
    output, never = tmp_path / "model", agreement.Bound(-1.0, -1.0, 2.0, -1.0)
    command = ["export", str(run), f"--output={output}", "--format=litert", "--quantize=int8"]
    monkeypatch.setitem(agreement.BOUNDS, "int8", never)
    assert main(command) == 1
    shown = capsys.readouterr()
    assert "OUT OF BOUNDS" in shown.out and "litert/translate_int8.tflite" in shown.err and (output / "tfgan.json").is_file()
    assert not json.loads((output / "agreement.json").read_text())[0]["fits"]
    before = (output / "tfgan.json").read_bytes()
    monkeypatch.setitem(agreement.BOUNDS, "none", never)
    with pytest.raises(TrainingFailed, match="do not use it"):
        tfgan.load(run).export(output, formats=["litert"], overwrite=True)
    assert (output / "tfgan.json").read_bytes() == before


@pytest.mark.parametrize(
    "flags, words",
    [
        (["--format=onx"], "--format=onx is unknown. Did you mean onnx?"),
        (["--format="], "--format= names none"),
        (["--format=litert", "--quantize=int4"], "--quantize=int4 is unknown"),
        (["--quantize=int8"], "--quantize does nothing without --format=litert"),
        (["--format=onnx", "--export_size=32"], "--export_size does nothing without --format=litert"),
        (["--format=keras", "--max_pixels=9"], "--max_pixels does nothing without --format=savedmodel"),
        (
            ["--format=litert", "--export_size=20x40"],
            "--export_size=20x40: the network takes multiples of 16, at least 16. The next size is 32x48",
        ),
    ],
)
def test_refused(run, tmp_path, capsys, flags, words, monkeypatch):
    monkeypatch.setattr(judging, "refuse_without_extras", lambda formats: None)
    assert main(["export", str(run), f"--output={tmp_path / 'model'}", *flags]) == 2
    assert words in capsys.readouterr().err and not (tmp_path / "model").exists()


def test_missing_libraries_are_named_before_the_work(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert main(["export", str(run), f"--output={tmp_path / 'model'}", "--format=litert"]) == 2
    assert 'needs ai_edge_litert: pip install "tfgan[litert]"' in capsys.readouterr().err
