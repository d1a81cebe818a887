"""A run for the tests of what is done with runs."""

import pytest
from eager import running_eagerly

from tfgan.cli.main import main


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """The folder of a tiny run, photo to labels, trained by the command line for one epoch of 8 steps. It stays as it is."""
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    size = "--image_size=16 --generator=unet_16 --ngf=4 --ndf=4 --n_layers=1 --synthetic_images=8"
    how = f"--epochs=1 --num_samples=2 --tensorboard=false --inference_dropout --workdir={folder}"
    with running_eagerly():
        assert main(["train", "--dataset=synthetic", *size.split(), *how.split()]) == 0
    return folder
