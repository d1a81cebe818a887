"""The network that a training sees images with and leaves as it is: found when the run begins, and from then on a part of the run."""

import hashlib
import logging
import tempfile
from pathlib import Path
from typing import NamedTuple

import keras

from tfgan.config import DataSpec, RunConfig
from tfgan.config.near import FROZEN
from tfgan.errors import UserError
from tfgan.methods.base import HParams
from tfgan.networks.features import load_given
from tfgan.paths.aside import set_aside
from tfgan.paths.files import write_atomically
from tfgan.runs.evaluation.own_features import own_features, untrained_features

logger = logging.getLogger(__name__)


class Frozen(NamedTuple):
    """A frozen network as the bytes of its file."""

    name: str  # of its copy in the run, one of `FROZEN`
    content: bytes
    what: str  # the network in messages

    def record(self) -> dict[str, str]:
        """The name of the copy -> its SHA-256, as a run's record has it."""
        return {self.name: _hash(self.content)}

    def load(self) -> keras.Model:
        """The network; raises `UserError` if the file is none of Keras'."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / self.name
            path.write_bytes(self.content)
            try:
                return load_given("frozen_features", str(path))
            except UserError as error:
                reason = str(error).partition("cannot be loaded: ")[2].replace(str(path), self.name)
                raise UserError(f"{self.what} cannot be loaded: {reason}") from None

    def keep(self, folder: Path):
        """Writes the copy into the run's folder, unless it is there; another file of its name is set aside, and that is said."""
        path = folder / self.name
        if path.is_file() and path.read_bytes() == self.content:
            return
        if path.exists():
            logger.warning(f"{path} is not the run's frozen network: it is kept as {set_aside(path).name}.")
        write_atomically(path, self.content)


def find_frozen(config: RunConfig, earlier: RunConfig | None, cluster: bool) -> Frozen | None:
    """The frozen network of a run that begins, by its settings, or of one that goes on, as it was; None if it has none.

    Args:
        config: the record of the run, of which `frozen` does not count.
        earlier: that of the run that goes on; None if it begins.
        cluster: whether several workers train, each of which would get a network of its own.

    Raises:
        UserError: a network that cannot be had, or is another one than that with which the run began.
    """
    asked = getattr(config.hparams, "frozen_features", "")
    if not asked:
        return None
    if earlier:
        return _kept(Path(config.training.workdir), asked, earlier)
    if asked == "own" and cluster:
        file = f"the {FROZEN[0]} of a run that one machine has begun with it"
        raise UserError(f"{_flag(asked)} does not work in a cluster, each of whose workers would train another network: name {file}.")
    return _own(own_features(Path(config.training.workdir), config)) if asked == "own" else _named(asked)


def tried_frozen(hparams: HParams, spec: DataSpec) -> Frozen | None:
    """The frozen network for a trial of a training: that of the settings, or one that is as large as one that would be trained first."""
    asked = getattr(hparams, "frozen_features", "")
    if not asked:
        return None
    return _own(untrained_features(spec)) if asked == "own" else _named(asked)


def _own(net: keras.Model) -> Frozen:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FROZEN[0]
        net.save(path)
        return Frozen(path.name, path.read_bytes(), _flag("own"))


def _named(file: str) -> Frozen:
    try:
        return Frozen(FROZEN[Path(file).suffix != ".keras"], Path(file).read_bytes(), _flag(file))
    except OSError as error:
        raise UserError(f"{_flag(file)} cannot be read: {error.strerror}.") from None


def _kept(folder: Path, asked: str, earlier: RunConfig) -> Frozen:
    """The network with which the run began: its copy, or, where that is gone or damaged, the file that is named and has the same bytes."""
    ((name, known),) = earlier.frozen.items()
    before, copy, given = earlier.hparams.frozen_features, folder / name, Path(asked)
    there = given.is_file() and asked != "own"
    same = there and _hash(given.read_bytes()) == known
    if asked != before and not same:
        found = "another network" if there else "no file, and not what"
        raise UserError(f"{_flag(asked)} is {found} the run {folder} began with: go on with {_flag(before)}, or use another --workdir.")
    if there and not same:
        logger.info(f"{asked} has changed since the run began, which goes on with its copy of the network, {copy}.")
    for path in [copy, *[given] * there]:
        if path.is_file() and _hash(content := path.read_bytes()) == known:
            return Frozen(name, content, str(path))
    state = "damaged" if copy.exists() else "missing"
    cure = "put back a copy" + ", or name the same file by --frozen_features=FILE" * (before != "own")
    raise UserError(f"{copy}, the frozen network with which the run began, is {state}: {cure}.")


def _flag(asked: str) -> str:
    return f"--frozen_features={asked}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
