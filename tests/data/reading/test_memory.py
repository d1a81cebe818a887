"""The memory that images take is shared by all threads, and what is no file is never opened."""

import os
import socket
import threading
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from tfgan.data.checks.reduced import reduced
from tfgan.data.reading import headers, images, memory
from tfgan.data.reading.chunks import chunks
from tfgan.data.reading.memory import Budget
from tfgan.errors import UnreadableImage, UserError


@pytest.fixture
def megabyte(monkeypatch):
    """Images may take a megabyte: 512×512 gray pixels."""
    monkeypatch.setenv(memory.VARIABLE, str(1 / 1024))


def test_no_more_is_taken_than_there_is_by_all_threads_together(megabyte):
    budget, lock, now, most = Budget(), threading.Lock(), 0, 0

    def work(_):
        nonlocal now, most
        with budget.turn():
            budget.take(400_000)
            with lock:
                now += 400_000
                most = max(most, now)
            time.sleep(0.002)
            with lock:
                now -= 400_000

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert 400_000 <= most <= 2**20


def test_who_holds_some_does_not_wait_and_one_alone_gets_all(megabyte):
    budget = Budget()
    with budget.turn():
        budget.take(2**20)
        with budget.turn():
            budget.take(2**20)  # the second image of a pair
    waited = threading.Event()

    def other():
        with budget.turn():
            budget.take(1)
        waited.set()

    with budget.turn():
        budget.take(2**21)
        thread = threading.Thread(target=other)
        thread.start()
        assert not waited.wait(0.05)
    assert waited.wait(60)
    thread.join()


def test_memory_is_given_back_after_an_error(megabyte):
    budget = Budget()
    with pytest.raises(ZeroDivisionError), budget.turn():
        budget.take(2**20)
        raise ZeroDivisionError
    with budget.turn():
        budget.take(2**20)
    assert budget._taken == 0


@pytest.mark.parametrize(
    "mode, fits, refused", [("L", (512, 512), (512, 513)), ("RGB", (387, 387), (388, 388)), ("I;16", (512, 512), (513, 512))]
)
def test_an_image_that_takes_more_is_refused_with_a_cure_that_works(mode, fits, refused, megabyte, monkeypatch, tmp_path):
    for size in (fits, refused):
        Image.new(mode, size[::-1]).save(tmp_path / f"{size[0]}.{size[1]}.png")
    assert images.decode(tmp_path / f"{fits[0]}.{fits[1]}.png").shape[:2] == fits
    path = tmp_path / f"{refused[0]}.{refused[1]}.png"
    for read in (images.probe, images.decode, lambda path: images.decode(path.read_bytes())):
        with pytest.raises(UnreadableImage, match=f"^with {refused[0]}×{refused[1]} pixels it takes 0.1 GB of memory") as caught:
            read(path)
    name, _, value = str(caught.value).rpartition(" ")[2].partition("=")
    monkeypatch.setenv(name, value)
    assert images.decode(path).shape[:2] == refused


def test_a_file_larger_than_the_memory_is_not_read(megabyte, tmp_path):
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(2**40)  # bytes that take no room on the disk
    with pytest.raises(UnreadableImage, match="^the file takes 2048 GB of memory"):
        images.decode(path)


@pytest.mark.parametrize("text", ["much", "-1", "0", "nan", "inf", "1e9"])
def test_wrong_amounts_are_refused(text, monkeypatch, tmp_path):
    monkeypatch.setenv(memory.VARIABLE, text)
    Image.new("L", (2, 2)).save(tmp_path / "a.png")
    with pytest.raises(UserError, match=f"{memory.VARIABLE}={text} must be a number of gigabytes"):
        images.decode(tmp_path / "a.png")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_chunks_hold_the_same_pixels(mode, monkeypatch, tmp_path):
    rng = np.random.default_rng(0)
    if mode == "I;16":
        picture = Image.fromarray(rng.integers(0, 65536, (7, 5), np.uint16))
    else:
        picture = Image.fromarray(rng.integers(0, 256, (7, 5, 3), np.uint8)).convert(mode)
    path = tmp_path / ("a.tiff" if mode == "CMYK" else "a.png")
    picture.save(path)
    whole = images.decode(path)
    monkeypatch.setattr("tfgan.data.reading.chunks.AT_ONCE", 10)  # chunks of two rows, and a last one of one
    assert np.array_equal(images.decode(path), whole) and whole.std()


def test_parts_of_an_image_resized_apart_fit_together():
    image = np.random.default_rng(0).uniform(-1, 1, (37, 53, 3)).astype(np.float32)
    whole, scale = images.resize(image, (700, 90), "bicubic"), 37 / 700
    cuts = [0, 233, 350, 700]
    parts = [images.resize(image, (bottom - top, 90), "bicubic", (0, top * scale, 53, bottom * scale)) for top, bottom in pairwise(cuts)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-5)


def test_chunks_are_all_rows_in_their_order(monkeypatch):
    monkeypatch.setattr("tfgan.data.reading.chunks.AT_ONCE", 100)
    rows = list(chunks(40, 30))
    assert np.array_equal(np.concatenate([np.arange(40)[chunk] for chunk in rows]), np.arange(40)) and len(rows) == 14
    assert rows[-1] == slice(39, 40) and list(chunks(3, 10**6)) == [slice(0, 1), slice(1, 2), slice(2, 3)] and not list(chunks(0, 0))


def test_large_images_are_looked_at_in_part(monkeypatch):
    image = np.arange(40 * 30 * 3).reshape(40, 30, 3)
    monkeypatch.setattr("tfgan.data.checks.reduced.AT_ONCE", 100)
    assert np.array_equal(reduced(image), image[::3, ::3]) and reduced(image[:10, :10]).shape == (10, 10, 3)


def specials(folder):
    os.mkfifo(folder / "pipe.png")
    yield folder / "pipe.png", "a named pipe"
    (folder / "device.png").symlink_to("/dev/zero")
    yield folder / "device.png", "a device"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket.png"))
        yield folder / "socket.png", "a socket"


def test_what_is_no_file_is_never_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket has 107 characters at most
    for path, what in specials(tmp_path):
        for read in (images.probe, images.decode, images.decode_values):
            with pytest.raises(UnreadableImage, match=f"^is {what}, not a file$"):
                read(path)


def test_damaged_metadata_is_said_in_our_words_once(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(headers, "_damaged", [])
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", (8, 8)).save(tmp_path / name, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f\0\0")
    with warnings.catch_warnings(record=True) as caught, caplog.at_level("INFO"):
        warnings.filterwarnings("ignore", module=r"PIL\.")
        for name in ("a.jpg", "b.jpg"):
            assert images.decode(tmp_path / name).shape == (8, 8, 3)
    assert not caught and [record.message.partition(":")[0] for record in caplog.records] == [(tmp_path / "a.jpg").as_posix()]
