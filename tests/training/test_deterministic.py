"""With `--deterministic` a run is the same bit for bit: ten times over, from ten processes, beside another load, by either library."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tiny_runs import COMMON, FLAGS, newest_tensors, rows

REPEATS, AT_ONCE = 10, 2
LIBRARIES = {"eigen": {"TF_ENABLE_ONEDNN_OPTS": "0"}, "onednn": {"TF_ENABLE_ONEDNN_OPTS": "1"}}
MORE = {  # settings beside each method's own in `FLAGS`: other losses, dropout and noise
    "pix2pix-all": ["pix2pix", "--average_decay=0.9", "--diffaugment=color,translation,cutout", "--batch_size=4", "--epochs=4"],
    "acgan-wgan_gp": ["acgan", "--updates=discriminator_first", "--loss=wgan_gp", "--discriminator_norm=none", "--n_critic=2"],
}
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


def commands(folder) -> dict[str, list]:
    """A run of each method in a folder of its name."""
    settings = {name: [name] for name in FLAGS} | MORE
    return {
        name: ["train", f"--method={method}", *COMMON, *FLAGS[method], *flags, f"--workdir={folder / name}"]
        for name, (method, *flags) in settings.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("library", LIBRARIES)
def test_ten_runs_are_one(library, load, run_commands, tmp_path):
    def repeat(number):
        chosen = commands(tmp_path / str(number))
        for (code, output), command in zip(run_commands(*chosen.values(), env=LIBRARIES[library], timeout=1200), chosen.values()):
            assert code == 0, (command, output)
        return tmp_path / str(number)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        first, *others = pool.map(repeat, range(REPEATS))
    different = {
        (name, other.name, tensor) for name in commands(first) for other in others for tensor in changed(first / name, other / name)
    }
    assert not different


def changed(expected, found) -> set[str]:
    """What differs between two runs: tensors of the newest checkpoint, rows of the log."""
    ours, theirs = newest_tensors(found), newest_tensors(expected)
    assert ours.keys() == theirs.keys() and len(ours) > 20
    names = {name for name in ours if not np.array_equal(ours[name], theirs[name])}
    return names | ({"metrics.jsonl"} if rows(found) != rows(expected) else set())
