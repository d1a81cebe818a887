"""The file format of results: one that holds what the target domain is, that of the input where it does."""

from tfgan.config import Domain
from tfgan.data.reading.formats import FORMATS, RASTERS, VIDEOS, VOLUMES
from tfgan.data.reading.images import why_not
from tfgan.data.reading.volumes import why_not_pages

ARRAYS = ("npy", "npz")
LOSSLESS = ("png", "tif", "tiff", "bmp", *ARRAYS)
"""Endings of formats that keep the values of a label map."""


def why_unfit(extension: str, target: Domain) -> str:
    """Why results of a domain cannot be files with this ending, as a sentence with a cure; "" if they can."""
    if extension in VOLUMES:
        return why_not_pages(extension, page_channels(target))
    channels = max(target.channels, 1)
    if extension in VIDEOS:
        return _why_no_video(VIDEOS[extension], target)
    if not target.is_map and (reason := why_not(extension, channels, target.dtype, target.bands)):
        return reason
    if target.resample == "nearest" and extension not in LOSSLESS:
        return f"{FORMATS[extension]} files blur label maps, such as {target.name}; write them as PNG (--format=png)"
    return ""


def page_channels(target: Domain) -> int:
    """The channels of a page of a result in a file of several pages: of label maps, one of ids, or three of colors."""
    known = target.classes or target.written
    return max(target.channels, 1) if known is None else 1 if known.coding == "ids" else 3


def _why_no_video(form: str, target: Domain) -> str:
    if target.resample == "nearest":
        what = f"blur label maps, such as {target.name}"
    elif target.bands or target.dtype != "uint8" or target.channels not in (1, 3):
        what = f"hold colors of 8 bits, and {target.name} has {target.values}"
    else:
        return ""
    ending = "png" if target.resample == "nearest" or not why_unfit("png", target) else "tif"
    return f"{form} videos {what}; write a folder of frames (--format={ending})"


def result_ending(target: Domain, source: str) -> str:
    """The ending of the result of an input file, both in lower case and without the dot.

    Pictures keep the format of the input, unless that holds arrays, or cannot hold them; label maps are PNG files, in which their classes
    are exact; a volume becomes a volume, a video a video, and another raster than TIFF becomes TIFF; all others have the format of the
    target's own files.

    Args:
        target: the domain of the result.
        source: the ending of the input.
    """
    if source in VIDEOS:
        return source
    if source in VOLUMES:
        return "tif" if why_unfit(source, target) else source
    if source in RASTERS:
        return "tif"
    if target.resample == "nearest":
        return "png"
    deep = target.bands or target.dtype != "uint8"
    picture = "" if source in ARRAYS and target.format else source
    candidates = (target.format, source, "png", "tif") if deep else (picture, target.format, "png", "tif")
    return next(ending for ending in candidates if ending and not why_unfit(ending, target))
