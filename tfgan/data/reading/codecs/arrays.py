"""NumPy's files as images: .npy, and .npz with one array inside. Nothing is unpickled, and no size that a file claims is trusted."""

import contextlib
import io
import tokenize
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from tfgan.config import MOST_CHANNELS
from tfgan.data.reading.codecs.numbers import read_as
from tfgan.data.reading.headers import ImageInfo, check_room
from tfgan.data.reading.memory import budget
from tfgan.errors import UnreadableImage

ZIP = b"PK\x03\x04"
MAGICS = (b"\x93NUM", ZIP)
MARK = b"tfgan:"  # begins the text behind an array, over which NumPy passes

FEW = 16  # rows: an array with no more of them, and more of all else, has its channels first
ACCEPTED_SHAPES = f"H×W or H×W×C with C from 1 to {MOST_CHANNELS}"


class Header(NamedTuple):
    """What an array says of itself before its values."""

    shape: tuple[int, ...]
    fortran: bool  # the first axis changes fastest
    dtype: np.dtype

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize


def probe(source: Path | bytes, pages: str) -> ImageInfo:
    """Size and type of the image in a .npy or .npz file, from its header alone; it has no `pages`.

    Raises:
        UnreadableImage: no array of numbers H×W or H×W×C, or too large.
    """
    with _opened(source) as (file, form):
        return _info(_header(file), form)


def decode(content: bytes, pages: str) -> tuple[np.ndarray, ImageInfo]:
    """The array H×W×C in a .npy or .npz file, in its own type, and what it is; it has no `pages`.

    Raises:
        UnreadableImage: `probe` would refuse it, or values are missing or damaged.
    """
    with _opened(content) as (file, form):
        header = _header(file)
        info = _info(header, form)
        budget.take(_room(header))
        values = file.read(header.size)
        if len(values) < header.size:
            raise UnreadableImage(f"damaged or incomplete: {len(values):,} of {header.size:,} bytes of its values are there")
        if form == "NPZ":
            file.read(1)  # the end of a member, where its checksum is compared
    array = np.frombuffer(values, header.dtype).reshape(header.shape, order="F" if header.fortran else "C")
    return array.reshape(info.height, info.width, info.channels).astype(header.dtype.newbyteorder("="), order="C"), info


def encode(image: np.ndarray, form: str, comment: str) -> bytes:
    """The bytes of a .npy file or of a .npz file with the one array `image`, H×W×C, of one channel H×W.

    The text stands behind the array of a .npy, and as the comment of the archive that a .npz is. NumPy passes over both.
    """
    content = io.BytesIO()
    image = image[..., 0] if image.shape[-1] == 1 else image
    if form == "NPY":
        np.save(content, image, allow_pickle=False)
        return content.getvalue() + (MARK + comment.encode("ascii") if comment else b"")
    np.savez_compressed(content, image=image)
    if comment:
        with zipfile.ZipFile(content, "a") as archive:
            archive.comment = comment.encode("ascii")
    return content.getvalue()


def read_text(path: Path) -> str:
    """The text that `encode` wrote into a file; "" if there is none."""
    with path.open("rb") as file:
        if file.read(4) == ZIP:
            with zipfile.ZipFile(path) as archive:
                return archive.comment.decode("latin-1")
        file.seek(0)
        header = _header(file)
        file.seek(header.size, io.SEEK_CUR)
        text = file.read(2**16)
    return text.removeprefix(MARK).decode("latin-1") if text.startswith(MARK) else ""


@contextlib.contextmanager
def _opened(source: Path | bytes) -> Iterator[tuple[BinaryIO, str]]:
    """The file at its array's header, and "NPY" or "NPZ"."""
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        packed = file.read(len(ZIP)) == ZIP
        file.seek(0)
        if not packed:
            yield file, "NPY"
            return
        try:
            with zipfile.ZipFile(file) as archive, archive.open(_one_array(archive)) as member:
                yield member, "NPZ"  # type: ignore[misc]  # IO[bytes], which reads alike
        except (zipfile.BadZipFile, zipfile.LargeZipFile) as error:
            raise UnreadableImage(f"damaged or incomplete: {error}") from None
        except RuntimeError as error:  # of zipfile, for what is encrypted
            raise UnreadableImage(f"NPZ: not supported: {error}") from None


def _one_array(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    arrays = [member for member in archive.infolist() if member.filename.endswith(".npy")]
    if len(arrays) != 1:
        names = ", ".join(member.filename.removesuffix(".npy")[:40] for member in arrays[:5]) + ", …" * (len(arrays) > 5)
        found = f"NPZ with {len(arrays)} arrays ({names})" if arrays else "a ZIP archive without arrays of NumPy"
        raise UnreadableImage(f"{found}: an image is one array; save each as a file of its own, such as .npy")
    return arrays[0]


def _header(file: BinaryIO) -> Header:
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):  # 3.0 is for names of fields that are not Latin-1
        raise UnreadableImage(f"NPY of the version {'.'.join(map(str, version))}: not supported; an image is an array of numbers")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        return Header(*read(file))
    except tokenize.TokenError:  # NumPy's way with headers that Python 2 wrote
        raise UnreadableImage("damaged or incomplete: its header is no text of Python") from None


def _info(header: Header, form: str) -> ImageInfo:
    shape, what = header.shape, f"{form} of the shape {'×'.join(map(str, header.shape)) or 'of a single value'}"
    if header.dtype.hasobject:
        raise UnreadableImage(f"{form} of Python objects, which could run code and are never read; save the numbers alone")
    dtype = read_as(header.dtype, form)
    if min(shape, default=1) < 1:
        raise UnreadableImage(f"{what}, which holds no pixel")
    if len(shape) not in (2, 3):
        cure = _cure_of_axes(shape)
        raise UnreadableImage(f"{what}: an image is {ACCEPTED_SHAPES}; {cure}")
    channels = shape[2] if len(shape) == 3 else 1
    if len(shape) == 3 and (shape[0] <= MOST_CHANNELS < channels or shape[0] <= FEW < min(shape[1:])):
        raise UnreadableImage(f"{what} has its channels first: save it as H×W×C, np.save(file, np.moveaxis(array, 0, -1))")
    if channels > MOST_CHANNELS:
        raise UnreadableImage(f"{what} has {channels:,} channels, and {MOST_CHANNELS} are the most; choose some of them")
    picture = dtype in ("uint8", "uint16") and channels in (1, 3)
    info = ImageInfo(shape[0], shape[1], channels, dtype, alpha=False, bands=not picture, format=form)
    check_room(info, _room(header))
    return info


def _room(header: Header) -> int:
    """The bytes of memory that an array takes until it is an image."""
    return 3 * header.size


def _cure_of_axes(shape: tuple[int, ...]) -> str:
    squeezed = tuple(side for side in shape if side > 1)
    if len(shape) > 3 and len(squeezed) in (2, 3):
        return "leave out the axes of length 1, np.save(file, np.squeeze(array))"
    return "save each image as a file of its own" if len(shape) > 3 else "give it the two axes of an image"
