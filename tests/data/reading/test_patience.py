"""What a drive does not give for a moment is tried again, never called damaged, and never left out."""

import errno
import os
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tfgan
from tfgan.cli.main import main
from tfgan.config import Domain
from tfgan.data.preparation.prepare import PreparedSource
from tfgan.data.preparation.room import Room
from tfgan.data.reading import images, patience
from tfgan.data.reading.patience import Patience
from tfgan.data.source import Source
from tfgan.errors import ReadFailed, UnreadableImage, UserError

HICCUPS = [
    *(errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.ECONNRESET, errno.EHOSTDOWN, errno.ENOENT, errno.EACCES, errno.ENXIO),
]


def hiccup(number=errno.EIO, name="a.png"):
    return OSError(number, os.strerror(number), name)


class Clock:
    """Time passes while somebody waits, and else not."""

    def __init__(self):
        self.now, self.pauses = 100.0, []

    def wait(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(patience.time, "monotonic", lambda: clock.now)
    monkeypatch.setattr(Patience, "_pause", lambda self, seconds: clock.wait(seconds))
    return clock


def fails(times, then="read", error=None):
    """A function that raises so many times before it returns."""
    left = [times]

    def load():
        left[0] -= 1
        if left[0] >= 0:
            raise error or hiccup()
        return then

    return load


@pytest.mark.parametrize("number", HICCUPS)
def test_errors_of_the_system_are_no_damage(number, tmp_path, monkeypatch):
    """They have a number; Pillow's own errors, of what is damaged, have none."""
    path = tmp_path / "a.png"
    Image.new("RGB", (4, 4)).save(path)

    def fail(*_, **__):
        raise hiccup(number, str(path))

    monkeypatch.setattr(Path, "read_bytes", fail)
    monkeypatch.setattr(Image, "open", fail)
    for read in (images.probe, images.decode, images.decode_values):
        with pytest.raises(ReadFailed) as failed:
            read(path)
        assert str(failed.value) == f"{path} cannot be read: {os.strerror(number)}" and failed.value.errno == number
        assert isinstance(failed.value, OSError) and isinstance(failed.value, UserError)


def test_damage_is_no_error_of_the_system(tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(UnreadableImage, match="damaged or incomplete"):
        images.decode(tmp_path / "a.jpg")


def test_pauses_grow_and_an_outage_is_told_once(clock, capsys):
    assert Patience(60).read(fails(8)) == "read"
    assert clock.pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{hiccup()}: trying again for 1:00 (--read_patience).", "Reading goes on after 0:46."]


def test_it_ends(clock):
    many = fails(10**6)
    with pytest.raises(OSError, match="Input/output error"):
        Patience(60).read(many)
    assert sum(clock.pauses) == 60
    waiting, clock.pauses = Patience(0), []
    with pytest.raises(OSError, match="Input/output error"):
        waiting.read(many)
    assert clock.pauses == []


def test_all_give_up_together(clock):
    """Of a thousand files on a drive that is gone, not each is waited for."""
    shared = Patience(60)
    for _ in range(1000):
        with pytest.raises(OSError, match="Input/output error"):
            shared.read(fails(10**6))
    assert sum(clock.pauses) == 60
    assert shared.read(lambda: "read") == "read"


def test_a_thread_that_waits_stops_when_another_gives_up():
    shared, began = Patience(600), threading.Event()

    def load():
        began.set()
        raise hiccup()

    failed = []

    def read():
        with pytest.raises(OSError, match="Input/output error") as error:
            shared.read(load)
        failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    began.wait()
    shared._given_up.set()
    thread.join(60)
    assert failed


def test_other_errors_are_not_tried_again(clock):
    for error in (UnreadableImage("damaged"), ValueError("no"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            Patience(60).read(fails(1, error=error))
    assert clock.pauses == []


class Flaky(Source):
    """Eight images; `failing`: place -> a function that raises, or returns the shade."""

    def __init__(self, failing):
        self.failing, self.domains = failing, {"image": Domain("image", 3)}

    def __len__(self):
        return 8

    def name(self, index):
        return f"{index}.png"

    def load(self, index):
        self.failing.get(index, int)()
        return {"image": np.full([4, 4, 3], index, np.uint8)}


def prepared(failing, seconds=60):
    return PreparedSource(Flaky(failing), {"image": "image"}, (4, 4), Room(0), patience=Patience(seconds))


def damaged():
    raise UnreadableImage("damaged or incomplete")


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize("number", HICCUPS)
def test_what_cannot_be_read_at_the_start_is_refused_and_never_left_out(number, skip_bad, clock):
    with pytest.raises(UserError) as refused:
        prepared({3: fails(10**6, error=hiccup(number, "d/3.png"))}).check("train", skip_bad)
    said = str(refused.value)
    assert f"1 of 8 train images cannot be read:\n  3.png cannot be read: {os.strerror(number)}\n" in said
    assert "damaged" not in said and "--skip_bad_files" not in said


def test_what_is_only_slow_at_the_start_is_waited_for(clock):
    stream = prepared({3: fails(4), 5: damaged})
    stream.check("train", skip_bad=True)
    assert [stream.name(place) for place in range(len(stream))] == [f"{index}.png" for index in (0, 1, 2, 3, 4, 6, 7)]


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES])
def test_what_does_not_pass_by_itself_is_told_at_once(number, clock):
    with pytest.raises(UserError):
        prepared({3: fails(10**6, error=hiccup(number))}).check("train", False)
    assert clock.pauses == []


@pytest.mark.parametrize("number", HICCUPS)
def test_in_the_middle_of_training_all_is_tried_again(number, clock):
    """Also a file that is gone: those of a drive that is away are."""
    stream = prepared({3: fails(3, error=hiccup(number))})
    assert stream.fetch_for_training(3)[0][0, 0, 0] == 3 and clock.pauses and stream.failure is None
    stream = prepared({3: fails(10**6, error=hiccup(number))})
    with pytest.raises(ReadFailed, match=r"3\.png cannot be read"):
        stream.fetch_for_training(3)
    assert str(stream.failure) == f"3.png cannot be read: {os.strerror(number)}"


def test_damage_in_the_middle_of_training_names_the_file(clock):
    stream = prepared({3: damaged})
    with pytest.raises(UnreadableImage):
        stream.fetch_for_training(3)
    assert str(stream.failure) == "3.png: damaged or incomplete" and clock.pauses == []


@pytest.fixture
def pairs(tmp_path):
    folder = tmp_path / "data"
    for name in range(4):
        (folder / "train").mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(name).integers(0, 256, (16, 32, 3), np.uint8)).save(folder / "train" / f"{name}.png")
    return folder


@pytest.fixture
def unread(monkeypatch):
    """The content of 2.png cannot be read."""
    read = Path.read_bytes

    def fail(path):
        if path.name == "2.png":
            raise hiccup(name=str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", fail)


@pytest.mark.parametrize("flags", [[], ["--skip_bad_files"]])
def test_check_calls_it_unread_and_not_damaged(flags, pairs, unread, capsys):
    assert main(["check", f"--data_dir={pairs}", "--method=pix2pix", "--noprobe", *flags]) == 1
    output = capsys.readouterr().out
    said = output.partition("unread_files: 1 image that cannot be read")[2].split("\n →")[0]
    assert "train/2.png cannot be read: Input/output error" in " ".join(said.split())
    assert "damaged" not in output and "unreadable_files" not in output


def test_evaluate_calls_it_unread(pairs, tmp_path, request):
    shutil.copytree(pairs / "train", tmp_path / "fake")
    request.getfixturevalue("unread")
    with pytest.raises(UserError, match=r"2\.png cannot be read: Input/output error$"):
        tfgan.evaluate(real=pairs / "train", fake=tmp_path / "fake", metrics=["l1"])


def test_heads_that_cannot_be_read_do_not_change_what_is_learned(pairs, monkeypatch):
    """A domain's channels follow from all files: of three gray ones and one in color that is away, it would be gray."""
    opened = Image.open

    def fail(source, **options):
        if isinstance(source, Path) and source.name == "2.png":
            raise hiccup(name=str(source))
        return opened(source, **options)

    monkeypatch.setattr(Image, "open", fail)
    with pytest.raises(UserError, match=r"2\.png cannot be read: Input/output error"):
        tfgan.open_dataset("paired", 16, data_dir=str(pairs), skip_bad_files=True)
