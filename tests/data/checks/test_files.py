"""What is said of files of bands, arrays and pages."""

import numpy as np
import tifffile
from PIL import Image

from tfgan.data.checks.files import check_files
from tfgan.data.checks.headers import read_listing


def test_arrays_bands_and_pages_are_files_like_others(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 4), np.uint8))
    np.save(tmp_path / "b.npy", np.zeros((4, 4, 6), np.float32))
    tifffile.imwrite(tmp_path / "c.tif", np.zeros((3, 4, 4), np.int16), photometric="minisblack")
    Image.new("I;16", (4, 4)).save(tmp_path / "d.png")
    listing = read_listing(tmp_path)
    assert {name: (header.format, header.mode, header.bits, header.frames, header.bands) for name, header in listing.headers.items()} == {
        "a.npy": ("NPY", "L", 8, 1, False),
        "b.npy": ("NPY", "6 bands float32", 32, 1, True),
        "c.tif": ("TIFF", "1 band int16", 16, 3, True),
        "d.png": ("PNG", "I;16", 16, 1, False),
    }
    found = {finding.name: finding.files for finding in check_files(listing, {})}
    assert found == {"mixed_depth": ("d.png",)}  # no pages that would not count, and no depths of bands
