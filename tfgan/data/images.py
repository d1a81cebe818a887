"""Turns image files into arrays and back: one rule for orientation, palettes, transparency and bit depth, used by every verb.

An image is an H×W×C array, uint8 (0 to 255) or uint16 (0 to 65535), with C = 1 gray, 2 gray and alpha, 3 RGB or 4 RGBA.
"""

import dataclasses
import io
from pathlib import Path

import numpy as np
from PIL import Image

from tfgan.config import Size
from tfgan.data import comments, memory
from tfgan.data.formats import FORMATS
from tfgan.data.headers import ImageInfo, describe, needed, open_image, orientation, read_content, reasons
from tfgan.errors import UnreadableImage, UserError
from tfgan.paths.files import write_atomically

Box = tuple[float, float, float, float]

EXTENSIONS = tuple(FORMATS)
"""File endings of images, in lower case and without the dot; compare with `tfgan.data.formats.ending`."""

AT_ONCE = 2**22  # pixels that are converted together
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_RESAMPLING = {"bicubic": Image.Resampling.BICUBIC, "nearest": Image.Resampling.NEAREST}


def probe(source: Path | bytes) -> ImageInfo:
    """Size and pixel type of an image from its header alone.

    The pixels are not checked. An orientation that a PNG states after its pixels is not seen here, only by `decode`.

    Args:
        source: the file, or its bytes.

    Raises:
        UnreadableImage: the file is empty, too large, no image of an accepted format, or of an unsupported pixel type.
        ReadFailed: the file is missing, or the system does not give it.
    """
    with reasons(source), open_image(source) as image:
        info = describe(image)
        # The base class's method, as that of a PNG decodes all pixels first, to find what may follow them.
        turned = orientation(image, Image.Image.getexif(image), source)
        # Pillow gives the size of a TIFF already turned, and turns its pixels when they are loaded.
        if image.format != "TIFF" and turned in (5, 6, 7, 8):
            info = dataclasses.replace(info, height=info.width, width=info.height)
        return info


def decode(source: Path | bytes) -> np.ndarray:
    """The image in a file, or in the bytes of a file, as it is meant to be seen.

    EXIF orientation is applied; palettes become their RGB or RGBA colors; CMYK and YCCK become RGB without a color profile; 1-bit
    images become 0 and 255; of an animation comes the first frame. 16-bit gray (PNG, TIFF) and 16-bit color (PNG) stay uint16.

    Returns:
        H×W×C, C from 1 to 4, uint8 or uint16; it may be read-only.

    Raises:
        UnreadableImage: `probe` would refuse the file, or pixels are missing or damaged. JPEG and WebP carry no checksum: damage inside a
            file that is complete cannot always be told from a picture.
        ReadFailed: the file is missing, or the system does not give it.
    """
    with memory.budget.turn(), reasons(source):
        content = read_content(source)
        with open_image(content) as image:
            info = describe(image)
            memory.budget.take(needed(image, info))
            _check_complete(content, image.format)
            image.load()
            turned = orientation(image, image.getexif(), source)
            pixels = _decode_png16(content, info.channels) if info.dtype == "uint16" and info.channels > 1 else _pixels(image, info)
    return _orient(pixels.reshape(*pixels.shape[:2], info.channels), turned)


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


def decode_values(source: Path | bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """The image in a file, or in the bytes of a file, with the indices of a palette left as they are, for label maps.

    Returns:
        For an image with a palette, its indices, H×W×1 uint8, and the palette, 256×3 uint8 (black where the file has fewer colors);
        for any other image, what `decode` returns, and None.

    Raises:
        UnreadableImage, ReadFailed: `decode` would refuse the file.
    """
    with memory.budget.turn(), reasons(source):
        content = read_content(source)
        with open_image(content) as image:
            if image.mode != "P":
                return decode(content), None
            memory.budget.take(needed(image, describe(image)))
            _check_complete(content, image.format)
            image.load()
            colors = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
            indices = _orient(np.asarray(image)[..., None], orientation(image, image.getexif(), source))
    return indices, np.pad(colors, ((0, 256 - len(colors)), (0, 0)))


def convert(image: np.ndarray, channels: int, dtype: str, alpha: str = "composite") -> np.ndarray:
    """The image with the given number of channels and pixel type.

    This is the one rule by which any file becomes what a network eats:

    1. Transparency. "composite": the colors are laid over white. "drop": they are taken as stored. "keep": it stays a channel where
       `channels` is 2 or 4, and is composited otherwise.
    2. Color. Gray is repeated to RGB. RGB becomes gray by ITU-R 601 luma, 0.299 R + 0.587 G + 0.114 B, in Pillow's fixed-point
       weights. Where `channels` asks for transparency and none is left, the image is opaque.
    3. Depth. 8 to 16 bits: ×257, so that 255 becomes 65535. 16 to 8 bits: ÷257, rounded to the nearest.

    Args:
        image: H×W×C, C from 1 to 4, uint8 or uint16.
        channels: 1, 2 (gray and alpha), 3 or 4.
        dtype: "uint8" or "uint16".
        alpha: what becomes of transparency: "composite", "drop" or "keep".

    Returns:
        H×W×`channels` of the type `dtype`.
    """
    color, opacity = (image[..., :-1], image[..., -1:]) if image.shape[-1] in (2, 4) else (image, None)
    with_alpha = channels in (2, 4)
    if opacity is not None and (alpha == "composite" or (alpha == "keep" and not with_alpha)):
        color = _over_white(color, opacity)
    if channels in (3, 4) and color.shape[-1] == 1:
        color = np.repeat(color, 3, axis=-1)
    elif channels in (1, 2) and color.shape[-1] == 3:
        # The sum and its rounding reach 65535 * 65536 + 32768, which uint32 just holds.
        color = ((color.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32) + 0x8000) >> 16).astype(image.dtype)[..., None]
    result = color
    if with_alpha:
        if opacity is None or alpha != "keep":
            opacity = np.full_like(color[..., :1], np.iinfo(image.dtype).max)
        result = np.concatenate([color, opacity], axis=-1)

    if (image.dtype, dtype) == (np.uint8, "uint16"):
        return result.astype(np.uint16) * np.uint16(257)
    if (image.dtype, dtype) == (np.uint16, "uint8"):
        return ((result.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return result


def middle(image: np.ndarray, shape: Size) -> np.ndarray:
    """The largest part in the middle of an image H×W×C whose sides have the ratio of `shape`, height to width, to the nearest pixel.

    Where the rest is odd, the smaller half is cut off at the top or left. An image that has this ratio already is returned as it is.
    """
    height, width = image.shape[:2]
    h, w = min(height, max(1, round(width * shape[0] / shape[1]))), min(width, max(1, round(height * shape[1] / shape[0])))
    if (h, w) == (height, width):
        return image
    top, left = (height - h) // 2, (width - w) // 2
    return image[top : top + h, left : left + w].copy()  # which does not keep the rest in memory


def resize(image: np.ndarray, size: Size, resample: str, box: Box | None = None) -> np.ndarray:
    """The image at another size, in its own pixel type; the very same array when it has that size already.

    "bicubic" is Pillow's filter (a = -0.5), which widens when it reduces and so does not alias; "nearest" invents no values. Bicubic
    colors are weighted by their opacity, so that what is hidden does not bleed into what is seen.

    Args:
        image: H×W×C uint8, uint16 or floats in [-1, 1], or a map of class ids, H×W int32, which takes "nearest" only.
        size: height and width in pixels.
        resample: "bicubic" or "nearest".
        box: left, top, right and bottom of the part that is resized, in pixels that need not be whole; None: all of it. What lies around
            it has its part in the filter, so that the results of neighboring boxes fit together.

    Raises:
        ValueError: bicubic was asked for a map of class ids.
    """
    if image.shape[:2] == tuple(size) and box is None:
        return image
    if image.dtype == np.int32:
        if resample != "nearest":
            raise ValueError(f"a map of class ids can only be resized with 'nearest', not {resample!r}")
        return _resize_plane(image, size, resample, box)
    channels = image.shape[-1]
    if image.dtype == np.uint8 and channels <= 4:
        return _resize_plane(image[..., 0] if channels == 1 else image, size, resample, box).reshape(*size, channels)

    floats = image.dtype.kind == "f"
    low, high, least = (-1.0, 1.0, 2 / 255) if floats else (0, np.iinfo(image.dtype).max, 1)  # least opacity that colors are divided by
    planes = image.astype(np.float32)
    weighted = resample == "bicubic" and channels in (2, 4)
    if weighted:
        planes[..., :-1] *= (planes[..., -1:] - low) / (high - low)
    planes = np.stack([_resize_plane(planes[..., channel], size, resample, box) for channel in range(channels)], axis=-1)
    if weighted:
        planes[..., :-1] *= (high - low) / np.maximum(planes[..., -1:] - low, least)
    return np.clip(planes if floats else np.rint(planes), low, high).astype(image.dtype)


def encode(image: np.ndarray, extension: str, comment: str = "") -> bytes:
    """The bytes of a file of the format that `extension` names, with or without its dot.

    JPEG and WebP are written at quality 95; JPEG, BMP and GIF have no room for half transparency: there the image is laid over white.

    Args:
        image: H×W×C, C from 1 to 4, uint8 or uint16. 16 bits fit into PNG, and gray ones into TIFF.
        comment: ASCII text that the file holds beside the pixels.

    Raises:
        UserError: the format is unknown or cannot hold this image.
    """
    extension = extension.removeprefix(".").lower()
    if extension not in FORMATS:
        raise UserError(f"cannot write images of the format {extension!r}; use one of {', '.join(EXTENSIONS)}")
    form = FORMATS[extension]
    if form in ("JPEG", "BMP", "GIF") and image.shape[-1] in (2, 4):
        image = convert(image, image.shape[-1] - 1, image.dtype.name)
    channels = image.shape[-1]
    if image.dtype == np.uint16 and form != "PNG" and (form, channels) != ("TIFF", 1):
        kind = "gray" if channels == 1 else "color"
        raise UserError(f"{form} files cannot hold 16-bit {kind} images; write them as PNG (--format=png)")
    if image.dtype == np.uint16 and channels > 1:
        import tensorflow as tf  # Pillow writes 16 bits for gray only

        return comments.with_comment(tf.io.encode_png(image).numpy(), form, comment)

    content = io.BytesIO()
    try:
        options = ({"quality": 95} if form in ("JPEG", "WEBP", "AVIF", "HEIF") else {}) | comments.options(form, comment)
        Image.fromarray(image[..., 0] if channels == 1 else image).save(content, form, **options)
    except (OSError, ValueError) as error:  # such as WebP's largest side of 16383 pixels
        height, width = image.shape[:2]
        raise UserError(f"{form} files cannot hold this image of {height}×{width}: {error}; write it as PNG (--format=png)") from None
    return comments.with_comment(content.getvalue(), form, comment)


def save(path: Path, image: np.ndarray, comment: str = ""):
    """Writes an image file, whole or not at all, in the format of the path's ending; makes its folder if need be.

    Args:
        path: the file, which is replaced if it exists.
        image: H×W×C, C from 1 to 4, uint8 or uint16; comment: ASCII text beside the pixels; see `encode`.

    Raises:
        UserError: the format is unknown or cannot hold this image.
        OSError: the file cannot be written.
    """
    write_atomically(path, encode(image, path.suffix, comment))


def _pixels(image: Image.Image, info: ImageInfo) -> np.ndarray:
    """The pixels of a loaded image of 8 bits, or of a gray one of 16, as an array; in bands, as Pillow converts and copies all it gets."""
    width, height = image.size
    gray, mode = info.channels == 1, _MODES[info.channels]
    pixels = np.empty((height, width) if gray else (height, width, info.channels), info.dtype)
    rows = max(1, AT_ONCE // width)
    for top in range(0, height, rows):
        band = image if rows >= height else image.crop((0, top, width, min(top + rows, height)))
        pixels[top : top + rows] = np.asarray(band if info.dtype == "uint16" or band.mode == mode else band.convert(mode))
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


def _orient(pixels: np.ndarray, turned: int) -> np.ndarray:
    """Turns stored pixels upright; `turned` as in EXIF 2.32, tag 274. In numpy because Pillow cannot hold 16-bit color."""
    if turned in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if turned in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turned in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _over_white(color: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    limit = int(np.iinfo(color.dtype).max)
    weight = opacity.astype(np.uint32)  # limit² + limit / 2 is below 2³² for 16 bits too
    return ((color * weight + limit * (limit - weight) + limit // 2) // limit).astype(color.dtype)


def _resize_plane(plane: np.ndarray, size: Size, resample: str, box: Box | None) -> np.ndarray:
    height, width = size
    return np.asarray(Image.fromarray(plane).resize((width, height), _RESAMPLING[resample], box))
