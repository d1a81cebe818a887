"""What becomes of arrays of pixels: one rule for transparency, color and depth, and one for other sizes."""

import numpy as np
from PIL import Image

from tfgan.config import Size

Box = tuple[float, float, float, float]

_RESAMPLING = {"bicubic": Image.Resampling.BICUBIC, "nearest": Image.Resampling.NEAREST}


def convert(image: np.ndarray, channels: int, dtype: str, alpha: str = "composite") -> np.ndarray:
    """The image with the given number of channels and pixel type.

    This is the one rule by which any file becomes what a network eats:

    1. Transparency. "composite": the colors are laid over white. "drop": they are taken as stored. "keep": it stays a channel where
       `channels` is 2 or 4, and is composited otherwise.
    2. Color. Gray is repeated to RGB. RGB becomes gray by ITU-R 601 luma, 0.299 R + 0.587 G + 0.114 B, in Pillow's fixed-point
       weights. Where `channels` asks for transparency and none is left, the image is opaque.
    3. Depth. 8 to 16 bits: ×257, so that 255 becomes 65535. 16 to 8 bits: ÷257, rounded to the nearest.

    Args:
        image: H×W×C, C from 1 to 4, uint8 or uint16; no bands, which `tfgan.data.reading.images.fit` is for.
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


def resize(
    image: np.ndarray, size: Size, resample: str, box: Box | None = None, *, bands: bool = False, normalized: bool = True
) -> np.ndarray:
    """The image at another size, in its own pixel type; the very same array when it has that size already.

    "bicubic" is Pillow's filter (a = -0.5), which widens when it reduces and so does not alias; "nearest" invents no values. Bicubic
    colors are weighted by their opacity, so that what is hidden does not bleed into what is seen; bands are filtered each by itself.
    Whole numbers are rounded, and end where their type ends.

    Args:
        image: H×W×C of any of `tfgan.config.DTYPES`, or a map of class ids, H×W int32, which takes "nearest" only.
        size: height and width in pixels.
        resample: "bicubic" or "nearest".
        box: left, top, right and bottom of the part that is resized, in pixels that need not be whole; None: all of it. What lies around
            it has its part in the filter, so that the results of neighboring boxes fit together.
        bands: whether the channels are plain data, so that the last of 2 or 4 is no transparency.
        normalized: whether floats are in [-1, 1], where they stay then.

    Raises:
        ValueError: bicubic was asked for a map of class ids.
    """
    if image.shape[:2] == tuple(size) and box is None:
        return image
    if image.ndim == 2:
        if resample != "nearest":
            raise ValueError(f"a map of class ids can only be resized with 'nearest', not {resample!r}")
        return _resize_plane(image, size, resample, box)
    channels = image.shape[-1]
    if image.dtype == np.uint8:
        if bands or channels > 4:
            return _resize_planes(image, size, resample, box)
        return _resize_plane(image[..., 0] if channels == 1 else image, size, resample, box).reshape(*size, channels)
    if image.dtype.itemsize == 4 and image.dtype.kind in "iu":
        return _resize_32_bits(image, size, resample, box)

    floats = image.dtype.kind == "f"
    low, high, least = (-1.0, 1.0, 2 / 255) if floats else (*_limits(image.dtype), 1)  # least opacity that colors are divided by
    planes = image.astype(np.float32)
    weighted = resample == "bicubic" and channels in (2, 4) and not bands
    if weighted:
        planes[..., :-1] *= (planes[..., -1:] - low) / (high - low)
    planes = _resize_planes(planes, size, resample, box)
    if weighted:
        planes[..., :-1] *= (high - low) / np.maximum(planes[..., -1:] - low, least)
    if floats and not normalized:
        low, high = _limits(image.dtype)
    return np.clip(planes if floats else np.rint(planes), low, high).astype(image.dtype)


def _resize_32_bits(image: np.ndarray, size: Size, resample: str, box: Box | None) -> np.ndarray:
    """Bands int32 or uint32, which floats of 32 bits do not hold: by their distance to a band's least, or as they are for "nearest"."""
    if resample == "nearest":
        return _resize_planes(image.view(np.int32), size, resample, box).view(image.dtype)
    least, (low, high) = image.min(axis=(0, 1)).astype(np.int64), _limits(image.dtype)
    planes = _resize_planes((image.astype(np.int64) - least).astype(np.float32), size, resample, box)
    return np.clip(np.rint(planes.astype(np.float64)) + least, low, high).astype(image.dtype)


def _limits(dtype: np.dtype):
    """The least and the largest value of a type."""
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    return limits.min, limits.max


def _resize_planes(planes: np.ndarray, size: Size, resample: str, box: Box | None) -> np.ndarray:
    return np.stack([_resize_plane(planes[..., channel], size, resample, box) for channel in range(planes.shape[-1])], axis=-1)


def _over_white(color: np.ndarray, opacity: np.ndarray) -> np.ndarray:
    limit = int(np.iinfo(color.dtype).max)
    weight = opacity.astype(np.uint32)  # limit² + limit / 2 is below 2³² for 16 bits too
    return ((color * weight + limit * (limit - weight) + limit // 2) // limit).astype(color.dtype)


def _resize_plane(plane: np.ndarray, size: Size, resample: str, box: Box | None) -> np.ndarray:
    height, width = size
    return np.asarray(Image.fromarray(plane).resize((width, height), _RESAMPLING[resample], box))
