import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow.core.protobuf import saved_model_pb2

from tfgan.cli.main import main
from tfgan.config import Domain
from tfgan.data.reading import images
from tfgan.inference import export as export_module
from tfgan.inference.translator import Translator
from tfgan.methods.base import Translation
from tfgan.runs.opening import open_run
from tfgan.runs.training.pictures import stored_inputs


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("export") / "model"
    assert main(["export", str(run), f"--output={folder}"]) == 0
    return folder


@pytest.fixture(scope="module")
def model(exported):
    return tf.saved_model.load(str(exported))


@pytest.fixture(scope="module")
def translator(run):
    return Translator(open_run(str(run)).method.inference()["translate"])


def random_images(*shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)


def png(image):
    return images.encode(image, "png")


def serve(model, batch):
    return model.signatures["serving_default"](images=tf.constant(batch))["images"].numpy()


def serve_bytes(model, contents):
    return list(model.signatures["serve_bytes"](image_bytes=tf.constant(contents))["image_bytes"].numpy())


@pytest.mark.parametrize("shape", [(1, 16, 16), (1, 1, 1), (3, 20, 37), (2, 48, 5)])
def test_serving_default_is_the_runs_generator_at_any_size(model, translator, shape):
    batch = random_images(*shape)
    result = serve(model, batch)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, translator.pixels(batch))


def test_serve_bytes_takes_files_of_different_sizes(model, translator):
    sources = [random_images(9, 16), random_images(16, 40)]
    for source, content in zip(sources, serve_bytes(model, [png(source) for source in sources])):
        assert content.startswith(b"\x89PNG")
        np.testing.assert_array_equal(images.decode(content), translator.pixels(source[None])[0])


@pytest.mark.parametrize("form", ["jpg", "png", "gif", "bmp"])
def test_serve_bytes_takes_the_formats_it_names(model, translator, form):
    content = images.encode(random_images(16, 16), form)
    decoded = tf.io.decode_image(content, 3, expand_animations=False)
    np.testing.assert_array_equal(images.decode(serve_bytes(model, [content])[0]), translator.pixels(decoded[None])[0])


@pytest.mark.parametrize("mode", ["L", "RGBA", "I;16"])
def test_serve_bytes_takes_other_pixels(model, tmp_path, mode):
    Image.new(mode, (5, 4)).save(tmp_path / "a.png")
    assert images.decode(serve_bytes(model, [(tmp_path / "a.png").read_bytes()])[0]).shape == (4, 5, 3)


def test_n_in_one_request_are_n_requests_and_twice_the_same(model):
    # The run has --inference_dropout.
    batch = random_images(3, 20, 16)
    together = serve(model, batch)
    np.testing.assert_array_equal(together, np.concatenate([serve(model, image[None]) for image in batch]))
    np.testing.assert_array_equal(together, serve(model, batch))
    files = [png(image) for image in batch]
    answers = serve_bytes(model, files)
    assert answers == serve_bytes(model, files) == [serve_bytes(model, [file])[0] for file in files]


PROGRAM = """
import json, sys
import numpy as np
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
batch = np.load(sys.argv[2])
served = model.signatures["serving_default"](images=tf.constant(batch))["images"].numpy()
files = tf.stack([tf.io.encode_png(image) for image in batch])
answers = model.signatures["serve_bytes"](image_bytes=files)["image_bytes"].numpy()
decoded = np.stack([tf.io.decode_png(answer).numpy() for answer in answers])
print(json.dumps({"pixels": served.tolist(), "same": bool((served == decoded).all()), "modules": sorted(sys.modules)}))
"""


def test_loads_in_a_python_without_tfgan(exported, translator, tmp_path):
    batch = random_images(2, 11, 18)
    np.save(tmp_path / "batch.npy", batch)
    command = [sys.executable, "-I", "-c", PROGRAM, str(exported), str(tmp_path / "batch.npy")]
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    finished = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert "gradient" not in finished.stderr and "untraced" not in finished.stderr
    answer = json.loads(finished.stdout.splitlines()[-1])
    assert answer["same"] and not [name for name in answer["modules"] if name.startswith("tfgan")]
    np.testing.assert_array_equal(answer["pixels"], translator.pixels(batch))


def test_holds_the_generator_alone(exported, translator):
    stored = tf.train.list_variables(str(exported / "variables" / "variables"))
    weights = [(name, shape) for name, shape in stored if name.startswith("_weights")]
    assert sorted(tuple(shape) for _, shape in weights) == sorted(tuple(weight.shape) for weight in translator.weights)
    assert len(weights) == len(stored) - 1  # the other one is TensorFlow's own record of the objects


def test_holds_no_gradients(exported):
    # TensorFlow warns whoever loads a graph with operations whose gradients are code, as those of convolutions in other forms are.
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((exported / "saved_model.pb").read_bytes())
    functions = saved.meta_graphs[0].graph_def.library.function
    assert len(functions) > 3 and not [
        node.name for function in functions for node in function.node_def if "_gradient_op_type" in node.attr
    ]


def test_16_bits(tmp_path):
    translator = Translator(Translation(lambda x: -x, Domain("a", 1, "uint16"), Domain("b", 1, "uint16"), 4, 4))
    export_module.export({"translate": translator}, tmp_path / "model")
    model = tf.saved_model.load(str(tmp_path / "model"))
    image = np.array([0, 1, 300, 65535], np.uint16).reshape(2, 2, 1)
    assert serve(model, image[None]).ravel().tolist() == [65535, 65534, 65235, 0]
    answer = images.decode(serve_bytes(model, [png(image)])[0])
    assert answer.dtype == np.uint16 and answer.ravel().tolist() == [65535, 65534, 65235, 0]


def export_of_earlier_version(folder):
    (folder / "variables").mkdir(parents=True)
    (folder / "assets").mkdir()
    for name in ("saved_model.pb", "fingerprint.pb", "variables/variables.index", "variables/variables.data-00000-of-00001"):
        (folder / name).write_text("an older export")
    (folder / "tfgan.json").write_text(json.dumps({"run": "tiny", "method": "pix2pix", "step": 4, "translates": {}}))
    return folder


def test_command_compares_and_replaces_an_older_export_only_when_told(run, tmp_path, capsys):
    folder = export_of_earlier_version(tmp_path / "model")
    assert main(["export", str(run), f"--output={folder}"]) == 2
    assert "exists. Use --overwrite to replace it, or --output=FOLDER." in capsys.readouterr().err
    assert (folder / "saved_model.pb").read_text() == "an older export"

    for _ in range(2):  # an export of this version, too
        assert main(["export", str(run), f"--output={folder}", "--overwrite"]) == 0
        printed = capsys.readouterr().out
        assert f"{folder}: step 8" in printed
        assert "serving_default: photo to labels; largest difference from the run's over 2 real images: 0 of 255" in printed
        assert [path.name for path in tmp_path.iterdir()] == ["model"]
    record = json.loads((folder / "tfgan.json").read_text())
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in record["files"] if name[-1] != "/"} == there - {"tfgan.json"}


@pytest.mark.parametrize("foreign", ["notes.txt", ".git/HEAD", "variables/mine", "assets.extra/warmup", "link", "empty/"])
def test_overwrite_never_removes_what_is_no_part_of_the_export(run, tmp_path, capsys, foreign):
    folder = export_of_earlier_version(tmp_path / "model")
    if foreign == "link":
        (folder / foreign).symlink_to(tmp_path)
    elif foreign.endswith("/"):
        (folder / foreign).mkdir()
    else:
        (folder / foreign).parent.mkdir(exist_ok=True)
        (folder / foreign).write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    assert main(["export", str(run), f"--output={folder}", "--overwrite"]) == 2
    assert f"It holds {foreign}, which does not belong to the export, and was left as it is" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_saved_model_of_another_program_stays(run, tmp_path, capsys):
    folder = export_of_earlier_version(tmp_path / "model")
    (folder / "tfgan.json").write_text("{}")
    assert main(["export", str(run), f"--output={folder}", "--overwrite"]) == 2
    assert "It is not an export, and was left as it is" in capsys.readouterr().err and (folder / "saved_model.pb").exists()


def test_an_export_through_a_link_leaves_the_link(run, tmp_path):
    folder = export_of_earlier_version(tmp_path / "disk" / "model")
    (tmp_path / "model").symlink_to(folder)
    assert main(["export", str(run), f"--output={tmp_path / 'model'}", "--overwrite"]) == 0
    assert (tmp_path / "model").is_symlink() and json.loads((folder / "tfgan.json").read_text())["step"] == 8


def test_what_fails_leaves_the_older_export(run, tmp_path, monkeypatch, capsys):
    folder = export_of_earlier_version(tmp_path / "model")

    def full(*_):
        raise tf.errors.ResourceExhaustedError(None, None, f"{folder}/variables: No space left on device")

    monkeypatch.setattr("tfgan.runs.results.export.export", full)
    assert main(["export", str(run), f"--output={folder}", "--overwrite"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{folder} cannot be written" in line and "No space left" in line
    assert (folder / "saved_model.pb").read_text() == "an older export" and [path.name for path in tmp_path.iterdir()] == ["model"]


def test_overwrite_spares_what_is_no_export(run, tmp_path, capsys):
    (tmp_path / "precious").touch()
    assert main(["export", str(run), f"--output={tmp_path}", "--overwrite"]) == 2
    assert "It is not an export, and was left as it is: use --output=FOLDER." in capsys.readouterr().err
    assert (tmp_path / "precious").exists()


def test_comparison_is_with_the_runs_own_inputs(run, model, translator):
    inputs = stored_inputs(run, translator)
    assert len(inputs) == 2 and inputs[0].shape == (16, 16, 3)
    assert export_module.largest_difference(translator, model.signatures["serving_default"], inputs) == 0


def test_difference_is_the_largest_of_any_pixel(translator, model, monkeypatch):
    image = random_images(16, 16)
    own = translator.pixels(image[None]).numpy()
    changed = own.copy()
    changed[0, 3, 5, 1] = 255 - changed[0, 3, 5, 1]
    expected = abs(int(changed[0, 3, 5, 1]) - int(own[0, 3, 5, 1]))
    monkeypatch.setattr(translator, "pixels", lambda _: tf.constant(changed))
    serve = model.signatures["serving_default"]
    assert expected > 1 and export_module.largest_difference(translator, serve, [image]) == expected


def test_an_export_with_other_weights_is_refused(run, tmp_path, capsys, monkeypatch):
    write = export_module.export

    def perturbed(signatures, folder, *further):
        write(signatures, folder)
        for weight in signatures["translate"].weights:
            weight.assign(weight + 0.05)

    monkeypatch.setattr("tfgan.runs.results.export.export", perturbed)
    assert main(["export", str(run), f"--output={tmp_path / 'model'}"]) == 1
    assert "does not reproduce the run (serving_default): do not use it." in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
