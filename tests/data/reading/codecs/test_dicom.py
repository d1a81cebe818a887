"""DICOM in the units that it states: Hounsfield units for CT, and what is no image is named."""

import io

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom", reason="DICOM needs the extra medical")

from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, JPEG2000Lossless  # noqa: E402

from tfgan.data.reading import images  # noqa: E402
from tfgan.errors import UnreadableImage  # noqa: E402

RNG = np.random.default_rng(0)


def dicom(pixels, bits=16, signed=False, kind="MONOCHROME2", syntax=ExplicitVRLittleEndian, frames=0, **tags) -> bytes:
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID, data.file_meta.MediaStorageSOPClassUID = syntax, CTImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = "1.2.3"
    data.SOPClassUID = CTImageStorage
    if pixels is not None:
        height, width = pixels.shape[1:3] if frames else pixels.shape[:2]
        data.Rows, data.Columns, data.SamplesPerPixel = height, width, 3 if kind == "RGB" else 1
        data.PhotometricInterpretation, data.BitsAllocated = kind, pixels.dtype.itemsize * 8
        data.BitsStored, data.HighBit, data.PixelRepresentation = bits, bits - 1, int(signed)
        if kind == "RGB":
            data.PlanarConfiguration = 0
        if frames:
            data.NumberOfFrames = frames
        data.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(data, name, value)
    content = io.BytesIO()
    pydicom.dcmwrite(content, data, enforce_file_format=True)
    return content.getvalue()


def check(content, expected, dtype, bands):
    image, info = images.load(content)
    assert image.dtype == dtype == info.dtype and np.array_equal(image[..., 0], expected)
    assert info == images.probe(content) and (info.bands, info.format) == (bands, "DICOM")


def test_hounsfield_units():
    stored = RNG.integers(0, 4096, (6, 5)).astype(np.uint16)
    content = dicom(stored, bits=12, RescaleSlope="1", RescaleIntercept="-1024")
    check(content, stored.astype(np.int16) - 1024, "int16", True)
    check(dicom(stored, bits=16, RescaleSlope=1, RescaleIntercept=-1024), stored.astype(np.int32) - 1024, "int32", True)
    signed = RNG.integers(-1024, 3072, (6, 5)).astype(np.int16)
    check(dicom(signed, signed=True), signed, "int16", True)


def test_slopes_that_are_no_whole_numbers():
    stored = RNG.integers(0, 4096, (6, 5)).astype(np.uint16)
    check(dicom(stored, bits=12, RescaleSlope="0.25", RescaleIntercept="1.5"), (stored * 0.25 + 1.5).astype(np.float32), "float32", True)


def test_pictures():
    check(dicom(np.arange(30, dtype=np.uint8).reshape(6, 5), bits=8), np.arange(30).reshape(6, 5), "uint8", False)
    deep = np.arange(30, dtype=np.uint16).reshape(6, 5)
    check(dicom(deep, bits=12), deep, "uint16", False)
    check(dicom(deep, bits=12, kind="MONOCHROME1"), 4095 - deep, "uint16", False)  # whose least value is the brightest
    color = RNG.integers(0, 256, (6, 5, 3), np.uint8)
    image, info = images.load(dicom(color, bits=8, kind="RGB"))
    assert np.array_equal(image, color) and not info.bands and info.channels == 3


def test_frames_are_pages():
    stored = RNG.integers(0, 4096, (3, 6, 5)).astype(np.uint16)
    content = dicom(stored, bits=12, frames=3, RescaleIntercept=-1024, RescaleSlope=1)
    check(content, stored[0].astype(np.int16) - 1024, "int16", True)
    for rule, channels in (("channels", 3), ("frames", 1)):
        image, info = images.load(content, rule)
        assert np.array_equal(image, np.moveaxis(stored, 0, -1).astype(np.int16) - 1024)
        assert (info.channels, info.pages) == (channels, 3) and info == images.probe(content, rule)
    with pytest.raises(UnreadableImage, match="DICOM with 3 frames: .*--pages=frames"):
        images.probe(content, "refuse")


@pytest.mark.parametrize(
    "content, says",
    [
        (dicom(None), "DICOM without an image"),
        (dicom(np.zeros((6, 5), np.uint8), bits=8, kind="PALETTE COLOR"), "DICOM, PALETTE COLOR, 1 samples of 8 bits: not supported"),
        (dicom(np.zeros((6, 5), np.uint16), syntax=DeflatedExplicitVRLittleEndian), "deflated as a whole: not supported"),
    ],
)
def test_what_is_not_supported_is_named(content, says):
    for read in (images.probe, images.decode):
        with pytest.raises(UnreadableImage, match=says):
            read(content)


def test_compressions_without_a_decoder():
    plain = dicom(np.zeros((6, 5), np.uint16))
    data = pydicom.dcmread(io.BytesIO(plain))
    data.file_meta.TransferSyntaxUID = JPEG2000Lossless
    data.PixelData = pydicom.encaps.encapsulate([b"\xff\x4f\xff\x51" + bytes(60)])
    data["PixelData"].VR = "OB"
    content = io.BytesIO()
    pydicom.dcmwrite(content, data, enforce_file_format=True)
    with pytest.raises(UnreadableImage, match="DICOM, JPEG 2000.*: not supported; convert it"):
        images.decode(content.getvalue())


def test_damage_is_called_damage():
    content = dicom(np.zeros((60, 50), np.uint16))
    with pytest.raises(UnreadableImage, match="damaged or incomplete"):
        images.decode(content[:-1000])


def test_memory_is_judged_by_the_header(monkeypatch):
    monkeypatch.setenv("TFGAN_IMAGE_MEMORY", str(1 / 1024))
    content = dicom(np.zeros((300, 300), np.uint16))
    for read in (images.probe, images.decode):
        with pytest.raises(UnreadableImage, match="^with 300×300 pixels it takes"):
            read(content)
