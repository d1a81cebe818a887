"""The best checkpoint of a run, by a saver of two numbers: recorded, damaged, and replaced by another one of its step."""

import contextlib
import itertools
from pathlib import Path

import pytest
import tensorflow as tf
from tiny_saver import DAMAGES, make_run, of_step, saver, train

from tfgan.errors import UserError
from tfgan.paths.files import write_atomically
from tfgan.training import kept
from tfgan.training.kept import find_checkpoint
from tfgan.training.restoring import find_damage

by_damage = pytest.mark.parametrize("damage", DAMAGES)


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path / "run")


BEST_RECORDS = ["", "{", "\0\1", "[]", "3", '{"metric": "psnr"}', '{"metric": "psnr", "value": NaN, "step": 8}', "[" * 100_000]
BEST_RECORDS += [
    '{"metric": 1, "value": 8.0, "step": 8}',
    '{"metric": "psnr", "value": "8", "step": 8}',
    '{"metric": "psnr", "value": 8, "step": true}',
]


@pytest.mark.parametrize("text", BEST_RECORDS, ids=[text[:40] for text in BEST_RECORDS])
def test_a_damaged_record_of_the_best_checkpoint_is_set_aside(run, text, caplog):
    (run / "checkpoints" / "best.json").write_text(text)
    weights = of_step(run, 8, "best")
    with pytest.raises(UserError, match=r"best.json is no record.*There are: 4, 8, last\."):
        find_checkpoint(run / "checkpoints", "best")
    checkpointer = saver(run)
    assert checkpointer.restore() == 8 and checkpointer.best() == {}
    assert len(caplog.records) == 1 and "best checkpoint is damaged" in caplog.text
    aside = run / "checkpoints" / "damaged" / "best"
    assert (aside / "best.json").read_text() == text and {name: (aside / name).read_bytes() for name in weights} == weights
    train(checkpointer, 12)
    assert kept.best_record(run / "checkpoints") == {"metric": "psnr", "value": 12.0, "step": 12, "name": "best-12"}


@by_damage
def test_a_damaged_best_checkpoint_is_set_aside(run, damage, caplog):
    DAMAGES[damage](run / "checkpoints" / "best" / "best-8.data-00000-of-00001")
    with pytest.raises(UserError, match=r"best/best-8 is damaged: .*There are: 4, 8, last\."):
        find_checkpoint(run / "checkpoints", "best")
    checkpointer = saver(run)
    assert checkpointer.restore() == 8 and checkpointer.best() == {} and len(caplog.records) == 1
    assert (run / "checkpoints" / "damaged" / "best" / "best-8.index").exists() and not (run / "checkpoints" / "best.json").exists()


def test_the_best_checkpoint_stays_though_its_record_is_gone(run, caplog):
    (run / "checkpoints" / "best.json").unlink()
    weights = of_step(run, 8, "best")
    checkpointer = saver(run)
    assert checkpointer.restore() == 8 and len(caplog.records) == 1 and "best.json is missing" in caplog.text
    train(checkpointer, 12)
    assert len(weights) == 2 and of_step(run, 8, "best") == weights


class Killed(BaseException):
    """The end of a process, which nothing catches."""


@pytest.mark.parametrize("events", range(1, 9))
def test_the_best_checkpoint_stays_whole_while_one_of_its_step_takes_its_place(run, monkeypatch, events):
    """Killed before each write and in the middle of TensorFlow's, which fills the files of its checkpoint as it goes."""
    folder, left = run / "checkpoints", itertools.count(events, -1)

    def or_killed(function):
        def done(*arguments, **named):
            if next(left) <= 1:
                raise Killed
            return function(*arguments, **named)

        return done

    def write(checkpoint, path):
        Path(f"{path}.data-00000-of-00001").write_bytes(b"half")
        next_write(checkpoint, path)

    checkpointer = saver(run)
    assert checkpointer.restore() == 8
    checkpointer.train_step.method.state["learned"].assign(-8.0)  # as on a machine that rounds otherwise
    next_write = or_killed(tf.train.Checkpoint.write)
    with monkeypatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(tf.train.Checkpoint, "write", write)
        patched.setattr("tfgan.training.manifest.write_atomically", or_killed(write_atomically))
        patched.setattr("tfgan.training.checkpoint.write_atomically", or_killed(write_atomically))
        patched.setattr(Path, "unlink", or_killed(Path.unlink))
        assert checkpointer.save_best("l1", 8.0, lambda new, old: False)
    best, record = kept.kept_best(folder), kept.best_record(folder)
    assert best.step == 8 and not find_damage(best)
    learned = tf.train.load_checkpoint(best.path).get_tensor("state/learned/.ATTRIBUTES/VARIABLE_VALUE")
    assert (record["metric"], learned) in [("psnr", 8.0), ("l1", -8.0)]
    again = saver(run)
    assert again.restore() == 8 and again.best() == record and not (folder / "damaged").exists()
    for _ in range(2):
        assert {path.name.partition(".")[0] for path in (folder / "best").iterdir()} == {kept.best_record(folder)["name"]}
        assert again.save_best("ssim", 1.0, lambda new, old: True) and not find_damage(kept.kept_best(folder))


def test_a_value_that_is_not_finite_is_never_the_best(tmp_path):
    checkpointer = saver(tmp_path)
    checkpointer.restore()
    assert not checkpointer.save_best("l1", float("nan"), lambda new, old: True) and checkpointer.best() == {}
