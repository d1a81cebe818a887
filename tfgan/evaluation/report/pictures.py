"""Pictures inside the page: chosen evenly over training, and encoded as small as they stay the same to the eye."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from tfgan.data.reading.chunks import chunks
from tfgan.data.reading.headers import DECODER_ERRORS
from tfgan.errors import UnreadableImage, first_line
from tfgan.paths.special import special

LEAST_PSNR = 37.0
"""dB from which a smaller file counts as the same picture. Subsampled colors bleed over the edges of label maps, 24 dB; JPEG of quality 95
without subsampling, whose errors are not to be seen, has 37.5 to 48 dB on the sample pictures of trained runs."""

ENCODINGS: tuple[dict[str, Any], ...] = (
    {"format": "WEBP", "lossless": True},
    {"format": "WEBP", "quality": 90},
    {"format": "JPEG", "quality": 92, "subsampling": 0},  # not "optimize": Pillow's buffer for it overflows on a large picture of noise
    {"format": "JPEG", "quality": 95, "subsampling": 0},
)
SHOWN_BY_BROWSERS = ("PNG", "JPEG", "WEBP")
MOST_PIXELS = 2**24  # 17 megapixels: four rows of three images of 1024×1024 have 13; a run that was received may hold anything
MOST_BYTES = 4 * MOST_PIXELS


def evenly(items: list, count: int) -> list:
    """At most `count` of the items, evenly spaced, with the first and the last; only the last if `count` is 1."""
    if count == 1:
        return items[-1:]
    if len(items) <= count or count == 0:
        return items[:count]
    return [items[round(place * (len(items) - 1) / (count - 1))] for place in range(count)]


def embed(path: Path) -> dict:
    """The picture in `path` as {"uri", "width", "height"}, a data URI and pixels.

    Gray and RGB pictures of 8 bits become smaller where they can; others, such as those with transparency, stay what they are.

    Raises:
        UnreadableImage: the picture is too large for a page, damaged, of a format that browsers do not show, or no file.
    """
    if other := special(path):
        raise UnreadableImage(f"is {other}, not a file")
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise _too_large(f"has {_millions(size)} MB", MOST_BYTES)
        content = path.read_bytes()
        picture = Image.open(io.BytesIO(content), formats=SHOWN_BY_BROWSERS)
        if (pixels := picture.width * picture.height) > MOST_PIXELS:
            raise _too_large(f"has {_millions(pixels)} megapixels", MOST_PIXELS)
        picture.load()
    except UnidentifiedImageError:
        raise UnreadableImage(f"cannot be read: it is no {', '.join(SHOWN_BY_BROWSERS)}, or damaged from the start") from None
    except Image.DecompressionBombError:
        raise _too_large("has thousands of megapixels", MOST_PIXELS) from None
    except DECODER_ERRORS as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else f"damaged or incomplete, {first_line(error)}"
        raise UnreadableImage(f"cannot be read: {said}") from None
    ways = [(content, str(picture.format).lower()), *(_encoded(picture.convert("RGB")) if picture.mode in ("RGB", "L") else [])]
    content, kind = min(ways, key=lambda way: len(way[0]))
    uri = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    return {"uri": uri, "width": picture.width, "height": picture.height}


def _too_large(found: str, most: int) -> UnreadableImage:
    return UnreadableImage(f"{found}, too many for this page, which takes {most // 10**6} of a picture")


def _millions(count: int) -> str:
    """Rounded up, so that what is over a limit does not read as if it were the limit."""
    return f"{-(-count // 10**6):,}"


def _encoded(picture: Image.Image):
    """Yields the bytes and the kind, such as webp, of a picture in each encoding that looks like it."""
    for encoding in ENCODINGS:
        file = io.BytesIO()
        picture.save(file, **encoding)
        if encoding.get("lossless") or psnr(picture, Image.open(file)) >= LEAST_PSNR:
            yield file.getvalue(), encoding["format"].lower()


def psnr(one: Image.Image, two: Image.Image) -> float:
    """The peak signal-to-noise ratio of two pictures of one size, in dB, on 8 bits of RGB; infinite for equal ones."""
    first, second = (np.asarray(picture.convert("RGB")) for picture in (one, two))
    squares = (np.subtract(first[rows], second[rows], dtype=np.int32) ** 2 for rows in chunks(*first.shape[:2]))
    error = sum(int(part.sum(dtype=np.int64)) for part in squares) / first.size
    return float("inf") if error == 0 else float(10.0 * np.log10(255.0**2 / error))
