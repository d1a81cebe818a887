"""Hostile inputs by the thousand: what is made up, and what reads it. A reader takes an input, or refuses it with an error of tfgan.

`benchmarks.fuzz` runs all of `TARGETS` for minutes, tests/test_hostile.py a few inputs of each. A new target is one more entry.
"""

import contextlib
import gzip
import io
import json
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from benchmarks.changed_json import changed, places
from tfgan.cli.main import main
from tfgan.config import BATCH_KINDS, Classes, DataConfig, DataSpec, Domain, RunConfig, TrainConfig
from tfgan.config.spec import BESIDE_IMAGES
from tfgan.config.verbs import EvaluateConfig, SampleConfig, TranslateConfig
from tfgan.data.attributes.tables import names_images, read_table
from tfgan.data.folders.idx import read_idx
from tfgan.data.reading import images
from tfgan.data.reading.comments import read_comment
from tfgan.errors import UnreadableImage, UserError
from tfgan.evaluation.report.page import make_record
from tfgan.evaluation.report.pictures import embed
from tfgan.evaluation.report.records import read_run
from tfgan.methods import METHODS, method_class
from tfgan.runs.opening import read_config
from tfgan.runs.repeat import repeat

REFUSALS = (UserError, UnreadableImage)


class Target(NamedTuple):
    """A kind of inputs, and what reads one of them in a folder of its own."""

    inputs: st.SearchStrategy
    read: Callable[[Any, Path], None]  # raises one of `REFUSALS` for what it refuses
    seeds: Sequence[bytes] = ()  # whole ones, of inputs that are the bytes of a file


def mutated(contents: list[bytes]) -> st.SearchStrategy[bytes]:
    """Files that were whole, with some of their bytes replaced, cut out, doubled or put in, mostly near the beginning."""
    place = st.one_of(st.integers(0, 64), st.integers(0, 4096))
    some = st.one_of(st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff", b"\x80\0\0\0"]))
    change = st.tuples(st.sampled_from(["replace", "insert", "cut", "double"]), place, some)

    def apply(content: bytes, changes: list) -> bytes:
        for kind, where, new in changes:
            where %= len(content) + 1
            after = where + (0 if kind == "insert" else len(new))
            middle = {"cut": b"", "double": content[where:after] * 2}.get(kind, new)
            content = content[:where] + middle + content[after:]
        return content

    return st.builds(apply, st.sampled_from(contents), st.lists(change, min_size=1, max_size=6))


def _pictures() -> list[bytes]:
    gradient = Image.linear_gradient("L").resize((24, 16))
    color = Image.merge("RGB", [gradient, gradient.rotate(90), gradient.rotate(180)])
    exif = Image.Exif()
    exif[274] = 6
    ways = [("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")]
    ways += [("JPEG", mode, options) for mode in ("L", "RGB", "CMYK") for options in ({"exif": exif}, {"progressive": True})]
    ways += [("TIFF", mode, {"compression": how}) for mode in ("L", "RGB") for how in ("raw", "tiff_lzw", "tiff_adobe_deflate")]
    ways += [("GIF", "P", {}), ("BMP", "RGB", {}), ("BMP", "P", {}), ("WEBP", "RGB", {}), ("WEBP", "RGBA", {"lossless": True})]
    found = []
    for form, mode, options in ways:
        file = io.BytesIO()
        picture = gradient.convert("I").point(lambda value: value * 257).convert("I;16") if mode == "I;16" else color.convert(mode)
        picture.save(file, form, **options)
        found.append(file.getvalue())
    return found + [images.encode(np.asarray(color).astype(np.int16), ending) for ending in ("tif", "npy", "npz")]


def _read_image(content: bytes, folder: Path):
    path = folder / "a.png"
    path.write_bytes(content)
    read_comment(path)
    with contextlib.suppress(UnreadableImage):
        embed(path)
    refused = None
    for read in (images.probe, images.decode, images.decode_values):
        try:
            read(path)
        except REFUSALS as error:
            refused = error
    if refused:
        raise refused


_IDX = b"\0\0\x08\x03" + b"".join(side.to_bytes(4, "big") for side in (3, 4, 5)) + bytes(range(60))


def _read_idx(content: bytes, folder: Path):
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(content)
    read_idx(path, 3)


_CELLS = st.one_of(
    st.sampled_from(
        ["1", "0", "-1", "", "yes", "nan", "1e999", "9" * 5000, "a.png", "b.png", "../c.png", "\0", '"', "é", "\ud7ff", "split"]
    ),
    st.text(max_size=12),
)
_ROWS = st.lists(st.lists(_CELLS, min_size=1, max_size=5), min_size=1, max_size=8)
_TABLES = st.builds(
    lambda rows, mark, coding: "\n".join(mark.join(row) for row in rows).encode(coding, "replace"),
    st.one_of(_ROWS, _ROWS.map(lambda rows: [["file", "smiling", "hair"], *rows])),
    st.sampled_from([",", ";", "\t", " "]),
    st.sampled_from(["utf-8", "latin-1", "utf-16"]),
)
_LIST = b"2\nSmiling Male\na.png 1 -1\nb.png -1 1\n"


def _read_table(content: bytes, folder: Path):
    (folder / "list_eval_partition.txt").write_bytes(content[::-1])
    path = folder / "a.csv"
    path.write_bytes(content)
    names_images(path)
    read_table(path, ())


def _names() -> list[str]:
    records = [DataConfig, TrainConfig, TranslateConfig, SampleConfig, EvaluateConfig, *(method_class(name).HParams for name in METHODS)]
    return sorted({field for record in records for field in record.__dataclass_fields__} - {"workdir"})


_VALUES = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.sampled_from(
        ["9" * 5000, "1" + "0" * 24, "1e999", "nan", "-inf", "", "0", "-1", "1x1", "0x0", "9x9x9", "true", "auto", "a,b,,", '"', "~nobody"]
    ),
    st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=20),
)
_FLAGS = st.tuples(st.sampled_from(["--", "-", "--no"]), st.sampled_from(_names()), _VALUES)
_LINES = st.one_of(
    _FLAGS.map(lambda flag: f"{flag[0]}{flag[1]}={flag[2]}"),
    st.sampled_from(
        ["# remark", "--flagfile=a.flags", "--flagfile=b.flags", "--flagfile=", "--", "-", "--flagfile=quickstart.flags", "x y"]
    ),
    st.text(max_size=20),
)


def _run(arguments: list[str], folder: Path):
    """Runs a command that answers without training, where nothing else lies; raises `UserError` if it refuses its words."""
    output, here = io.StringIO(), Path.cwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            code = main(arguments)
    finally:
        os.chdir(here)
    said = any(line.startswith("error:") for line in output.getvalue().splitlines())  # which may follow what is said of idle settings
    if code == 2 and said and len(output.getvalue()) < 20_000:
        raise UserError(output.getvalue())
    if code:
        raise AssertionError(f"exit code {code}: {output.getvalue()[:1000]}")


def _read_flags(lines: list[str], folder: Path):
    for name in ("a.flags", "b.flags"):
        (folder / name).write_text("\n".join(lines), encoding="utf-8", errors="replace")
    _run(["train", "--flagfile=a.flags", "--dry_run"], folder)


def _read_values(given: tuple[str, list], folder: Path):
    method, flags = given
    _run(["train", f"--method={method}", *(f"--{name}={value}".replace("\0", "") for _, name, value in flags), "--dry_run"], folder)


def _config(method: str) -> dict[str, Any]:
    """What the config.json of a run of a method holds."""
    cls = method_class(method)
    keys = [key for key in BATCH_KINDS[cls.batch_kind].keys if key not in BESIDE_IMAGES]
    classes = Classes("ids", (0, 1), ("#000000", "#ff0000"), ("wall", "door"))
    kinds = {"labels": Domain("labels", 1, "int32", "nearest", classes)}
    spec = DataSpec(
        cls.batch_kind,
        cls.HParams().image_size,
        {key: kinds.get(key, Domain(key, 3)) for key in keys},
        {"train": 8, "validation": 2},
        "0123456789abcdef",
        class_names=("brick", "wood") if cls.batch_kind == "labeled" else (),
        attribute_names=("night", "shop") if cls.batch_kind == "attributes" else (),
    )
    data, training = DataConfig(dataset="synthetic"), TrainConfig(workdir="runs/a")
    return RunConfig(method, data, training, cls.HParams().settled(), spec, {"tfgan": "0.1.0"}, {"cpu": "x"}).record()


_CONFIGS = {method: _config(method) for method in sorted(METHODS)}
_JUNK = st.one_of(
    st.sampled_from([None, [], {}, [[None]], "", "\0", "..", "x" * 5000, True, -1, 0, 2**16, 2**31, 10**30, 1e999, math.nan, ["a"] * 99]),
    st.integers(),
    st.floats(),
    st.text(max_size=12),
)


def _change_config(method: str, changes: list[tuple[int, str, Any]]) -> bytes:
    document = _CONFIGS[method]
    for number, kind, junk in changes:
        found = list(places(document))
        if found:
            wrong = [junk] if kind == "replace" else []
            document = changed(document, found[number % len(found)], *wrong, rename=kind == "rename")
    return json.dumps(document).encode()


_CHANGES = st.tuples(st.integers(0, 2**16), st.sampled_from(["replace", "replace", "replace", "remove", "rename"]), _JUNK)
_WHOLE_CONFIGS = [json.dumps(config).encode() for config in _CONFIGS.values()]


def _read_config(content: bytes, folder: Path):
    (folder / "config.json").write_bytes(content)
    run = read_run(folder)  # as `report` does, which needs nothing to be right
    repeat(run.config)
    make_record([run], 0)
    config = read_config(folder)  # as all others do
    config.differences(config)
    config.write(folder / "config.json")
    if read_config(folder).record() != config.record():
        raise AssertionError("it is another one after it was written")


TARGETS = {
    "images": Target(mutated(_pictures()), _read_image, _pictures()),
    "idx files": Target(
        st.one_of(mutated([_IDX, gzip.compress(_IDX, mtime=0)]), mutated([_IDX]).map(gzip.compress)),
        _read_idx,
        [_IDX, gzip.compress(_IDX, mtime=0)],
    ),
    "tables": Target(st.one_of(_TABLES, mutated([_LIST])), _read_table, [_LIST, b"file,smiling,hair\na.png,1,yes\nb.png,0,no\n"]),
    "config.json": Target(
        st.one_of(
            st.builds(_change_config, st.sampled_from(sorted(_CONFIGS)), st.lists(_CHANGES, min_size=1, max_size=3)),
            mutated(_WHOLE_CONFIGS),
        ),
        _read_config,
        _WHOLE_CONFIGS,
    ),
    "flag files": Target(st.lists(_LINES, max_size=8), _read_flags),
    "flag values": Target(st.tuples(st.sampled_from(sorted(METHODS)), st.lists(_FLAGS, min_size=1, max_size=3)), _read_values),
}
"""Name of a kind of inputs -> what makes and reads them."""
