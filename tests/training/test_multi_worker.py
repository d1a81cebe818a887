"""Two processes of one cluster, described by TF_CONFIG, train one run."""

import json
import re
import signal
import socket

import numpy as np
import pytest
import tensorflow as tf
from eager import EAGERLY

pytestmark = pytest.mark.slow

TWO_REPLICAS = """
import tensorflow as tf
from tfgan.training import strategy
tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
strategy.choose_gpus = lambda *_: ["/cpu:0", "/cpu:1"]
"""

SIGTERM_IN_STEP_3 = """
from tfgan.training.step import TrainStep
import os, signal
run = TrainStep.run
def signaled(self, iterator, count):
    if int(self.step.numpy()) == 2:
        os.kill(os.getpid(), signal.SIGTERM)
    return run(self, iterator, count)
TrainStep.run = signaled
"""

A_MINUTE_EACH_LOOK = """
import itertools
from tfgan.training.checkpoint import Checkpointer
from tfgan.training.trainer import Trainer
time = itertools.count()
Trainer.clock = staticmethod(lambda: 60.0 * next(time))
save = Checkpointer.save
def noted(self, *arguments):
    print("saved", int(self.train_step.step.numpy()), flush=True)
    save(self, *arguments)
Checkpointer.save = noted
"""

LOSS_BAD_IN_STEP_3 = """
from tfgan.training.step import TrainStep
import tensorflow as tf
latch = TrainStep._latch
def bad(self, scalars):
    latch(self, {**scalars, "l1_loss": scalars["l1_loss"] + tf.where(tf.equal(self.step, 2), float("nan"), 0.0)})
TrainStep._latch = bad
"""


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


@pytest.fixture
def run_cluster(start_tfgan, tiny):
    """(run folder of each worker, *flags, preludes) -> (exit code, output) of each worker."""

    def run(folders, *flags, preludes=("", "")):
        workers = [f"localhost:{port}" for port in free_ports(2)]
        processes = []
        for index, (folder, prelude) in enumerate(zip(folders, preludes)):
            config = json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})
            arguments = ["train", *tiny, f"--workdir={folder}", *flags]
            processes.append(start_tfgan(*arguments, prelude=prelude, env={"TF_CONFIG": config}))
        outputs = [process.communicate(timeout=600)[0] for process in processes]
        return [(process.returncode, output) for process, output in zip(processes, outputs)]

    return run


def test_cluster_equals_two_replicas_of_one_process(run_cluster, run_tfgan, tiny, tmp_path):
    cluster, alone = tmp_path / "cluster", tmp_path / "alone"
    flags = ["--steps=6", "--validate_every=1", "--best_metric=l1"]
    (code, output), (other_code, other_output) = run_cluster([cluster, cluster], *flags)
    assert code == 0 and other_code == 0, output + other_output
    assert "step 6/6" in output and "step 6/6" not in other_output
    code, output = run_tfgan("train", *tiny, f"--workdir={alone}", *flags, prelude=TWO_REPLICAS)
    assert code == 0, output
    rows, expected = ([json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()] for run in (cluster, alone))
    assert [row["step"] for row in rows] == [1, 2, 3, 4, 5, 6]
    for row, other in zip(rows, expected, strict=True):
        for values in (row, other):
            del values["images_per_second"]
        assert row == pytest.approx(other, rel=1e-5, abs=1e-5)
    ours, theirs = (tf.train.load_checkpoint(str(run / "checkpoints" / "ckpt-6")) for run in (cluster, alone))
    names = [name for name in ours.get_variable_to_shape_map() if name.endswith("VARIABLE_VALUE")]
    assert len(names) > 80  # weights, Adam's moments, moving statistics, counters
    for name in names:
        np.testing.assert_allclose(ours.get_tensor(name), theirs.get_tensor(name), atol=1e-4, err_msg=name)


def test_a_signal_to_one_worker_stops_all_and_the_chief_saves(run_cluster, tmp_path):
    """Only the chief writes: the second worker's folder is not even made."""
    folders = [tmp_path / "chief", tmp_path / "worker"]
    results = run_cluster(folders, "--steps=100", preludes=(EAGERLY, EAGERLY + SIGTERM_IN_STEP_3))
    assert [code for code, _ in results] == [128 + signal.SIGTERM] * 2, results
    assert tf.train.latest_checkpoint(str(folders[0] / "checkpoints")).endswith("ckpt-3")
    assert "saved step 3" in results[0][1]
    assert not folders[1].exists()


def test_the_clock_of_the_chief_decides_when_minutes_are_over(run_cluster, tmp_path):
    """Which all learn: the second worker's clock stands still, and both do the same steps and checks, and end."""
    quick, slow = EAGERLY + A_MINUTE_EACH_LOOK, EAGERLY + A_MINUTE_EACH_LOOK.replace("60.0 *", "0.0 *")
    flags = ["--steps=10", "--checkpoint_every=100", "--checkpoint_minutes=3", "--sample_every=100"]
    results = run_cluster([tmp_path, tmp_path], *flags, preludes=(quick, slow))
    assert [code for code, _ in results] == [0, 0], results
    saved = [[int(step) for step in re.findall(r"^saved (\d+)$", output, re.MULTILINE)] for _, output in results]
    assert saved == [[3, 6, 9, 10], []]


def test_a_bad_loss_stops_all(run_cluster, tmp_path):
    results = run_cluster([tmp_path, tmp_path], "--steps=100", preludes=(EAGERLY + LOSS_BAD_IN_STEP_3,) * 2)
    assert [code for code, _ in results] == [1, 1], results
    assert all("l1_loss was not finite in step 3" in output for _, output in results)


def test_a_cluster_shares_one_image_pool(run_cluster, run_tfgan, tiny, tmp_path):
    """CycleGAN's pools hold the global batch's translations, in the order of the replicas."""
    cluster, alone = tmp_path / "cluster", tmp_path / "alone"
    flags = ["--method=cyclegan", "--generator=resnet_1", "--pool_size=3", "--steps=4"]
    (code, output), (other_code, other_output) = run_cluster([cluster, cluster], *flags)
    assert code == 0 and other_code == 0, output + other_output
    code, output = run_tfgan("train", *tiny, f"--workdir={alone}", *flags, prelude=TWO_REPLICAS)
    assert code == 0, output
    ours, theirs = (tf.train.load_checkpoint(str(run / "checkpoints" / "ckpt-4")) for run in (cluster, alone))
    for key in ("source", "target"):
        pool, expected = (reader.get_tensor(f"state/{key}/.ATTRIBUTES/VARIABLE_VALUE") for reader in (ours, theirs))
        np.testing.assert_allclose(pool, expected, atol=2e-3)
        assert np.abs(pool[0] - pool[1]).max() > 0.05 and np.abs(pool).min(axis=0).max() > 0
