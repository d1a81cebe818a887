"""A run that version 0.1.0 made in November 2026, before the Python API: it opens, resumes, translates and exports as it did then."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from run_state import newest_tensors

from tfgan.data.reading import images

KEPT = Path(__file__).parents[1] / "kept_run"  # of one epoch; what its second one and its translation were; none of it is written to
FLAGS = [
    *("--dataset=synthetic", "--image_size=16", "--generator=unet_16", "--ngf=1", "--ndf=1", "--n_layers=1", "--synthetic_images=8"),
    *("--batch_size=2", "--num_samples=1", "--notensorboard", "--log_every=1", "--checkpoint_every=1", "--precision=float32"),
    *("--deterministic", "--average_decay=0.9", "--keep_checkpoints=1"),
]


@pytest.fixture(scope="module")
def done(run_commands, tmp_path_factory):
    """The folder of what became of copies of the run, and what the commands said."""
    folder = tmp_path_factory.mktemp("kept")
    for name in ("resumed", "used"):
        shutil.copytree(KEPT / "run", folder / name)
    results = run_commands(
        ["train", *FLAGS, f"--workdir={folder / 'resumed'}", "--epochs=2"],
        ["translate", folder / "used", folder / "used" / "samples" / "inputs" / "source_0.png", folder / "translated.png"],
        ["export", folder / "used", f"--output={folder / 'export'}"],
    )
    assert [code for code, _ in results] == [0, 0, 0], results
    return folder, [output for _, output in results]


def facts(run):
    """What the last bits of a run depend on."""
    config = json.loads((run / "config.json").read_text())
    return config["hardware"] | {name: config["versions"][name] for name in ("tensorflow", "keras", "numpy")}


def same_rounding(run):
    """Whether all that the kept run knew of its bits is so here; later versions know more."""
    return facts(KEPT / "run").items() <= facts(run).items()


def test_it_goes_on_as_it_did(done):
    folder, outputs = done
    with np.load(KEPT / "resumed.npz") as kept:
        expected = [kept[str(number)] for number in range(len(kept.files))]
    found = [value for _, value in sorted(newest_tensors(folder / "resumed").items())]
    assert "--ema_warmup=off, as the run began." in outputs[0] and "unet_16, as the run" not in outputs[0]
    assert "Training images are resized to 18×18, cropped at random to 16×16, half of them mirrored." in outputs[0]
    assert "Resuming" in outputs[0] and len(found) == len(expected) == 121
    if same_rounding(folder / "resumed"):
        assert all(np.array_equal(a, b) for a, b in zip(found, expected))
    else:  # another CPU or version rounds otherwise, and Adam makes a step of 2e-4 of the sign of a gradient near 0
        assert all(np.allclose(a, b, rtol=0.05, atol=4 * 4e-4) for a, b in zip(found, expected))
        assert "from here on, rounding differs" in outputs[0]


def test_it_translates_as_it_did(done):
    result, expected = (images.decode(folder / "translated.png").astype(int) for folder in (done[0], KEPT))
    assert np.abs(result - expected).max() <= (0 if same_rounding(done[0] / "resumed") else 1)


def test_it_exports_as_it_did(done):
    folder, outputs = done
    (difference,) = re.findall(r"largest difference from the run's over 1 real images: ([\d.]+) of 255", outputs[2])
    assert float(difference) <= 1 and (folder / "export" / "saved_model.pb").exists()
