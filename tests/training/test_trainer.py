"""What may change when a run goes on, and what stops it: through the real command line, in this process."""

import errno
import json
import shutil
from collections import namedtuple

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from replicas import ONE, TWO, strategy_over

from tfgan.cli.main import main
from tfgan.runs.opening import open_run
from tfgan.runs.training import assembly

pytestmark = pytest.mark.usefixtures("eagerly")

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def run(train_once, tmp_path):
    """A copy of a run of four steps, which is one epoch."""
    return shutil.copytree(train_once, tmp_path / "run")


@pytest.fixture(scope="module")
def train_once(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("once") / "run"
    assert main(["train", *tiny, f"--workdir={folder}", "--epochs=1"]) == 0
    return folder


def steps(run) -> list[int]:
    return [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]


def newest(run) -> str:
    return tf.train.latest_checkpoint(str(run / "checkpoints")).rpartition("/")[2]


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def write_pairs(folder, count):
    rng = np.random.default_rng(0)
    (folder / "train").mkdir(parents=True)
    for index in range(count):
        Image.fromarray(rng.integers(0, 256, (20, 40, 3), np.uint8)).save(folder / "train" / f"{index}.png")


def test_run_folder(train_once):
    assert steps(train_once) == [1, 2, 3, 4]
    assert newest(train_once) == "ckpt-4"
    row = json.loads((train_once / "metrics.jsonl").read_text().splitlines()[-1])
    assert row["epoch"] == 1.0 and row["images_per_second"] > 0
    assert {"generator_loss", "discriminator_loss", "gan_loss", "l1_loss", "real_logit", "fake_logit"} < row.keys()
    assert row["generator_loss"] == pytest.approx(row["gan_loss"] + 100 * row["l1_loss"], rel=1e-5)
    assert (train_once / "samples" / "epoch_0001.png").exists()
    assert json.loads((train_once / "config.json").read_text())["hparams"]["ngf"] == 4


def test_complete_run_is_left_alone(train, run):
    before = contents(run / "checkpoints")
    code, output = train(run, "--epochs=1")
    assert code == 0 and "complete: step 4 of 4. Raise --epochs or --steps" in output
    assert contents(run / "checkpoints") == before and steps(run) == [1, 2, 3, 4]


def test_more_epochs_other_logging_and_keep_checkpoints(train, run):
    code, output = train(run, "--epochs=4", "--log_every=3", "--keep_checkpoints=1", "--tensorboard")
    assert code == 0 and "from step 4" in output, output
    assert steps(run) == [1, 2, 3, 4, 6, 9, 12, 15, 16]
    assert {path.stem for path in (run / "checkpoints").glob("ckpt-*.index")} == {"ckpt-16"}
    events = [e for path in sorted((run / "tensorboard").iterdir()) for e in tf.compat.v1.train.summary_iterator(str(path))]
    assert [e.step for e in events if e.session_log.status] == [5]  # a restart: TensorBoard forgets later points of the run before
    tags = {(e.step, value.tag) for e in events for value in e.summary.value}
    assert {(6, "loss/generator"), (16, "loss/generator"), (16, "speed/images_per_second"), (8, "samples"), (4, "settings")} < tags
    assert not any("_loss" in tag for _, tag in tags)
    (text,) = (value.tensor.string_val[0].decode() for e in events for value in e.summary.value if value.tag == "settings")
    assert "| log_every | 3 | 50 |" in text and "| ndf | 4 | 64 |" in text and f"--workdir={run}" in text
    code, output = train(run, "--epochs=4", "--steps=17")
    assert code == 0 and newest(run) == "ckpt-17", output


def test_changed_settings_are_shown(train, run):
    before = contents(run / "checkpoints")
    code, output = train(run, "--epochs=2", "--ngf=8", "--seed=1", "--batch_size=4")
    assert code == 2
    for line in ("ngf: 4 -> 8", "seed: 0 -> 1", "batch_size: 2 -> 4"):
        assert line in output
    assert "epochs" not in output.partition("other settings")[2].partition("Use the old")[0]
    assert contents(run / "checkpoints") == before


def test_moved_and_changed_data(train, tmp_path):
    data, run = tmp_path / "data", tmp_path / "run"
    write_pairs(data, 4)
    assert train(run, f"--data_dir={data}", "--epochs=1")[0] == 0
    moved = data.rename(tmp_path / "elsewhere")
    code, output = train(run, f"--data_dir={moved}", "--epochs=2")
    assert code == 0 and "from step 2" in output, output
    (moved / "train" / "3.png").rename(moved / "train" / "4.png")
    code, output = train(run, f"--data_dir={moved}", "--epochs=3")
    assert code == 2 and "1 image of train under another name (4.png)" in output
    shutil.copy(moved / "train" / "4.png", moved / "train" / "3.png")
    code, output = train(run, f"--data_dir={moved}", "--epochs=3")
    assert code == 2 and "1 image more in train, 5 instead of 4 (4.png): epochs get longer" in output
    assert newest(run) == "ckpt-4"


def test_init_from(train, train_once, tmp_path):
    run = tmp_path / "run"
    flags = [f"--init_from={train_once}", "--learning_rate=0", "--epochs=1", "--ndf=8"]
    code, output = train(run, *flags)
    assert code == 0, output
    assert "--init_from: generator: 29 of 29 weights taken\n" in output
    assert "--init_from: discriminator: 1 of 8 weights taken, 7 in part\n" in output
    assert "--init_from: discriminator: layer 1 of 3: the channels that both have, kernel 4×4×6×4 -> 4×4×6×8\n" in output
    weights, expected = (open_run(str(folder)).method.generator.trainable_variables for folder in (run, train_once))
    for ours, theirs in zip(weights, expected, strict=True):  # learning rate 0: still those of the other run
        np.testing.assert_array_equal(ours, theirs)


def test_init_from_counts_until_the_first_checkpoint(train, train_once, tmp_path):
    """A run killed before its first checkpoint starts again from the other run's weights; one with a checkpoint goes on from that."""
    run = tmp_path / "run"
    flags = [f"--init_from={train_once}", "--learning_rate=1e-6"]
    first = train(run, *flags, "--steps=1")[1]
    shutil.rmtree(run / "checkpoints")
    code, again = train(run, *flags, "--steps=1")
    losses = [out.partition("step 1/1")[2].partition("generator_loss ")[2].split()[0] for out in (first, again)]
    assert code == 0 and losses[0] == losses[1]
    assert "--init_from: generator" in again
    code, more = train(run, *flags, "--steps=2")
    assert code == 0 and "--init_from: generator" not in more and "from step 1" in more


def test_init_from_a_run_of_other_networks(train, train_once, tmp_path):
    flags = ["--generator=resnet_1", "--objective=l1", "--steps=1"]
    code, output = train(tmp_path / "run", f"--init_from={train_once}", *flags)
    assert code == 2 and f"--init_from={train_once}: none of its weights fits these networks, see above." in output
    assert not (tmp_path / "run" / "config.json").exists()


def test_init_from_no_run(train, tmp_path):
    code, output = train(tmp_path / "run", f"--init_from={tmp_path}", "--steps=1")
    assert code == 2 and "is not a run" in output
    assert not (tmp_path / "run").exists()


def test_loss_that_is_not_finite(train, run, monkeypatch):
    """The loss is bad in step 6, between two log entries; it must not reach the checkpoint of step 8, nor a sample picture."""
    from tfgan.training.step import TrainStep

    original = TrainStep._latch

    def latch(self, scalars):
        bad = tf.where(tf.equal(self.step, 5), float("nan"), 0.0)
        original(self, {**scalars, "gan_loss": scalars["gan_loss"] + bad})

    monkeypatch.setattr(TrainStep, "_latch", latch)
    before = contents(run / "checkpoints")
    code, output = train(run, "--epochs=3", "--log_every=50")
    assert code == 1
    assert "gan_loss was not finite in step 6" in output and "--learning_rate" in output
    assert f"The last good checkpoint is {run}/checkpoints/ckpt-4" in output
    assert contents(run / "checkpoints") == before
    assert steps(run) == [1, 2, 3, 4] and not (run / "samples" / "epoch_0002.png").exists()


def test_diverging_run_stops(train, tmp_path):
    code, output = train(tmp_path, "--learning_rate=1e30", "--epochs=3", "--log_every=0")
    assert code == 1 and "was not finite in step 2" in output
    assert "There is no checkpoint yet" in output
    assert tf.train.latest_checkpoint(str(tmp_path / "checkpoints")) is None


def test_no_room_at_the_start(train, run, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 10**9, 1000))
    before = contents(run / "checkpoints")
    code, output = train(run, "--epochs=2")
    assert code == 1 and "GB free" in output and "Make room" in output and "ckpt-4" in output
    assert contents(run / "checkpoints") == before


def test_disk_full_while_saving(train, run, monkeypatch):
    """The disk fills up between the data and the index of the checkpoint of step 8."""
    from tensorflow.python.checkpoint import functional_saver

    def full(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(functional_saver.gen_io_ops, "merge_v2_checkpoints", full)
    before = contents(run / "checkpoints")
    code, output = train(run, "--epochs=2")
    assert code == 1 and "checkpoint of step 8 could not be written" in output and "No space left on device" in output
    assert "ckpt-4; the same command goes on from there" in output
    assert contents(run / "checkpoints") == before and not list((run / "checkpoints").glob("*_temp"))
    monkeypatch.undo()
    code, output = train(run, "--epochs=2")
    assert code == 0 and "from step 4" in output and steps(run) == list(range(1, 9))


def test_disk_full_while_logging(train, run, monkeypatch):
    from tfgan.training.logs import MetricLog

    def full(self, step, values):
        raise OSError(errno.ENOSPC, "No space left on device", str(self.path))

    monkeypatch.setattr(MetricLog, "write", full)
    code, output = train(run, "--epochs=2")
    assert code == 1 and "The disk is full" in output and "metrics.jsonl" in output


def test_best_checkpoint(train, run, monkeypatch):
    """Validation scores 3, 1, 2, then, resumed, 2, 0: the second and the last are the best; a leftover of a kill does no harm."""
    from tfgan.runs.training.validation import Validation

    scores = iter([3.0, 1.0, 2.0, 2.0, 0.0])
    monkeypatch.setattr(Validation, "on_interval", lambda self, trainer, step: {"val_l1": next(scores)})
    flags = ["--validate_every=1", "--best_metric=l1"]

    def best():
        record = json.loads((run / "checkpoints" / "best.json").read_text())
        assert {path.name.partition(".")[0] for path in (run / "checkpoints" / "best").iterdir()} == {f"best-{record['step']}"}
        return record["step"], record["value"]

    code, output = train(run, "--epochs=4", *flags)
    assert code == 0 and best() == (12, 1.0), output
    (run / "checkpoints" / "best" / "best-14_temp").mkdir()
    code, output = train(run, "--epochs=6", *flags)
    assert code == 0 and best() == (24, 0.0), output


def test_training_stops_early_and_stays_stopped(train, run, monkeypatch):
    """Scores of epochs 2 to 5, resumed, 6, and, with more patience, 7: the best one is epoch 4's, and two worse ones end it at epoch 6."""
    from tfgan.runs.training.validation import Validation

    scores = iter([3.0, 4.0, 1.0, 2.0, 5.0, 0.5])
    monkeypatch.setattr(Validation, "on_interval", lambda self, trainer, step: {"val_l1": next(scores)})
    flags = ["--validate_every=1", "--best_metric=l1", "--patience=2"]

    def last_step():
        return json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])["step"]

    first = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])["step"]  # the fixture has trained an epoch without scores
    code, output = train(run, "--epochs=5", *flags)
    assert code == 0 and "Stopped early" not in output and last_step() == 5 * first
    code, output = train(run, "--epochs=9", *flags)
    assert code == 0 and "Stopped early" in output and "1.0000 of step" in output and last_step() == 6 * first
    code, output = train(run, "--epochs=9", *flags)
    assert code == 0 and "is complete: no better l1 in 2 validations than 1.0000" in output and last_step() == 6 * first
    code, output = train(run, "--epochs=7", *flags[:-1], "--patience=3")
    assert code == 0 and "best l1 so far, 0.5000" in output and last_step() == 7 * first
    assert (run / "checkpoints" / f"ckpt-{7 * first}.index").exists()


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--best_metric=l1"], "--validate_every"),
        (["--validate_every=1", "--patience=1"], "--best_metric"),
        (["--features=inception"], "--validate_every"),
        (["--validate_every=1", "--best_metric=fid"], "--features"),
        (["--validate_every=1", "--features=absent.keras"], "absent.keras does not exist"),
        (["--validate_every=1", "--features=inception", "--inception_weights=absent.h5"], "absent.h5 does not exist"),
        (["--batch_size=0"], "--batch_size=0"),
        (["--keep_checkpoints=0"], "--keep_checkpoints"),
        (["--seed=-1"], "--seed=-1"),
        (["--gpus=99"], "--gpus=99"),
    ],
)
def test_wrong_settings(train, tmp_path, flags, message):
    code, output = train(tmp_path / "run", *flags)
    assert code == 2 and message in output.partition("error: ")[2]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("devices, off", [(ONE, False), (TWO, True)], ids=["one", "two"])
def test_xla_gives_way_to_synchronized_batch_norm_of_several_replicas(train, tmp_path, monkeypatch, devices, off):
    monkeypatch.setattr(assembly, "make_strategy", lambda *_: strategy_over(devices))
    code, output = train(tmp_path, "--xla=on", "--sync_batch_norm", "--steps=1")
    assert code == 0 and ("XLA is off: --sync_batch_norm" in output) == off


def test_best_checkpoint_can_be_opened(train, tmp_path):
    code, output = train(tmp_path, "--epochs=2", "--validate_every=1", "--best_metric=l1")
    assert code == 0, output
    best = json.loads((tmp_path / "checkpoints" / "best.json").read_text())
    runs = {which: open_run(str(tmp_path), which) for which in ("best", str(best["step"]))}
    assert {run.step for run in runs.values()} == {best["step"]}
    for ours, theirs in zip(*(run.method.generator.weights for run in runs.values()), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_damaged_checkpoint_is_named(train, run):
    (data,) = (run / "checkpoints").glob("ckpt-4.data*")
    data.write_bytes(data.read_bytes()[:100])
    code, output = train(run, "--epochs=2")
    assert code == 2 and "none is whole" in output and "ckpt-4.data-00000-of-00001 has 100 bytes of" in output


def test_without_a_checkpoint_settings_may_change(train, tmp_path):
    assert train(tmp_path, "--learning_rate=1e30", "--epochs=3", "--log_every=0")[0] == 1
    assert train(tmp_path, "--learning_rate=1e-4", "--steps=1")[0] == 0
