"""With `--deterministic` a short run of every method is the same bit for bit each time, beside another load.

That it also is in another process is tested in cli/test_every_method.py.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROCESSES, REPEATS = 2, 5  # the processes work at once, each on every other method
TESTS = Path(__file__).parents[1]

# Of each method, and of settings with what the defaults lack: penalties, dropout, augmentation, moving averages. A run is put back to its
# start, trained, and told by a hash of all that a checkpoint of it holds.
REPEAT = """
import hashlib, json, sys
import numpy as np
import tensorflow as tf
from conftest import CPU
from tfgan.methods import METHODS
from tiny_methods import Training

tf.config.experimental.enable_op_determinism()
penalty = {"loss": "wgan_gp", "discriminator_norm": "none", "n_critic": 2, "ema_decay": 0.9}
styles = {"style_encoder": True, "encoder_size": 16, "latent_dim": 8}
augmented = {"diffaugment": ("color", "translation", "cutout"), "dropout": 0.5, "ema_decay": 0.9}
settings = [(name, name, {}) for name in METHODS if name not in ("dcgan", "spade")]
settings += [("dcgan", "dcgan-penalty", penalty), ("spade", "spade-styles", styles), ("pix2pix", "pix2pix-augmented", augmented)]
for method, name, changes in settings[int(sys.argv[2]) :: int(sys.argv[3])]:
    training = Training(method, **changes)
    held, step = training.method, training.step
    variables = [v for model in [*held.networks.values(), *held.ema.values()] for v in model.weights]
    variables += [v for optimizer in step.optimizers.values() for v in optimizer.variables] + [*held.state.values(), step.step]
    start, hashes = [v.numpy() for v in variables], []
    for _ in range(int(sys.argv[1])):
        for variable, value in zip(variables, start):
            variable.assign(value)
        training.iterator = iter(training.dataset)
        for count in (3, 7):
            training.run(count)
        end = [v.numpy() for v in variables]
        hashes.append(hashlib.sha256(b"".join(value.tobytes() for value in end)).hexdigest())
    moved = np.mean([np.any(a != b) for a, b in zip(start, end)])
    print(json.dumps({"name": name, "hashes": hashes, "moved": moved}), flush=True)
"""

BURSTS = """
import random, time
chance = random.Random(0)
while True:
    end = time.monotonic() + chance.uniform(0, 0.02)
    while time.monotonic() < end:
        pass
    time.sleep(chance.uniform(0, 0.06))
"""


@pytest.fixture
def load():
    """Another process that works now and then."""
    process = subprocess.Popen([sys.executable, "-c", BURSTS])
    yield
    process.kill()
    process.wait()


@pytest.mark.slow
def test_five_runs_are_one(load):
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    environment = {**os.environ, "PYTHONPATH": paths}
    commands = [[sys.executable, "-c", REPEAT, str(REPEATS), str(number), str(PROCESSES)] for number in range(PROCESSES)]
    started = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for command in commands]
    outputs = [process.communicate(timeout=1800)[0] for process in started]
    assert [process.returncode for process in started] == [0] * PROCESSES
    runs = [json.loads(line) for output in outputs for line in output.splitlines() if line.startswith("{")]
    assert len({run["name"] for run in runs}) == len(runs) == 12
    for run in runs:
        assert len(run["hashes"]) == REPEATS and run["moved"] > 0.5  # it was trained
        assert len(set(run["hashes"])) == 1, run["name"]
