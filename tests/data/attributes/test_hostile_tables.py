"""Tables of attributes that are no text, too large, or absurd: refused in a line, before they fill the memory."""

import os
import re

import numpy as np
import pytest

from tfgan.data.attributes import tables
from tfgan.data.attributes.tables import names_images, read_table
from tfgan.errors import UserError

DIGITS = "9" * 5000


@pytest.mark.parametrize(
    "content, message",
    [
        (b"file,smiling\na.png,1\nd\xe9j\xe0.png,0\n", "line 3 is not text in UTF-8; save the table as UTF-8"),
        (b"file,smiling\na.png,\0\n", "it holds null characters"),
        (f"{DIGITS}\nsmiling\na.png 1\n".encode(), "has no columns of attributes"),
        (b"file," + b",".join(b"%d" % n for n in range(5000)) + b"\n", "has 5001 columns, of which 4096 are the most"),
        (b"file,x\na.png," + b"y" * 200_000 + b"\n", "as CSV: field larger than field limit"),
        (f"a.png,{DIGITS}\n".encode(), "needs a first line that names the columns"),
    ],
    ids=["latin-1", "null", "digits", "columns", "field", "header"],
)
def test_tables_that_are_none(content, message, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        read_table(path, ())
    assert len(str(caught.value)) < 400 and not names_images(path)


def test_numbers_beyond_all_bounds_are_values_like_others(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f"file,smiling\n{DIGITS}.png,1\n2.png,0\n3.png,1e999\n4.png,nan\n5.png,{DIGITS}\n")
    table = read_table(path, ())
    assert table.files == ["2.png", f"{DIGITS}.png"] and np.array_equal(table.values[:, 0], [0, 1])
    assert [file for file, _ in table.bad] == ["3.png", "4.png", "5.png"]


@pytest.mark.parametrize("name", ["list_eval_partition.txt", "list_eval_partition.csv"])
def test_a_partition_that_is_no_utf_8_is_said(name, tmp_path):
    (tmp_path / "a.csv").write_text("file,smiling\na.png,1\n")
    (tmp_path / name).write_bytes(b"caf\xe9.png 0\n")
    with pytest.raises(UserError, match=f"{name}: line 1 is not text in UTF-8"):
        read_table(tmp_path / "a.csv", ())


def test_sizes_are_bounded(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("file,smiling,hair\na.png,1,x\nb.png,0,y\n")
    for name, most, message in (
        ("MAX_BYTES", 10, "is larger than 0 MiB"),
        ("MAX_VALUES", 3, "has 4 values, of which 3 are the most"),
    ):
        with monkeypatch.context() as patch, pytest.raises(UserError, match=message):
            patch.setattr(tables, name, most)
            read_table(path, ())
    path.write_text("file,hair\n" + "".join(f"{n}.png,{n}x\n" for n in range(4)))
    monkeypatch.setattr(tables, "MAX_VALUES", 15)
    with pytest.raises(UserError, match="'hair' has too many texts for so many rows"):
        read_table(path, ())


def test_a_pipe_is_never_opened(tmp_path):
    os.mkfifo(tmp_path / "a.csv")
    assert not names_images(tmp_path / "a.csv")
    with pytest.raises(UserError, match="it is a named pipe, not a file"):
        read_table(tmp_path / "a.csv", ())
