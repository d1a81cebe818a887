"""Graph optimizers of TensorFlow that would fail on a train step."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
CODE = "from tiny_methods import Training; print(Training('cyclegan').run(2)['discriminator_loss'] > 0)"


@pytest.mark.slow
def test_training_by_onednn_writes_no_errors():
    """The remapper fails on a convolution, a bias and a LeakyReLU that has a gradient; oneDNN is on by itself on some CPUs alone."""
    environment = {**os.environ, "PYTHONPATH": f"{TESTS.parent}:{TESTS}", "TF_ENABLE_ONEDNN_OPTS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment["CUDA_VISIBLE_DEVICES"] = ""
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "True\n" and "optimizer" not in done.stderr, done.stderr
