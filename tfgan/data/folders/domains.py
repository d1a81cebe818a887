"""Tells from the headers of image files what the domain is that they are of: channels, type, and whether channels are colors."""

import dataclasses
import os
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tfgan.config import DTYPES, Domain
from tfgan.data.reading import images
from tfgan.data.reading.formats import ending
from tfgan.data.reading.headers import ImageInfo
from tfgan.data.reading.remembered import Remembered
from tfgan.errors import UnreadableImage
from tfgan.terminal import waiting


def infer_domains(
    files: dict[str, list[Path]],
    names: tuple[str, ...],
    label_domains: tuple[str, ...] = (),
    alpha: str = "composite",
    pages: str = "refuse",
) -> dict[str, Domain]:
    """The domain of each key of `files`, called by the name at its place in `names`, from the headers of its files.

    Pictures have 3 channels if any of the files is in color, else 1; with alpha="keep" they have 4 if any file has transparency. They are
    uint16 if all files are, else uint8. If any file holds bands, which are neither, all are taken for bands: the domain has as many
    channels as most of the files, and the smallest type that holds the values of all. Files whose header cannot be read are passed over;
    if none can be, it is 3 channels of uint8.

    Args:
        files: key of an example -> the files of that image, over all splits.
        names: name of the domain of each key, in the order of `files`.
        label_domains: names of the domains that are label maps, to be resized by nearest neighbor.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        pages: what becomes of files of several pages: "refuse", "first" or "channels".
    """
    infos = _probe_all(list(dict.fromkeys(path for side in files.values() for path in side)), pages)
    domains = {}
    for name, (key, side) in zip(names, files.items()):
        channels, dtype, bands = shared_pixels([info for path in side if (info := infos[path])], alpha)
        resample, form = "nearest" if name in label_domains else "bicubic", Counter(map(ending, side)).most_common(1)
        domains[key] = Domain(name, channels, dtype, resample, bands=bands, pages=pages, format=form[0][0] if form else "")
    return domains


def common_dtype(dtypes: list[str]) -> str:
    """The smallest type of pixels that holds the values of all these; float32 for what none holds."""
    common = np.result_type(*map(np.dtype, dtypes)).name
    return common if common in DTYPES else "float32"


def shared_pixels(infos: Sequence[ImageInfo], alpha: str = "composite", deepest: bool = False) -> tuple[int, str, bool]:
    """What images are that belong together: their channels, their type, and whether they are bands; see `infer_domains`.

    Args:
        infos: what is known of each of them.
        alpha: what becomes of transparency: "composite", "drop" or "keep".
        deepest: pictures have as many bits as the deepest of them, not as the shallowest.
    """
    if any(info.bands for info in infos):
        ((channels, _),) = Counter(info.channels for info in infos).most_common(1)
        return channels, common_dtype([info.dtype for info in infos if info.channels == channels]), True
    colored = any(info.channels >= 3 for info in infos) or not infos
    kept = alpha == "keep" and any(info.alpha for info in infos)
    deep = bool(infos) and (any if deepest else all)(info.dtype == "uint16" for info in infos)
    return 4 if kept else 3 if colored else 1, "uint16" if deep else "uint8", False


def _probe_all(paths: list[Path], pages: str) -> dict[Path, ImageInfo | None]:
    """What the headers of files say; None of those that cannot be read."""
    remembered = Remembered("headers", pages, os.path.commonpath(paths) if paths else "")

    def probe(path: Path) -> ImageInfo | None:
        stamp, known = remembered.ask(str(path), [path])
        if known:
            return ImageInfo(**known)
        try:
            info = images.probe(path, pages)
        except UnreadableImage:
            return None
        remembered.note(str(path), stamp, dataclasses.asdict(info))
        return info

    with ThreadPoolExecutor() as pool:
        infos = dict(zip(paths, waiting(pool.map(probe, paths), len(paths), "Reading the heads of files")))
    remembered.keep()
    return infos
