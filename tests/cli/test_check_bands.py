"""What check says of images of bands, pages and measured values: how they are read, or the true reason why not."""

import numpy as np
import pytest
import tifffile

from tfgan.cli.main import main

RNG = np.random.default_rng(0)


def pairs(folder, source, **options):
    """Pairs of TIFF files: `source(i)` and a gray map."""
    for split, count in (("train", 3), ("val", 1)):
        for side in ("sat", "map"):
            (folder / split / side).mkdir(parents=True)
        for number in range(count):
            image = source()
            tifffile.imwrite(folder / split / "sat" / f"{number}.tif", image, metadata=None, **options)
            gray = RNG.integers(0, 256, (32, 32)).astype(np.uint8)
            tifffile.imwrite(folder / split / "map" / f"{number}.tif", gray, metadata=None)


def check(folder, capsys, *flags):
    code = main(["check", str(folder), "--method=pix2pix", "--generator=unet_32", "--image_size=32", "--noprobe", *flags])
    captured = capsys.readouterr()
    return code, " ".join((captured.out + captured.err).split())


CONTIGUOUS = {"photometric": "minisblack", "planarconfig": "contig"}


@pytest.mark.parametrize(
    ("dtype", "bands", "options"),
    [
        ("uint8", 4, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),  # near infrared as GDAL declares it
        ("uint8", 4, {"photometric": "rgb", "extrasamples": ["unspecified"]}),
        ("uint16", 4, CONTIGUOUS),
        ("uint8", 6, CONTIGUOUS),
    ],
)
def test_all_bands_are_told_and_none_is_laid_over_white(tmp_path, capsys, dtype, bands, options):
    pairs(tmp_path, lambda: RNG.integers(0, 200, (32, 32, bands)).astype(dtype), **options)
    code, said = check(tmp_path, capsys)
    assert code == 0 and f"sat 32×32, {bands} bands" in said and "with transparency" not in said and "--direction=sat_to_map" in said


def test_pages_are_refused_until_it_is_said_what_they_are(tmp_path, capsys):
    pairs(tmp_path, lambda: RNG.integers(0, 256, (6, 32, 32)).astype(np.uint8), photometric="minisblack")
    code, said = check(tmp_path, capsys)
    assert code != 0 and "TIFF with 6 pages" in said and "--pages=channels" in said
    code, said = check(tmp_path, capsys, "--pages=channels")
    assert code == 0 and "sat 32×32, 6 bands, uint8" in said and "--pages=channels" in said.partition("Train ")[2]


def test_values_that_need_a_range_name_the_flag(tmp_path, capsys):
    pairs(tmp_path, lambda: RNG.integers(-1024, 3072, (32, 32)).astype(np.int16), photometric="minisblack")
    code, said = check(tmp_path, capsys)
    assert "--value_range" in said and "damaged" not in said
    code, said = check(tmp_path, capsys, "--value_range=sat:-1024:3071")
    assert code == 0 and "sat 32×32, 1 band, int16, range -1024 to 3071" in said
