"""Every method through the real commands on the built-in set: train, stop, resume, translate, export, reload."""

import json
import signal

import numpy as np
import pytest
import tensorflow as tf

from tfgan.cli.runs import open_run
from tfgan.data import images
from tfgan.inference import open_inference
from tfgan.inference.export import signature_name
from tfgan.inference.files import read_image
from tfgan.inference.translator import Translator
from tfgan.methods import METHODS

COMMON = [
    *("--dataset=synthetic", "--image_size=16", "--ngf=4", "--ndf=4", "--synthetic_images=8", "--batch_size=2", "--deterministic"),
    *("--num_samples=2", "--log_every=1", "--checkpoint_every=1", "--epochs=2", "--notensorboard", "--sample_every=1000"),
]
FLAGS = {
    "pix2pix": ["--generator=unet_16", "--n_layers=1"],
    "cyclegan": ["--generator=resnet_1", "--n_layers=1", "--pool_size=3"],
    "stargan": ["--n_layers=2", "--blocks=1", "--n_critic=2"],
    "spade": ["--depth=2", "--n_layers=2", "--style_encoder", "--encoder_size=16", "--latent=8"],
}
INPUT = {"pix2pix": "source", "cyclegan": "target", "stargan": "image", "spade": "labels"}  # of what `translate` is shown
TRANSLATE = {"stargan": ["--set=brick,~night"], "cyclegan": ["--to=day"]}

STOP_AFTER_A_STEP = f"""
from tfgan.training.step import TrainStep
import os
run = TrainStep.run
def signalled(self, iterator, count):
    if int(self.step.numpy()) == 1:
        os.kill(os.getpid(), {int(signal.SIGTERM)})
    return run(self, iterator, count)
TrainStep.run = signalled
"""


@pytest.fixture(scope="module", params=METHODS)
def run(request, run_tfgan, tmp_path_factory):
    """A run that was stopped and resumed, and the same one unbroken."""
    name = request.param
    stopped, unbroken = (tmp_path_factory.mktemp(name) / what for what in ("stopped", "unbroken"))
    command = ["train", f"--method={name}", *COMMON, *FLAGS[name]]
    code, output = run_tfgan(*command, f"--workdir={stopped}", prelude=STOP_AFTER_A_STEP)
    assert code == 143 and "saved step 2" in output, output
    code, output = run_tfgan(*command, f"--workdir={stopped}")
    assert code == 0 and "from step 2" in output, output
    code, output = run_tfgan(*command, f"--workdir={unbroken}")
    assert code == 0, output
    return name, stopped, unbroken


def tensors(folder):
    """All tensors of the newest checkpoint but the counter of saves."""
    reader = tf.train.load_checkpoint(tf.train.latest_checkpoint(str(folder / "checkpoints")))
    names = reader.get_variable_to_shape_map()
    return {name: reader.get_tensor(name) for name in names if not name.startswith(("save_counter", "_CHECKPOINTABLE"))}


def rows(folder):
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in row.items() if key != "images_per_second"} for row in found]


def test_resume_is_exact(run):
    name, stopped, unbroken = run
    ours, theirs = tensors(stopped), tensors(unbroken)
    assert ours.keys() == theirs.keys() and len(ours) > 20
    for key in ours:
        np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)
    assert rows(stopped) == rows(unbroken) and len(rows(unbroken)) >= 4
    pools = {key: value for key, value in ours.items() if key.startswith("state/")}
    if name == "cyclegan":
        assert sorted(key.split("/")[1] for key in pools) == ["filled", "source", "target"]
        assert min(np.abs(image).max() for key in ("source", "target") for image in pools[f"state/{key}/.ATTRIBUTES/VARIABLE_VALUE"]) > 0
    else:
        assert not pools


def test_every_weight_moved_in_the_last_epoch(run):
    """Biases may rest: in front of a norm that takes the mean away, their gradient is rounding noise (see tests/methods, where the phases
    are also asked to leave the other networks still)."""
    _, _, folder = run
    steps = sorted(int(path.name[5:-6]) for path in (folder / "checkpoints").glob("ckpt-*.index"))
    before, after = (open_run(str(folder), str(step)).method.networks for step in steps)
    for name, network in after.items():
        for old, new in zip(before[name].weights, network.weights, strict=True):
            assert new.path.endswith("bias") or np.any(old.numpy() != new.numpy()), new.path


def test_everything_is_finite_and_a_picture_is_there(run):
    _, stopped, _ = run
    assert all(np.isfinite(value).all() for value in tensors(stopped).values())
    assert all(np.isfinite(list(row.values())).all() for row in rows(stopped))
    last = rows(stopped)[-1]
    picture = images.decode(stopped / "samples" / f"epoch_{round(last['epoch']):04d}.png")
    assert picture.shape[0] > 2 * 16 and len(np.unique(picture)) > 20


def test_translate_and_export(run, run_tfgan, tmp_path):
    name, folder, _ = run
    inputs = sorted((folder / "samples" / "inputs").glob("*_0.png"))
    source = next(path for path in inputs if path.name.startswith(INPUT[name]))
    code, output = run_tfgan("translate", folder, source, tmp_path / "out", *TRANSLATE.get(name, []))
    assert code == 0, output
    result = images.decode(tmp_path / "out" / source.name)
    assert result.shape == (16, 16, 3)

    code, output = run_tfgan("export", folder, f"--output={tmp_path / 'model'}")
    assert code == 0, output
    model = tf.saved_model.load(str(tmp_path / "model"))
    ways = open_inference(open_run(str(folder)).method)
    for key, way in ways.items():
        image = read_image(next(path for path in inputs if path.name.startswith(way.input_key)), way.source, "composite")
        given = {k: np.full((1, n), 0.5, np.float32) for k, n in getattr(way, "lengths", {}).items()}
        serve = model.signatures[signature_name(key, ways)]
        (served,) = serve(**{way.pixel_spec.name: tf.constant(image[None])}, **{k: tf.constant(v) for k, v in given.items()}).values()
        expected = way.pixels(image[None], **given)
        tolerance = {"atol": 1} if isinstance(way, Translator) else {"rtol": 1e-4, "atol": 1e-5}
        np.testing.assert_allclose(served.numpy().astype(np.float32), expected.numpy().astype(np.float32), **tolerance)
