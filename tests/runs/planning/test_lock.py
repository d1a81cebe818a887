"""One process trains a run at a time, on drives that honor file locks and on those that do not."""

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import tfgan
from tfgan.cli.main import main
from tfgan.errors import TrainingFailed, UserError
from tfgan.runs.planning import lock
from tfgan.runs.planning.lock import held, leads_cluster, read_owner
from tfgan.training.callbacks import Callback

ROOT = Path(__file__).parents[3]
HOLD = """
import os, subprocess, sys, time
from tfgan.runs.planning.lock import held
with held(sys.argv[1]):
    if sys.argv[2:] == ["started"]:
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
    if sys.argv[2:] != ["forked"]:
        print("held", flush=True)
    elif not os.fork():
        print("held", flush=True)  # by the child: it has given back what it inherited
    time.sleep(600)
"""


@pytest.fixture
def holder(tmp_path):
    """(*arguments) -> a process that holds the lock of tmp_path / "run"."""
    started = []

    def start(*arguments):
        command = [sys.executable, "-c", HOLD, str(tmp_path / "run"), *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True))
        assert started[-1].stdout.readline() == "held\n"
        return started[-1]

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


@pytest.fixture
def without_locks(monkeypatch):
    """A drive that does not honor file locks; nobody waits long."""

    def refuse(*_):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    monkeypatch.setattr(lock, "SETTLING", 0.05)


def leave(folder, *, age=0.0, **owner):
    """A lock file as a holder leaves it who has given no sign of life for `age` seconds."""
    folder.mkdir(exist_ok=True)
    values = {"host": "elsewhere", "pid": 7, "user": "ann", "since": "2026-01-02 03:04:05", "token": "t"} | owner
    (folder / "lock").write_text(json.dumps(values))
    then = time.time() - age
    os.utime(folder / "lock", (then, then))


def test_a_second_process_is_refused_in_a_line_that_names_the_first(holder, tmp_path, capsys):
    process, run = holder(), tmp_path / "run"
    owner = read_owner(run / "lock")
    assert owner.pid == process.pid and owner.user and owner.host
    assert main(["train", "--dataset=synthetic", f"--workdir={run}"]) == 2
    captured = capsys.readouterr()
    assert f"is being trained by another process (process {process.pid} of {owner.user} on {owner.host}, since " in captured.err
    assert captured.err.count("\n") == 1
    with pytest.raises(UserError, match="is being trained by another process"):
        tfgan.train("pix2pix", dataset="synthetic", workdir=run)
    assert read_owner(run / "lock") == owner


@pytest.mark.parametrize("child", [(), ("started",), ("forked",)])
def test_the_lock_dies_with_its_holder(child, holder, tmp_path):
    """Even if a child lives on that inherited all of its files."""
    process = holder(*child)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with held(str(tmp_path / "run")):
        assert read_owner(tmp_path / "run" / "lock").pid == os.getpid()


@pytest.mark.parametrize("honored", [True, False])
def test_one_attempt_of_a_process_does_not_lock_out_the_next(honored, tmp_path, request):
    if not honored:
        request.getfixturevalue("without_locks")
    run = tmp_path / "run"
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt), held(str(run)):
            raise KeyboardInterrupt
    assert not run.exists()


def test_an_interrupt_while_the_lock_is_taken_gives_it_back(without_locks, tmp_path, monkeypatch):
    def interrupted(seconds):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(lock.time, "sleep", interrupted)
        with pytest.raises(KeyboardInterrupt), held(str(tmp_path)):
            pass
    with held(str(tmp_path)):
        pass


@pytest.mark.parametrize("honored", [True, False])
def test_two_threads_of_a_process(honored, tmp_path, request):
    if not honored:
        request.getfixturevalue("without_locks")
    with held(str(tmp_path)):
        refused = []

        def other():
            with pytest.raises(UserError, match="by this process") as error, held(str(tmp_path)):
                pass
            refused.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert refused and read_owner(tmp_path / "lock").pid == os.getpid()


def test_many_at_once_on_a_drive_without_locks(without_locks, tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "SETTLING", 1.0)
    barrier, results, done = threading.Barrier(8), [], threading.Event()

    def attempt():
        barrier.wait()
        try:
            with held(str(tmp_path)):
                results.append("held")
                done.wait(30)
        except UserError:
            results.append("refused")

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(results) < 8:
        time.sleep(0.01)
    done.set()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["held"] + ["refused"] * 7


@pytest.mark.parametrize("honored", [True, False])
def test_a_holder_on_another_machine_counts_while_its_heart_beats(honored, tmp_path, request):
    """A lock may be granted here although another machine has it: drives that are mounted without locks keep them to one machine."""
    if not honored:
        request.getfixturevalue("without_locks")
    leave(tmp_path, age=100)
    before = (tmp_path / "lock").read_bytes()
    said = r"process 7 of ann on elsewhere, since .*\. If it is gone, the run is free 3 minutes from now"
    with pytest.raises(UserError, match=said), held(str(tmp_path)):
        pass
    assert (tmp_path / "lock").read_bytes() == before


@pytest.mark.parametrize("honored", [True, False])
def test_a_stale_heartbeat_is_taken_over_with_a_line(honored, tmp_path, request, capsys, monkeypatch):
    if not honored:
        request.getfixturevalue("without_locks")
    monkeypatch.setattr(lock, "SETTLING", 0.05)
    leave(tmp_path, age=lock.STALE + 60)
    with held(str(tmp_path)):
        assert read_owner(tmp_path / "lock").pid == os.getpid()
    assert "process 7 of ann on elsewhere, since 2026-01-02 03:04:05 has given no sign of life for 6 minutes" in capsys.readouterr().out


def test_ages_are_told_by_the_clock_of_the_drive(without_locks, tmp_path, monkeypatch):
    """The clock of this machine may be hours off."""
    leave(tmp_path, age=10)
    monkeypatch.setattr(lock.time, "time", lambda: 0.0)
    with pytest.raises(UserError, match="If it is gone"), held(str(tmp_path)):
        pass


def test_a_dead_process_of_this_machine_holds_nothing(without_locks, tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    leave(tmp_path, host=lock.platform.node(), pid=dead.pid)
    with held(str(tmp_path)):
        pass
    leave(tmp_path, host=lock.platform.node(), pid=os.getppid())
    with pytest.raises(UserError, match="is being trained by another process"), held(str(tmp_path)):
        pass


def test_a_lock_after_a_restart_of_this_machine_is_free_at_once(tmp_path):
    leave(tmp_path, host=lock.platform.node(), pid=os.getppid())  # the number is another's now; the drive honors locks and grants one
    with held(str(tmp_path)):
        pass


def test_the_heart_beats(without_locks, tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "BEAT", 0.01)
    with held(str(tmp_path)):
        os.utime(tmp_path / "lock", (0, 0))
        while not (tmp_path / "lock").stat().st_mtime:
            time.sleep(0.01)


@pytest.mark.parametrize("honored", [True, False])
def test_a_run_that_was_taken_over_ends_here(honored, tmp_path, request):
    if not honored:
        request.getfixturevalue("without_locks")
    with held(str(tmp_path)) as mine:
        mine.on_steps_begin(None, 0)
        (tmp_path / "lock").unlink()  # by somebody who thought that nobody was there
        mine.check()
        assert read_owner(tmp_path / "lock") == mine.owner
        (tmp_path / "lock").unlink()
        leave(tmp_path)
        with pytest.raises(TrainingFailed, match="taken over by process 7 of ann on elsewhere"):
            mine.check()
    assert read_owner(tmp_path / "lock").pid == 7


def test_training_ends_before_it_writes_anything_more(train, tmp_path, monkeypatch):
    from tfgan.training.step import TrainStep

    run, steps = tmp_path / "run", TrainStep.run
    check, seconds = lock.RunLock.check, iter(range(10**6))
    monkeypatch.setattr(lock.time, "monotonic", lambda: 10.0 * next(seconds))

    def taken_over(self, iterator, count):
        leave(run)
        return steps(self, iterator, count)

    monkeypatch.setattr(TrainStep, "run", taken_over)
    code, output = train(run, "--steps=40", "--checkpoint_every=100")
    assert code == 1 and "stopped: " in output and "was taken over by process 7 of ann on elsewhere" in output
    assert check is lock.RunLock.check and not list(run.glob("checkpoints/ckpt-*"))


def test_a_drive_that_is_away_ends_nothing(tmp_path, monkeypatch):
    def away(path):
        raise OSError(errno.EIO, "Input/output error")

    with held(str(tmp_path)) as mine:
        monkeypatch.setattr(lock, "read_owner", away)
        mine.check()


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch, capsys):
    def read_only(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(lock.os, "open", read_only)
    with pytest.raises(UserError, match="cannot be written: Read-only file system"), held(str(tmp_path / "run")):
        pass
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "config, leads",
    [
        ("", True),
        ("{}", True),
        ('{"cluster": {}}', True),
        ('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}', True),
        ('{"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 1}}', False),
        ('{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "worker", "index": 0}}', False),
        ('{"cluster": {"chief": ["a:1"], "worker": ["b:1"]}, "task": {"type": "chief", "index": 0}}', True),
    ],
)
def test_the_chief_of_a_cluster_alone_locks(config, leads, tmp_path, monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config)
    assert leads_cluster() == leads
    with held(str(tmp_path / "run")) as callback:
        assert isinstance(callback, Callback) and (tmp_path / "run" / "lock").exists() == leads


def test_readers_do_not_lock(holder, tmp_path, capsys):
    """A report of a run that is being trained."""
    holder()
    record = ROOT / "tests" / "kept_run" / "run" / "config.json"
    (tmp_path / "run" / "config.json").write_bytes(record.read_bytes())
    assert main(["report", str(tmp_path / "run"), f"--out={tmp_path / 'report.html'}"]) == 0, capsys.readouterr()


@pytest.mark.parametrize(
    "config",
    [
        "nonsense",
        "[]",
        "3",
        '{"cluster": 3}',
        '{"cluster": {"worker": ["a:1"]}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": "x"}}',
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}',
        '{"cluster": {"worker": 3}, "task": {"type": "worker", "index": 0}}',
        "[" * 100_000,
    ],
)
def test_a_cluster_that_is_none_is_one_line(config, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TF_CONFIG", config)
    assert main(["train", "--dataset=synthetic", f"--workdir={tmp_path / 'run'}"]) == 2
    error = capsys.readouterr().err
    assert "TF_CONFIG does not describe a cluster" in error and error.count("\n") == 1 and not (tmp_path / "run").exists()
