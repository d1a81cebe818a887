"""Opens image files as far as their headers: what they are, how much memory their pixels take, and in which words they are refused."""

import contextlib
import dataclasses
import io
import logging
import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from tfgan.data import memory
from tfgan.data.formats import FORMATS, STANDARD, sniffed
from tfgan.errors import ReadFailed, UnreadableImage, UserError
from tfgan.paths.special import special

logger = logging.getLogger(__name__)

# Pillow's own limit is lower, and warns on every honest orthophoto; it can only be set for the whole process. What takes more memory than
# is allowed is refused by `describe`, before it is unpacked.
Image.MAX_IMAGE_PIXELS = 2**30
# What Pillow warns of, in words for programmers and without the file's name, is sizes, refused here, and metadata, see `orientation`.
warnings.filterwarnings("ignore", module=r"PIL\.")

# Channels that `decode` returns for each of Pillow's modes, before transparency that is stated beside the pixels (a tRNS chunk).
_CHANNELS = {
    mode: channels
    for channels, modes in {
        1: ("1", "L", "I;16", "I;16B"),
        2: ("LA", "La"),
        3: ("P", "RGB", "RGBX", "YCbCr", "CMYK"),
        4: ("PA", "RGBA", "RGBa"),
    }.items()
    for mode in modes
}
_NAMES = ", ".join(dict.fromkeys(sorted(STANDARD.values()) + sorted(FORMATS.values())))
DECODER_ERRORS = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error),
    *(ArithmeticError, AttributeError, AssertionError, NotImplementedError, RecursionError),
)
"""What Pillow's plugins raise for damaged files."""

# Bytes a pixel that decoders hold beside the image: WebP and AVIF whole canvases, progressive JPEG its coefficients.
_DECODER = {"WEBP": 12, "AVIF": 12, "HEIF": 8, "GIF": 4}
_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}  # bytes a pixel in Pillow's memory; all others have 4


@dataclasses.dataclass(frozen=True)
class ImageInfo:
    """Size and pixel type of the array that `decode` returns for a file."""

    height: int  # pixels, as the image is meant to be seen (EXIF orientation applied)
    width: int
    channels: int  # 1, 2, 3 or 4
    dtype: str  # "uint8" or "uint16"
    alpha: bool  # whether the last channel is transparency
    bands: bool = False  # whether the channels are measured data, neither colors nor transparency


def orientation(image: Image.Image, exif: Image.Exif, file: Path | bytes) -> int:
    """How an image is to be turned, as in EXIF 2.32, tag 274; 1, as it is stored, if its metadata does not say, or is damaged.

    The latter is logged of the first such file of a process.
    """
    if image.info.get("exif") and not exif:
        _tell_damaged(file.as_posix() if isinstance(file, Path) else "an image")
    found = exif.get(ExifTags.Base.Orientation, 1)
    return found if found in range(1, 9) else 1


_damaged: list[str] = []


def _tell_damaged(name: str):
    if not _damaged:
        _damaged.append(name)
        logger.info(f"{name}: its metadata (EXIF) is damaged; it is taken as it is stored, and so are others like it.")


@contextlib.contextmanager
def reasons(source: Path | bytes):
    """Turns what Pillow raises into `UnreadableImage`, and what the file system raises into `ReadFailed`."""
    try:
        yield
    except UserError:  # a wrong setting of memory, or a file that another reader could not read
        raise
    except UnidentifiedImageError:
        raise UnreadableImage(f"not an image, or damaged from the start (accepted: {_NAMES})") from None
    except Image.DecompressionBombError:
        raise UnreadableImage(f"it claims more than {2 * 2**30 / 1e6:,.0f} megapixels") from None
    except DECODER_ERRORS as error:
        if isinstance(error, OSError) and error.errno is not None and isinstance(source, Path):  # Pillow's own have no number
            raise ReadFailed(source, error) from None
        raise UnreadableImage(f"damaged or incomplete: {error}") from None


def open_image(source: Path | bytes) -> ImageFile.ImageFile:
    """The image in a file, or in its bytes, with its header read; the caller closes it."""
    if file_size(source) == 0:
        raise UnreadableImage("the file is empty")
    try:
        return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=sorted(set(FORMATS.values())))
    except UnidentifiedImageError:
        unread = sniffed(source[:12] if isinstance(source, bytes) else _first_bytes(source))
        if unread is None:
            raise
        raise UnreadableImage(f"{unread.name}, whatever its ending says: {unread.cure}") from None


def file_size(source: Path | bytes) -> int:
    """The bytes of a file; raises `UnreadableImage` for what is no file, and must not be opened."""
    if isinstance(source, bytes):
        return len(source)
    if other := special(source):
        raise UnreadableImage(f"is {other}, not a file")
    return source.stat().st_size


def read_content(source: Path | bytes) -> bytes:
    """The bytes of a file, unless there are more of them than images may take of memory."""
    size = file_size(source)
    if size > memory.limit():
        raise UnreadableImage(f"the file {memory.refusal(2 * size)}")
    return source if isinstance(source, bytes) else source.read_bytes()


def _first_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(12)


def describe(image: ImageFile.ImageFile) -> ImageInfo:
    """Size and pixel type, as far as Pillow has read the header; height and width as stored, before any orientation is applied."""
    width, height = image.size
    # Pillow turns 16-bit color into 8 bits and says so only in the raw mode of the pixel data, such as "RGB;16B" in PNG.
    raw = str(image.tile[0].args) if image.format in ("PNG", "TIFF") else ""
    deep = ";16" in raw
    channels = 2 if raw.startswith("LA;16") else _CHANNELS.get(image.mode)
    if channels is None or (deep and image.format == "TIFF" and channels > 1):
        found = f"the pixel type {image.mode} (Pillow's name)" if channels is None else "16-bit color in TIFF"
        raise UnreadableImage(f"{found} is not supported; save it as 8- or 16-bit PNG")
    if image.has_transparency_data and channels in (1, 3):
        channels += 1
    info = ImageInfo(height, width, channels, "uint16" if deep else "uint8", alpha=channels in (2, 4))
    if needed(image, info) > memory.limit():
        raise UnreadableImage(f"with {height}×{width} pixels it {memory.refusal(needed(image, info))}")
    return info


def needed(image: ImageFile.ImageFile, info: ImageInfo) -> int:
    """The bytes of memory that an image takes until its pixels are an array."""
    a_pixel = _STORED.get(image.mode, 4) + info.channels * np.dtype(info.dtype).itemsize
    a_pixel += _DECODER.get(str(image.format), 6 if image.info.get("progressive") else 0)
    if info.dtype == "uint16" and info.channels > 1:
        a_pixel += 16  # see `_decode_png16`
    return info.height * info.width * max(a_pixel, memory.BYTES_PER_PIXEL)
