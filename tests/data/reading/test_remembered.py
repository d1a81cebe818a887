"""What is remembered of files: only as long as they are as they were, of the same question, and so that a check reads nothing twice."""

import json
import logging
import os

import numpy as np
import pytest
from PIL import Image

import tfgan
from tfgan.data.reading import images, remembered
from tfgan.data.reading.remembered import Remembered
from tfgan.errors import UserError


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of answers, where even those of a moment are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(remembered, "WORTH", 0.0)
    return tmp_path / "cache" / "tfgan" / "checked"


@pytest.fixture
def decoded(monkeypatch):
    """The names of files whose pixels or headers were read."""
    seen = []
    for name in ("load", "probe"):
        real = getattr(images, name)
        monkeypatch.setattr(images, name, lambda path, *more, real=real, name=name: seen.append((name, path.name)) or real(path, *more))
    return seen


def remember(file, answer, about="question"):
    notes = Remembered(about)
    stamp, known = notes.ask("name", [file])
    notes.note("name", stamp, answer)
    notes.keep()
    return known


def test_an_answer_holds_while_the_file_is_as_it_was(tmp_path):
    file = tmp_path / "file"
    file.write_text("one")
    assert [remember(file, answer) for answer in ([1, "a"], [2, "b"])] == [None, [1, "a"]]
    times = os.stat(file)
    file.write_text("two")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a program that hides the change
    assert [remember(file, 3), remember(file, 4, "other question"), remember(file, 5)] == [None, None, 3]
    assert Remembered("question", anew=True).ask("name", [file])[1] is None
    assert remember(tmp_path / "gone", 6) is None and remember(tmp_path / "gone", 7) is None


def test_what_took_no_time_is_not_kept(tmp_path, folder, monkeypatch):
    (tmp_path / "file").write_text("one")
    monkeypatch.setattr(remembered, "WORTH", 60.0)
    assert [remember(tmp_path / "file", 1), remember(tmp_path / "file", 2)] == [None, None] and not folder.exists()


def test_damaged_answers_are_none_and_old_ones_go(tmp_path, folder, monkeypatch):
    file = tmp_path / "file"
    file.write_text("one")
    remember(file, 1)
    (kept,) = folder.iterdir()
    for damage in (b"{", b"[1]", b'{"name": 3}', b'{"name": [1]}', b"\xff"):
        kept.write_bytes(damage)
        assert remember(file, 1) is None
        assert remember(file, 1) == 1
    monkeypatch.setattr(remembered, "KEPT", 2)
    os.utime(kept, (1, 1))
    for number in range(2):
        remember(file, number, f"question {number}")
    assert len(list(folder.iterdir())) == 2 and not kept.exists()


def test_a_cache_that_cannot_be_written_is_told(tmp_path, monkeypatch, caplog):
    (tmp_path / "file").write_text("one")
    (tmp_path / "blocked").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "blocked"))
    with caplog.at_level(logging.INFO, "tfgan"):
        assert remember(tmp_path / "file", 1) is None
    assert "cannot be remembered, so the next start reads them again" in caplog.text


def write_pairs(folder, count=4):
    draw = np.random.default_rng(0)
    for split in ("train", "val"):
        (folder / split).mkdir(parents=True)
        for number in range(count):
            Image.fromarray(draw.integers(0, 255, (16, 32, 3), dtype=np.uint8)).save(folder / split / f"{number}.png")


def opened(folder, kind="paired", **settings):
    dataset = tfgan.open_dataset(kind, 16, data_dir=str(folder), **settings)
    return dataset.listings, dataset.scale(), dataset.spec


def test_the_second_start_reads_nothing(tmp_path, decoded, caplog):
    write_pairs(tmp_path / "data")
    first = opened(tmp_path / "data")
    assert len(decoded) == 8 + 8  # headers, and pixels
    decoded.clear()
    with caplog.at_level(logging.INFO, "tfgan"):
        assert opened(tmp_path / "data") == first and decoded == []
    assert "4 of 4 train images have not changed since they were read before: not read again (--recheck)." in caplog.text
    Image.new("RGB", (32, 16)).save(tmp_path / "data" / "train" / "2.png")
    second = opened(tmp_path / "data")
    assert sorted(decoded) == [("load", "2.png"), ("probe", "2.png")] and second[0] != first[0]
    decoded.clear()
    assert opened(tmp_path / "data", recheck=True) == second
    assert sorted(decoded) == [("load", f"{number}.png") for number in (0, 0, 1, 1, 2, 2, 3, 3)]


def test_other_settings_read_again(tmp_path, decoded):
    write_pairs(tmp_path / "data")
    opened(tmp_path / "data")
    decoded.clear()
    opened(tmp_path / "data", fit="crop", read_patience=5, cache="never")
    assert decoded == []
    opened(tmp_path / "data", alpha="drop")
    assert len([name for what, name in decoded if what == "load"]) == 8


def test_what_cannot_be_used_is_met_each_time(tmp_path, decoded):
    write_pairs(tmp_path / "data")
    (tmp_path / "data" / "train" / "1.png").write_bytes((tmp_path / "data" / "train" / "1.png").read_bytes()[:-30])
    for _ in range(2):
        with pytest.raises(UserError, match="1 of 4 train images cannot be used:\n  train/1.png"):
            opened(tmp_path / "data")
    decoded.clear()
    listings, _, _ = opened(tmp_path / "data", skip_bad_files=True)
    assert len(listings["train"][0]) == 3 and [name for what, name in decoded if what == "load"] == ["1.png"]


def test_labels_out_of_a_table_are_part_of_the_question(tmp_path):
    """Whoever corrects a table has other examples in the same files."""
    draw, data = np.random.default_rng(0), tmp_path / "data"
    data.mkdir()
    for number in range(6):
        Image.fromarray(draw.integers(0, 255, (16, 16, 3), dtype=np.uint8)).save(data / f"{number}.png")
    listings = []
    for label in (1, 1, 0):
        rows = "".join(f"{number}.png,{number % 2},{label if number == 3 else int(number != 4)}\n" for number in range(6))
        (data / "attributes.csv").write_text("file,young,smiling\n" + rows)
        listings.append(opened(data, "attributes")[0])
    assert listings[0] == listings[1] != listings[2]


def test_clipped_values_and_sizes_are_remembered(tmp_path, caplog):
    write_pairs(tmp_path / "data")
    said = []
    for _ in range(2):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "tfgan"):
            opened(tmp_path / "data", value_range=("100:200",))
        said.append([record.message for record in caplog.records if "clipped" in record.message])
    assert said[0] == said[1] and said[0]


def test_pages_are_read_in_order_where_they_are_kept(tmp_path, decoded):
    """One by one, in the order of training, each would take as long as its whole file."""
    for split in ("train", "val"):
        (tmp_path / "data" / split).mkdir(parents=True)
        pages = [Image.new("RGB", (16, 16), (number, 0, 0)) for number in range(3)]
        pages[0].save(tmp_path / "data" / split / "volume.tif", save_all=True, append_images=pages[1:])
    counts = []
    for cache in ("never", "never", "always", "always"):
        decoded.clear()
        opened(tmp_path / "data", "images", pages="frames", cache=cache)
        counts.append(sum(what == "load" for what, _ in decoded))
    assert min(counts[0], counts[2], counts[3]) > 0 == counts[1]


def test_answers_are_plain_json(tmp_path, folder):
    write_pairs(tmp_path / "data", 1)
    opened(tmp_path / "data")
    found = [json.loads(path.read_text()) for path in folder.iterdir()]
    assert len(found) == 3  # headers, and examples of two splits
    assert sorted(len(names) for names in found) == [1, 1, 2]
