"""Names of others as parts of paths."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfgan.config import TrainConfig
from tfgan.paths.names import safe_name, safe_names, shortened


@pytest.mark.parametrize(
    "name", ["cat", "Black_Hair", "größer", "数字", "a.b", "3", "what?", "a b", "x" * 255, "~x", "-x", "it's", "cafe\u0301"]
)
def test_ordinary_names_stay(name):
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name, safe",
    [
        *[("", "_"), (".", "_"), ("..", "__"), ("...", "___"), (". .", "___"), (".git", "_git"), ("a.", "a_"), ("a ", "a_")],
        *[("/", "_"), ("/abs", "_abs"), ("a/b", "a_b"), ("../../x", "___.._x"), ("..\\x", "___x"), ("C:\\x", "C:_x")],
        *[("a\0b", "a_b"), ("a\nb", "a_b"), ("\x1b[31m", "_[31m"), ("a\u2028b", "a_b"), ("a\udcffb", "a_b")],
        *[("CON", "_CON"), ("nul.txt", "_nul.txt"), ("Com1", "_Com1"), ("console", "console")],
    ],
)
def test_others_become_safe(name, safe):
    assert safe_name(name) == safe


def test_long_names_are_cut_and_told_apart():
    names = ["x" * 300 + end for end in "ab"] + ["é" * 200]
    found = safe_names(names, "class")
    assert len(set(found)) == 3 and all(len(name.encode()) <= 255 for name in found)
    assert safe_name("é" * 200, 64).startswith("é" * 20) and len(safe_name("é" * 200, 64).encode()) <= 64


def test_the_folder_of_a_run_after_a_long_name():
    assert TrainConfig().with_home("gan_photos").workdir == "runs/gan_photos"
    long = TrainConfig().with_home(f"pix2pix_{'x' * 255}").workdir.removeprefix("runs/")
    assert TrainConfig().with_home("gan_caf\udce9").workdir == "runs/gan_caf_"
    assert len(long) == 255 and long.startswith("pix2pix_xxx") and long != shortened("pix2pix_" + "x" * 256)


@pytest.mark.parametrize(
    "names, safe",
    [
        (["cat", "dog"], ["cat", "dog"]),
        (["a/b", "a_b"], ["a_b-2", "a_b"]),  # what is safe already keeps its name
        (["cat", "Cat", "CAT"], ["cat", "Cat-2", "CAT-3"]),
        (["café", "cafe\u0301"], ["café", "cafe\u0301-2"]),
        (["a", "A", "a-2"], ["a", "A-3", "a-2"][:1] + ["A-2", "a-2-2"]),
        (["", "", ".."], ["_", "_-2", "__"]),
    ],
)
def test_names_of_one_run_are_told_apart(names, safe):
    assert safe_names(names, "class") == safe


def test_changes_are_said_in_one_line(caplog):
    with caplog.at_level(logging.INFO, "tfgan"):
        safe_names(["cat", "dog"], "class")
        assert not caplog.records
        safe_names(["cat", "..", "a\nb", *map(str, range(10)), *["/"] * 20], "class")
    (record,) = caplog.records
    said = record.getMessage()
    assert "the class '..' becomes __, the class 'a\\nb' becomes a_b" in said and "more" in said and "\n" not in said and len(said) < 400


@given(st.lists(st.text(st.characters() | st.sampled_from("./\\ \0"), max_size=40), max_size=12))
def test_any_names_stay_where_they_are_put(names):
    found = safe_names(names, "class")
    assert len({name.casefold() for name in found}) == len(names)
    for name in found:
        name.encode()
        assert name and len(name.encode()) <= 255 and not set(name) & set("/\\\0\n") and name[0] != "." and name[-1] not in ". "
    assert all(safe == name for safe, name in zip(safe_names(found, "class"), found))  # nothing more to change
