"""The formats of image files, by their endings: which are read, and what the others are called and want."""

import contextlib
from collections import Counter
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from PIL import features

STANDARD = {"jpg": "JPEG", "jpeg": "JPEG", "png": "PNG", "bmp": "BMP", "gif": "GIF", "webp": "WEBP", "tif": "TIFF", "tiff": "TIFF"}
"""Ending of the pictures that every installation reads and writes, in lower case and without the dot -> Pillow's name."""

ARRAYS = {"npy": "NPY", "npz": "NPZ"}
"""Ending of the formats of NumPy -> their name. They and TIFF hold any number of channels of any type."""


def _optional() -> dict[str, str]:
    """Ending -> Pillow's name of the formats that this installation reads beside the standard ones."""
    found = {"avif": "AVIF"} if features.check("avif") else {}
    with contextlib.suppress(ImportError, OSError):  # OSError: a library of it that does not load
        import pillow_heif

        pillow_heif.register_heif_opener()
        found |= {"heic": "HEIF", "heif": "HEIF"}
    return found


def _medical() -> dict[str, str]:
    """Ending -> name of the formats that are read by packages of the extra medical, which take a second to import."""
    found = {"dcm": "DICOM"} if find_spec("pydicom") else {}
    return found | ({"nii": "NIfTI", "nii.gz": "NIfTI"} if find_spec("nibabel") else {})


def _rasters() -> dict[str, str]:
    """Ending -> name of the formats that are read by the package of the extra raster, beside TIFF."""
    return {"jp2": "JPEG 2000", "j2k": "JPEG 2000", "img": "Erdas Imagine"} if find_spec("rasterio") else {}


_CONTAINERS = {"mp4": "MP4", "m4v": "MP4", "mov": "MOV", "mkv": "MKV", "webm": "WebM", "avi": "AVI"}

VIDEOS = _CONTAINERS if find_spec("av") else {}
"""Ending of the videos that are read and written here, by PyAV, the package of the extra video -> what people call their container."""

PICTURES = STANDARD | _optional()
"""Ending of all formats that Pillow reads here -> its name."""

MEDICAL = _medical()
"""Ending of the formats of medical images that are read here -> their name."""

RASTERS = _rasters()
"""Ending of the formats of rasters on the map that are read here and are not TIFF -> their name."""

VOLUMES = [ending for ending, name in MEDICAL.items() if name == "NIfTI"]
"""Endings of volumes, whose slices are pages."""

FORMATS = PICTURES | ARRAYS | MEDICAL | RASTERS | VIDEOS
"""Ending of all formats that are read here -> their name; of images, all but `MEDICAL` and `RASTERS` are written too."""

ACCEPTED = ", ".join([*sorted(STANDARD), *sorted(set(FORMATS) - set(STANDARD))])


class Unread(NamedTuple):
    """A format that is not read: what people call it, and what to do about it."""

    name: str
    cure: str


_CONVERT = "save them as PNG or JPEG"
_MEDICAL = 'pip install "tfgan[medical]", and they are read'
_VIDEO = Unread(
    "video", f"name them as they are, .{', .'.join(_CONTAINERS)}" if VIDEOS else 'pip install "tfgan[video]", and they are read'
)
_OTHER_VIDEO = Unread("video in another container", "ffmpeg -i CLIP CLIP.mp4 makes one that is read")
_AS_ARRAY = "save each image as TIFF or as an array .npy"
_JPEG_2000 = Unread("JPEG 2000", 'pip install "tfgan[raster]", and they are read')
_ERDAS = Unread("Erdas Imagine", 'pip install "tfgan[raster]", and they are read')
_VIRTUAL = Unread(
    "virtual rasters (VRT), which name other files or addresses", "make one file of each, with rasterio: rio convert IN.vrt OUT.tif"
)
_HEIC = Unread("HEIC", "pip install pillow-heif, and they are read")
_RAW = ("dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "raf", "rw2", "orf", "pef", "srw", "x3f", "3fr", "iiq", "raw")
_UNREAD = {
    "heic": _HEIC,
    "heif": _HEIC,
    "hif": Unread("HEIC", "name them .heic, and pip install pillow-heif"),
    "avif": Unread("AVIF", "pip install --upgrade pillow, and they are read"),
    **dict.fromkeys(_RAW, Unread("camera raw", "develop them to TIFF, PNG or JPEG with the camera's program or a raw converter")),
    **dict.fromkeys(("jp2", "j2k"), _JPEG_2000),
    "img": Unread("Erdas Imagine, or another .img", f"if it is Erdas Imagine, {_ERDAS.cure}"),
    "vrt": _VIRTUAL,
    "dcm": Unread("DICOM", _MEDICAL),
    **{ending: Unread("NIfTI", _MEDICAL) for ending in ("nii", "nii.gz")},
    **dict.fromkeys(_CONTAINERS, _VIDEO),
    **dict.fromkeys(("wmv", "flv", "mpg", "mpeg", "m2ts", "3gp", "ogv"), _OTHER_VIDEO),
    "jxl": Unread("JPEG XL", _CONVERT),
    "jfif": Unread("JPEG", "name them .jpg"),
    "psd": Unread("Photoshop", _CONVERT),
    **{ending: Unread("HDR", "save them as 16-bit PNG") for ending in ("exr", "hdr")},
    **{ending: Unread(ending.upper(), _CONVERT) for ending in ("tga", "svg", "pdf", "ppm", "pgm", "ico")},
}
UNREAD = {ending: unread for ending, unread in _UNREAD.items() if ending not in FORMATS}
"""Ending of known formats that are not read here -> their name and cure."""

_BRANDS = {b"heic": "heic", b"heix": "heic", b"hevc": "heic", b"mif1": "heic", b"msf1": "heic", b"avif": "avif", b"avis": "avif"}
"""The brand in a file's first box -> the ending of its format (ISO/IEC 23008-12)."""

_BEGINNINGS = {
    **dict.fromkeys((b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"), UNREAD["jxl"]),
    **dict.fromkeys((b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51"), _JPEG_2000),
    b"EHFA_HEADER_TAG": _ERDAS,
    b"<VRTDataset": _VIRTUAL,
    b"8BPS": UNREAD["psd"],
    **dict.fromkeys((b"v/1\x01", b"#?RADIANCE", b"#?RGBE"), UNREAD["exr"]),
    **dict.fromkeys((b"P%d" % number for number in range(1, 8)), Unread("PPM, PGM or PBM", _CONVERT)),
    **dict.fromkeys((b"PF\n", b"Pf\n"), Unread("PFM", _AS_ARRAY)),
    **dict.fromkeys((b"%PDF", b"<svg"), Unread("PDF or SVG", _CONVERT)),
    **dict.fromkeys((b"DDS ", b"qoif", b"\0\0\x01\0", b"icns"), Unread("DDS, QOI or an icon", _CONVERT)),
    **dict.fromkeys((b"\x89HDF\r\n", b"SIMPLE  =", b"MATLAB 5.0"), Unread("HDF5, FITS or MATLAB", _AS_ARRAY)),
    **dict.fromkeys((b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ"), Unread("a packed archive", "unpack it")),
    **dict.fromkeys((b"<!DOCTYPE", b"<!doctype", b"<html", b"<HTML"), Unread("a web page (HTML)", "download the image itself")),
    **dict.fromkeys((b"\x1a\x45\xdf\xa3", b"\0\0\x01\xba", b"\0\0\x01\xb3"), _VIDEO),
    b"version https://git-lfs": Unread("a pointer of Git LFS", "git lfs pull, and the image is there"),
}
"""What a file begins with -> the format that it is, whatever it is called."""

LONGEST_HEAD = 348 + 4  # bytes by which `sniffed` knows a format


def ending(path: Path | str) -> str:
    """The ending of a file's name, in lower case and without the dot; of volumes that gzip has packed, both of them."""
    name = Path(path).name.lower()
    return "nii.gz" if name.endswith(".nii.gz") else Path(name).suffix[1:]


def with_ending(path: Path, wanted: str) -> Path:
    """The path with another ending, in the place of all that `ending` tells."""
    return path.with_name(f"{path.name[: len(path.name) - len(ending(path)) - 1] if ending(path) else path.name}.{wanted}")


def is_picture(path: Path | str) -> bool:
    """Whether a file's ending is that of a format that is read here."""
    return ending(path) in FORMATS


def is_volume(path: Path | str) -> bool:
    """Whether a file's ending is that of volumes, whose slices are pages."""
    return ending(path) in VOLUMES


def is_video(path: Path | str) -> bool:
    """Whether a file's ending is that of videos that are read here."""
    return ending(path) in VIDEOS


def told_unread(paths: Iterable[Path]) -> str:
    """Sentences on those of the files that are of a known format which is not read, behind a space; "" if there are none."""
    counts = Counter(UNREAD[ending(path)] for path in paths if ending(path) in UNREAD)
    return "".join(
        f" {count:,} of its files {'is' if count == 1 else 'are'} {name}: {cure}." for (name, cure), count in counts.most_common()
    )


def sniffed(head: bytes) -> Unread | None:
    """The format that a file's first `LONGEST_HEAD` bytes tell, if it is one that is not read here, whatever the file is called."""
    if head[4:8] == b"ftyp":
        ending = _BRANDS.get(head[8:12])
        return UNREAD.get(ending) if ending else _VIDEO
    if head[128:132] == b"DICM":
        return UNREAD.get("dcm")
    if head[344:348] in (b"n+1\0", b"ni1\0"):
        return UNREAD.get("nii", Unread("NIfTI in two files", "save it as one file, .nii"))
    return next((unread for beginning, unread in _BEGINNINGS.items() if head.startswith(beginning)), None)
