"""NIfTI volumes by the package nibabel: slices along an axis, and volumes that lie in space where their sources lie."""

import io
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan.config import MOST_CHANNELS
from tfgan.config.spec import AXIS
from tfgan.data.reading.codecs.numbers import narrowed, read_as
from tfgan.data.reading.headers import ImageInfo, check_room, first_bytes, read_content
from tfgan.data.reading.memory import budget
from tfgan.errors import UnreadableImage

GZIP = b"\x1f\x8b"
MAGICS = {348: (344, (b"n+1\0",)), 540: (4, (b"n+2\0",))}
"""Bytes of a header, as it says itself -> where its magic word stands, and which there are (NIfTI-1, NIfTI-2)."""


class Volume(NamedTuple):
    """A volume from a file."""

    values: np.ndarray  # three axes, in the file's units
    affine: np.ndarray  # 4×4, from indices to millimeters
    header: Any  # nibabel's


def is_nifti(head: bytes) -> bool:
    """Whether a file that begins so is NIfTI, packed by gzip or not; it takes 352 bytes to tell."""
    head = _unpacked(head, 544) if head.startswith(GZIP) else head
    for order in ("little", "big"):
        place, words = MAGICS.get(int.from_bytes(head[:4], order), (0, ()))
        if head[place : place + 4] in words:
            return True
    return False


def probe(source: Path | bytes, pages: str) -> ImageInfo:
    """Size and type of the image in a file of a volume, from its header alone. Its slices along an axis are pages.

    Args:
        source: the file, or its bytes.
        pages: one of `tfgan.config.spec.READINGS`.

    Raises:
        UnreadableImage: no volume of numbers with three axes, or too large; several slices that are refused.
    """
    rule, axis = rule_of(pages)
    header = _header(first_bytes(source, 4096))
    shape, dtype = _shape(header), _dtype(header)
    height, width = (side for number, side in enumerate(shape) if number != axis)
    count = shape[axis]
    if count > 1 and rule == "refuse":
        raise UnreadableImage(
            f"NIfTI with {count} slices: take each as an image with --pages=frames, all as channels with --pages=channels, or the first of "
            "each file with --pages=first"
        )
    channels = count if rule == "channels" else 1
    if channels > MOST_CHANNELS:
        raise UnreadableImage(f"NIfTI with {channels} slices, and {MOST_CHANNELS} channels are the most: use --pages=frames")
    bands = channels > 1 or dtype not in ("uint8", "uint16")
    info = ImageInfo(height, width, channels, dtype, alpha=False, bands=bands, pages=count, format="NIfTI")
    check_room(info, _room(header))
    return info


def decode(content: bytes, pages: str) -> tuple[np.ndarray, ImageInfo]:
    """The slices H×W×C of a volume along an axis, the first or all, and what they are."""
    info, (rule, axis) = probe(content, pages), rule_of(pages)
    slices = np.moveaxis(load(content).values, axis, -1)
    return np.ascontiguousarray(slices[..., :1] if rule == "first" else slices), info


def rule_of(pages: str) -> tuple[str, int]:
    """What becomes of the slices of a volume, and the axis along which they lie; `pages` is one of `tfgan.config.spec.READINGS`."""
    rule, _, axis = pages.partition(":")
    return rule, int(axis) if axis else AXIS


def load(source: Path | bytes) -> Volume:
    """The volume in a .nii or .nii.gz file, its values by the slope and intercept that the file states.

    Raises:
        UnreadableImage: `probe` would refuse it; values are missing or damaged, or no finite numbers.
    """
    import nibabel

    content = read_content(source)
    header = _header(content[:4096])
    shape, dtype = _shape(header), _dtype(header)
    check_room(ImageInfo(shape[0], shape[1], 1, dtype, alpha=False), _room(header))
    size = int(header.get_data_offset()) + int(np.prod(header.get_data_shape(), dtype=object)) * header.get_data_dtype().itemsize
    with budget.turn():
        budget.take(_room(header))
        content = _unpacked(content, size) if content.startswith(GZIP) else content
        if len(content) < size:
            raise UnreadableImage(f"damaged or incomplete: {len(content):,} of {size:,} bytes are there")
        kind = nibabel.Nifti1Image if isinstance(header, nibabel.Nifti1Header) and header.sizeof_hdr == 348 else nibabel.Nifti2Image
        image: Any = kind.from_bytes(content)
        stored = np.asanyarray(image.dataobj) if _is_scaled(header) else image.dataobj.get_unscaled()
        name = source.as_posix() if isinstance(source, Path) else "a volume"
        return Volume(narrowed(np.asarray(stored).reshape(shape), dtype, name), image.affine, image.header)


def encode(values: np.ndarray, like: Volume, packed: bool, comment: str) -> bytes:
    """The bytes of a volume with the affine of another one.

    Args:
        values: of the shape of `like`; float16, which NIfTI lacks, becomes float32.
        like: the volume of which it was made.
        packed: whether gzip packs the file.
        comment: ASCII text, which becomes a comment of the file.
    """
    import nibabel

    if values.dtype == np.float16:
        values = values.astype(np.float32)
    made = nibabel.Nifti1Image(values, like.affine, dtype=values.dtype)
    made.header.set_xyzt_units(*like.header.get_xyzt_units())
    made.set_qform(*like.header.get_qform(coded=True))
    made.set_sform(*like.header.get_sform(coded=True))
    if comment:
        made.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", comment.encode("ascii")))
    content = made.to_bytes()
    if not packed:
        return content
    stream = zlib.compressobj(6, zlib.DEFLATED, 31)  # gzip without a time, so that the same values give the same bytes
    return stream.compress(content) + stream.flush()


def read_text(path: Path) -> str:
    """The first comment that a file states; "" if it has none."""
    import nibabel

    header: Any = nibabel.load(path).header  # whose values are not read
    return next((e.get_content().decode("latin-1").rstrip("\0") for e in header.extensions if e.get_code() == 6), "")


def _unpacked(content: bytes, size: int) -> bytes:
    """At most `size` bytes of what gzip has packed, be it whole or only its beginning."""
    try:
        return zlib.decompressobj(31).decompress(content, size)
    except zlib.error as error:
        raise UnreadableImage(f"damaged or incomplete: {error}") from None


def _header(content: bytes):
    import nibabel

    start = _unpacked(content, 544) if content.startswith(GZIP) else content[:544]
    if not is_nifti(start):
        raise UnreadableImage("a packed archive, and no NIfTI: unpack it")
    kind = nibabel.Nifti2Header if 540 in (int.from_bytes(start[:4], order) for order in ("little", "big")) else nibabel.Nifti1Header
    try:
        return kind.from_fileobj(io.BytesIO(start), check=False)
    except nibabel.spatialimages.HeaderDataError as error:
        raise UnreadableImage(f"damaged or incomplete: {error}") from None


def _shape(header) -> tuple[int, ...]:
    shape = tuple(map(int, header.get_data_shape()))
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    shape += (1,) * (3 - len(shape))
    if len(shape) != 3 or min(shape) < 1:
        raise UnreadableImage(f"NIfTI of the shape {'×'.join(map(str, shape))}: not supported; save each volume of three axes as a file")
    return shape


def _dtype(header) -> str:
    stored = read_as(header.get_data_dtype(), "NIfTI")
    return "float32" if _is_scaled(header) else stored


def _is_scaled(header) -> bool:
    slope, intercept = header.get_slope_inter()
    return slope not in (None, 1) or intercept not in (None, 0)


def _room(header) -> int:
    return int(np.prod(header.get_data_shape(), dtype=object)) * (2 * header.get_data_dtype().itemsize + 8)
