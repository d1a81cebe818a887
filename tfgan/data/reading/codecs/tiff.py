"""TIFF: pages, planes, tiles and bands of any number type. Pillow reads ordinary gray, color and palettes; all else is read by tifffile."""

import dataclasses
import io
import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile

from tfgan.config import MOST_CHANNELS
from tfgan.data.reading.codecs import pillow
from tfgan.data.reading.codecs.geo import Tag
from tfgan.data.reading.codecs.numbers import read_as
from tfgan.data.reading.codecs.segments import check_sums, look_inside, read_segments, segment_bytes, stored_type
from tfgan.data.reading.headers import ImageInfo, check_room, orient
from tfgan.data.reading.memory import BYTES_PER_PIXEL, budget
from tfgan.errors import UnreadableImage

logger = logging.getLogger(__name__)

# It warns of every odd tag without naming the file. What cannot be read raises.
logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)

MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
DNG_VERSION, ORIENTATION, NODATA = 50706, 274, 42113  # tags, the last one of GDAL
MULTIPLIED, TRANSPARENT = 1, 2  # ExtraSamples that are transparency; the first has multiplied the colors

TILE = 256
"""Height and width in pixels of the tiles that are written."""

MOST_BYTES = 2**32 - 2**28
"""Bytes of pixels up to which a TIFF that is no BigTIFF has room for them, even if they cannot be packed, and for its tags."""

_JPEG, _PALETTE = 7, 3  # a compression, and a PhotometricInterpretation
_SAMPLES = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3}  # PhotometricInterpretation -> samples of a color: gray, RGB, palette, CMYK, YCbCr
_COLORS = {3: "a palette", 4: "a mask", 5: "CMYK", 6: "YCbCr", 8: "CIELab", 9: "ICCLab", 10: "ITULab", 32844: "LogL", 32845: "LogLuv"}
_COLORS |= dict.fromkeys((32803, 34892, 34893), "camera raw")
_BY_PILLOW = {1, 2, 3, 4, 5, 6, 7, 8, 32771, 32773, 32946, 34925, 50000, 50001}  # compressions


def probe(source: Path | bytes, pages: str) -> ImageInfo:
    """Size and type of the image in a TIFF, from its tags alone.

    Raises:
        UnreadableImage: `decode` would refuse it for what its tags say.
    """
    with _opened(source) as file:
        return _info(source, *_wanted(file, pages), apart=pages == "frames")


def decode(content: bytes, pages: str) -> tuple[np.ndarray, ImageInfo]:
    """The image H×W×C in a TIFF, in its own number type, and what it is.

    Args:
        content: the bytes of the file.
        pages: of several, "first", or all as "channels" or "frames", or "refuse".

    Raises:
        UnreadableImage: several pages, unless they are wanted; pages that differ; what no reader knows; missing or damaged pixels.
    """
    with _opened(content) as file:
        wanted, count = _wanted(file, pages)
        info = _info(content, wanted, count, apart=pages == "frames")
        if len(wanted) > 1 or not _is_ordinary(wanted[0]):
            budget.take(len(wanted) * _room(info, wanted[0]))
        found = [_by_pillow(content, page) if _is_ordinary(page) else _pixels(page) for page in wanted]
    return found[0] if len(found) == 1 else np.concatenate(found, axis=-1), info


def decode_indices(content: bytes, pages: str, number: int) -> tuple[np.ndarray, np.ndarray] | None:
    """The indices H×W×1 uint8 of one of the pages that `decode` reads, and its palette, 256×3 uint8; None if it has none."""
    with _opened(content) as file:
        page = _wanted(file, pages)[0][number]
        if page.photometric != _PALETTE or not _is_ordinary(page):
            return None
        check_sums(page)
        return pillow.decode_indices(content, content, page.index)


def has_palettes(source: Path | bytes, pages: str) -> bool:
    """Whether all pages that `decode` reads have a palette."""
    with _opened(source) as file:
        return all(page.photometric == _PALETTE and _is_ordinary(page) for page in _wanted(file, pages)[0])


def encode(image: np.ndarray, bands: bool, comment: str, tags: Sequence[Tag] = ()) -> bytes:
    """The bytes of a TIFF, deflated; bands are written as gray with samples of no stated meaning, which is what GDAL writes.

    Args:
        image: H×W×C; bands: whether its channels are plain data, see `ImageInfo`.
        comment: ASCII text, which becomes the ImageDescription.
        tags: more tags, see `tfgan.data.reading.codecs.geo`.
    """
    return encode_pages([image], bands, comment, tags)


def encode_pages(pages: Sequence[np.ndarray], bands: bool, comment: str, tags: Sequence[Tag] = ()) -> bytes:
    """Like `encode`, with several images; text and tags stand in the first one."""
    content = io.BytesIO()
    with tifffile.TiffWriter(content) as writer:
        for number, page in enumerate(pages):
            writer.write(
                page[..., 0] if page.shape[-1] == 1 else page,
                description=comment if comment and not number else None,
                extratags=tags if not number else (),
                **_options(page.shape[-1], bands),
            )
    return content.getvalue()


def write_tiles(
    path: Path, tiles: Iterator[np.ndarray], shape: tuple[int, int, int], dtype: str, bands: bool, comment: str, tags: Sequence[Tag]
):
    """Writes a TIFF of tiles, of which no more than a few are held at a time; as BigTIFF where others may be too small for it.

    Args:
        path: the file, which is replaced if it exists.
        tiles: of `TILE`×`TILE` pixels, h×w×C, smaller at the right and at the bottom, from the left to the right and from the top down.
        shape: H×W×C of them all; dtype: their type.
        bands, comment, tags: see `encode`.
    """
    height, width, channels = shape
    size = height * width * channels * np.dtype(dtype).itemsize
    with tifffile.TiffWriter(path, bigtiff=size > MOST_BYTES) as writer:
        writer.write(
            tiles,
            shape=shape if channels > 1 else shape[:2],
            dtype=dtype,
            tile=(TILE, TILE),
            description=comment or None,
            extratags=tags,
            maxworkers=1,
            **_options(channels, bands),
        )


def _options(channels: int, bands: bool) -> dict:
    """How tifffile writes images of so many channels."""
    color = not bands and channels in (3, 4)
    extra = channels - (3 if color else 1)
    return {
        "photometric": "rgb" if color else "minisblack",
        "planarconfig": "contig" if channels > 1 else None,
        "extrasamples": ["unspecified" if bands else "unassalpha"] * extra or None,
        "compression": "zlib",
        "metadata": None,
        "software": False,
    }


def stored_info(path: Path, pages: str) -> ImageInfo:
    """What `probe` tells of a TIFF, whatever memory it takes, if GDAL gives its samples as they are meant, so that parts can be read.

    Raises:
        UnreadableImage: it is another one; `probe` would refuse it, but for its size; or its pixels are damaged, as far as checksums tell.
    """
    with _opened(path) as file:
        (page, *others), _ = _wanted(file, pages)
        if others or page.index:
            raise UnreadableImage("several pages are not read by windows: save the one alone")
        if page.photometric == 6 and page.compression == _JPEG and page.bitspersample == 8:
            return ImageInfo(page.imagelength, page.imagewidth, 3, "uint8", alpha=False, format="TIFF", nodata=_nodata(page))
        info = _page_info(page)
        turned, multiplied = page.tags.valueof(ORIENTATION, 1) != 1, MULTIPLIED in tuple(page.extrasamples)
        if page.photometric not in (1, 2) or page.bitspersample not in (8, 16, 32, 64) or turned or (info.alpha and multiplied):
            raise UnreadableImage(
                "what is not stored as it is meant (turned, white as 0, odd numbers of bits, colors multiplied by their transparency) is "
                "not read by windows"
            )
        bands = info.bands or (info.alpha and _alpha_is_data(path, page))
        check_sums(page)  # GDAL passes over them too
        return dataclasses.replace(info, bands=bands, nodata=_nodata(page))


def read_text(path: Path) -> str:
    """The ImageDescription of the first page."""
    with tifffile.TiffFile(path) as file:
        return file.pages.first.description


@contextmanager
def _opened(source: Path | bytes) -> Iterator[tifffile.TiffFile]:
    with tifffile.TiffFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
        yield file


def _wanted(file: tifffile.TiffFile, pages: str) -> tuple[list[tifffile.TiffPage], int]:
    """The pages that are read by the rule `pages`, and how many there are; overviews, masks and previews are none."""
    if not len(file.pages):
        raise UnreadableImage("damaged or incomplete: a TIFF without an image")
    if DNG_VERSION in file.pages.first.tags:
        raise UnreadableImage("camera raw: not supported; develop it to TIFF, PNG or JPEG with the camera's program or a raw converter")
    whole = [file.pages.get(number) for number in range(len(file.pages))]
    found = [page for page in whole if isinstance(page, tifffile.TiffPage) and not page.is_reduced and not page.is_mask]
    if not found:
        raise UnreadableImage("TIFF of previews or masks alone: not supported; save it with the image itself")
    count = len(found) * _behind_each_other(file, found[0])
    if count > len(found) and pages != "first":
        raise UnreadableImage(f"TIFF of {count} pages with tags for the first alone: take that with --pages=first, or save all tags")
    if count > 1 and pages == "refuse":
        raise UnreadableImage(
            f"TIFF with {count} pages: take the first of each file with --pages=first, all as channels with "
            "--pages=channels, or each as an image with --pages=frames"
        )
    return found[:1] if pages == "first" else found, count


def _behind_each_other(file: tifffile.TiffFile, page: tifffile.TiffPage) -> int:
    """How many images lie behind one page's tags, as ImageJ and tifffile may write large stacks."""
    if len(file.pages) > 1 or not (file.is_imagej or file.is_shaped or file.is_stk):
        return 1
    return max(1, file.series[0].size // max(1, math.prod(page.shaped)))


def _info(source: Path | bytes, wanted: list[tifffile.TiffPage], count: int, apart: bool) -> ImageInfo:
    """What the wanted pages become together, or, if they are `apart`, what each is; `count`: the pages of the file."""
    infos = [pillow.probe(source, page.index) if _is_ordinary(page) else _page_info(page) for page in wanted]
    first = dataclasses.replace(infos[0], nodata=_nodata(wanted[0]))
    for number, info in enumerate(infos):
        if info != first:
            raise UnreadableImage(
                f"TIFF whose pages differ: page 1 is {first.height}×{first.width}, {first.describe()}, and page {number + 1} "
                f"{info.height}×{info.width}, {info.describe()}; take the first of each file with --pages=first"
            )
    if apart:
        check_room(first, len(infos) * _room(first, wanted[0]))
        return dataclasses.replace(first, pages=count)
    channels = first.channels * len(infos)
    if channels > MOST_CHANNELS:
        raise UnreadableImage(f"TIFF with {channels} channels, and {MOST_CHANNELS} are the most; choose some of them")
    several = len(infos) > 1
    if not several and _is_ordinary(wanted[0]):
        return dataclasses.replace(first, pages=count, bands=first.alpha and _alpha_is_data(source, wanted[0]))
    info = dataclasses.replace(first, channels=channels, pages=count, bands=first.bands or several, alpha=first.alpha and not several)
    check_room(info, _room(info, wanted[0]))
    if info.alpha and _alpha_is_data(source, wanted[0]):
        return dataclasses.replace(info, bands=True)
    return info


def _room(info: ImageInfo, page: tifffile.TiffPage) -> int:
    """The bytes of memory that an image takes until it is an array: as it is stored and as it is read, and one strip or tile."""
    value = 2 * max(stored_type(page).itemsize, np.dtype(info.dtype).itemsize) + 1
    return info.height * info.width * max(info.channels * value, BYTES_PER_PIXEL) + segment_bytes(page)


def _is_ordinary(page: tifffile.TiffPage) -> bool:
    """Whether Pillow reads a page as it is meant: gray, palettes and color of 8 bits, also with declared transparency, and gray of 16."""
    samples, deep = _SAMPLES.get(page.photometric, 0), page.bitspersample in (12, 16) and page.photometric in (0, 1)
    if page.compression not in _BY_PILLOW or page.sampleformat not in (1, 4) or page.imagedepth > 1 or not samples:
        return False
    if page.samplesperpixel == samples:
        return deep or page.bitspersample in (1, 2, 4, 8)
    return (
        page.samplesperpixel == samples + 1
        and page.bitspersample == 8
        and page.photometric in (1, 2, 3)
        and tuple(page.extrasamples) in ((TRANSPARENT,), *(((MULTIPLIED,),) if page.photometric != 3 else ()))
    )


def _page_info(page: tifffile.TiffPage) -> ImageInfo:
    """What tifffile makes of a page; raises `UnreadableImage` for what it, or this program, has no reading for."""
    layout = " and ".join(["planar"] * (page.planarconfig == 2 and page.samplesperpixel > 1) + ["tiled"] * page.is_tiled)
    channels, bits = page.samplesperpixel, page.bitspersample
    if page.photometric in _COLORS or page.photometric > 5:
        color = _COLORS.get(page.photometric, f"the color space {int(page.photometric)}")
        raise UnreadableImage(f"TIFF, {color}, {channels} channels of {bits} bits: not supported; save it as gray, RGB or plain bands")
    what = f"TIFF, {channels} {'band' if channels == 1 else 'bands'}"
    if page.imagedepth > 1:
        raise UnreadableImage(f"{what}, a volume of {page.imagedepth} slices in one page: not supported; save each slice as a page")
    dtype = read_as(stored_type(page), what)
    alpha = _declares_alpha(page, dtype)
    bands = not alpha and (dtype not in ("uint8", "uint16") or channels not in (1, 3))
    height, width = page.imagelength, page.imagewidth
    if not height * width * channels:
        raise UnreadableImage(f"{what}, {height}×{width}, which holds no pixel")
    if page.tags.valueof(ORIENTATION, 1) in (5, 6, 7, 8):
        height, width = width, height
    return ImageInfo(height, width, channels, dtype, alpha, bands, format="TIFF", layout=layout)


def _nodata(page: tifffile.TiffPage) -> float | None:
    """The value that pixels without data have, where the values of the image are those that are stored."""
    if page.photometric not in (1, 2, 6):
        return None
    try:
        return float(page.tags.valueof(NODATA))
    except (TypeError, ValueError):  # none, or no number
        return None


def _declares_alpha(page: tifffile.TiffPage, dtype: str) -> bool:
    extra = page.samplesperpixel - (3 if page.photometric == 2 else 1)
    return extra == 1 and tuple(page.extrasamples) in ((MULTIPLIED,), (TRANSPARENT,)) and dtype in ("uint8", "uint16")


def _alpha_is_data(source: Path | bytes, page: tifffile.TiffPage) -> bool:
    """Whether what RGB declares to be its transparency is a fourth band: GDAL declares so of each, such as near infrared.

    Transparency is nothing or all for most pixels. This is judged in the middle of an image, and logged of the first one of a process.
    """
    if page.photometric != 2 or tuple(page.extrasamples) != (TRANSPARENT,) or page.planarconfig != 1 or page.predictor > 2:
        return False
    with _opened(source) as file:  # as its page is changed by reading
        again = file.pages.get(page.index)
        seen = look_inside(again) if isinstance(again, tifffile.TiffPage) else None
    if seen is None:
        return False
    opacity = seen[..., -1]
    data = bool(np.mean((opacity > 0) & (opacity < np.iinfo(opacity.dtype).max)) > 0.5)
    if data and not _told:
        name = source.as_posix() if isinstance(source, Path) else "an image"
        _told.append(name)
        logger.info(
            f"{name}: its fourth channel is declared as transparency, but holds data: it is read as a band, as in other such files."
        )
    return data


_told: list[str] = []


def _by_pillow(content: bytes, page: tifffile.TiffPage) -> np.ndarray:
    check_sums(page)
    return pillow.decode(content, content, page.index)[0]


def _pixels(page: tifffile.TiffPage) -> np.ndarray:
    """The samples of a page, H×W×C in its own number type, upright."""
    planes = read_segments(page)[:, 0]
    pixels = np.moveaxis(planes[..., 0], 0, -1) if page.planarconfig == 2 and page.samplesperpixel > 1 else planes[0]
    if _declares_alpha(page, stored_type(page).name):
        pixels = _apart(pixels, page)
    return orient(pixels, page.tags.valueof(ORIENTATION, 1))


def _apart(pixels: np.ndarray, page: tifffile.TiffPage) -> np.ndarray:
    """Colors and transparency that are independent of each other, and black as 0."""
    color, opacity = pixels[..., :-1], pixels[..., -1:]
    most = np.iinfo(pixels.dtype).max
    if tuple(page.extrasamples) == (MULTIPLIED,):
        color = np.minimum(np.rint(color.astype(np.float64) * most / np.maximum(opacity, 1)), most).astype(pixels.dtype)
    return np.concatenate([most - color if page.photometric == 0 else color, opacity], axis=-1)
