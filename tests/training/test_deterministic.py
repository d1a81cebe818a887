"""With `--deterministic` a short run of every method is the same bit for bit: in two processes, beside another load, by each library."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from run_state import tensors

PROCESSES, REPEATS = 2, 6  # twelve runs; the processes work at once
LIBRARIES = {"eigen": {"TF_ENABLE_ONEDNN_OPTS": "0"}, "onednn": {"TF_ENABLE_ONEDNN_OPTS": "1"}}
TESTS = Path(__file__).parents[1]

# Of each method, and of settings with what the defaults lack: penalties, dropout, augmentation, moving averages.
REPEAT = """
import sys
import tensorflow as tf
from conftest import CPU
from pathlib import Path
from tfgan.methods import METHODS
from tfgan.training.checkpoint import Checkpointer
from tiny_methods import Training

tf.config.experimental.enable_op_determinism()
penalty = {"loss": "wgan_gp", "discriminator_norm": "none", "n_critic": 2, "average_decay": 0.9}
styles = {"style_encoder": True, "encoder_size": 16, "latent": 8}
augmented = {"diffaugment": ("color", "translation", "cutout"), "dropout": 0.5, "average_decay": 0.9}
settings = [(name, name, {}) for name in METHODS if name not in ("dcgan", "spade")]
settings += [("dcgan", "dcgan-penalty", penalty), ("spade", "spade-styles", styles), ("pix2pix", "pix2pix-augmented", augmented)]
for method, name, changes in settings:
    folder = Path(sys.argv[1]) / name
    training = Training(method, **changes)
    Checkpointer(folder / "start", training.step, 1).save()
    for number in range(int(sys.argv[2])):
        Checkpointer(folder / "start", training.step, 1).restore()
        training.iterator = iter(training.dataset)
        for count in (3, 7):
            training.run(count)
        Checkpointer(folder / str(number), training.step, 1).save()
"""

BURSTS = """
import random, time
chance = random.Random(0)
while True:
    end = time.monotonic() + chance.uniform(0, 0.05)
    while time.monotonic() < end:
        pass
    time.sleep(chance.uniform(0, 0.05))
"""


@pytest.fixture
def load():
    """Another process that works now and then."""
    process = subprocess.Popen([sys.executable, "-c", BURSTS])
    yield
    process.kill()
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("library", LIBRARIES)
def test_twelve_runs_are_one(library, load, tmp_path):
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    environment = {**os.environ, **LIBRARIES[library], "PYTHONPATH": paths}
    started = [
        subprocess.Popen([sys.executable, "-c", REPEAT, str(tmp_path / str(number)), str(REPEATS)], env=environment)
        for number in range(PROCESSES)
    ]
    assert [process.wait(timeout=1800) for process in started] == [0] * PROCESSES
    names = sorted(path.name for path in (tmp_path / "0").iterdir())
    assert len(names) == 11
    different = set()
    for name in names:
        expected, *others = (
            tensors(tmp_path / str(process) / name / str(number) / "ckpt-10") for process in range(PROCESSES) for number in range(REPEATS)
        )
        assert len(expected) > 20 and len(others) == PROCESSES * REPEATS - 1
        start = tensors(tmp_path / "0" / name / "start" / "ckpt-0")
        assert np.mean([np.any(start[key] != expected[key]) for key in expected]) > 0.5  # it was a run
        different |= {(name, key) for found in others for key in expected if not np.array_equal(found[key], expected[key])}
    assert not different
