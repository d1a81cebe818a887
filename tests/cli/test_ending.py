"""How a command ends that meets what nobody foresaw: in lines, with the exit code of its kind, and a trace in a file."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from tfgan.cli.main import main
from tfgan.errors import UnreadableImage, UserError
from tfgan.faults import NO_MEMORY, TRACE
from tfgan.training.trainer import Trainer

ENVIRONMENT = {**os.environ, TRACE: "0", "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture
def failing(monkeypatch, tmp_path):
    """(error) -> `tfgan list` raises it; traces are written to files, those of no run to tmp_path/temporary."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.delenv(TRACE)

    def fail(error):
        def run(arguments):
            raise error

        monkeypatch.setattr("tfgan.cli.list.run", run)
        return folder

    return fail


def test_a_fault_ends_in_two_lines_and_its_trace_in_a_file(failing, capsys):
    folder = failing(ZeroDivisionError("one\ntwo"))
    assert main(["list", "--a b"]) == 70
    captured = capsys.readouterr()
    (file,) = folder.iterdir()
    assert captured.err.splitlines() == [
        "fault: a fault of tfgan, not of yours: ZeroDivisionError: one",
        f"Please report it, with the command and the trace in {file}.",
    ]
    text = file.read_text()
    assert text.startswith("tfgan list '--a b'\n") and "Traceback (most recent call last)" in text and "ZeroDivisionError: one\ntwo" in text


def test_the_trace_lies_in_the_run_that_the_command_names(failing, capsys, tmp_path):
    temporary = failing(RuntimeError("x" * 5000))
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.json").write_text("{}")
    for word in (str(run), f"--workdir={run}"):
        assert main(["list", "\0", "~nobody/x", word]) == 70
        (file,) = run.glob("tfgan-fault-*")
        file.unlink()
    assert not list(temporary.iterdir()) and max(map(len, capsys.readouterr().err.splitlines())) < 500


def test_where_no_trace_can_be_written_the_line_says_how_to_see_it(failing, capsys, monkeypatch, tmp_path):
    failing(RuntimeError())
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert main(["list"]) == 70
    assert capsys.readouterr().err.splitlines() == [
        "fault: a fault of tfgan, not of yours: RuntimeError",
        f"Please report it, with the command and the trace that {TRACE}=1 shows.",
    ]


def test_programmers_can_ask_for_the_exception(failing, monkeypatch):
    folder = failing(ZeroDivisionError())
    monkeypatch.setenv(TRACE, "1")
    with pytest.raises(ZeroDivisionError):
        main(["list"])
    assert not list(folder.iterdir())


class ResourceExhaustedError(Exception):
    """Called like TensorFlow's."""


@pytest.mark.parametrize(
    "error, code, line",
    [
        (MemoryError(), 1, f"stopped: {NO_MEMORY}"),
        (ResourceExhaustedError("OOM when allocating tensor\nHint: …"), 1, f"stopped: {NO_MEMORY}"),
        (RuntimeError("std::bad_alloc"), 1, f"stopped: {NO_MEMORY}"),
        (ImportError("libtensorflow_cc.so.2: failed to map segment from shared object"), 1, f"stopped: {NO_MEMORY}"),
        (RuntimeError("Graph execution error:\nCannot parse tensor from proto: dtype: DT_FLOAT"), 1, f"stopped: {NO_MEMORY}"),
        (RuntimeError("Operation received an exception:Status: 1, message: could not create a primitive"), 1, f"stopped: {NO_MEMORY}"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), 1, f"stopped: {NO_MEMORY}"),
        (OSError(errno.EROFS, "Read-only file system", "/mnt/x.png"), 1, "stopped: /mnt/x.png: Read-only file system."),
        (OSError(errno.ENAMETOOLONG, "File name too long", "x" * 5000), 2, "error: " + "x" * 60 + "…" + "x" * 20 + ": File name too long."),
        (UserError("x" * 10**6), 2, "error: " + "x" * 1500 + "…" + "x" * 500),
        (UnreadableImage("a.png is empty"), 2, "error: a.png is empty."),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 141, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_fault_of_tfgan_ends_in_one_line_without_a_file(error, code, line, failing, capsys):
    folder = failing(error)
    assert main(["list"]) == code
    assert capsys.readouterr().err.strip() == line and not list(folder.iterdir())


def command(*arguments, stdout):
    code = "import sys; from tfgan.cli.main import command; command(sys.argv[1:])"
    return subprocess.run([sys.executable, "-c", code, *arguments], stdout=stdout, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


THROW = """
import ctypes, os, threading
from tfgan.runs.start import start_tensorflow
start_tensorflow()
library = ctypes.CDLL("libstdc++.so.6", os.RTLD_NOLOAD | os.RTLD_LAZY)
thread = threading.Thread(target=library.{name})
thread.start()
thread.join()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs GCC's C++ library")
@pytest.mark.parametrize(
    "name, code, line",
    [("_ZSt17__throw_bad_allocv", 1, f"stopped: {NO_MEMORY}\n"), ("_ZSt16__throw_bad_castv", -signal.SIGABRT, "std::bad_cast")],
)
def test_what_no_code_catches_in_a_thread_of_c_ends_the_process(name, code, line):
    """As std::bad_alloc in one of TensorFlow's threads does; of other exceptions the C++ library tells."""
    done = subprocess.run([sys.executable, "-c", THROW.format(name=name)], capture_output=True, text=True, env=ENVIRONMENT)
    assert done.returncode == code and (done.stderr == line if code == 1 else line in done.stderr and NO_MEMORY not in done.stderr)


def test_training_that_uses_up_memory_names_what_takes_less(monkeypatch, tmp_path, capsys):
    def full(*_, **__):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor with shape[1024,64,64,64]")

    monkeypatch.setattr(Trainer, "_loop", full)
    monkeypatch.delenv(TRACE)
    tiny = "--image_size=16 --generator=unet_16 --ngf=4 --ndf=4 --n_layers=1 --synthetic_images=8 --steps=1"
    assert main(["train", "--dataset=synthetic", *tiny.split(), f"--workdir={tmp_path / 'run'}"]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"stopped: {NO_MEMORY}" and "--batch_size" in NO_MEMORY


def test_a_reader_that_left_ends_a_command_quietly():
    reading, writing = os.pipe()
    os.close(reading)
    done = command("list", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which Linux has")
def test_an_output_on_a_full_disk_is_said():
    with open("/dev/full", "w") as full:
        done = command("list", stdout=full)
    assert done.returncode == 1 and done.stderr == "stopped: No space left on device.\n"
