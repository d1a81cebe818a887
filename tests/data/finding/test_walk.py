"""Folders are walked through once, whatever links and pipes are in them."""

import os
from pathlib import Path

import pytest

from tfgan.config.words import say_once
from tfgan.data.finding.files import find_images
from tfgan.data.finding.walk import matching, root_of, subfolders, walk
from tfgan.data.folders.layout import list_images
from tfgan.errors import UserError


def touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in walk(folder))


def test_links_that_lead_in_circles_end(tmp_path, caplog):
    say_once.cache_clear()
    touch(tmp_path / "a" / "1.png", tmp_path / "a" / "b" / "2.png")
    for place, name, target in (("a", "self", "."), ("a", "up", ".."), ("a/b", "again", "../.."), ("", "x", "y"), ("", "y", "x")):
        (tmp_path / place / name).symlink_to(target)
    with caplog.at_level("INFO"):
        assert names(tmp_path) == ["a/1.png", "a/b/2.png", "x", "y"]
    assert [record.message for record in caplog.records] == [
        f"{tmp_path / link} is skipped: it is a link to a folder that contains it." for link in ("a/self", "a/up", "a/b/again")
    ]
    assert list_images(tmp_path) == [Path("a/1.png"), Path("a/b/2.png")]
    assert find_images(str(tmp_path))[1] == [Path("a/1.png"), Path("a/b/2.png")]
    assert find_images(f"{tmp_path}/**/*.png")[1] == [Path("a/1.png"), Path("a/b/2.png")]


def test_two_links_at_each_of_many_levels_are_no_million_folders(tmp_path):
    for level in range(40):
        touch(tmp_path / "levels" / str(level) / "1.png")
        for link in "ab":
            (tmp_path / "levels" / str(level) / link).symlink_to(tmp_path / "levels" / str((level + 1) % 40))
    assert len(list(walk(tmp_path / "levels" / "0"))) == 40


def test_a_link_to_a_folder_around_the_one_that_is_walked_through_is_cut(tmp_path):
    """As in train/A/up -> train, of which train/A is listed alone: the images of B are none of A."""
    touch(tmp_path / "train" / "A" / "1.png", tmp_path / "train" / "B" / "2.png")
    (tmp_path / "train" / "A" / "up").symlink_to(tmp_path / "train")
    (tmp_path / "train" / "again").symlink_to(tmp_path)
    assert names(tmp_path / "train" / "A") == ["1.png"]
    assert [path.name for path in subfolders(tmp_path / "train")] == ["A", "B"]


def test_links_lead_back_by_the_way_that_is_walked(tmp_path):
    """data/A -> store, store/up -> data: from data the way is a circle, though store does not lie in data."""
    touch(tmp_path / "store" / "1.png", tmp_path / "data" / "2.png")
    (tmp_path / "data" / "A").symlink_to(tmp_path / "store")
    (tmp_path / "store" / "up").symlink_to(tmp_path / "data")
    assert names(tmp_path / "data" / "A") == ["1.png"] and names(tmp_path / "data") == ["2.png", "A/1.png"]
    assert names(tmp_path / "store") == ["1.png", "up/2.png"]  # from there it leads elsewhere


def test_a_folder_that_two_links_lead_to_is_looked_at_once(tmp_path, caplog):
    say_once.cache_clear()
    touch(tmp_path / "elsewhere" / "1.png")
    for link in ("monday", "tuesday"):
        (tmp_path / "data" / link).parent.mkdir(exist_ok=True)
        (tmp_path / "data" / link).symlink_to(tmp_path / "elsewhere")
    with caplog.at_level("INFO"):
        assert names(tmp_path / "data") == ["monday/1.png"]
    assert f"{tmp_path}/data/tuesday is skipped: it is a link to a folder that is read already." in caplog.text


def test_every_verb_finds_the_same_files(tmp_path, caplog):
    say_once.cache_clear()
    touch(*(tmp_path / "data" / name for name in ("1.png", "b/2.JPG", ".3.png", ".cache/4.png", "notes.txt", "5.heif.part", "6.CR2")))
    (tmp_path / "data" / "gone.png").symlink_to("nowhere")
    found = [Path(name) for name in ("1.png", "b/2.JPG", "gone.png")]
    assert list_images(tmp_path / "data") == found
    with caplog.at_level("INFO"):
        assert find_images(str(tmp_path / "data"))[1] == find_images(f"{tmp_path}/data/**")[1] == found
    assert "1 of its files is camera raw" in caplog.text and "Skipped." in caplog.text


def test_a_pattern_looks_no_deeper_than_it_says(tmp_path, monkeypatch):
    touch(tmp_path / "1.png", tmp_path / "a" / "2.png", tmp_path / "a" / "b" / "3.png")
    opened = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda place: opened.append(str(place)) or scandir(place))
    assert [path.name for path in matching(f"{tmp_path}/*/*.png", tmp_path)] == ["2.png"]
    assert opened == [str(tmp_path), f"{tmp_path}/a"]


def test_wildcards_in_the_name_of_a_folder_that_is_there_are_none(tmp_path):
    touch(tmp_path / "a[1]" / "2_x.png", tmp_path / "a[1]" / "2_y.png", tmp_path / "a1" / "3_x.png")
    assert find_images(f"{tmp_path}/a[1]/*_x.png") == (tmp_path / "a[1]", [Path("2_x.png")])
    assert find_images(f"{tmp_path}/a[12]/*_x.png") == (tmp_path, [Path("a1/3_x.png")])


def test_links_that_lead_elsewhere_are_followed_and_hidden_folders_passed_over(tmp_path):
    touch(tmp_path / "elsewhere" / "1.png", tmp_path / "data" / ".cache" / "2.png", tmp_path / "data" / ".3.png")
    (tmp_path / "data" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / "broken.png").symlink_to("nowhere")
    assert names(tmp_path / "data") == [".3.png", "broken.png", "link/1.png"]


@pytest.mark.parametrize(
    "pattern, found",
    [
        ("**/*.png", ["1.png", "a/2.png", "a/b/3.png"]),
        ("a/**/*.png", ["a/2.png", "a/b/3.png"]),
        ("**/b/*", ["a/b/3.png"]),
        ("**", ["1.png", "a/2.png", "a/b/3.png"]),
        ("**/[2-3].png", ["a/2.png", "a/b/3.png"]),
        ("**/x", []),
    ],
)
def test_patterns(pattern, found, tmp_path):
    touch(tmp_path / "1.png", tmp_path / "a" / "2.png", tmp_path / "a" / "b" / "3.png")
    assert sorted(path.relative_to(tmp_path).as_posix() for path in matching(f"{tmp_path}/{pattern}", tmp_path)) == found


def test_pipes_are_named_not_opened(tmp_path):
    touch(tmp_path / "1.png")
    os.mkfifo(tmp_path / "2.png")
    assert list_images(tmp_path) == find_images(str(tmp_path))[1] == [Path("1.png"), Path("2.png")]
    with pytest.raises(UserError, match="2.png is a named pipe, not a file"):
        find_images(str(tmp_path / "2.png"))


def test_a_folder_that_is_gone_is_a_problem_or_empty(tmp_path):
    problems = []
    assert list(walk(tmp_path / "gone", problems.append)) == list(walk(tmp_path / "gone")) == []
    assert problems[0].filename == str(tmp_path / "gone")


@pytest.mark.parametrize("find", [list_images, lambda folder: find_images(str(folder)), lambda folder: find_images(f"{folder}/**/*.png")])
def test_the_whole_file_system_is_no_folder_of_images(tmp_path, find):
    (tmp_path / "root").symlink_to("/")
    for folder in (Path("/"), tmp_path / "root"):
        with pytest.raises(UserError, match="is the whole file system: name the folder that holds the images"):
            find(folder)


def test_folders_directly_below_the_root_may_be_named_by_a_pattern(tmp_path):
    top = tmp_path.parts[1]
    assert root_of(f"/{top[:-1]}?/*.none") == Path("/") and list(matching(f"/{top[:-1]}?/*.none", Path("/"))) == []
