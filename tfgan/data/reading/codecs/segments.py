"""The strips and tiles of a TIFF's page, unpacked to no more than what its tags say they hold: a few bytes can unpack to gigabytes."""

import importlib.util
import io
import math
import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np
import tifffile
from PIL import Image

from tfgan.data.reading.codecs import raster
from tfgan.errors import UnreadableImage

PLAIN, DEFLATE = 1, (8, 32946)
_BY_LIBTIFF = (5, 32773, 34925, 50000)  # LZW, PackBits, LZMA and Zstandard, which Pillow brings with it
_PIECE = 2**16  # bytes that are unpacked at a time, to be passed over
_FLOATS = 3  # the predictor that sorts the bytes of floats by their weight


def read_segments(page: tifffile.TiffPage) -> np.ndarray:
    """The samples of a page as they are stored: planes × depth × height × width × samples, in its own number type.

    Raises:
        UnreadableImage: missing or damaged samples, or a compression that this installation does not know.
    """
    if not _knows(page):
        return _by_codecs(page)
    samples = np.empty(page.shaped, stored_type(page))
    for segment, (plane, depth, top, left, _), shape in _segments(page, range(math.prod(page.chunked))):
        place = samples[plane, depth : depth + shape[0], top : top + shape[1], left : left + shape[2]]
        # A hole, as GDAL leaves where there is no data, has no bytes at all.
        place[...] = page.nodata if segment is None else segment[: place.shape[0], : place.shape[1], : place.shape[2]]
    return samples


def look_inside(page: tifffile.TiffPage) -> np.ndarray | None:
    """The samples of the strip or tile in the middle, depth × height × width × samples; None if it cannot be had alone."""
    if not _knows(page):
        return None
    ((segment, (_, _, top, left, _), _),) = _segments(page, [math.prod(page.chunked) // 2])
    return None if segment is None else segment[:, : page.imagelength - top, : page.imagewidth - left]


def _knows(page: tifffile.TiffPage) -> bool:
    return int(page.compression) in (PLAIN, *DEFLATE, *_BY_LIBTIFF) and page.bitspersample % 8 == 0


def _segments(page: tifffile.TiffPage, wanted: Sequence[int]) -> Iterator[tuple]:
    """Some strips or tiles: the samples of each, None for a hole; its place in the page; and its shape.

    The page is changed, so that tifffile takes what is unpacked already: it can be read so no more.
    """
    compression, found = int(page.compression), len(page.dataoffsets)
    if found != math.prod(page.chunked) or found != len(page.databytecounts):
        raise UnreadableImage("damaged or incomplete: strips or tiles are missing")
    if max(map(sum, zip(page.dataoffsets, page.databytecounts))) > page.parent.filehandle.size:
        raise UnreadableImage("damaged or incomplete: it ends before its pixels do")
    dtype, order = stored_type(page), page.parent.byteorder
    predictor, reversed_bits = page.predictor, page.fillorder == 2 and compression != PLAIN
    page.compression = PLAIN
    if predictor == _FLOATS:
        page.predictor = 1
    if reversed_bits:
        page.fillorder = 1
    offsets, counts = ([numbers[index] for index in wanted] for numbers in (page.dataoffsets, page.databytecounts))
    for data, index in page.parent.filehandle.read_segments(offsets, counts, list(wanted)):
        _, _, shape = page.decode(None, index)
        if isinstance(data, bytes):
            data = _unpacked(data, compression, math.prod(shape) * dtype.itemsize, reversed_bits)
            if predictor == _FLOATS:
                data = _in_order(data, shape, dtype.itemsize, order)
        yield page.decode(data, index)


def check_sums(page: tifffile.TiffPage):
    """Raises `UnreadableImage` if strips or tiles of a deflated page do not unpack to what their checksums say.

    libtiff, by which Pillow reads, does not look at them, and makes pixels of damaged data. Other compressions have no checksum.
    """
    if int(page.compression) not in DEFLATE or page.fillorder == 2:
        return
    file, most = page.parent.filehandle, 2 * math.prod(page.chunks) * max(1, page.bitspersample // 8) + _PIECE
    for offset, count in zip(page.dataoffsets, page.databytecounts):
        if count:  # others are holes
            file.seek(offset)
            _inflate(file.read(count), 0, most)


def stored_type(page: tifffile.TiffPage) -> np.dtype:
    """The type of a page's samples, in the byte order of the machine; raises `UnreadableImage` if there is none, as for 5 bits and 6."""
    if page.dtype is None or not isinstance(page.bitspersample, int):
        raise UnreadableImage(f"TIFF with {page.bitspersample} bits a band: not supported; save it with 8, 16 or 32 bits")
    return page.dtype


def segment_bytes(page: tifffile.TiffPage) -> int:
    """The bytes that one strip or tile takes unpacked, which may be more than the image."""
    return math.prod(page.chunks) * stored_type(page).itemsize


def _unpacked(data: bytes, compression: int, size: int, reversed_bits: bool) -> bytes:
    if compression == PLAIN:
        return data
    if compression in DEFLATE and not reversed_bits:
        return _inflate(data, size, 2 * size + _PIECE)
    with Image.open(io.BytesIO(_row_of_bytes(data, compression, size, reversed_bits)), formats=["TIFF"]) as row:
        return row.tobytes()


def _inflate(data: bytes, size: int, most: int) -> bytes:
    """The first `size` bytes of deflated data, which is unpacked to its end, where the checksum is compared.

    Raises:
        UnreadableImage: it is damaged, holds fewer bytes, more than `most`, or ends before its checksum.
    """
    stream = zlib.decompressobj()
    try:
        unpacked, rest = stream.decompress(data, size) if size else b"", stream.unconsumed_tail if size else data
        total = len(unpacked)
        while not stream.eof and total <= most:
            found = stream.decompress(rest, _PIECE)
            if not found and not stream.unconsumed_tail and not stream.eof:
                break
            total, rest = total + len(found), stream.unconsumed_tail
    except zlib.error as error:
        raise UnreadableImage(f"damaged or incomplete: {error}") from None
    if total > most:
        raise UnreadableImage("damaged: the deflated pixels of a strip or tile are more than its tags say")
    if not stream.eof or len(unpacked) < size:
        raise UnreadableImage("damaged or incomplete: the deflated pixels of a strip or tile end too early")
    return unpacked


def _row_of_bytes(data: bytes, compression: int, size: int, reversed_bits: bool) -> bytes:
    """A TIFF of one row of gray pixels: the unpacked bytes. So a reader of pictures unpacks any data."""
    tags = {256: size, 257: 1, 258: 8, 259: compression, 262: 1, 266: 1 + reversed_bits, 273: 8, 277: 1, 278: 1, 279: len(data)}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())  # of type 4, numbers of 32 bits
    return struct.pack("<4sI", b"II*\0", 8 + len(data)) + data + struct.pack("<H", len(tags)) + entries + bytes(4)


def _in_order(data: bytes, shape: tuple[int, ...], itemsize: int, byteorder: str) -> bytes:
    """Undoes the floating point predictor (Adobe, TIFF Technical Note 3): sums of bytes, the weightiest of a row's floats first."""
    _, rows, width, channels = shape
    sums = np.cumsum(np.frombuffer(data, np.uint8).reshape(rows, -1, channels), axis=1, dtype=np.uint8)
    weighty_first = sums.reshape(rows, itemsize, width * channels).swapaxes(1, 2)
    return (weighty_first if byteorder == ">" else weighty_first[..., ::-1]).tobytes()


def _by_codecs(page: tifffile.TiffPage) -> np.ndarray:
    """The samples by the packages of the extras: all that imagecodecs unpacks, or what GDAL does."""
    if importlib.util.find_spec("imagecodecs") is not None:
        return page.asarray(squeeze=False)
    packed = getattr(page.compression, "name", int(page.compression))
    what = f"the compression {packed}" if page.bitspersample % 8 == 0 else f"{page.bitspersample} bits a band"
    if importlib.util.find_spec("rasterio") is None or page.imagedepth > 1:
        raise UnreadableImage(f'TIFF with {what}: not supported by this installation; pip install "tfgan[tiff]", and it is read')
    file = page.parent.filehandle
    file.seek(0)
    try:
        samples = raster.read_page(file.read(), page.index)
    except UnreadableImage as error:
        raise UnreadableImage(f'TIFF with {what}: not supported by this installation, or {error}; pip install "tfgan[tiff]"') from None
    planar = page.planarconfig == 2 and page.samplesperpixel > 1
    return (np.moveaxis(samples, -1, 0)[..., None] if planar else samples[None])[:, None]
