"""DICOM images in the units that they state, such as Hounsfield units, by the package pydicom. Several frames are pages."""

import io
import logging
import warnings
from pathlib import Path

import numpy as np

from tfgan.config import DTYPES, MOST_CHANNELS
from tfgan.data.reading.headers import ImageInfo, check_room
from tfgan.data.reading.memory import budget
from tfgan.errors import UnreadableImage

# It tells of values that break rules of the standard without the file's name. What cannot be read raises.
logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
warnings.filterwarnings("ignore", module="pydicom")

PLACE, MAGIC = 128, b"DICM"
DEFLATED = b"1.2.840.10008.1.2.1.99"  # a way of storing that packs the header too, which could unpack to any size
_CURE = "convert it with dcmconv or gdcmconv --raw, or save it as TIFF"


def is_dicom(head: bytes) -> bool:
    """Whether a file that begins so is DICOM."""
    return head[PLACE : PLACE + len(MAGIC)] == MAGIC


def probe(source: Path | bytes, pages: str) -> ImageInfo:
    """Size and type of the image in a DICOM file, from all that stands before the pixels.

    Raises:
        UnreadableImage: `decode` would refuse it for what its header says.
    """
    return _info(_header(source, pixels=False), pages)


def decode(content: bytes, pages: str) -> tuple[np.ndarray, ImageInfo]:
    """The values H×W×C of a DICOM file, by its rescale slope and intercept, and what they are.

    Args:
        content: the bytes of the file.
        pages: of several frames, "first", or all as "channels" or "frames", or "refuse".

    Raises:
        UnreadableImage: no image, several frames, unless they are wanted, or a compression without a decoder.
    """
    data = _header(content, pixels=True)
    info = _info(data, pages)
    budget.take(_room(data, info))
    try:
        values = data.pixel_array
    except (RuntimeError, NotImplementedError) as error:
        raise UnreadableImage(f"DICOM, {data.file_meta.TransferSyntaxUID.name}: not supported; {_CURE} ({error})") from None
    frames = values.reshape(_frames(data), info.height, info.width, -1)
    values = frames[0] if pages == "first" else np.concatenate(list(frames), axis=-1)
    if data.PhotometricInterpretation == "MONOCHROME1":  # its least value is the brightest
        low, high = _stored_range(data)
        values = low + high - values.astype(np.int32)
    slope, intercept = _rescale(data)
    if (slope, intercept) != (1, 0):
        values = values * np.float64(slope) + intercept
    return values.astype(info.dtype), info


def _header(source: Path | bytes, pixels: bool):
    import pydicom

    if isinstance(source, bytes):
        start = source[:4096]
    else:
        with source.open("rb") as file:
            start = file.read(4096)
    if DEFLATED in start:
        raise UnreadableImage(f"DICOM, deflated as a whole: not supported; {_CURE}")
    return pydicom.dcmread(io.BytesIO(source) if isinstance(source, bytes) else source, stop_before_pixels=not pixels)


def _info(data, pages: str) -> ImageInfo:
    if "Rows" not in data or "PhotometricInterpretation" not in data:
        raise UnreadableImage("DICOM without an image, such as a report or a plan: leave it out")
    kind, samples, frames = str(data.PhotometricInterpretation), int(data.get("SamplesPerPixel", 1)), _frames(data)
    gray = kind in ("MONOCHROME1", "MONOCHROME2") and samples == 1
    color = samples == 3 and (kind == "RGB" or kind.startswith("YBR")) and data.BitsAllocated == 8
    if not gray and not color:
        raise UnreadableImage(f"DICOM, {kind}, {samples} samples of {data.BitsAllocated} bits: not supported; save it as TIFF or PNG")
    if frames > 1 and pages == "refuse":
        raise UnreadableImage(
            f"DICOM with {frames} frames: take the first of each file with --pages=first, all as channels with "
            "--pages=channels, or each as an image with --pages=frames"
        )
    dtype = "uint8" if color else _dtype(data)
    count = frames if pages == "channels" else 1
    if count > 1 and color:
        raise UnreadableImage(f"DICOM with {frames} frames in color, which cannot be channels: take the first with --pages=first")
    channels = samples * count
    if channels > MOST_CHANNELS:
        raise UnreadableImage(f"DICOM with {channels} channels, and {MOST_CHANNELS} are the most; choose some of them")
    bands = count > 1 or (gray and dtype not in ("uint8", "uint16"))
    info = ImageInfo(int(data.Rows), int(data.Columns), channels, dtype, alpha=False, bands=bands, pages=frames, format="DICOM")
    if not info.height * info.width:
        raise UnreadableImage(f"DICOM of {info.height}×{info.width}, which holds no pixel")
    check_room(info, _room(data, info))
    return info


def _dtype(data) -> str:
    """The smallest type that holds all values that the file can have, after slope and intercept."""
    slope, intercept = _rescale(data)
    if slope != int(slope) or intercept != int(intercept):
        return "float32"
    ends = sorted(end * int(slope) + int(intercept) for end in _stored_range(data))
    whole = [dtype for dtype in DTYPES if np.dtype(dtype).kind in "iu"]
    return next((dtype for dtype in whole if np.iinfo(dtype).min <= ends[0] and ends[1] <= np.iinfo(dtype).max), "float32")


def _stored_range(data) -> tuple[int, int]:
    bits = int(data.get("BitsStored", data.BitsAllocated))
    if not 1 <= bits <= 32:
        raise UnreadableImage(f"DICOM of {bits} bits: not supported; save it as TIFF")
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if data.get("PixelRepresentation", 0) else (0, 2**bits - 1)


def _rescale(data) -> tuple[float, float]:
    return float(data.get("RescaleSlope", 1) or 1), float(data.get("RescaleIntercept", 0) or 0)


def _frames(data) -> int:
    return max(1, int(data.get("NumberOfFrames", 1) or 1))


def _room(data, info: ImageInfo) -> int:
    """The bytes of memory that an image takes until it is an array: all its frames as stored, and the values of those that are read."""
    pixels = info.height * info.width
    return pixels * (_frames(data) * int(data.get("SamplesPerPixel", 1)) * (int(data.BitsAllocated) // 8 or 1) + info.channels * 20)
