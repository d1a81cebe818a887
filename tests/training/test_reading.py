"""A drive that is away in the middle of training costs nothing: the steps that are done are saved, and the run goes on as if unbroken."""

import errno
import itertools
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run_state import newest_tensors, rows

from tfgan.data.reading import images
from tfgan.errors import ReadFailed, UnreadableImage

STATE = [
    "--deterministic",
    "--ema_decay=0.9",
    "--epochs=3",
    "--load_size=0",
    "--cache=never",
    "--checkpoint_every=100",
    "--read_patience=0",
]

AWAY = OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    for split, count in (("train", 8), ("val", 3)):
        (folder / split).mkdir()
        for name in range(count):
            pixels = np.random.default_rng(name).integers(0, 256, (16, 32, 3), np.uint8)
            Image.fromarray(pixels).save(folder / split / f"{split}{name}.png")
    return folder


@pytest.fixture
def away(monkeypatch):
    """(name, reads, error) -> from that many reads on, the image cannot be read; () -> it can again."""
    load = images.load

    def set_away(name="", reads=0, error=AWAY):
        count = itertools.count()

        def read(source, *pages):
            if isinstance(source, Path) and source.name == name and next(count) >= reads:
                raise ReadFailed(source, error) if isinstance(error, OSError) else error
            return load(source, *pages)

        monkeypatch.setattr(images, "load", read if name else load)

    return set_away


def assert_equal_runs(run, other):
    ours, theirs = newest_tensors(run), newest_tensors(other)
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_array_equal(value, theirs[name], err_msg=name)
    assert rows(run) == rows(other)


def test_a_file_that_cannot_be_read_any_more_costs_no_step(train_by_graphs, data, away, tmp_path):
    """In the graph itself, several steps a call: the call breaks off in its middle, with the step before whole and the next not begun."""
    flags = [f"--data_dir={data}", *STATE, "--log_every=100", "--sample_every=1000"]
    assert train_by_graphs(tmp_path / "whole", *flags)[0] == 0
    away("train3.png", reads=3)  # before training, where the pipeline is made if it is the first one, in the first epoch
    code, output = train_by_graphs(tmp_path / "run", *flags)
    (said,) = [line for line in output.splitlines() if line.startswith("stopped: ")]
    assert code == 1 and f"{data}/train/train3.png cannot be read: Input/output error. Step " in said, output
    assert " is saved; the same command goes on from there." in said and "damaged" not in output and "Traceback" not in output
    away()
    code, output = train_by_graphs(tmp_path / "run", *flags)
    assert code == 0 and "Resuming" in output, output
    assert_equal_runs(tmp_path / "run", tmp_path / "whole")


def test_a_validation_that_cannot_be_read_is_made_when_the_run_goes_on(train, data, away, tmp_path):
    flags = [f"--data_dir={data}", *STATE, "--validate_every=1", "--best_metric=l1"]
    assert train(tmp_path / "whole", *flags)[0] == 0
    away("val1.png", reads=4)  # to check, to infer, for sample pictures, in the first validation; not in the second
    code, output = train(tmp_path / "run", *flags)
    assert code == 1 and "val1.png cannot be read: Input/output error. Step 8 is saved" in output, output
    away()
    code, output = train(tmp_path / "run", *flags)
    assert code == 0 and "from step 8" in output, output
    assert_equal_runs(tmp_path / "run", tmp_path / "whole")
    assert not (tmp_path / "run" / "postponed.json").exists()


def test_an_image_that_was_overwritten_is_named(train, data, away, tmp_path):
    away("train3.png", reads=3, error=UnreadableImage("damaged or incomplete: cut off"))
    code, output = train(tmp_path / "run", f"--data_dir={data}", *STATE)
    assert code == 1 and "train3.png: damaged or incomplete: cut off. Step " in output and "Traceback" not in output


def test_a_moment_is_waited_for(train, data, tmp_path, monkeypatch):
    load, reads = images.load, itertools.count()

    def read(source, *pages):
        if isinstance(source, Path) and source.name == "train3.png" and next(reads) in (3, 4):
            raise ReadFailed(source, OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN)))
        return load(source, *pages)

    monkeypatch.setattr(images, "load", read)
    code, output = train(tmp_path / "run", f"--data_dir={data}", *STATE, "--read_patience=60")
    assert code == 0 and output.count("trying again for 1:00 (--read_patience)") == 1 == output.count("Reading goes on after"), output
