"""What a setting is held to, from Python as on the command line, and how it is written."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tfgan.config import (
    DataConfig,
    Settings,
    Size,
    Strings,
    TrainConfig,
    as_flag,
    as_text,
    differences,
    from_dict,
    from_text,
    setting,
)
from tfgan.config.verbs import EvaluateConfig, SampleConfig, TranslateConfig
from tfgan.errors import UserError


@dataclasses.dataclass(frozen=True)
class Some(Settings):
    size: Size = setting((64, 32), "pixels")
    names: Strings = setting((), "names")
    rate: float = setting(0.5, "a rate", at_least=0.0, at_most=1.0)
    count: int = setting(3, "a count", at_least=1)
    kind: str = setting("a", "a kind", choices=("a", "b"))
    on: bool = setting(True, "a switch")
    path: str = setting("", "a path")
    free: int = setting(0, "a number of any sign")
    weight: float = setting(1.0, "a weight", at_least=0.0)


@pytest.mark.parametrize(
    "given, kept",
    [
        ({"size": 8}, {"size": (8, 8)}),
        ({"size": [8, np.int64(4)]}, {"size": (8, 4)}),
        ({"names": ["a", "b"]}, {"names": ("a", "b")}),
        ({"names": "a,b"}, {"names": ("a", "b")}),
        ({"names": [-1, 0.5]}, {"names": ("-1", "0.5")}),
        ({"rate": 1}, {"rate": 1.0}),
        ({"count": np.int32(4)}, {"count": 4}),
        ({"path": Path("x/y")}, {"path": "x/y"}),
        ({"path": 120}, {"path": "120"}),
    ],
)
def test_values_that_mean_the_same_are_taken(given, kept):
    record = Some(**given)
    (name,) = kept
    assert getattr(record, name) == kept[name] and type(getattr(record, name)) is type(kept[name])


@pytest.mark.parametrize(
    "given, message",
    [
        ({"size": (8, 8, 8)}, "--size must be a number of pixels, or height and width"),
        ({"size": 8.5}, "--size must be"),
        ({"names": 3}, "--names=3 must be names"),
        ({"rate": 1.5}, "--rate=1.5 must be from 0.0 to 1.0"),
        ({"rate": float("nan")}, "--rate=nan must be from"),
        ({"rate": "much"}, "--rate='much' must be a number"),
        ({"count": 0}, "--count=0 must be at least 1"),
        ({"count": 1.0}, "--count=1.0 must be a whole number"),
        ({"count": True}, "--count=True must be a whole number"),
        ({"kind": "c"}, "--kind=c must be one of a, b"),
        ({"on": 1}, "--on=1 must be True or False"),
        ({"path": ["x"]}, r"--path=\['x'\] must be text"),
        ({"count": 2**31}, "--count=2147483648 must be at most 2147483647"),
        ({"count": 10**250}, "^--count=10{50,70}…0* must be at most 2147483647"),
        ({"count": 10**5000}, "^--count has more digits than any setting takes"),
        ({"rate": -(10**5000)}, "^--rate has more digits than any setting takes"),
        ({"free": 10**12}, "--free=1000000000000 must be at most 2147483647"),
        ({"free": -(10**12)}, "--free=-1000000000000 must be at least -2147483647"),
        ({"rate": float("inf")}, "--rate=inf must be from 0.0 to 1.0"),
        ({"weight": float("inf")}, "--weight=inf must be a finite number"),
        ({"weight": 1e99}, r"--weight=1e\+99 must be at most 1e\+30"),
        ({"size": 10**9}, "--size=1000000000 must be at most 16384 pixels a side"),
        ({"size": (8, 10**5000)}, "^--size has more digits than any setting takes"),
        ({"size": (8, 16385)}, "--size=8x16385 must be at most 16384 pixels a side"),
        ({"path": "a\0b"}, "holds a null character"),
        ({"names": ["a\0b"]}, "holds a null character"),
        ({"path": "x" * 5000}, "^--path=x{50,70}…x* is too long: 4096 characters are the most"),
        ({"names": ["x"] * 10_001}, "must be at most 10000 names, found 10001"),
    ],
)
def test_others_are_refused(given, message):
    with pytest.raises(UserError, match=message):
        Some(**given)
    with pytest.raises(UserError):
        dataclasses.replace(Some(), **given)


@pytest.mark.parametrize(
    "kind, settings, message",
    [
        (TrainConfig, {"seed": -1}, "--seed=-1"),
        (TrainConfig, {"precision": "float8"}, "--precision=float8"),
        (TrainConfig, {"best_metric": "l1"}, "--best_metric does nothing without --validate_every: give --validate_every=EPOCHS too"),
        (TrainConfig, {"patience": 2}, "--patience does nothing without --best_metric"),
        (DataConfig, {"synthetic_images": 0}, "at least 1"),
        (SampleConfig, {"sheet": "edit"}, "needs --images"),
        (SampleConfig, {"truncation": "half"}, "use numbers"),
        (TranslateConfig, {"tile": -1}, "--tile=-1"),
        (EvaluateConfig, {"inception_weights": "x", "features": ""}, "--inception_weights does nothing beside --features="),
    ],
)
def test_records_refuse_what_the_command_line_refuses(kind, settings, message):
    with pytest.raises(UserError, match=message):
        kind(**settings)


def test_what_an_earlier_version_took_is_still_read():
    """Such as settings that contradict each other now, and numbers for texts; never what no version took."""
    read = from_dict(Some, {"rate": 1, "size": [1, 2], "unknown": 1})
    assert (read.rate, read.size, read.count) == (1.0, (1, 2), 3)
    assert from_dict(TrainConfig, {"features": "/gone/model.keras"}).features == "/gone/model.keras"
    with pytest.raises(UserError, match=r"^hparams\.rate must be from 0\.0 to 1\.0, not 7\.0$"):
        from_dict(Some, {"rate": 7.0}, "hparams")


@pytest.mark.parametrize(
    "hint, value, text",
    [
        (bool, True, "true"),
        (Size, (64, 64), "64"),
        (Size, (64, 32), "64x32"),
        (Strings, ("a", "b"), "a,b"),
        (Strings, (), ""),
        (float, 2e-4, "0.0002"),
        (float, 100.0, "100"),
        (int, 7, "7"),
        (str, "x=y", "x=y"),
    ],
)
def test_text_and_back(hint, value, text):
    assert as_text(value) == text and from_text(hint, text) == value


def test_flags():
    assert [as_flag("health", True), as_flag("health", False), as_flag("size", (2, 2))] == ["--health", "--nohealth", "--size=2"]


@pytest.mark.parametrize("hint, text", [(bool, "yes"), (Size, "64x"), (Size, "1x2x3"), (int, "1.5"), (float, "x"), (Strings, '"a')])
def test_other_text_is_refused(hint, text):
    with pytest.raises(ValueError, match="^use "):
        from_text(hint, text)


@dataclasses.dataclass(frozen=True)
class Following(Settings):
    width: int = setting(4, "of a box")
    height: int = setting(0, "of it; 0: twice its width")
    lid: str = setting("auto", "with a lid", choices=("auto", "on", "off"), old_default="off")

    def effective(self):
        return super().effective() | {"height": self.height or 2 * self.width, "lid": self.lid if self.lid != "auto" else "on"}


def test_what_follows_from_other_settings():
    assert Following(width=3).settled() == Following(3, 6, "on") and Following(3, 5).settled() == Following(3, 5, "on")
    assert differences(Following(3, 6), Following(3)) == [] and differences(Following(3, 6), Following(4)) != []


def test_what_follows_stays_as_it_was():
    """In what goes on; what was given stays as it was given."""
    earlier = Following(3, 7, "off")
    assert Following(3).settled(earlier) == earlier
    assert Following(3, 5).settled(earlier) == Following(3, 5, "off") and Following(4, lid="on").settled(earlier) == Following(4, 7, "on")


def test_what_a_record_of_an_earlier_version_lacks():
    assert from_dict(Following, {"width": 3}) == Following(3, 0, "off") and Following(3).settled(Following(3, 0, "off")) == Following(
        3, 6, "off"
    )
