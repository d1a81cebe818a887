"""What libraries say of damaged files is in our words, and nowhere else."""

import io
import logging

import numpy as np
import pytest
from PIL import Image

from tfgan.data.reading import images
from tfgan.errors import UnreadableImage


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg", "group4"])
def test_the_library_of_tiff_files_writes_no_lines_of_its_own(compression, capfd):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8))
    file = io.BytesIO()
    noise.convert("1" if compression == "group4" else "RGB").save(file, "TIFF", compression=compression)
    whole, refused = file.getvalue(), 0
    for place in range(8, len(whole), 9):
        try:
            images.decode(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        except UnreadableImage as error:
            refused += bool(str(error))
    assert refused and capfd.readouterr() == ("", "")


def test_what_pillow_logs_goes_to_those_alone_who_ask_for_it(capfd, caplog):
    logging.getLogger("PIL.TiffImagePlugin").error("More samples per pixel than can be decoded: 65283")
    assert capfd.readouterr().err == "" and "More samples" in caplog.text
