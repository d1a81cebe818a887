"""`--checkpoint_minutes`: hours are never at stake, and nothing else changes."""

import itertools

import pytest
import tensorflow as tf
from run_state import newest_tensors, rows

from tfgan.training.checkpoint import Checkpointer
from tfgan.training.trainer import Trainer

pytestmark = pytest.mark.usefixtures("eagerly", "minutes")

STEP_BY_STEP = ["--steps_per_execution=1", "--nohealth", "--checkpoint_every=100", "--sample_every=1000", "--log_every=100"]
"""Nothing else is due, and a call does one step on any machine."""


@pytest.fixture
def minutes(monkeypatch):
    """Each look at the clock takes a minute."""
    time = itertools.count()
    monkeypatch.setattr(Trainer, "clock", staticmethod(lambda: 60.0 * next(time)))


@pytest.fixture
def saved(monkeypatch):
    """The steps that were saved."""
    save, steps = Checkpointer.save, []

    def noted(self, *arguments):
        steps.append(int(self.train_step.step.numpy()))
        save(self, *arguments)

    monkeypatch.setattr(Checkpointer, "save", noted)
    return steps


def kept(run) -> set[str]:
    return {path.stem for path in (run / "checkpoints").glob("ckpt-*.index")}


def killed_after(monkeypatch, step):
    """Nothing is saved as the process goes."""
    run = Trainer._run

    def killed(self, iterator, count):
        if int(self.train_step.step.numpy()) >= step:
            raise KeyboardInterrupt
        return run(self, iterator, count)

    monkeypatch.setattr(Trainer, "_run", killed)


def test_no_checkpoint_is_older_than_the_minutes_that_are_given(train, saved, tmp_path):
    """Those of epochs stay as they would without others between them."""
    flags = ["--steps=10", "--checkpoint_every=1", "--sample_every=100"]  # epochs of four steps
    assert train(tmp_path / "run", *flags, "--checkpoint_minutes=3")[0] == 0
    assert {4, 8, 10} < set(saved) and all(later - earlier <= 3 for earlier, later in itertools.pairwise([0, *saved]))
    assert kept(tmp_path / "run") == {"ckpt-8", "ckpt-10"}
    saved.clear()
    assert train(tmp_path / "never", *flags, "--checkpoint_minutes=0")[0] == 0
    assert saved == [4, 8, 10] and kept(tmp_path / "never") == {"ckpt-8", "ckpt-10"}
    assert rows(tmp_path / "never") == rows(tmp_path / "run")


def test_thirty_minutes_are_the_default(train, saved, tmp_path, monkeypatch):
    """The clock is looked at after each step, and with each save."""
    time = itertools.count()
    monkeypatch.setattr(Trainer, "clock", staticmethod(lambda: 600.0 * next(time)))  # a step takes ten minutes
    assert train(tmp_path / "run", "--steps=7", *STEP_BY_STEP)[0] == 0
    assert saved == [3, 6, 7]


def test_a_run_goes_on_from_a_checkpoint_between_epochs_as_if_unbroken(train, saved, tmp_path, monkeypatch):
    flags = ["--steps=8", "--validate_every=1", "--best_metric=l1", "--deterministic"]
    assert train(tmp_path / "whole", *flags, "--checkpoint_minutes=0")[0] == 0
    saved.clear()
    with monkeypatch.context() as patch:
        killed_after(patch, 7)
        assert train(tmp_path / "run", *flags, "--checkpoint_minutes=2")[0] == 130
    between = max(saved)
    assert between % 4 and kept(tmp_path / "run") == {"ckpt-4", f"ckpt-{between}"}
    code, output = train(tmp_path / "run", *flags, "--checkpoint_minutes=0")
    assert code == 0 and f"from step {between}" in output, output
    ours, theirs = newest_tensors(tmp_path / "run"), newest_tensors(tmp_path / "whole")
    assert all((ours[name] == theirs[name]).all() for name in theirs) and ours.keys() == theirs.keys()
    assert rows(tmp_path / "run") == rows(tmp_path / "whole")
    assert (tmp_path / "run/checkpoints/best.json").read_text() == (tmp_path / "whole/checkpoints/best.json").read_text()
    assert kept(tmp_path / "run") == {"ckpt-4", "ckpt-8"}


def test_before_the_first_epoch_ends_two_stay(train, tmp_path, monkeypatch):
    """A second one, if the newest is damaged."""
    with monkeypatch.context() as patch:
        killed_after(patch, 9)
        assert train(tmp_path / "run", "--steps=40", "--checkpoint_every=10", "--checkpoint_minutes=2")[0] == 130
    assert len(kept(tmp_path / "run")) == 2


def test_a_state_that_is_not_finite_is_not_saved_between_epochs(train, saved, tmp_path, monkeypatch):
    from tfgan.training.step import TrainStep

    latch = TrainStep._latch

    def bad(self, scalars):
        latch(self, {**scalars, "l1_loss": scalars["l1_loss"] + tf.where(tf.equal(self.step, 5), float("nan"), 0.0)})

    monkeypatch.setattr(TrainStep, "_latch", bad)
    code, output = train(tmp_path / "run", "--steps=40", *STEP_BY_STEP, "--checkpoint_minutes=1")
    assert code == 1 and "l1_loss was not finite in step 6" in output, output
    assert max(saved) == 5
