"""Opens image files as far as their headers: what they are, how much memory their pixels take, and in which words they are refused."""

import contextlib
import ctypes
import dataclasses
import errno
import io
import logging
import lzma
import re
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError

from tfgan.data.reading import memory
from tfgan.data.reading.codecs.jpeg import refuse_unread_jpeg
from tfgan.data.reading.formats import FORMATS, LONGEST_HEAD, PICTURES, STANDARD, sniffed
from tfgan.errors import ReadFailed, TooLarge, UnreadableImage, UserError
from tfgan.paths.special import special

logger = logging.getLogger(__name__)

# Pillow's own limit is lower, and warns on every honest orthophoto; it can only be set for the whole process. What takes more memory than
# is allowed is refused by `describe`, before it is unpacked.
Image.MAX_IMAGE_PIXELS = 2**30
# What Pillow warns of, in words for programmers and without the file's name, is sizes, refused here, and metadata, see `orientation`.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())  # or Python shows on the terminal what Pillow logs, and then raises


def _silence_libtiff():
    """Keeps libtiff, which Pillow decodes with, from writing lines of its own past `sys.stderr`; Pillow raises what is an error of them.

    Its handlers are set for the whole process. Where Pillow's library does not show libtiff's functions, as on Windows, all stays as it is.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(Image.core.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)


_silence_libtiff()

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
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error, zlib.error, lzma.LZMAError),
    *(ArithmeticError, AttributeError, AssertionError, NotImplementedError, RecursionError),
)
"""What readers raise for damaged files."""

# Bytes a pixel that decoders hold beside the image: WebP and AVIF whole canvases, progressive JPEG its coefficients.
_DECODER = {"WEBP": 12, "AVIF": 12, "HEIF": 8, "GIF": 4}
_STORED = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2}  # bytes a pixel in Pillow's memory; all others have 4


ON_MAPS = ("TIFF", "JPEG 2000", "Erdas Imagine")
"""Formats of which GDAL, whose program cuts rasters into tiles, reads every file that is read here."""

_COLORS = {1: "gray", 2: "gray with transparency", 3: "RGB", 4: "RGB with transparency"}


@dataclasses.dataclass(frozen=True)
class ImageInfo:
    """Size and pixel type of the array that `decode` returns for a file."""

    height: int  # pixels, as the image is meant to be seen (EXIF orientation applied)
    width: int
    channels: int  # 1 to 64
    dtype: str  # one of `tfgan.config.DTYPES`
    alpha: bool  # whether the file declares the last channel to be transparency
    bands: bool = False
    """Whether the channels are plain data, of no color and no transparency. Pictures are gray or RGB, uint8 or uint16."""
    pages: int = 1  # images of full size in the file
    format: str = dataclasses.field(default="", compare=False)  # as people call it: TIFF, NPY
    layout: str = dataclasses.field(default="", compare=False)  # how it is stored, where that is uncommon: planar, tiled
    nodata: float | None = dataclasses.field(default=None, compare=False)  # the value that a raster declares to be none

    def describe(self) -> str:
        """What the file is, in words of messages: "TIFF, 6 bands, int16, planar"."""
        bands = "1 band" if self.channels == 1 else f"{self.channels} bands"
        pages = f"{self.pages} pages" if self.pages > 1 else ""
        return ", ".join(filter(None, (self.format, bands if self.bands else _COLORS[self.channels], self.dtype, pages, self.layout)))


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
        logger.info(f"{name}: its metadata (EXIF) is damaged, so it is not rotated; the same for other such files.")


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
        # Pillow's own have no number, and a place that is none is what damage leads to.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL) and isinstance(source, Path):
            raise ReadFailed(source, error) from None
        # In such words Pillow says what it has no reader for. Damage may lead it to the same ones.
        unknown = re.search("unsupported|not supported", str(error), re.IGNORECASE)
        raise UnreadableImage(f"{'not supported, or damaged' if unknown else 'damaged or incomplete'}: {error}") from None


def open_image(source: Path | bytes) -> ImageFile.ImageFile:
    """The image in a file, or in its bytes, with its header read; the caller closes it."""
    if file_size(source) == 0:
        raise UnreadableImage("the file is empty")
    try:
        return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=sorted({*PICTURES.values()}))
    except UnidentifiedImageError:
        unread = sniffed(first_bytes(source, LONGEST_HEAD))
        if unread is None:
            refuse_unread_jpeg(first_bytes(source, 2**16))
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
    if size == 0:
        raise UnreadableImage("the file is empty")
    if size > memory.limit():
        raise TooLarge(f"the file {memory.refusal(2 * size)}")
    return source if isinstance(source, bytes) else source.read_bytes()


def first_bytes(source: Path | bytes, count: int = 4) -> bytes:
    """What a file begins with; raises `UnreadableImage` for an empty one, and for what is no file."""
    if file_size(source) == 0:
        raise UnreadableImage("the file is empty")
    if isinstance(source, bytes):
        return source[:count]
    with source.open("rb") as file:
        return file.read(count)


def info_of(image: ImageFile.ImageFile) -> ImageInfo:
    """Size and pixel type, as far as Pillow has read the header; height and width as stored, before any orientation is applied."""
    width, height = image.size
    # Pillow turns 16-bit color into 8 bits and says so only in the raw mode of the pixel data, such as "RGB;16B" in PNG.
    raw = str(image.tile[0].args) if image.format == "PNG" and image.tile else ""
    deep = ";16" in raw or image.mode.startswith("I;16")
    channels = 2 if raw.startswith("LA;16") else _CHANNELS.get(image.mode)
    form = "JPEG" if image.format == "MPO" else str(image.format)
    if channels is None:
        raise UnreadableImage(f"{form} of the pixel type {image.mode} (Pillow's name): not supported; save it as PNG, TIFF or NPY")
    if image.has_transparency_data and channels in (1, 3):
        channels += 1
    info = ImageInfo(height, width, channels, "uint16" if deep else "uint8", alpha=channels in (2, 4), format=form)
    check_room(info, needed(image, info))
    return info


def orient(pixels: np.ndarray, turned: int) -> np.ndarray:
    """Turns stored pixels upright; `turned` as in EXIF 2.32, tag 274. In numpy because Pillow cannot hold 16-bit color."""
    if turned in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if turned in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turned in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def check_room(info: ImageInfo, amount: int):
    """Raises `TooLarge` for an image whose pixels take `amount` bytes of memory, if that is more than images may take."""
    if amount > memory.limit():
        tiles = (
            ", or train on tiles of it, which a few lines of Python cut (docs/data.md#tiles-of-large-rasters)"
            if info.format in ON_MAPS
            else ""
        )
        raise TooLarge(f"with {info.height}×{info.width} pixels it {memory.refusal(amount)}", tiles)


def needed(image: ImageFile.ImageFile, info: ImageInfo) -> int:
    """The bytes of memory that an image takes until its pixels are an array."""
    a_pixel = _STORED.get(image.mode, 4) + info.channels * np.dtype(info.dtype).itemsize
    a_pixel += _DECODER.get(str(image.format), 6 if image.info.get("progressive") else 0)
    if info.dtype == "uint16" and info.channels > 1:
        a_pixel += 16  # see `_decode_png16`
    return info.height * info.width * max(a_pixel, memory.BYTES_PER_PIXEL)
