"""Folders are compared in the type and the range of their files."""

import numpy as np
import pytest

import tfgan


def arrays(folder, *values):
    folder.mkdir()
    for number, value in enumerate(values):
        np.save(folder / f"{number}.npy", value)
    return folder


def test_16_bits_are_not_reduced_to_8(tmp_path):
    generator = np.random.default_rng(0)
    real = generator.integers(1000, 1200, (2, 16, 16), np.uint16)  # 8 bits would tell 5 values of it apart
    scores = tfgan.evaluate(
        real=arrays(tmp_path / "real", *real), fake=arrays(tmp_path / "fake", *(real + 10)), metrics=["l1", "l1_units", "psnr"]
    )
    assert scores["l1_units"] == pytest.approx(10, rel=1e-3) and scores["l1"] == pytest.approx(20 / 65535, rel=1e-3)
    assert scores["psnr"] == pytest.approx(20 * np.log10(65535 / 10), rel=1e-3)
    declared = tfgan.evaluate(real=tmp_path / "real", fake=tmp_path / "fake", metrics=["l1_units", "psnr"], value_range=["1000:1300"])
    assert declared["l1_units"] == pytest.approx(10, rel=1e-3) and declared["psnr"] == pytest.approx(20 * np.log10(30), rel=1e-3)


def test_signed_and_float_images_are_compared_in_their_range(tmp_path, caplog):
    real = np.linspace(-40, 40, 256, dtype=np.float32).reshape(16, 16)
    true, made = arrays(tmp_path / "real", real, real[::-1]), arrays(tmp_path / "fake", real - 1, real[::-1] + 3)
    with pytest.raises(tfgan.UserError, match="float32 values: say which are the lowest and the highest there are, --value_range=LOW:HIGH"):
        tfgan.evaluate(real=true, fake=made, metrics=["l1"])
    with pytest.raises(tfgan.UserError, match="no domains, such as ct"):
        tfgan.evaluate(real=true, fake=made, metrics=["l1"], value_range=["ct:0:1"])
    scores = tfgan.evaluate(real=true, fake=made, metrics=["l1", "l1_units"], value_range=["-50:50"])
    assert scores["l1_units"] == pytest.approx(2) and scores["l1"] == pytest.approx(2 / 50)
    assert tfgan.evaluate(real=true, fake=made, metrics=["l1_units"], value_range=["auto"])["l1_units"] < 2
    assert "of the values are outside -40 to 40, and are clipped" in caplog.text
