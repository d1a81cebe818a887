"""A run that was killed, or stopped by a signal, ends with the same bits as one that was not.

Eagerly, as what is saved and read is the same; runs by graphs are stopped and go on in cli/test_every_method.py.
"""

import json
import signal

import numpy as np
import pytest
from eager import EAGERLY
from run_state import rows, tensors

pytestmark = pytest.mark.slow  # eight processes

# All that has a state: dropout, jitter, moving averages, the float16 loss scale, the best checkpoint.
EVERYTHING = [
    *("--deterministic", "--steps=8", "--epochs=3", "--ema_decay=0.9", "--precision=mixed_float16", "--diffaugment=color,cutout"),
    *("--lr_constant_epochs=1", "--lr_decay_epochs=2", "--validate_every=1", "--best_metric=l1"),
]

IN_MIDDLE_OF_ROW = """
from tfgan.training.logs import MetricLog
import os, signal
write = MetricLog.write
def half(self, step, values):
    if step != 6:
        return write(self, step, values)
    with self.path.open("a") as file:
        file.write('{"step": 6, "epo')
    os.kill(os.getpid(), signal.SIGKILL)
MetricLog.write = half
"""

# TensorFlow writes the values, then the index under its final name (merge); the manifest then notes the sums of both.
IN_MIDDLE_OF_SAVE = """
from tensorflow.python.checkpoint import functional_saver
import os, signal
io_ops = functional_saver.gen_io_ops
merge = io_ops.merge_v2_checkpoints
def dies(checkpoint_prefixes, destination_prefix, **kwargs):
    if b"ckpt-8" in bytes(destination_prefix.numpy()):
        os.kill(os.getpid(), signal.SIGKILL)
    return merge(checkpoint_prefixes, destination_prefix, **kwargs)
io_ops.merge_v2_checkpoints = dies
"""

BEFORE_RECORD = """
from tfgan.training.manifest import Manifest
import os, signal
write = Manifest.write
def dies(self, folder):
    if self.entries.get("ckpt-8"):
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, folder)
Manifest.write = dies
"""


def signal_in_step(step: int, number: signal.Signals) -> str:
    return f"""
from tfgan.training.step import TrainStep
import os
run = TrainStep.run
def signaled(self, iterator, count):
    if int(self.step.numpy()) == {step - 1}:
        os.kill(os.getpid(), {int(number)})
    return run(self, iterator, count)
TrainStep.run = signaled
"""


def checkpoints(run) -> set[str]:
    return {path.name.partition(".")[0] for path in (run / "checkpoints").glob("ckpt-*")}


def assert_equal_runs(found, expected):
    for prefix in ("ckpt-8", f"best/best-{json.loads((expected / 'checkpoints/best.json').read_text())['step']}"):
        ours, theirs = tensors(found / "checkpoints" / prefix), tensors(expected / "checkpoints" / prefix)
        assert ours.keys() == theirs.keys() and len(ours) > 20
        for name in ours:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    assert [row["step"] for row in rows(found)] == list(range(1, 9))
    assert rows(found) == rows(expected)
    assert (found / "checkpoints/best.json").read_text() == (expected / "checkpoints/best.json").read_text()
    for picture in ("epoch_0001.png", "epoch_0002.png"):
        assert (found / "samples" / picture).read_bytes() == (expected / "samples" / picture).read_bytes()


@pytest.fixture(scope="module")
def unbroken(run_tfgan, tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    code, output = run_tfgan("train", *tiny, *EVERYTHING, f"--workdir={folder}", prelude=EAGERLY)
    assert code == 0, output
    assert checkpoints(folder) == {"ckpt-4", "ckpt-8"}
    return folder


def test_kill_9(run_tfgan, tiny, tmp_path, unbroken):
    def run(prelude=""):
        return run_tfgan("train", *tiny, *EVERYTHING, f"--workdir={tmp_path}", prelude=EAGERLY + prelude)

    code, output = run(IN_MIDDLE_OF_ROW)
    assert code == -signal.SIGKILL, output
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 6
    code, output = run(IN_MIDDLE_OF_SAVE)
    assert code == -signal.SIGKILL and f"Resuming {tmp_path} from step 4 (epoch 1.00)" in output
    assert checkpoints(tmp_path) == {"ckpt-4", "ckpt-8_temp"}
    code, output = run(BEFORE_RECORD)
    assert code == -signal.SIGKILL and "from step 4" in output
    assert checkpoints(tmp_path) == {"ckpt-4", "ckpt-8"}
    code, output = run()
    assert code == 0 and "is complete: step 8 of 8" in output, output  # as it is whole, and all before it was done
    assert checkpoints(tmp_path) == {"ckpt-4", "ckpt-8"}
    assert_equal_runs(tmp_path, unbroken)


def as_if_by_threads(run, count):
    """The run's record, as a machine with so many threads would have written it."""
    config = json.loads((run / "config.json").read_text())
    assert set(config["hardware"]) == {"devices", "threads", "oneDNN", "CPU", "XLA"}
    config["hardware"]["threads"] = count
    (run / "config.json").write_text(json.dumps(config))


def test_signals(run_tfgan, tiny, tmp_path, unbroken):
    def run(prelude=""):
        return run_tfgan("train", *tiny, *EVERYTHING, f"--workdir={tmp_path}", prelude=EAGERLY + prelude)

    code, output = run(signal_in_step(3, signal.SIGTERM))
    assert code == 143, output
    assert "saved step 3" in output and checkpoints(tmp_path) == {"ckpt-3"}
    code, output = run(signal_in_step(6, signal.SIGINT))
    assert code == 130 and "from step 3 (epoch 0.75)" in output, output
    assert "rounding differs" not in output
    as_if_by_threads(tmp_path, "99")
    code, output = run()
    assert code == 0 and "from step 6" in output, output
    assert "--deterministic: from here on, rounding differs from that of an uninterrupted run: threads: 99 -> " in output
    assert_equal_runs(tmp_path, unbroken)
