"""The formats of image files, by their endings: which are read, and what the others are called and want."""

import contextlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from PIL import features

STANDARD = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "bmp": "BMP", "gif": "GIF", "webp": "WEBP", "tif": "TIFF", "tiff": "TIFF"}
"""Ending of the formats that every installation reads and writes, in lower case and without the dot -> Pillow's name."""


def _optional() -> dict[str, str]:
    """Ending -> Pillow's name of the formats that this installation reads beside the standard ones."""
    found = {"avif": "AVIF"} if features.check("avif") else {}
    with contextlib.suppress(ImportError, OSError):  # OSError: a library of it that does not load
        import pillow_heif

        pillow_heif.register_heif_opener()
        found |= {"heic": "HEIF", "heif": "HEIF"}
    return found


FORMATS = STANDARD | _optional()
"""Ending of all formats that are read here -> Pillow's name."""

ACCEPTED = ", ".join([*sorted(STANDARD), *sorted(set(FORMATS) - set(STANDARD))])


class Unread(NamedTuple):
    """A format that is not read: what people call it, and what to do about it."""

    name: str
    cure: str


_CONVERT = "save them as PNG or JPEG"
_HEIC = Unread("HEIC", "pip install pillow-heif, and they are read")
_RAW = ("dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "raf", "rw2", "orf", "pef", "srw", "x3f", "3fr", "iiq", "raw")
_UNREAD = {
    "heic": _HEIC,
    "heif": _HEIC,
    "hif": Unread("HEIC", "name them .heic, and pip install pillow-heif"),
    "avif": Unread("AVIF", "pip install --upgrade pillow, and they are read"),
    **dict.fromkeys(_RAW, Unread("camera raw", "develop them to TIFF, PNG or JPEG with the camera's program or a raw converter")),
    **{ending: Unread("JPEG 2000", _CONVERT) for ending in ("jp2", "j2k")},
    "jxl": Unread("JPEG XL", _CONVERT),
    "jfif": Unread("JPEG", "name them .jpg"),
    "psd": Unread("Photoshop", _CONVERT),
    **{ending: Unread("HDR", "save them as 16-bit PNG") for ending in ("exr", "hdr")},
    **{ending: Unread("NumPy arrays", f"{_CONVERT}, or hand them to tfgan.train as data=") for ending in ("npy", "npz")},
    **{ending: Unread(ending.upper(), _CONVERT) for ending in ("tga", "svg", "pdf", "ppm", "pgm", "ico")},
}
UNREAD = {ending: unread for ending, unread in _UNREAD.items() if ending not in FORMATS}
"""Ending of known formats that are not read here -> their name and cure."""

_BRANDS = {b"heic": "heic", b"heix": "heic", b"hevc": "heic", b"mif1": "heic", b"msf1": "heic", b"avif": "avif", b"avis": "avif"}
"""The brand in a file's first box -> the ending of its format (ISO/IEC 23008-12)."""


def ending(path: Path | str) -> str:
    """The ending of a file's name, in lower case and without the dot."""
    return Path(path).suffix[1:].lower()


def is_picture(path: Path | str) -> bool:
    """Whether a file's ending is that of a format that is read and written here."""
    return ending(path) in FORMATS


def told_unread(paths: Iterable[Path]) -> str:
    """Sentences on those of the files that are of a known format which is not read, behind a space; "" if there are none."""
    counts = Counter(UNREAD[ending(path)] for path in paths if ending(path) in UNREAD)
    return "".join(
        f" {count:,} of its files {'is' if count == 1 else 'are'} {name}: {cure}." for (name, cure), count in counts.most_common()
    )


def sniffed(content: bytes) -> Unread | None:
    """The format that a file's first bytes tell, if it is one that is not read here, whatever the file is called."""
    return UNREAD.get(_BRANDS.get(content[8:12], "")) if content[4:8] == b"ftyp" else None
