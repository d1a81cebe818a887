"""Opening a run from its folder."""

import keras
import pytest

from tfgan.cli.main import main
from tfgan.runs.opening import open_run

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def bfloat16_run(tmp_path_factory, tiny):
    folder = tmp_path_factory.mktemp("runs") / "bfloat16"
    policy = keras.config.dtype_policy()
    assert main(["train", *tiny, "--steps=1", "--precision=mixed_bfloat16", f"--workdir={folder}"]) == 0
    yield folder
    keras.config.set_dtype_policy(policy)


def test_results_are_in_float32_whatever_the_run_was_trained_in(bfloat16_run):
    """Also in the process that trained it, where Keras' policy is still the run's."""
    keras.config.set_dtype_policy("mixed_bfloat16")
    generator = open_run(str(bfloat16_run)).method.generator
    assert {layer.compute_dtype for layer in generator._flatten_layers(include_self=False)} == {"float32"}
    assert keras.config.dtype_policy().name == "mixed_bfloat16"
