"""The range of each domain: stated, or found in the training images; files become -1 to 1 by it, and come back as they were."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tfgan.config import DataConfig, Domain, Part
from tfgan.config.ranges import parse_ranges
from tfgan.data import open_dataset, open_sources
from tfgan.data.display import as_picture
from tfgan.data.preparation.normalization import denormalize, held, normalize, span
from tfgan.data.preparation.ranges import RangeNeeded, range_of, stated
from tfgan.errors import UserError

RNG = np.random.default_rng(0)


def bands(dtype, *value_range, channels=1, **more):
    return Domain("ct", channels, dtype, bands=True, value_range=value_range, **more)


@pytest.mark.parametrize(
    "entry, rule",
    [
        ("ct:-1024:3071", ("ct", "fixed", -1024, 3071)),
        ("0:1e-3", ("", "fixed", 0, 1e-3)),
        ("auto", ("", "auto", 0, 100)),
        ("ct:auto:1:99", ("ct", "auto", 1, 99)),
        ("auto:0.5:99.5", ("", "auto", 0.5, 99.5)),
        ("a:b:full", ("a:b", "full", 0, 100)),
    ],
)
def test_entries(entry, rule):
    assert parse_ranges((entry,)) == [rule]


@pytest.mark.parametrize(
    "entries, says",
    [
        (("ct",), "is not a range"),
        (("ct:5",), "is not a range"),
        (("ct:nan:5",), "is not a range"),
        (("ct:0:inf",), "is not a range"),
        (("ct:5:5",), "must be below"),
        (("ct:auto:1:101",), "percentiles are from 0 to 100"),
        (("ct:0:1", "ct:auto"), "names ct twice"),
        (("0:1", "auto"), "names no domain twice"),
    ],
)
def test_wrong_entries_are_refused_by_the_settings(entries, says):
    with pytest.raises(UserError, match=says):
        DataConfig(value_range=entries)


WHOLE = {
    "uint8": (0, 255),
    "uint16": (0, 65535),
    "int16": (-32768, 32767),
    "int32": (-(2**22), 2**22),
    "uint32": (2**31, 2**31 + 2**22),
}


@pytest.mark.parametrize("dtype", WHOLE)
@pytest.mark.parametrize("narrow", [False, True])
def test_whole_numbers_come_back_exactly(dtype, narrow):
    low, high = (100, 3171) if narrow and dtype != "uint32" else WHOLE[dtype]
    low, high = (low + 7, high - 9) if narrow and dtype in ("uint8", "uint32") else (low, high)
    low, high = (20, 240) if narrow and dtype == "uint8" else (low, high)
    values = np.append(RNG.integers(low, high, 5000, endpoint=True), [low, high]).astype(dtype)[:, None, None]
    domain = bands(dtype, (float(low), float(high)))
    floats = normalize(values, domain)
    assert floats.dtype == np.float32 and floats.min() == -1 and floats.max() == 1
    assert np.array_equal(normalize(tf.constant(values), domain).numpy(), floats)  # a graph does the same
    back = denormalize(floats, domain).numpy()
    assert back.dtype == dtype and np.array_equal(back, values)


@pytest.mark.parametrize("dtype, most", [("float32", 1e-6), ("float16", 1e-3)])
def test_floats_come_back_within_their_precision(dtype, most):
    values = RNG.uniform(-40, 40, (1000, 1, 1)).astype(dtype)
    domain = bands(dtype, (-40.0, 40.0))
    back = denormalize(normalize(values, domain), domain).numpy()
    assert back.dtype == dtype and np.abs(back.astype(np.float64) - values).max() <= most * span(domain)


def test_values_outside_are_clipped():
    domain = bands("int16", (-1000.0, 1000.0))
    assert normalize(np.array([[[-3000], [0], [9]], [[3000], [500], [-500]]], np.int16), domain).tolist() == [
        [[-1], [0], [np.float32(0.009)]],
        [[1], [0.5], [-0.5]],
    ]
    assert denormalize(np.float32([[[-1.5]], [[1.5]]]), domain).numpy().tolist() == [[[-1000]], [[1000]]]
    narrow = bands("uint8", (-100.0, 300.0))  # wider than the type: what does not fit into files is clipped too
    assert denormalize(np.float32([[[-1]], [[1]]]), narrow).numpy().tolist() == [[[0]], [[255]]]


def test_each_channel_may_have_a_range_of_its_own():
    domain = bands("int16", (0.0, 10.0), (-100.0, 100.0), channels=2)
    values = np.array([[[10, 0], [5, -100]]], np.int16)
    assert normalize(values, domain).tolist() == [[[1, 0], [0, -1]]]
    assert np.array_equal(denormalize(normalize(values, domain), domain), values)
    assert span(domain) == 200 and range_of(domain, 1) == (-100, 100)


def test_a_picture_shows_the_range_from_black_to_white():
    domain = bands("int16", (0.0, 100.0), channels=4, shown=(3, 1, 0))
    image = held(np.array([[[0, 50, 7, 100]]], np.int16), domain)
    assert as_picture(image, domain).tolist() == [[[255, 128, 0]]]
    assert as_picture(image, dataclasses.replace(domain, shown=())).tolist() == [[[0, 128, 18]]]
    photo = np.zeros((2, 2, 3), np.uint8)
    assert as_picture(photo, Domain("photo", 3)) is photo


@pytest.fixture
def folder(tmp_path):
    """Pairs of mr, 8 bits, and ct, int16 from -1024 to 3071, whose validation image goes beyond."""
    for split, values in {"train": ([-1024, 0, 40, 50], [10, 20, 30, 3071]), "val": ([-2000, 0, 0, 4000],)}.items():
        for side, dtype in (("mr", "uint8"), ("ct", "int16")):
            for number, found in enumerate(values):
                path = tmp_path / split / side / f"{number}.npy"
                path.parent.mkdir(parents=True, exist_ok=True)
                np.save(path, np.clip(np.reshape(found, (2, 2)), 0 if side == "mr" else None, 255 if side == "mr" else None).astype(dtype))
    return tmp_path


def domains(folder, **settings):
    sources = open_sources(DataConfig(data_dir=str(folder), **settings), "paired", (2, 2))
    (source,) = sources["train"]
    return {domain.name: domain for domain in source.domains.values()}


def test_signed_numbers_need_a_range(folder):
    with pytest.raises(RangeNeeded, match=r"ct has int16 values: .* --value_range=ct:LOW:HIGH .* --value_range=ct:auto"):
        domains(folder)


@pytest.mark.parametrize(
    "entries, ct, mr",
    [
        (("ct:-1024:3071",), ((-1024, 3071),), ()),
        (("ct:auto",), ((-1024, 3071),), ()),
        (("auto",), ((-1024, 3071),), ((0, 255),)),
        (("ct:auto:25:75",), ((7.5, 42.5),), ()),
        (("mr:0:100", "-500:500"), ((-500, 500),), ((0, 100),)),
        (("mr:full", "ct:auto"), ((-1024, 3071),), ()),
    ],
)
def test_ranges_are_stated_or_found_in_the_training_images(folder, entries, ct, mr):
    found = domains(folder, value_range=entries)
    assert found["ct"].value_range == ct and found["mr"].value_range in (mr, () if mr == ((0, 255),) else mr)


@pytest.mark.parametrize(
    "entries, says",
    [
        (("ctt:0:1", "auto"), "no domain 'ctt'.*Did you mean ct"),
        (("ct:full",), "full is for unsigned types, and ct has int16 values"),
    ],
)
def test_ranges_that_do_not_fit_the_domains(folder, entries, says):
    with pytest.raises(UserError, match=says):
        domains(folder, value_range=entries)


def test_images_of_one_value_have_no_range(folder):
    for path in folder.glob("train/ct/*.npy"):
        np.save(path, np.full((2, 2), 7, np.int16))
    with pytest.raises(UserError, match="have only the value 7"):
        domains(folder, value_range=("ct:auto",))


def test_a_found_range_is_written_out_and_followed(folder):
    settings = DataConfig(data_dir=str(folder), value_range=("mr:full", "ct:auto"))
    dataset = open_dataset(settings, "paired", (2, 2), (2, 2))
    written = stated(settings, dataset.spec.domains)
    assert written.value_range == ("mr:full", "ct:-1024:3071")
    assert settings.settled(written).value_range == written.value_range  # the same command goes on with it
    assert DataConfig(value_range=("auto",)).settled(written).value_range == written.value_range
    other = DataConfig(value_range=("ct:0:1",))
    assert other.settled(written).value_range == ("ct:0:1",)  # which is told as a change


def test_clipped_values_are_counted(folder, caplog):
    dataset = open_dataset(DataConfig(data_dir=str(folder), value_range=("ct:-1024:3071",)), "paired", (2, 2), (2, 2))
    assert "val: ct: 50.00% of the values, in 1 of 1 images, lie outside -1024 to 3071 and are clipped." in caplog.text
    assert "train: ct" not in caplog.text
    example = dataset.validation_example(0)
    ct = example["source"]  # the first in the alphabet
    assert ct.dtype == np.float32 and ct.ravel().tolist() == [-1, np.float32(-1 + 2 * 1024 / 4095), np.float32(-1 + 2 * 1024 / 4095), 1]
    batch = next(iter(dataset.train_batches(batch_size=2, flip=False, seed=0)))
    assert (
        batch["source"].dtype == tf.float32 and float(tf.reduce_max(batch["source"])) == 1 and float(tf.reduce_min(batch["source"])) == -1
    )


def test_parts_have_ranges_of_their_own():
    domain = Domain("t1+t2", 2, "uint16", bands=True, parts=(Part("t1", 1, "uint8"), Part("t2", 1, "uint16")))
    assert [(part.name, channels) for part, channels in domain.pieces()] == [("t1", slice(0, 1)), ("t2", slice(1, 2))]
