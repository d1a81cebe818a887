"""One process trains a run at a time: a lock on RUN/lock that dies with its holder, and a heartbeat where locks are not honored."""

import contextlib
import errno
import getpass
import json
import logging
import os
import platform
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tfgan.config.cluster import read_cluster
from tfgan.errors import TrainingFailed, UserError
from tfgan.paths.files import write_atomically
from tfgan.paths.processes import is_alive
from tfgan.training.callbacks import Callback

logger = logging.getLogger(__name__)

LOCK = "lock"
"""Name of the file in a run's folder. It holds its owner as JSON, and its time stamp is the heartbeat."""

BEAT = 30.0  # seconds between heartbeats
STALE = 300.0
"""Seconds without a heartbeat after which a lock is taken over: ten of them, as network drives show time stamps a minute late (NFS's
acregmax), and may be away for some minutes more without harm to the process that writes to them."""
SETTLING = 2.0  # seconds after which, of two processes that took a lock at once, the one whose name stands there has it

_TAKEN = (errno.EAGAIN, errno.EACCES)
_NOT_HONORED = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)
_held: "weakref.WeakSet[RunLock]" = weakref.WeakSet()


class Owner(NamedTuple):
    """Who trains a run."""

    host: str
    pid: int
    user: str
    since: str  # the holder's local time
    token: str  # of this process and this lock alone

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} on {self.host}, since {self.since}"


class Taken(UserError):
    """Raised where another process, or this one, trains a run already."""


class RunLock(Callback):
    """The lock of one run's folder, taken by `held` and given back at its end, or by the system when the process ends in any way.

    While the run trains it is a callback, which ends the training when somebody else has taken the run over, as after a long
    pause of this process, before anything more is written.
    """

    def __init__(self, folder: Path):
        self.path = folder / LOCK
        self.owner = Owner(platform.node(), os.getpid(), _user(), time.strftime("%Y-%m-%d %H:%M:%S"), os.urandom(8).hex())
        self._file: int | None = None
        self._honored = True  # whether the file system honors locks
        self._checked = 0.0
        self._ended = threading.Event()

    def acquire(self):
        """Takes the lock.

        Raises:
            Taken: another process has it.
            UserError: the name is that of another thing.
            OSError: the file cannot be made.
        """
        self._honored = honored = self._open()
        try:
            other = read_owner(self.path)
            if other is None and not is_lock(self.path):
                raise UserError(f"{self.path} is not a lock file of tfgan, which needs this name: move it away. Nothing was changed.")
            settle = not honored
            if other and not (other.host == self.owner.host and (honored or not is_alive(other.pid))):
                self._wait_out(other)
                settle = True
            self._write(honored)
            if settle:
                time.sleep(SETTLING)
                if (now := read_owner(self.path)) != self.owner:
                    raise _refusal(self.path, now)
        except BaseException:
            self.release()
            raise
        _held.add(self)
        threading.Thread(target=self._beat, daemon=True, name="run lock").start()

    def _open(self) -> bool:
        """Opens and locks the file. Returns whether the file system honors locks; raises `UserError` if somebody else has it."""
        while True:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)  # Python closes it in programs that this one starts
            try:
                _lock(self._file)
            except OSError as error:
                if error.errno in _NOT_HONORED:
                    return False
                self._close()
                if error.errno in _TAKEN:
                    raise _refusal(self.path, read_owner(self.path)) from None
                raise
            if self._is_there():
                return True
            self._close()  # its holder has removed it in between

    def _is_there(self) -> bool:
        """Whether the file that is open is the one in the folder."""
        with contextlib.suppress(FileNotFoundError):
            return self._file is not None and os.path.samestat(os.fstat(self._file), os.stat(self.path))
        return False

    def _wait_out(self, other: Owner):
        """Raises `UserError` unless the heartbeat of an owner of whom no lock here tells is stale, by the file system's clock."""
        with tempfile.TemporaryFile(dir=self.path.parent, prefix=".clock.") as now:
            age = os.fstat(now.fileno()).st_mtime - self.path.stat().st_mtime
        if age < STALE:
            raise _refusal(self.path, other, f"If it is gone, the run is free {in_minutes(STALE - age)} from now")
        logger.warning(f"{self.path}: {other} has given no sign of life for {in_minutes(age)}: this process continues the run.")

    def _write(self, honored: bool):
        """Writes the owner's name: into the file that is locked, or in one piece, as two processes may do it at once."""
        text = json.dumps(self.owner._asdict()) + "\n"
        if honored:
            assert self._file is not None
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, text.encode(), 0)
        else:
            self._close()
            write_atomically(self.path, text)
            self._file = os.open(self.path, os.O_RDWR)

    def _beat(self):
        while not self._ended.wait(BEAT):
            with contextlib.suppress(OSError):  # a drive that is away for a moment
                if self._file is not None:
                    os.utime(self._file if os.utime in os.supports_fd else self.path)

    def check(self):
        """Raises `TrainingFailed` if somebody else has the lock. A file that was removed is made again."""
        self._checked = time.monotonic()
        try:
            now = read_owner(self.path)
            if now is None and not self._is_there():
                self._close()
                self._honored = self._open()
                self._write(self._honored)
        except UserError as error:
            raise TrainingFailed(f"Another process has taken this run over. {error}") from None
        except OSError:  # the drive is away: nothing is known
            return
        if now not in (None, self.owner):
            raise TrainingFailed(
                f"{self.path.parent} was taken over by {now}, as this process gave no sign of life. It writes nothing more."
            )

    def on_steps_begin(self, trainer, step: int):
        if time.monotonic() - self._checked > 1.0:
            self.check()

    def release(self):
        """Gives the lock back, and removes its file."""
        self._ended.set()
        _held.discard(self)
        if self._file is None or os.getpid() != self.owner.pid:
            return
        if not self._honored:  # some systems remove no file that is open; a lock must hold until the file is gone
            self._close()
        with contextlib.suppress(OSError):
            if read_owner(self.path) == self.owner:
                self.path.unlink()
        self._close()

    def _close(self):
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                os.close(file)


@contextlib.contextmanager
def held(workdir: str) -> Iterator[Callback]:
    """A context in which this process alone trains the run in `workdir`. It makes the folder, and takes an empty one away again.

    The workers of a cluster, which share a folder, are held apart by their chief's lock alone.

    Yields:
        A callback for the training, which ends it if the run was taken over.

    Raises:
        Taken: another process trains the run.
        UserError: the folder cannot be written.
    """
    if not leads_cluster():
        yield Callback()
        return
    folder = Path(workdir)
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    lock = RunLock(folder)
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            raise UserError(f"--workdir={workdir} cannot be written: {error.strerror}. Choose another place.") from None
        yield lock
    finally:
        lock.release()
        with contextlib.suppress(OSError):  # a folder that has become a run
            for path in made:
                path.rmdir()


def leads_cluster() -> bool:
    """Whether this process writes the run's files, by the environment variable TF_CONFIG alone: any does but other workers of a cluster.

    Raises:
        UserError: TF_CONFIG describes no cluster.
    """
    found = read_cluster()
    return not found or found["task"] == {"type": "chief" if "chief" in found["cluster"] else "worker", "index": 0}


def read_owner(path: Path) -> Owner | None:
    """The owner that a lock file names; None if there is no such file, or another's.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        values: Any = json.loads(path.read_bytes())
        return Owner(str(values["host"]), int(values["pid"]), str(values["user"]), str(values["since"]), str(values["token"]))
    except (FileNotFoundError, ValueError, TypeError, KeyError, RecursionError):
        return None


def is_lock(path: Path) -> bool:
    """Whether a file is a run's lock: it names an owner, or is empty, as a kill may leave it."""
    with contextlib.suppress(OSError):
        return path.is_file() and (path.stat().st_size == 0 or read_owner(path) is not None)
    return False


def _refusal(path: Path, owner: Owner | None, cure: str = "Wait for its end, or stop it") -> Taken:
    who = "this process" if owner and owner.host == platform.node() and owner.pid == os.getpid() else "another process"
    named = f" ({owner})" if owner else ""
    return Taken(f"{path.parent} is being trained by {who}{named}. {cure}; or choose another --workdir.")


def in_minutes(seconds: float) -> str:
    """A time in minutes, at least one."""
    minutes = max(1, round(seconds / 60))
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def _lock(file: int):
    """Locks an open file for this process; raises `OSError` if somebody else has it, or if there are no such locks, as on Windows."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    flock(file, LOCK_EX | LOCK_NB)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a user without a name, as in containers
        return str(os.getuid()) if hasattr(os, "getuid") else "a user without a name"


def _forget_in_child():
    """A child that goes on in this program's memory has the open file too, and would keep the lock beyond its parent's end."""
    for lock in list(_held):
        lock._close()


if hasattr(os, "register_at_fork"):  # elsewhere no process forks
    os.register_at_fork(after_in_child=_forget_in_child)
