"""Systems that lack what Linux has: modules are hidden in a process of its own, which is as near as Linux comes to Windows."""

from eager import EAGERLY

HIDDEN = """
import os, sys
import tensorflow, tqdm  # which, with the modules of Python that they import, stand for those of another system
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in ("register_at_fork", "pwrite", "getuid", "sysconf", "sched_getaffinity"):
    delattr(os, name)
os.supports_fd.discard(os.utime)
os.environ.pop("USER", None)
"""
IMPORT_ALL = """
import pkgutil, importlib, tfgan
for found in pkgutil.walk_packages(tfgan.__path__, "tfgan."):
    if not found.name.endswith("__main__") and found.name != "tfgan.runs.noise":
        importlib.import_module(found.name)
from pathlib import Path
from unittest import mock
from tfgan.data.preparation.room import free_memory
from tfgan.runs.training.probe import _peak_memory
with mock.patch.object(Path, "exists", lambda path: False):
    print("memory:", _peak_memory(), free_memory())
"""


def test_a_training_without_them(run_tfgan, tiny, tmp_path):
    """The lock is a heartbeat then; the memory that is free, or was taken, is not known."""
    run = tmp_path / "run"
    code, output = run_tfgan("train", *tiny, f"--workdir={run}", "--steps=1", prelude=HIDDEN + IMPORT_ALL + EAGERLY)
    assert code == 0 and "memory: 0 None" in output, output
    assert not (run / "lock").exists() and (run / "checkpoints" / "ckpt-1.index").exists()
