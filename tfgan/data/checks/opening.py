"""Opens a data set for a check: as training does, or else as far as it can be opened, with the reason as a finding."""

import contextlib
import dataclasses
import logging
from pathlib import Path
from typing import Any, NamedTuple

from tfgan.config import BATCH_KINDS, DataConfig, Domain, Size, shell_flag
from tfgan.config.ranges import range_entry
from tfgan.data import open_sources
from tfgan.data.checks.finding import ERROR, WARNING, Finding, found_in
from tfgan.data.finding.order import natural_key
from tfgan.data.preparation.ranges import RangeNeeded, range_of
from tfgan.data.source import Source
from tfgan.errors import UserError

_LABEL_SETTINGS = ("label_coding", "label_palette", "label_names", "ignore_label", "instances")


class Opened(NamedTuple):
    kind: str  # the one that was asked for, or a plainer one that could be opened in its place; "" for none
    splits: dict[str, list[Source]]
    said: list[str]  # what the readers have to say
    findings: list[Finding]


def open_anyway(settings: DataConfig, kind: str, loaded_size: Size) -> Opened:
    """The sources of a data set for batches of `kind`; see `tfgan.data.open_sources`.

    A folder that training would refuse is opened without its unmatched files, or without the classes of its label maps, or as single
    images, so that these can still be looked at.

    Args:
        settings: which data set, and how it is read.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        loaded_size: height and width of training images before the crop, in pixels.

    Raises:
        UserError: a data set that is no folder cannot be opened.
    """
    first = attempt(settings, kind, loaded_size)
    if isinstance(first, Opened):
        return first._replace(findings=_left_out(first, settings, WARNING) + _no_training_images(first))
    if not settings.data_dir:
        raise first
    if isinstance(first, RangeNeeded):
        with_found = open_anyway(dataclasses.replace(settings, value_range=(*settings.value_range, "auto")), kind, loaded_size)
        found = [domain for source in with_found.splits.get("train", []) for domain in source.domains.values() if domain.value_range]
        return with_found._replace(findings=[Finding(ERROR, "value_range", str(first), _range_cure(found)), *with_found.findings])
    tolerant = dataclasses.replace(settings, skip_bad_files=True)
    opened = attempt(tolerant, kind, loaded_size)
    if isinstance(opened, Opened):
        return opened._replace(findings=_left_out(opened, settings, ERROR) + _no_training_images(opened))

    if BATCH_KINDS[kind].pairs:
        plain: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(DataConfig) if field.name in _LABEL_SETTINGS}
        opened = attempt(dataclasses.replace(tolerant, **plain), "paired", loaded_size)
        if isinstance(opened, Opened):
            finding = Finding(ERROR, "label_classes", str(first), "fix the label maps, or the settings of their classes")
            return opened._replace(findings=[finding, *_left_out(opened, settings, ERROR)])
    refused = Finding(ERROR, "refused", str(first))
    opened = attempt(DataConfig(data_dir=settings.data_dir, skip_bad_files=True), "images", loaded_size)
    return opened._replace(findings=[refused]) if isinstance(opened, Opened) else Opened("", {}, [], [refused])


def _range_cure(domains: list[Domain]) -> str:
    """What to say of the ranges of domains, as they are found in the training images."""
    if not domains:
        return "see --value_range in the documentation of the data"
    entries = dict.fromkeys(
        range_entry(part.name, *range_of(domain, channels.start)) for domain in domains for part, channels in domain.pieces()
    )
    return f"for all that lies in the training images now: {shell_flag('value_range', tuple(entries))}"


def attempt(settings: DataConfig, kind: str, loaded_size: Size) -> Opened | UserError:
    """The data set, opened with these settings, or the error that says why it cannot be."""
    try:
        with _messages() as said:
            splits = open_sources(settings, kind, loaded_size)
    except UserError as error:
        return error
    return Opened(kind, splits, said, [])


class _Lines(logging.Handler):
    """Keeps what is logged, line by line."""

    def __init__(self):
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord):
        self.lines += record.getMessage().splitlines()


@contextlib.contextmanager
def _messages():
    """Gives a list of the lines that readers log inside the context, which are shown nowhere else."""
    logger, kept = logging.getLogger("tfgan.data"), _Lines()
    level, propagate = logger.level, logger.propagate
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield kept.lines
    finally:
        logger.removeHandler(kept)
        logger.setLevel(level)
        logger.propagate = propagate


def _left_out(opened: Opened, settings: DataConfig, severity: str) -> list[Finding]:
    """A finding on the files that the sources skip, each named once, though both domains of pairs tell of it; none if there are none."""
    entries = {entry for sources in opened.splits.values() for source in sources for entry in source.skipped}
    if not entries:
        return []
    kind = BATCH_KINDS[opened.kind]
    name = "unmatched_files" if kind.translates else "unmatched_rows" if kind.joined else "stray_files"
    files = sorted(entries, key=lambda entry: natural_key(entry[0]))
    cure = {
        "unmatched_files": "give both files of a pair one name, as 1.jpg and 1.png, or leave these out with --skip_bad_files",
        "unmatched_rows": "fix the table or the folder, or leave these out with --skip_bad_files",
        "stray_files": "move them into a folder of the layout, or leave them out with --skip_bad_files",
    }[name]
    if name == "unmatched_files" and _differ_in_case(Path(settings.data_dir), [file for file, _ in files]):
        cure = "upper and lower case count in names: " + cure
    problem = {
        "unmatched_files": "{count} without a counterpart",
        "unmatched_rows": "{count} or row of the table without the other",
        "stray_files": "{count} outside the folders of the layout",
    }[name]
    return found_in(severity, name, problem, cure, (f"{file}: {reason}" for file, reason in files), "file")


def _differ_in_case(data_dir: Path, files: list[str]) -> bool:
    """Whether the names of two of the files would match if case did not count."""
    names = [Path(file).stem for file in files]
    return len({name.casefold() for name in names}) < len(set(names))


def _no_training_images(opened: Opened) -> list[Finding]:
    if "train" in opened.splits:
        return []
    found = ", ".join(opened.splits) or "nothing"
    return [Finding(ERROR, "no_training_images", f"there are no training images, only {found}", "put images into a folder train")]
