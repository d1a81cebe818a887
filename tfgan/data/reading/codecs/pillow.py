"""Pictures as Pillow reads and writes them: JPEG, PNG, BMP, GIF, WebP, AVIF, HEIF, and the ordinary ones among TIFF."""

import dataclasses
import io
from pathlib import Path

import numpy as np
from PIL import Image

from tfgan.data.reading import memory
from tfgan.data.reading.chunks import chunks
from tfgan.data.reading.codecs import texts
from tfgan.data.reading.codecs.jpeg import refuse_unread_jpeg
from tfgan.data.reading.headers import ImageInfo, info_of, needed, open_image, orient, orientation
from tfgan.errors import UnreadableImage, UserError

_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def probe(source: Path | bytes, page: int = 0) -> ImageInfo:
    """Size and pixel type of an image from its header alone; `page` counts all images in a TIFF from 0."""
    with open_image(source) as image:
        if page:
            image.seek(page)
        info = info_of(image)
        # The base class's method, as that of a PNG decodes all pixels first, to find what may follow them.
        turned = orientation(image, Image.Image.getexif(image), source)
        # Pillow gives the size of a TIFF already turned, and turns its pixels when they are loaded.
        if image.format != "TIFF" and turned in (5, 6, 7, 8):
            info = dataclasses.replace(info, height=info.width, width=info.height)
        return info


def decode(source: Path | bytes, content: bytes, page: int = 0) -> tuple[np.ndarray, ImageInfo]:
    """The pixels H×W×C of an image, C from 1 to 4, uint8 or uint16, and what it is; they may be read-only.

    Args:
        source: the file, or its bytes, for messages.
        content: its bytes.
        page: of the images in a TIFF, counted from 0; of an animation, the first frame is read.
    """
    refuse_unread_jpeg(content)
    with open_image(content) as image:
        if page:
            image.seek(page)
        info = info_of(image)
        memory.budget.take(needed(image, info))
        _check_complete(content, image.format)
        image.load()
        turned = orientation(image, image.getexif(), source)
        pixels = _decode_png16(content, info.channels) if info.dtype == "uint16" and info.channels > 1 else _pixels(image, info)
    upright = orient(pixels.reshape(*pixels.shape[:2], info.channels), turned)
    return upright, dataclasses.replace(info, height=upright.shape[0], width=upright.shape[1])


def decode_indices(source: Path | bytes, content: bytes, page: int = 0) -> tuple[np.ndarray, np.ndarray] | None:
    """The indices H×W×1 uint8 of an image with a palette, and its colors, 256×3 uint8; None for any other image. See `decode`."""
    with open_image(content) as image:
        if page:
            image.seek(page)
        if image.mode != "P":
            return None
        memory.budget.take(needed(image, info_of(image)))
        _check_complete(content, image.format)
        image.load()
        colors = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        indices = orient(np.asarray(image)[..., None], orientation(image, image.getexif(), source))
    return indices, np.pad(colors, ((0, 256 - len(colors)), (0, 0)))


def has_palettes(source: Path | bytes, _pages: str) -> bool:
    """Whether `decode_indices` gives indices of an image in a file, or in its bytes."""
    with open_image(source) as image:
        return image.mode == "P"


def from_pillow(image: Image.Image) -> np.ndarray:
    """The pixels of a PIL image by the rules of `decode`, but for the orientation: H×W×C, C from 1 to 4, uint8 or uint16.

    Raises:
        UserError: an image of numbers of 32 bits, whose range nobody knows.
    """
    if image.mode.startswith("I;16"):
        return np.asarray(image).astype(np.uint16)[..., None]
    if image.mode in ("I", "F"):
        raise UserError(f"a PIL image of the mode {image.mode} has no known range: give its file, or an array.")
    gray, transparent = image.mode in ("1", "L", "LA", "La"), image.has_transparency_data
    return np.atleast_3d(np.asarray(image.convert(f"{'L' if gray else 'RGB'}{'A' * transparent}")))


def encode(image: np.ndarray, form: str, comment: str) -> bytes:
    """The bytes of a file of Pillow's format `form`, which can hold such an image, see `tfgan.data.reading.images.why_not`.

    Raises:
        UserError: a size that the format does not have, such as WebP's largest side of 16383 pixels.
    """
    channels = image.shape[-1]
    if image.dtype == np.uint16 and channels > 1:
        import tensorflow as tf  # Pillow writes 16 bits for gray only

        return texts.with_comment(tf.io.encode_png(image).numpy(), form, comment)

    content = io.BytesIO()
    try:
        options = ({"quality": 95} if form in ("JPEG", "WEBP", "AVIF", "HEIF") else {}) | texts.options(form, comment)
        Image.fromarray(image[..., 0] if channels == 1 else image).save(content, form, **options)
    except (OSError, ValueError) as error:
        height, width = image.shape[:2]
        raise UserError(f"{form} files cannot hold this image of {height}×{width}: {error}; write it as PNG (--format=png)") from None
    return content.getvalue() if form != "BMP" else texts.with_comment(content.getvalue(), form, comment)


def _pixels(image: Image.Image, info: ImageInfo) -> np.ndarray:
    """The pixels of a loaded image of 8 bits, or of a gray one of 16, as an array; in chunks, as Pillow converts and copies all it gets."""
    width, height = image.size
    gray, mode = info.channels == 1, _MODES[info.channels]
    pixels = np.empty((height, width) if gray else (height, width, info.channels), info.dtype)
    for rows in chunks(height, width):
        part = image if rows == slice(0, height) else image.crop((0, rows.start, width, rows.stop))
        pixels[rows] = np.asarray(part if info.dtype == "uint16" or part.mode == mode else part.convert(mode))
    return pixels


def _check_complete(content: bytes, form: str | None):
    """Finds files that end too early or were filled up with zeros, of which Pillow makes half a picture without a word."""
    if form == "PNG":
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            image.verify()  # the checksum of every chunk, which loading skips
    elif form in ("JPEG", "MPO") and content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda"):  # End Of Image, Start Of Scan
        raise UnreadableImage("damaged or incomplete: the JPEG data has no end")


def _decode_png16(content: bytes, channels: int) -> np.ndarray:
    import tensorflow as tf  # Pillow cannot read 16-bit color

    try:
        pixels = tf.io.decode_png(content, channels=4 if channels == 2 else channels, dtype=tf.uint16).numpy()
    except tf.errors.InvalidArgumentError as error:
        raise UnreadableImage(f"damaged or incomplete: {error.message}") from None
    return pixels[..., ::3] if channels == 2 else pixels  # TensorFlow spreads gray and alpha over RGBA
