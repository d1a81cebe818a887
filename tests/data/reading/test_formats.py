"""Formats that are read are read whatever a file is called; those that are not are named, with what to do about them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfgan.data.reading import formats, images
from tfgan.errors import UnreadableImage


def test_formats_that_are_not_read_are_named_by_their_content(tmp_path, monkeypatch):
    monkeypatch.setattr(formats, "UNREAD", {"heic": formats.Unread("HEIC", "pip install pillow-heif, and they are read")})
    (tmp_path / "phone.jpg").write_bytes(b"\0\0\0\x18ftypheic" + bytes(40))
    for read in (images.decode, images.probe):
        with pytest.raises(UnreadableImage, match="HEIC, whatever its ending says: pip install pillow-heif"):
            read(tmp_path / "phone.jpg")


def test_heic_is_read_where_its_package_is(tmp_path):
    pytest.importorskip("pillow_heif")
    image = np.asarray(Image.linear_gradient("L").resize((48, 32)).convert("RGB"))
    images.save(tmp_path / "phone.heic", image)
    assert np.abs(images.decode(tmp_path / "phone.heic").astype(int) - image).mean() < 8
    (tmp_path / "phone.heic").rename(tmp_path / "phone.jpg")  # as some programs call them
    assert images.probe(tmp_path / "phone.jpg").channels == 3


def test_a_format_is_read_or_named():
    assert not set(formats.UNREAD) & set(images.EXTENSIONS)
    assert {"heic", "avif"} <= set(formats.UNREAD) | set(images.EXTENSIONS) and formats.UNREAD["nef"].name == "camera raw"
    told = formats.told_unread([Path("a.NEF"), Path("b.nef"), Path("c.png"), Path("d")])
    assert told.startswith(" 2 of its files are camera raw: develop them") and formats.told_unread([Path("c.png")]) == ""


def test_endings_of_packed_volumes_have_two_parts():
    assert [formats.ending(name) for name in ("a.nii.gz", "a.b.PNG", "a.gz", "a", ".hidden")] == ["nii.gz", "png", "gz", "", ""]
    found = [str(formats.with_ending(Path(name), "tif")) for name in ("x/a.nii.gz", "a.b.PNG", "a")]
    assert found == ["x/a.tif", "a.b.tif", "a.tif"]
