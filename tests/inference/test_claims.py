"""Files whose headers claim more than a server can hold are refused before anything is decoded."""

import io
import json
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan.cli.main import main
from tfgan.config import Domain
from tfgan.config.verbs import ExportConfig
from tfgan.inference import Translator
from tfgan.inference.claims import UNKNOWN, claimed_pixels
from tfgan.inference.export import export
from tfgan.methods.base import Translation


@pytest.fixture(scope="module")
def claims():
    function = tf.function(claimed_pixels, input_signature=[tf.TensorSpec([], tf.string)])
    return lambda content: int(function(content))


def encoded(form, size=(57, 33), frames=1, **options):
    random = np.random.default_rng(0)
    pictures = [Image.fromarray(random.integers(0, 255, (size[1], size[0], 3), np.uint8)) for _ in range(frames)]
    file = io.BytesIO()
    more = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(file, form, **options, **more)
    return file.getvalue()


def png(width, height, rows=0):
    """A gray PNG that claims a size, with so many rows of zeros."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    pixels = zlib.compress(bytes(rows * (width + 1)), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def gif(*frames, screen=(1, 1)):
    """A GIF that claims frames of these sizes, without their pixels."""
    blocks = b"".join(b"\x2c" + struct.pack("<HHHHB", 0, 0, *size, 0) + b"\x02\x02\x4c\x01\x00" for size in frames)
    return b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + blocks + b"\x3b"


def jpeg(width, height, before=b""):
    return b"\xff\xd8" + before + b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"


@pytest.mark.parametrize(
    "form, options",
    [
        *[("PNG", {}), ("BMP", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("JPEG", {"icc_profile": b"x" * 200_000})],
        *[("GIF", {}), ("GIF", {"comment": b"x" * 999}), ("WEBP", {}), ("WEBP", {"lossless": True}), ("WEBP", {"exif": b"Exif\0\0"})],
    ],
    ids=str,
)
def test_honest_files_claim_what_they_hold(claims, form, options):
    content = encoded(form, **options)
    assert claims(content) == 57 * 33 == np.prod(tf.io.decode_image(content, 3, expand_animations=False).shape[:2])


@pytest.mark.parametrize(
    "content, pixels",
    [
        (png(30_000, 30_000), 30_000**2),
        (png(2**31 - 1, 2**31 - 1), (2**31 - 1) ** 2),
        (jpeg(65_535, 65_500), 65_535 * 65_500),
        (jpeg(65_535, 65_500, b"\xff\xe0\x00\x04\xff\xc0" + b"junk\xff\x00\xff\xff"), 65_535 * 65_500),  # no frame header inside a segment
        (gif((60_000, 60_000)), 60_000**2),
        (gif((1, 1), (60_000, 1), (1, 60_000)), 60_000**2),  # the frames share their largest sides
        (gif(*[(1000, 1000)] * 64), 64 * 1000**2 // 8),
        (b"BM" + bytes(16) + struct.pack("<ii", 40_000, -40_000) + bytes(20), 40_000**2),
        (b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x0f\x27\0\x0f\x27\0", 10_000**2),
        *[
            (content, UNKNOWN)
            for content in (b"", b"x", b"\xff\xd8\xff\xd9", b"GIF89a", b"II*\0", b"RIFF\0\0\0\0WAVE", b"\xff\xd8" + b"\xff" * 9_999)
        ],
    ],
)
def test_claims(claims, content, pixels):
    assert claims(content) == pixels


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The folder of an export that takes files of 10,000 pixels."""
    folder = tmp_path_factory.mktemp("served") / "model"
    way = Translator(Translation(lambda x: -x, Domain("a", 3), Domain("b", 3), 1, 1))
    way.max_pixels = 10_000
    export({"translate": way}, folder)
    return folder


@pytest.fixture(scope="module")
def serve(served):
    model = tf.saved_model.load(str(served))
    return lambda *files: model.signatures["serve_bytes"](image_bytes=tf.constant(files))["image_bytes"].numpy()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_files_of_the_limit_are_served_and_larger_ones_refused(serve, form):
    (answer,) = serve(encoded(form, (100, 100)))
    assert tf.io.decode_png(answer).shape == (100, 100, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="no more than 10000 pixels each .*--max_pixels.*claims(.|\n)*10100"):
        serve(encoded(form, (10, 10)), encoded(form, (101, 100)))


def test_what_is_no_image_is_refused_in_words(serve):
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be PNG, JPEG, GIF, BMP or WebP files(.|\n)*this is no"):
        serve(b"this is no image")


def test_the_default_lets_photos_through():
    assert 4000 * 3000 <= ExportConfig().max_pixels <= 2**26


MEASURE = """
import resource, sys
import tensorflow as tf
serve = tf.saved_model.load(sys.argv[1]).signatures["serve_bytes"]
serve(image_bytes=tf.constant([open(sys.argv[2], "rb").read()]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    serve(image_bytes=tf.constant([open(sys.argv[3], "rb").read()] * 4))
except tf.errors.InvalidArgumentError as error:
    print("refused" if "pixels" in str(error) else error, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_file_that_is_refused_takes_no_memory(served, tmp_path):
    bomb = png(24_000, 24_000, 24_000)
    assert len(bomb) < 600_000  # bytes, for 576 megapixels
    (tmp_path / "small.png").write_bytes(encoded("PNG"))
    (tmp_path / "bomb.png").write_bytes(bomb)
    command = [sys.executable, "-c", MEASURE, str(served), str(tmp_path / "small.png"), str(tmp_path / "bomb.png")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"})
    assert done.returncode == 0, done.stderr
    refused, grown = done.stdout.split()
    unit = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss
    assert refused == "refused" and int(grown) * unit < 100e6, done.stdout


def test_the_limit_is_a_setting_that_the_export_states(run, tmp_path):
    folder = tmp_path / "model"
    assert main(["export", str(run), f"--output={folder}", "--max_pixels=2000"]) == 0
    assert json.loads((folder / "tfgan.json").read_text())["max_pixels"] == 2000
    serve = tf.saved_model.load(str(folder)).signatures["serve_bytes"]
    assert serve(image_bytes=tf.constant([encoded("PNG")]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="no more than 2000 pixels"):
        serve(image_bytes=tf.constant([encoded("PNG", (50, 50))]))
