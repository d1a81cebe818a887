"""Reads a CSV file that lists pairs of files: two columns of paths, perhaps a third that says the split."""

import csv
import io
from pathlib import Path
from typing import NamedTuple

from tfgan.data.folders.splits import SPLITS, split_of
from tfgan.data.reading.formats import is_picture
from tfgan.data.reading.text import read_text
from tfgan.errors import UserError

MAX_BYTES = 2**27

Row = tuple[tuple[str, Path], tuple[str, Path]]
"""The files of A and of B: as the table writes them, and where they are."""


class PairTable(NamedTuple):
    """The pairs that a table lists."""

    names: tuple[str, ...]  # of A and B, as the head of the table has them, else "A" and "B"
    rows: dict[str, list[Row]]  # "train", "val" and "test", as far as they occur -> pairs, in the order of the table
    bad: list[tuple[str, str]]  # files that are not there: as the table writes them, reason


def read_pairs(path: Path, data_dir: Path) -> PairTable:
    """The pairs in a CSV file, separated by commas, semicolons or tabs.

    A first line without a picture's name is the head: it names A and B, and perhaps a column "split". Without that column a file's first
    folder is its split if it is called so, and else it trains. Paths are those inside the data folder, or beside the table, or whole.

    Args:
        path: the table.
        data_dir: the data folder.

    Raises:
        UserError: it cannot be read, has no pair whose files are there, a row of other than two files, or a split that is none.
    """
    text = read_text(path, "the pairs", MAX_BYTES)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        lines = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise UserError(f"cannot read {path} as CSV: {error}") from None
    head = lines.pop(0) if lines and not any(map(is_picture, lines[0])) else ["A", "B"] + ["split"] * (bool(lines) and len(lines[0]) > 2)
    columns = [at for at, name in enumerate(head) if name.casefold() != "split"]
    said = next((at for at, name in enumerate(head) if name.casefold() == "split"), None)
    if len(columns) != 2 or head[columns[0]] == head[columns[1]]:
        raise UserError(
            f"{path} must have two columns of files, such as photo,labels, and perhaps one called split; found {', '.join(head)}"
        )
    rows: dict[str, list[Row]] = {split: [] for split in SPLITS}
    bad = []
    for number, line in enumerate(lines, 1):
        if len(line) != len(head):
            raise UserError(f"{path}: row {number} has {len(line)} cells, where there are {len(head)} columns: {', '.join(line)[:200]}")
        files = [(line[at], _located(line[at], path, data_dir)) for at in columns]
        bad += [(name, f"is in {path.name} but not there") for name, place in files if place is None]
        split = split_of(line[said]) if said is not None else split_of(Path(line[columns[0]]).parts[0]) or "train"
        if not split:
            raise UserError(f"{path}: row {number} has the split {line[said or 0]!r}; there are {', '.join(SPLITS)}")
        (a, one), (b, other) = files
        if one is not None and other is not None:
            rows[split].append(((a, one), (b, other)))
    if not any(rows.values()):
        raise UserError(f"{path} lists no pair whose files are in {data_dir}{f': there is no {bad[0][0]}' if bad else ''}.")
    return PairTable(tuple(head[at] for at in columns), {split: found for split, found in rows.items() if found}, bad)


def _located(name: str, table: Path, data_dir: Path) -> Path | None:
    """Where a file is that a table names; None if it is not there."""
    places = (data_dir / name, table.parent / name)
    return next((place for place in places if name and not place.is_dir() and place.exists()), None)
