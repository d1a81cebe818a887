"""Turns image files into arrays and back: one rule for orientation, palettes, transparency and number types, used by every verb.

A picture is an H×W×C array, uint8 (0 to 255) or uint16 (0 to 65535), with C = 1 gray, 2 gray and alpha, 3 RGB or 4 RGBA, where alpha is
what the file declares to be transparency. Bands are all else: H×W×C arrays of plain data, C from 1 to 64, of any of `DTYPES`.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config import DTYPES, MOST_CHANNELS, Domain
from tfgan.data.reading import memory, nodata
from tfgan.data.reading.codecs import arrays, dicom, nifti, pillow, raster, tiff, video_frames
from tfgan.data.reading.codecs.geo import map_tags, nodata_tag
from tfgan.data.reading.codecs.numbers import narrowed
from tfgan.data.reading.codecs.pillow import from_pillow
from tfgan.data.reading.formats import ARRAYS, FORMATS, MEDICAL, PICTURES, RASTERS, VIDEOS, is_video
from tfgan.data.reading.headers import ImageInfo, first_bytes, read_content, reasons
from tfgan.data.reading.pixels import convert, middle, resize
from tfgan.errors import UnreadableImage, UserError
from tfgan.paths.files import write_atomically

__all__ = [
    "EXTENSIONS",
    "ImageInfo",
    "Loaded",
    "WRITTEN",
    "convert",
    "decode",
    "decode_values",
    "encode",
    "fit",
    "from_pillow",
    "has_palettes",
    "load",
    "middle",
    "probe",
    "read",
    "resize",
    "save",
    "why_not",
]

EXTENSIONS = tuple(FORMATS)
"""File endings of images, in lower case and without the dot; compare with `tfgan.data.reading.formats.ending`."""

WRITTEN = tuple(PICTURES | ARRAYS)
"""Those of them that are written, as one image a file; see `why_not`."""

HEAD = 4096  # bytes by which a file's format is known

_LOSSY_OR_OPAQUE = ("JPEG", "BMP", "GIF")  # without room for transparency


class Loaded(NamedTuple):
    """An image from a file."""

    pixels: np.ndarray  # H×W×C
    info: ImageInfo


def probe(source: Path | bytes, pages: str = "first") -> ImageInfo:
    """Size and pixel type of an image from its header alone.

    The pixels are not checked. An orientation that a PNG states after its pixels is not seen here, only by `decode`.

    Args:
        source: the file, or its bytes.
        pages: what becomes of several pages, one of `tfgan.config.spec.READINGS`. For "frames", it is told what one page is.

    Raises:
        UnreadableImage: the file is empty, too large, no image of an accepted format, of an unsupported pixel type, or of several pages
            that are refused.
        ReadFailed: the file is missing, or the system does not give it.
    """
    with reasons(source):
        if isinstance(source, Path) and is_video(source):
            return video_frames.probe(source, rule_of(pages))
        codec = _codec(first_bytes(source, HEAD))
        return pillow.probe(source) if codec is pillow else codec.probe(source, pages if codec is nifti else rule_of(pages))


def load(source: Path | bytes, pages: str = "first") -> Loaded:
    """The image in a file, or in the bytes of a file, as it is meant to be seen, and what it is.

    EXIF orientation is applied; palettes become their RGB or RGBA colors; CMYK and YCCK become RGB without a color profile; 1-bit
    images become 0 and 255; of an animation comes the first frame, of a video the first or the one that `chosen_frame` in
    `tfgan.data.reading.codecs.video_frames` names. Number types that images do not have here become the next one
    that holds their values, see `tfgan.data.reading.codecs.numbers`. Bands that a raster declares to hold no data
    somewhere have the least of their other values there; colors are as they are.

    Args:
        source: the file, or its bytes.
        pages: what becomes of several pages, one of `tfgan.config.spec.READINGS`.

    Returns:
        H×W×C pixels of `info.dtype`, which may be read-only; for "frames", the channels of one page after those of the other.

    Raises:
        UnreadableImage: `probe` would refuse the file; pixels are missing or damaged; values are no finite numbers, or too large. JPEG and
            WebP carry no checksum: damage inside a file that is complete cannot always be told from a picture.
        ReadFailed: the file is missing, or the system does not give it.
    """
    with memory.budget.turn(), reasons(source):
        if isinstance(source, Path) and is_video(source):
            return Loaded(*video_frames.decode(source, rule_of(pages)))
        pixels, info = _decoded(source, pages)
        name = source.as_posix() if isinstance(source, Path) else "an image"
        if info.bands and info.nodata is not None:
            pixels = nodata.filled(pixels, info.nodata, nodata.least(pixels, info.nodata), name)
        return Loaded(narrowed(pixels, info.dtype, name), info)


def without_data(source: Path, value: float) -> np.ndarray:
    """Which pixels of a raster hold no data, H×W bool: those of which all bands have the value that it declares for that.

    Raises:
        UnreadableImage, ReadFailed: as `load`.
    """
    with memory.budget.turn(), reasons(source):
        return nodata.has_none(_decoded(source, "first")[0], value)


def _decoded(source: Path | bytes, pages: str) -> tuple[np.ndarray, ImageInfo]:
    """The image in a file as its reader gives it, and what it is."""
    content = read_content(source)
    codec = _codec(content[:HEAD])
    if codec is pillow:
        return pillow.decode(source, content)
    return codec.decode(content, pages if codec is nifti else rule_of(pages))


def rule_of(pages: str) -> str:
    """What becomes of several pages, without the axis of volumes."""
    return pages.partition(":")[0]


def _codec(head: bytes):
    """The module that reads a file which begins with these `HEAD` bytes."""
    if head[:4] in tiff.MAGICS:
        return tiff
    if head[:4] in arrays.MAGICS:
        return arrays
    if "DICOM" in MEDICAL.values() and dicom.is_dicom(head):
        return dicom
    if "NIfTI" in MEDICAL.values() and nifti.is_nifti(head):
        return nifti
    if RASTERS and raster.is_raster(head):
        return raster
    return pillow


def decode(source: Path | bytes, pages: str = "first") -> np.ndarray:
    """The pixels of `load`."""
    return load(source, pages).pixels


def decode_values(source: Path | bytes, pages: str = "first", number: int = 0) -> tuple[np.ndarray, np.ndarray | None]:
    """The image in a file, or in the bytes of a file, with the indices of a palette left as they are, for label maps.

    Args:
        source: the file, or its bytes.
        pages: what becomes of several pages, one of `tfgan.config.spec.READINGS`.
        number: of pages that are apart the one that is read, of a file of which `has_palettes` holds.

    Returns:
        For an image with a palette, its indices, H×W×1 uint8, and the palette, 256×3 uint8 (black where the file has fewer colors);
        for any other image, what `decode` returns, and None.

    Raises:
        UnreadableImage: `decode` would refuse the file, or its pages would be channels of one label map.
        ReadFailed: as `decode`.
    """
    with memory.budget.turn(), reasons(source):
        if isinstance(source, Path) and is_video(source):
            raise UnreadableImage("is a video, in which the exact values of label maps are lost: save its frames as PNG files")
        content = read_content(source)
        codec, rule = _codec(content[:HEAD]), rule_of(pages)
        if rule == "channels" or (codec is tiff and not number):  # pages that are apart are judged together, by the first
            count = probe(content, pages).pages
            if rule == "channels" and count > 1:
                raise UnreadableImage(
                    f"has {count} pages, and a label map is one: --pages=channels joins them; take --pages=frames or --pages=first"
                )
        if codec is pillow:
            indexed = pillow.decode_indices(source, content)
        else:
            indexed = tiff.decode_indices(content, rule, number) if codec is tiff else None
        return indexed or (decode(content, pages), None)


def has_palettes(source: Path | bytes, pages: str) -> bool:
    """Whether an image has a palette, or each of the pages of a TIFF that `pages` wants. Raises as `probe` does."""
    if isinstance(source, Path) and is_video(source):
        return False
    with reasons(source):
        codec = _codec(first_bytes(source, HEAD))
        return codec.has_palettes(source, rule_of(pages)) if codec in (pillow, tiff) else False


def read(source: Path | bytes, domain: Domain, alpha: str) -> np.ndarray:
    """The image in a file as an image of a domain: H×W×C of its channels and dtype.

    Args:
        source: the file, or its bytes.
        domain: no map of classes, which `tfgan.data.label_maps` reads.
        alpha: what becomes of a picture's transparency, see `convert`.

    Raises:
        UnreadableImage: `load` or `fit` would refuse the file.
        ReadFailed: the file is missing, or the system does not give it.
    """
    return fit(load(source, domain.pages), domain, alpha)


def fit(image: Loaded, domain: Domain, alpha: str) -> np.ndarray:
    """An image as one of a domain: pictures by the rule of `convert`, bands as they are.

    Args:
        image: what `load` has read, or a part of it.
        domain: where it belongs; one of bands takes pictures too, if they have its channels.
        alpha: what becomes of a picture's transparency.

    Returns:
        H×W×C of the domain's channels and dtype; where each page is an image, the channels of one page after those of the other.

    Raises:
        UnreadableImage: the file has other channels than a domain of bands, or a type whose values the domain's does not hold; or it has
            bands, and the domain is of pictures.
    """
    pixels, info = image
    if domain.pages.startswith("frames"):
        return np.concatenate([_fitted(page, info, domain, alpha) for page in np.split(pixels, info.pages, axis=-1)], axis=-1)
    return _fitted(pixels, info, domain, alpha)


def _fitted(pixels: np.ndarray, info: ImageInfo, domain: Domain, alpha: str) -> np.ndarray:
    if not domain.bands:
        if info.bands and not info.alpha:
            raise UnreadableImage(f"is {info.describe()}, and {domain.name} are pictures; keep them in folders of their own")
        return convert(pixels, domain.channels, domain.dtype, alpha)
    if pixels.shape[-1] != domain.channels:
        raise UnreadableImage(f"has {_bands(pixels.shape[-1])} ({info.describe()}), and {domain.name} has {domain.channels}")
    if not np.can_cast(pixels.dtype, domain.dtype):
        raise UnreadableImage(f"has {pixels.dtype} values, which {domain.dtype}, the type of {domain.name}, does not hold")
    return pixels.astype(domain.dtype, copy=False)


def why_not(extension: str, channels: int, dtype: str, bands: bool) -> str:
    """Why a file format cannot hold such images, as a sentence with a cure; "" if it can.

    Args:
        extension: the ending of the files, with or without its dot.
        channels: of the images, from 1.
        dtype: of their pixels.
        bands: whether the channels are plain data: neither colors nor transparency.
    """
    extension = extension.removeprefix(".").lower()
    if extension not in FORMATS:
        return f"cannot write images of the format {extension!r}; use one of {', '.join(WRITTEN)}"
    form = FORMATS[extension]
    if dtype not in DTYPES or not 1 <= channels <= MOST_CHANNELS:
        return f"{form} files cannot hold {_bands(channels)} of {dtype} values; there are 1 to {MOST_CHANNELS} of {', '.join(DTYPES)}"
    if form in VIDEOS.values():
        return f"{form} files are videos, and become of videos alone; write images as PNG (--format=png)"
    if form in MEDICAL.values():
        return f"{form} files are not written, but for the volumes of tfgan translate; write TIFF (--format=tif) or NPY (--format=npy)"
    if form in RASTERS.values():
        return f"{form} files are not written; write TIFF (--format=tif)"
    if form in ("TIFF", "NPY", "NPZ"):
        return ""
    if dtype not in ("uint8", "uint16"):
        return f"{form} files cannot hold {dtype} values; write them as TIFF (--format=tif) or NPY (--format=npy)"
    if channels > 4 or (bands and channels in (2, 4)):
        return f"{form} files cannot hold {_bands(channels)}; write them as TIFF (--format=tif) or NPY (--format=npy)"
    if dtype == "uint16" and form != "PNG":
        return f"{form} files cannot hold 16-bit {'gray' if channels == 1 else 'color'} images; write them as PNG (--format=png)"
    return ""


def encode(
    image: np.ndarray, extension: str, comment: str = "", bands: bool = False, like: Path | None = None, without: float | None = None
) -> bytes:
    """The bytes of a file of the format that `extension` names, with or without its dot.

    JPEG and WebP are written at quality 95; JPEG, BMP and GIF have no room for half transparency: there the image is laid over white.
    TIFF is deflated where Pillow does not write it.

    Args:
        image: H×W×C of any of `DTYPES`, C from 1 to 64.
        comment: ASCII text that the file holds beside the pixels.
        bands: whether the last of 2 or 4 channels uint8 or uint16 is plain data, and no transparency.
        like: the file of which it was made: if that lies on the map, a TIFF of its size gets its place.
        without: the value that a TIFF declares to be no data, if any.

    Raises:
        UserError: the format is unknown or cannot hold this image, see `why_not`.
    """
    channels, dtype = image.shape[-1], image.dtype.name
    bands = bands or channels > 4 or dtype not in ("uint8", "uint16")
    if reason := why_not(extension, channels, dtype, bands):
        raise UserError(reason)
    form = FORMATS[extension.removeprefix(".").lower()]
    tags = (map_tags(like, image.shape[:2], form) if like else []) + ([] if without is None else [nodata_tag(without)])
    if form == "TIFF" and (bands or tags or (dtype == "uint16" and channels > 1)):
        return tiff.encode(image, bands, comment, tags)
    if form in ("NPY", "NPZ"):
        return arrays.encode(image, form, comment)
    if form in _LOSSY_OR_OPAQUE and channels in (2, 4):
        image = convert(image, channels - 1, dtype)
    return pillow.encode(image, form, comment)


def save(path: Path, image: np.ndarray, comment: str = "", bands: bool = False, like: Path | None = None, without: float | None = None):
    """Writes an image file, whole or not at all, in the format of the path's ending; makes its folder if need be.

    Args:
        path: the file, which is replaced if it exists.
        image, comment, bands, like, without: see `encode`.

    Raises:
        UserError: the format is unknown or cannot hold this image.
        OSError: the file cannot be written.
    """
    write_atomically(path, encode(image, path.suffix, comment, bands, like, without))


def _bands(count: int) -> str:
    return "1 band" if count == 1 else f"{count} bands"
