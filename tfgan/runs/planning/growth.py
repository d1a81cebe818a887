"""Data that grow: what has changed in the images of a run since it learned from them, in words, and whether it may go on with them.

A run keeps the names of its images and a hash of what each holds, in RUN/images.json, and in its record how many there were from which step
on. New data may come, with --accept_new_data; data that are gone are refused, as the run could no longer show what it has learned from.
Validation data teach nothing, and may change.
"""

import dataclasses
import hashlib
import itertools
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tfgan.config import DataConfig, DataSpec, RunConfig, TrainConfig, shell_flag
from tfgan.config.spec import DataState
from tfgan.config.stored import DAMAGE, Damaged, read_json
from tfgan.data.dataset import Dataset
from tfgan.data.preparation.prepare import Listing, fingerprint_of
from tfgan.errors import UserError
from tfgan.paths.aside import set_aside
from tfgan.paths.files import write_atomically

logger = logging.getLogger(__name__)

FILE = "images.json"
SHOWN = 3  # names in a message

Listings = dict[str, list[Listing]]
"""Split -> the images of each of its streams."""


class Change(NamedTuple):
    """What has changed in the images of one stream of a split; names, sorted."""

    where: str  # train, or train of a domain
    before: int
    now: int
    more: list[str]
    gone: list[str]
    renamed: list[str]  # their names now
    other: list[str]  # that hold something else

    def __bool__(self) -> bool:
        return bool(self.more or self.gone or self.renamed or self.other)

    def words(self) -> list[str]:
        """A clause for each kind of change."""
        counts = "" if self.gone else f", {self.now:,} instead of {self.before:,}"
        longer = ": epochs get longer" if self.now > self.before and self.where.startswith("train") else ""
        found = [
            (self.more, f"{_images(self.more)} more in {self.where}{counts} ({_some(self.more)}){longer}"),
            (self.gone, f"{_images(self.gone)} gone from {self.where} ({_some(self.gone)})"),
            (self.renamed, f"{_images(self.renamed)} of {self.where} under another name ({_some(self.renamed)})"),
            (self.other, f"{_images(self.other)} of {self.where} with another content ({_some(self.other)})"),
        ]
        return [text for names, text in found if names]


def _images(names: Sequence[str]) -> str:
    return f"{len(names):,} image{'s' if len(names) > 1 else ''}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + ", …" * (len(names) > SHOWN)


def compare(old: Listing, new: Listing, where: str) -> Change:
    """What has become of the images in `old`. What is not known to hold something else holds the same."""
    gone, more = [name for name in old if name not in new], [name for name in new if name not in old]
    lost: dict[str, list[str]] = {}
    for name in gone:
        lost.setdefault(old[name], []).append(name)
    renamed = [name for name in more if new[name] and lost.get(new[name]) and lost[new[name]].pop()]
    gone = [name for names in lost.values() for name in names]
    more = sorted(set(more) - set(renamed))
    other = [name for name in old if name in new and old[name] and new[name] and old[name] != new[name]]
    return Change(where, len(old), len(new), more, sorted(gone), sorted(renamed), sorted(other))


def judge(earlier: RunConfig, data: DataConfig, dataset: Dataset, training: TrainConfig, step: int):
    """Judges whether the run may go on with the images of the data set, and says what has changed.

    Args:
        earlier: the record of the run; data: the settings of the data set; step: from which the run goes on.

    Raises:
        UserError: training images that are gone; or that have come, or hold something else, and nobody has accepted that.
    """
    spec, run = earlier.spec, Path(training.workdir)
    new, old = dataset.listings, _known(run, spec)
    changes = _changes("train", old, new, spec) if old else []
    lines = [words for change in changes for words in change.words()] if old else _unknown(earlier, data, dataset.spec)
    if old and not lines and spec.fingerprint != dataset.spec.fingerprint:
        lines = ["the images of train in another order"]
    if lines:
        gone = any(change.gone for change in changes) if old else dataset.spec.sizes["train"] <= spec.sizes["train"]
        _judge_training(lines, gone, training, step)
    elif training.accept_new_data:
        logger.info("--accept_new_data: the training images are those that the run knows.")
    _tell_validation(old, new, spec, dataset)


def _judge_training(lines: list[str], gone: bool, training: TrainConfig, step: int):
    listed, workdir = "\n".join(f"  {line}" for line in lines), training.workdir
    anew = f"use another --workdir for a new run ({shell_flag('init_from', workdir)} takes over its weights)"
    if gone:
        raise UserError(
            f"Training images that {workdir} has learned from are gone since step {step}:\n{listed}\n"
            f"A run can continue with additional data, but not without the old data: put them back, or {anew}."
        )
    if not training.accept_new_data:
        raise UserError(
            f"The training images of {workdir} have changed since step {step}:\n{listed}\n"
            f"Next: the same command with --accept_new_data continues with them from step {step}. Or undo the change, or {anew}."
        )
    logger.warning(f"The training images have changed; the new ones are used from step {step} on:\n{listed}")


def _changes(split: str, old: Listings, new: Listings, spec: DataSpec) -> list[Change]:
    """The changes of the streams of a split; their domains are named where there are several."""
    nothing: Listing = {}
    streams = list(itertools.zip_longest(old.get(split, []), new.get(split, []), fillvalue=nothing))
    names = [domain.name for domain in spec.domains.values()]
    places = [f"{split} of {name}" for name in names] if 1 < len(streams) == len(names) else [split] * len(streams)
    return [change for (before, now), place in zip(streams, places) if (change := compare(before, now, place))]


def _unknown(earlier: RunConfig, data: DataConfig, now: DataSpec) -> list[str]:
    """What can be said of a run of an earlier version, which kept no names."""
    if earlier.spec.fingerprint == now.fingerprint and earlier.data.dataset == data.dataset:
        return []
    before, count = earlier.spec.sizes["train"], now.sizes["train"]
    remark = "no list of those was kept, so which ones is not known"
    if count > before:
        more = f"{count - before:,} image{'s' * (count - before > 1)} more in train, {count:,} instead of {before:,}"
        return [f"{more}: epochs get longer; {remark}"]
    return [f"the {count:,} images in train are not the {before:,} of before; {remark}"]


def _tell_validation(old: Listings | None, new: Listings, spec: DataSpec, dataset: Dataset):
    """Says what is validated with from now on, if it is something else than before."""
    split = dataset.validation_split
    if old is None:
        before, now = spec.sizes["validation"], dataset.spec.sizes["validation"]
        if before != now:
            logger.info(f"Validation: {now:,} images of {split} from now on, instead of {before:,}.")
        return
    if set(old) != set(new):
        earlier = next((name for name in old if name != "train"), "train")
        logger.info(f"Validation: from now on with {split}, {dataset.spec.sizes['validation']:,} images, instead of {earlier}.")
    elif split != "train" and (lines := [words for change in _changes(split, old, new, spec) for words in change.words()]):
        logger.info(f"Validation: {'; '.join(lines)}.")


def _known(run: Path, spec: DataSpec) -> Listings | None:
    """What the run wrote of its images; None if it did not, or if that is damaged, which is said."""
    try:
        found = read_listings(run)
    except FileNotFoundError:
        return None
    except Damaged as error:
        logger.warning(f"{error} Which images have changed is not known.")
        return None
    return found if _fits(found, spec) else None


def _fits(listings: Listings, spec: DataSpec) -> bool:
    """Whether a list is of the images that the record speaks of: a kill may come between the two."""
    return "-".join(fingerprint_of(stream) for stream in listings["train"]) == spec.fingerprint


def read_listings(run: Path) -> Listings:
    """What is in RUN/images.json.

    Raises:
        FileNotFoundError: there is no such file.
        Damaged: it holds something else. Unreadable: it cannot be read.
    """
    path = run / FILE
    values: Any = read_json(path)
    try:
        hashes = [found for streams in values.values() for stream in streams for found in stream.values()]
        if all(isinstance(found, str) for found in hashes) and values["train"]:
            return values
    except DAMAGE:
        pass
    raise Damaged(path, "it must hold, by split, the name and a hash of each image")


def write_listings(run: Path, listings: Listings):
    """Writes RUN/images.json, unless it holds that already; a damaged one is set aside."""
    try:
        if read_listings(run) == listings:
            return
    except FileNotFoundError:
        pass
    except Damaged as error:
        logger.warning(f"{error} It is kept as {set_aside(run / FILE).name}.")
    write_atomically(run / FILE, json.dumps(listings, indent=0) + "\n")


def with_states(dataset: Dataset, earlier: DataSpec | None, step: int) -> DataSpec:
    """What the data set holds, with what the run has learned from until `step`, and learns from since.

    A state that begins at a step that the run has not passed, as it went back to an earlier checkpoint, was never learned from.
    """
    spec, listings = dataset.spec, dataset.listings
    now = DataState(step, spec.sizes["train"], spec.fingerprint, _hash(listings["train"]))
    states = list(earlier.states) if earlier else []
    if earlier and not states:
        states = [DataState(0, earlier.sizes["train"], earlier.fingerprint)]
    states = [state for state in states if state.step < step]
    if states and states[-1].fingerprint == now.fingerprint and states[-1].content in ("", now.content):
        states[-1] = dataclasses.replace(now, step=states[-1].step)
    else:
        states.append(now)
    return dataclasses.replace(spec, states=tuple(states))


def validated_by(dataset: Dataset) -> str:
    """A hash of the images that validate, 16 hexadecimal digits: figures of others cannot be compared with theirs."""
    return _hash(dataset.listings[dataset.validation_split])


def learned_from(dataset: Dataset) -> str:
    """The same of the training images."""
    return _hash(dataset.listings["train"])


def _hash(streams: list[Listing]) -> str:
    return hashlib.sha256(json.dumps(streams).encode()).hexdigest()[:16]
