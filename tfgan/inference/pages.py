"""Files of several pages through a translator: each page by itself, and all of them in one file again, a volume where it was one."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfgan.config import Domain
from tfgan.config.spec import reading_of
from tfgan.data.frames import page_of
from tfgan.data.preparation.normalization import held
from tfgan.data.reading import volumes
from tfgan.data.reading.formats import ending, is_video, is_volume
from tfgan.data.reading.results import page_channels
from tfgan.errors import UserError
from tfgan.inference.passage import Passage
from tfgan.inference.translator import Translator


def as_read(path: Path, domain: Domain, axis: str = "") -> Domain:
    """The domain as a file is read for it: as in training, but that a volume is always its slices, and a video its frames.

    Args:
        axis: along which the slices of a volume lie, "0" to "2"; empty: as in training, or the last.
    """
    if is_volume(path) and axis:
        return dataclasses.replace(domain, pages=reading_of("frames", int(axis)))
    if (is_volume(path) or is_video(path)) and not domain.pages.startswith("frames"):
        return dataclasses.replace(domain, pages="frames")
    return domain


def translate_pages(
    translator: Translator, image: np.ndarray, source: Domain, result: Path, passage: Passage, conditions: Callable
) -> list[np.ndarray]:
    """The translation of each page, H×W×C' of the target's dtype.

    Args:
        image: what was read for `source`: H×W×C for each page, one after the other, or H×W×pages of maps of classes.
        source: the domain as the file was read for it.
        result: the file that they become.
        passage, conditions: see `tfgan.inference.files.translate_files`.

    Raises:
        UserError: the format of `result` has no room for so many pages, which is told before the first one.
    """
    count = image.shape[-1] // source.channels if source.pages.startswith("frames") and image.ndim == 3 else 1
    if count == 1:
        image = image[..., 0] if source.is_map and image.ndim == 3 else image
        return [passage.translate(translator, held(image, source), conditions)]
    if reason := volumes.why_not_pages(ending(result), page_channels(translator.target)):
        raise UserError(reason)
    pages = (page_of(image, page, source)[..., 0] if source.is_map else page_of(image, page, source) for page in range(count))
    return [passage.translate(translator, held(page, source), conditions) for page in pages]
