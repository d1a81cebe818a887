"""RUN/config.json as it may lie there: damaged, hostile, of an older or a newer version. One clear line each, or the run as it was."""

import copy
import dataclasses
import hashlib
import json
import os
from pathlib import Path

import pytest

from tfgan import config
from tfgan.config import DataConfig, DataSpec, TrainConfig, schema, words
from tfgan.config.run import FORMAT
from tfgan.config.schema import from_dict
from tfgan.errors import UserError
from tfgan.methods import METHODS, method_class, register
from tfgan.methods.base import HParams, Method
from tfgan.runs.opening import read_config

KEPT = Path(__file__).parent / "kept_run" / "run"
CLASSES = {"coding": "ids", "values": [0, 1], "colors": ["#000000", "#ff0000"], "names": ["a", "b"], "ignored": 255}


@pytest.fixture
def record(tmp_path):
    """The values of a run of the present format in `tmp_path`, and a function that writes changed ones."""
    read_config(KEPT).write(tmp_path / "config.json")
    return json.loads((tmp_path / "config.json").read_text())


def write(folder, values):
    (folder / "config.json").write_text(json.dumps(values))


def changed(values, place, value):
    """A copy with another value at a place such as data.image_size; `...` takes it away."""
    copied = copy.deepcopy(values)
    *parts, last = place.split(".")
    part = copied
    for name in parts:
        part = part[name]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return copied


def refused(folder) -> str:
    with pytest.raises(UserError) as caught:
        read_config(folder)
    text = str(caught.value)
    assert "\n" not in text and str(folder / "config.json") in text
    return text


@pytest.mark.parametrize(
    "place, value, message",
    [
        ("hparams.image_size", "x", 'hparams.image_size must be height and width, two whole numbers, not "x"'),
        ("hparams.image_size", [16, 16.5], "two whole numbers"),
        ("hparams.image_size", [10**6, 10**6], "hparams.image_size must be at most 16384 pixels a side, not [1000000, 1000000]"),
        ("hparams.ngf", 10**9, "hparams.ngf must be at most 65536, not 1000000000"),
        ("hparams.ngf", True, "hparams.ngf must be a whole number, not true"),
        ("hparams.ngf", 4.0, "must be a whole number"),
        ("hparams.ngf", 10**100, "so many digits"),
        ("hparams.learning_rate", "0.1", "must be a number"),
        ("hparams.learning_rate", 10**400, "must be a number"),
        ("hparams.dropout", 2, "must be from 0.0 to 0.99"),
        ("hparams.flip", 1, "must be true or false"),
        ("hparams.loss", ["bce"], "must be text"),
        ("hparams.loss", "bcee", "must be one of bce"),
        ("hparams.generator", "resnet_9999", "contradict each other: --generator=resnet_9999"),
        ("hparams.load_size", [8, 8], "contradict each other"),
        ("hparams.image_size", ..., "hparams.image_size is missing"),
        ("hparams", ..., "hparams is missing"),
        ("hparams", None, "hparams must be an object, not null"),
        ("data", [], "data must be an object"),
        ("data.domains", "ab", 'data.domains must be a list, not "ab"'),
        ("data.domains", ["a", 1], r"data.domains[1] must be text, not 1"),
        ("data.data_dir", "a\0b", "must be text"),
        ("data.data_dir", "x" * 5000, "must be text"),
        ("data.label_names", ["x"] * 100_001, "100,000 entries at most, not 100,001"),
        ("training.seed", 2**31, "training.seed must be at most 2147483647"),
        ("training.steps", 10**24, "must be a whole number"),
        ("training.patience", 3, "contradict each other"),
        ("method", 3, "must be the name of a method, not 3"),
        ("method", "", "must be the name of a method"),
        ("method", "pix2pixx", "Did you mean pix2pix?"),
        ("method", "cyclegan", "hparams.cycle_weight is missing"),
        ("spec.kind", "odd", "spec.kind must be one of paired"),
        ("spec.kind", "labeled", "spec.domains must be image"),
        ("spec.sizes", {}, "one for training"),
        ("spec.sizes", {"train": 0}, "one for training"),
        ("spec.sizes", {"train": "8"}, "spec.sizes.train must be a whole number"),
        ("spec.sizes", {"train": 8, "validation": -1}, "spec.sizes must be"),
        ("spec.image_size", [32, 32], "spec.image_size must be hparams.image_size, 16"),
        ("spec.class_names", ["\ud800"], "spec.class_names[0] must be text"),
        ("spec.class_names", {"a": 1}, "spec.class_names must be a list"),
        ("spec.attribute_groups", [["a", "b"]], "spec.attribute_groups must hold names in attribute_names"),
        ("spec.domains.source", "photo", "spec.domains.source must be an object"),
        ("spec.domains.source.name", 7, "spec.domains.source.name must be text"),
        ("spec.domains.source.channels", 10**6, "must be from 0 to 64"),
        ("spec.domains.source.dtype", "int32", "classes must be there"),
        ("spec.domains.source.classes", CLASSES | {"names": ["a"]}, "must have an entry for each class"),
        ("spec.domains.source.classes", CLASSES | {"values": [1, 1]}, "values must be another for each class"),
        ("spec.domains.source.classes", CLASSES | {"values": [0, -1]}, "must be from 0 to"),
        ("spec.domains.source.classes", CLASSES | {"colors": ["red", "#000000"]}, "must be written #rrggbb, not 'red'"),
        ("versions", ["1"], "versions must be an object"),
        ("versions", {"tfgan": 1}, "versions.tfgan must be text"),
        ("hardware", {"threads": 2}, "hardware.threads must be text"),
        ("scale", {"source": {"median": [1, 1]}}, "scale.source.smallest is missing"),
        ("scale", {"other": dict.fromkeys(("median", "smallest", "largest", "loaded", "network"), [1, 1])}, "scale must be that of source"),
        ("frozen", {"../a.keras": "0"}, "frozen must have the name features.keras or features.h5"),
        ("hparams.frozen_features", "a.keras", "contradict each other: --frozen_features does nothing"),
        ("format", "1", "format must be a whole number"),
        ("format", -1, "format must be a whole number"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(tmp_path, record, place, value, message):
    write(tmp_path, changed(record, place, value))
    assert message in refused(tmp_path)


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "is damaged"),
        (b"null", "a JSON object is expected"),
        (b"[]", "a JSON object is expected"),
        (b"[" * 200_000, "nested too deeply"),
        (b'{"a": ' * 100_000, "nested too deeply"),
        (b'{"a": 1, "a": 2}', "a stands there twice"),
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "is no number"),
        (b'{"a": ' + b"1" * 5000 + b"}", "too many digits"),
        ('{"method": "pix2pix"}'.encode("utf-16"), "no text in UTF-8"),
        ('{"method": "é"}'.encode("latin-1"), "no text in UTF-8"),
        (bytes(range(256)), "no text in UTF-8"),
    ],
)
def test_what_is_no_record(tmp_path, content, message):
    (tmp_path / "config.json").write_bytes(content)
    assert message in refused(tmp_path)


def test_a_byte_order_mark_does_no_harm(tmp_path, record):
    (tmp_path / "config.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(record).encode())
    assert read_config(tmp_path).method == "pix2pix"


def test_what_is_no_file(tmp_path):
    (tmp_path / "config.json").mkdir()
    assert "it is a folder" in refused(tmp_path)
    (tmp_path / "config.json").rmdir()
    os.mkfifo(tmp_path / "config.json")
    assert "it is a named pipe" in refused(tmp_path)  # and nothing waits for a writer


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "config.json").open("wb") as file:
        file.truncate(1 << 40)  # of holes, which take no space
    assert "MB, more than" in refused(tmp_path)


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), OSError(5, "Input/output error")])
def test_a_file_that_cannot_be_read(tmp_path, record, monkeypatch, error):
    def refuse(path, flags):
        raise error

    monkeypatch.setattr("tfgan.config.stored.os.open", refuse)
    assert error.strerror in refused(tmp_path)


def test_an_older_record_has_defaults_for_what_it_lacks(tmp_path, record):
    for place in ("format", "hparams.dropout", "hardware", "scale"):
        record = changed(record, place, ...)
    write(tmp_path, changed(record, "hparams.gone", 3))
    assert read_config(tmp_path).hparams.dropout == 0.5


def test_a_newer_record_is_refused_by_both_versions(tmp_path, record):
    write(tmp_path, changed(changed(record, "format", FORMAT + 1), "versions.tfgan", "7.8.9"))
    text = refused(tmp_path)
    assert f"tfgan 7.8.9 (format {FORMAT + 1})" in text and f"(up to format {FORMAT})" in text and "pip install -U tfgan" in text
    write(tmp_path, {"format": FORMAT + 1, "versions": "?"})
    assert f"another tfgan (format {FORMAT + 1})" in refused(tmp_path)


def test_names_of_a_newer_version_are_said(tmp_path, record, capsys):
    words.say_once.cache_clear()
    changes = {"training.haste": 1, "training.seeed": 2, "novelty": {}, "spec.smell": ["a"]}
    for place, value in changes.items():
        record = changed(record, place, value)
    write(tmp_path, record)
    assert read_config(tmp_path).training.seed == 0
    line = capsys.readouterr().out
    assert "ignores: novelty, training.haste, training.seeed (seed?), spec.smell" in line and "pip install -U" in line


def test_the_format_rises_with_what_is_learned():
    """A program that does not know a setting that says what is learned must refuse the run. Whoever adds or drops one raises FORMAT,
    and writes here the new number and the new digest."""
    records = {"data": DataConfig, "training": TrainConfig, "spec": DataSpec} | {name: method_class(name).HParams for name in METHODS}
    learned = [f"{name}.{f.name}" for name, kind in records.items() for f in dataclasses.fields(kind) if not config.is_operational(f)]
    assert (FORMAT, hashlib.sha256("\n".join(sorted(learned)).encode()).hexdigest()[:12]) == (12, "7a1807cf93a9")


class Own(Method):
    """A method of a program's own."""

    batch_kind = "paired"

    @dataclasses.dataclass(frozen=True)
    class HParams(HParams):
        strength: int = config.setting(1, "of it", at_least=1)


def test_a_method_of_ones_own_may_gain_settings(tmp_path, record):
    own = {name: record["hparams"][name] for name in ("epochs", "batch_size", "image_size", "load_size", "random_crop", "flip")}
    write(tmp_path, record | {"method": "Own", "hparams": own})
    assert "tfgan.load(FOLDER, method=Own)" in refused(tmp_path)
    register(Own)
    assert read_config(tmp_path).hparams.strength == 1
    write(tmp_path, record | {"method": "Own", "hparams": own | {"strength": 0}})
    assert "hparams.strength must be at least 1, not 0" in refused(tmp_path)


@pytest.mark.parametrize("name", METHODS)
def test_every_setting_of_every_method_goes_there_and_back(name):
    """And no value of another type is taken for any of them."""
    record = method_class(name).HParams()
    for kind in (record, DataConfig(), TrainConfig()):
        values = json.loads(json.dumps(dataclasses.asdict(kind)))
        assert from_dict(type(kind), values, whole=True) == kind
        for field in dataclasses.fields(kind):
            for junk in (None, {}, [None], [[]], {"a": 1}, [1, 2, 3], "\0", True if isinstance(field.default, str) else 10**30):
                with pytest.raises(UserError, match=rf"^x.{field.name}(\[0\])? "):
                    from_dict(type(kind), values | {field.name: junk}, "x")


def test_sizes_of_networks_have_limits():
    """A received record that asks for a billion filters is refused before memory is spent."""
    for name in METHODS:
        for field in dataclasses.fields(method_class(name).HParams):
            if field.name in ("ngf", "ndf", "nef", "latent_dim", "w_dim", "n_blocks", "mapping_layers", "encoder_units", "kernel_size"):
                with pytest.raises(UserError, match=f"{field.name} must be (from|at most)"):
                    from_dict(method_class(name).HParams, {field.name: 10**9})


def test_what_is_shown_of_wrong_values_is_short():
    assert (
        len(schema.shown("x" * 10**6)) < 90 and schema.shown(list(range(9))) == "a list of 9" and schema.shown({"a": 1}) == "an object of 1"
    )
    assert schema.shown([10**5000]) == "a number of so many digits"


def test_a_fit_that_meant_nothing_is_none(tmp_path, record):
    """Until format 2 every run recorded `fit`, "crop" unless another was given, and only images of classes and single ones were cropped."""
    older = changed(changed(record, "format", 2), "data.fit", "crop")
    for name in ("augment", "groups", "validation_share"):
        del older["data"][name]
    write(tmp_path, older)
    read = read_config(tmp_path)
    assert read.data.fit == "auto" and read.data.fit_of(read.spec.kind) == "squeeze"
    squeezed = dataclasses.replace(read, data=read.data.unchecked(fit="squeeze"))
    assert read.differences(squeezed) == []
    assert read.differences(dataclasses.replace(read, data=read.data.unchecked(fit="none"))) == ["fit: 'squeeze' -> 'none'"]
