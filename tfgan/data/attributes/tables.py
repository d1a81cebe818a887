"""Reads files that say which attributes images have: CelebA's list and CSV files, brought to one form."""

import csv
import io
import posixpath
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config import Strings, shortened
from tfgan.data.finding.order import natural_key
from tfgan.data.folders.splits import SPLITS
from tfgan.data.reading.formats import is_picture
from tfgan.data.reading.text import read_text
from tfgan.errors import UserError

MAX_CATEGORIES = 100  # different texts in a column; more are names or remarks, not an attribute
MAX_BYTES = 2**27  # of a table, five times CelebA's list
MAX_COLUMNS = 4096
MAX_VALUES = 2**27  # rows times attributes; CelebA has 8 million

_PARTITION = "list_eval_partition"  # stem of the file that says CelebA's splits
_LOOKED_AT = 100  # rows that tell whether a table names images
_FILE_COLUMNS = ("file", "filename", "image", "path")
_WORDS = {"true": 1.0, "yes": 1.0, "false": 0.0, "no": 0.0}
# The numbers are those of CelebA's list_eval_partition.
_SPLITS = {alias: split for split, aliases in SPLITS.items() for alias in aliases} | {"0": "train", "1": "val", "2": "test"}


class Table(NamedTuple):
    """What is known of the attributes of N images, in natural order of their files."""

    columns: dict[str, Strings]  # column -> its attributes: itself, one for each text in it ("hair=black", …), or () if it was not wanted
    files: list[str]  # paths in the table's own terms
    values: np.ndarray  # N × attributes float32, in the order of `columns`: 1 yes, 0 no, NaN unknown
    splits: list[str]  # of each file: train, val or test; "" if the table does not say
    bad: list[tuple[str, str]]  # rows that cannot be used, not among the files: file, reason

    @property
    def names(self) -> Strings:
        return tuple(name for names in self.columns.values() for name in names)


def names_images(path: Path) -> bool:
    """Whether a file is a table, of any name, that has a row for each of some images: .csv, .tsv or .txt, as `read_table` reads them."""
    if path.suffix.lower() not in (".csv", ".tsv", ".txt") or path.stem == _PARTITION or not path.is_file():
        return False
    try:
        header, rows = _read_rows(path)
    except UserError:
        return False
    file_at = _file_column(header)
    return len(header) > 1 and any(is_picture(row[file_at].strip()) for row in rows[:_LOOKED_AT] if len(row) == len(header))


def read_table(path: Path, wanted: Strings) -> Table:
    """The attributes of images, read from a file of one of two formats.

    - CelebA's list_attr_celeba.txt: a line with the number of rows, a line with the names, and rows `000001.jpg -1 1 …`.
    - CSV with a header, separated by comma, semicolon or tab. The column called file, filename, image or path (else the first) holds
      paths; one called `split`, if there is one, train, val or test. Columns without a name are passed over. Every other column is an
      attribute of 1 and 0, 1 and -1, true and false or yes and no, or else holds texts, each of which becomes an attribute "column=text".
      An empty cell is unknown.

    Where the table has no column `split`, a file list_eval_partition.txt (or .csv) beside it, with 0, 1 or 2 for train, val or test behind
    each file name, is read for it, as CelebA has it.

    Args:
        path: the file.
        wanted: names of columns or of their attributes; other columns are not read. Empty: all are.

    Raises:
        UserError: the file cannot be read as a table, or a column not as an attribute.
    """
    header, rows = _read_rows(path)
    lowered, file_at = [name.lower() for name in header], _file_column(header)
    split_at = lowered.index("split") if "split" in lowered else None
    columns = {name: at for at, name in enumerate(header) if name and at not in (file_at, split_at)}
    if not columns:
        raise UserError(f"{path} has no columns of attributes, only {shortened(', '.join(header))}")
    chosen = {name: at for name, at in columns.items() if not wanted or any(f"{want}=".startswith(f"{name}=") for want in wanted)}
    partition = _read_partition(path.parent) if split_at is None else {}

    splits, cells, bad = {}, {}, []
    for row in rows:
        file = posixpath.normpath(row[min(file_at, len(row) - 1)].strip())
        if len(row) != len(header):
            bad.append((file, f"its row has {len(row)} values, the header {len(header)}"))
            continue
        said = partition.get(file, "") if split_at is None else row[split_at].strip()
        if file in cells:
            bad.append((file, "has a second row"))
        elif (partition or split_at is not None) and said.lower() not in _SPLITS:
            bad.append((file, f"its split is {shortened(said)!r}, not train, val or test"))
        else:
            splits[file] = _SPLITS.get(said.lower(), "")
            cells[file] = _shared([row[at].strip() for at in chosen.values()])
    if len(cells) * len(chosen) > MAX_VALUES:
        raise UserError(f"{path} has {len(cells) * len(chosen):,} values, of which {MAX_VALUES:,} are the most: name fewer in --attributes")
    parsed = {name: _parse(path, name, [row[at] for row in cells.values()]) for at, name in enumerate(chosen)}
    paths = list(cells)
    wrong = {at: reason for column in parsed.values() for at, reason in column.bad.items()}
    bad += [(paths[at], reason) for at, reason in sorted(wrong.items())]

    order = sorted((at for at in range(len(cells)) if at not in wrong), key=lambda at: natural_key(paths[at]))
    files = [paths[at] for at in order]
    return Table(
        columns={name: parsed[name].names if name in parsed else () for name in columns},
        files=files,
        values=np.concatenate([column.values[order] for column in parsed.values()], axis=1) if parsed else np.zeros((len(files), 0)),
        splits=[splits[file] for file in files],
        bad=bad,
    )


def _file_column(header: list[str]) -> int:
    """The place of the column that holds the paths of the images: the one that is called so, else the first."""
    lowered = [name.lower() for name in header]
    return next((lowered.index(name) for name in _FILE_COLUMNS if name in lowered), 0)


def _read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    """The names of a file's columns, and the cells of each row that is not blank."""
    text = read_text(path, "the attributes", MAX_BYTES)
    first = text[:MAX_COLUMNS].partition("\n")[0].strip()
    if first.isdecimal() and len(first) < 20:  # CelebA's list begins with the number of its rows
        names, *rows = [_shared(line.split()) for line in text.splitlines()[1:] if line.strip()] or [[]]
        if len(rows) != int(first):
            raise UserError(f"{path} says that it has {int(first)} rows, but it has {len(rows)}; is it complete?")
        return ["file", *_few(path, names)], rows
    try:
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        header, *rows = [_shared(row) for row in lines if any(map(str.strip, row))] or [[]]
    except csv.Error as error:
        raise UserError(f"cannot read {path} as CSV: {error}") from None
    header = _few(path, [name.strip() for name in header])
    if any(map(is_picture, header)):
        raise UserError(
            f"{path} needs a first line that names the columns, for example file,smiling,male; it begins with {shortened(first)}"
        )
    for name in set(header) - {""}:
        if header.count(name) > 1:
            raise UserError(f"{path}: two columns are called {name!r}")
    return header, rows


def _shared(row: list[str]) -> list[str]:
    """The cells of a row, one object for equal texts: CelebA's list has eight million cells."""
    return list(map(sys.intern, row))


def _few(path: Path, header: list[str]) -> list[str]:
    """The names of columns; raises `UserError` if no table of attributes has so many."""
    if len(header) > MAX_COLUMNS:
        raise UserError(f"{path} has {len(header)} columns, of which {MAX_COLUMNS} are the most")
    return header


def _read_partition(folder: Path) -> dict[str, str]:
    """Name of an image file -> "0", "1" or "2", as list_eval_partition in `folder` says; empty if there is no such file."""
    path = next((path for ending in ("txt", "csv") if (path := folder / f"{_PARTITION}.{ending}").is_file()), None)
    rows = [line.replace(",", " ").rsplit(None, 1) for line in read_text(path, "the attributes", MAX_BYTES).splitlines()] if path else []
    return {row[0]: row[1] for row in rows if len(row) == 2}


class _Column(NamedTuple):
    names: Strings
    values: np.ndarray  # rows × names float32
    bad: dict[int, str]  # row -> why its cell means nothing


def _parse(path: Path, name: str, cells: list[str]) -> _Column:
    """The attributes in one column of a table: one, or one for each of its texts; raises `UserError` if it is no attribute."""
    meanings = {cell: _number(cell) for cell in dict.fromkeys(cells) if cell}
    if meanings and all(number is None for number in meanings.values()):
        texts = sorted(meanings, key=natural_key)
        if len(texts) > MAX_CATEGORIES:
            raise UserError(f"{path}: the column {shortened(name)!r} has {len(texts)} texts; leave it out by naming others in --attributes")
        if len(texts) * len(cells) > MAX_VALUES:
            raise UserError(
                f"{path}: the column {shortened(name)!r} has too many texts for so many rows; leave it out by naming others in --attributes"
            )
        rows = dict(zip(texts, np.eye(len(texts)))) | {"": np.full(len(texts), np.nan)}
        return _Column(tuple(f"{name}={text}" for text in texts), np.array([rows[cell] for cell in cells], np.float32), {})
    if {0.0, -1.0} <= set(meanings.values()):
        raise UserError(
            f"{path}: the column {shortened(name)!r} has both 0 and -1; write 1 and 0, and leave cells empty where nothing is known"
        )
    coded = {cell: max(number, 0.0) for cell, number in meanings.items() if number in (-1.0, 0.0, 1.0)}
    if meanings and not coded:
        found = f"holds numbers such as {shortened(next(iter(meanings)))}"
        raise UserError(f"{path}: the column {shortened(name)!r} {found}, not 0 and 1; leave it out by naming others in --attributes")
    coded[""] = np.nan
    bad = {at: f"{shortened(name)} is {shortened(cell)!r}, not 0 or 1" for at, cell in enumerate(cells) if cell not in coded}
    return _Column((name,), np.fromiter((coded.get(cell, np.nan) for cell in cells), np.float32, len(cells))[:, None], bad)


def _number(cell: str) -> float | None:
    """The number that a cell with yes, no, true, false or a number means; None for other texts."""
    try:
        return _WORDS[cell.lower()] if cell.lower() in _WORDS else float(cell)
    except ValueError:
        return None
