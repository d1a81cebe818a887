"""Files of several pages as results: volumes that lie in space where their sources lie, and TIFF of several pages."""

from pathlib import Path

import numpy as np

from tfgan.data.reading import images
from tfgan.data.reading.codecs import nifti, tiff
from tfgan.data.reading.codecs.geo import map_tags
from tfgan.data.reading.formats import FORMATS, ending, is_volume
from tfgan.errors import UserError
from tfgan.paths.files import write_atomically


def why_not_pages(extension: str, channels: int) -> str:
    """Why a file with this ending cannot hold several pages of so many channels, as a sentence with a cure; "" if it can."""
    form = FORMATS.get(extension, "")
    if form == "NIfTI":
        return "" if channels == 1 else f"NIfTI files hold one value a voxel, and results have {channels}; write TIFF (--format=tif)"
    return "" if form == "TIFF" else f"{form or 'such'} files hold one page; write several as TIFF (--format=tif)"


def save(path: Path, pages: list[np.ndarray], comment: str, bands: bool, like: Path, reading: str):
    """Writes pages into one file, whole or not at all.

    Args:
        path: the file, which is replaced if it exists; its ending says the format, see `why_not_pages`.
        pages: H×W×C each, of one size and type.
        comment: ASCII text beside the pixels.
        bands: whether their channels are plain data.
        like: the file of which they were made; a volume gets its place in space, and a GeoTIFF that on the map.
        reading: by which of `tfgan.config.spec.READINGS` that file was read: along which axis a volume was cut.

    Raises:
        UserError: the format cannot hold them, or a volume is to be made of what is none.
        OSError: the file cannot be written.
    """
    if reason := why_not_pages(ending(path), pages[0].shape[-1]):
        raise UserError(reason)
    if is_volume(path):
        if not is_volume(like):
            raise UserError(f"{path} would be a volume, and {like} is none: write TIFF (--format=tif)")
        values = np.moveaxis(np.stack([page[..., 0] for page in pages], axis=-1), -1, nifti.rule_of(reading)[1])
        write_atomically(path, nifti.encode(values, nifti.load(like), ending(path) == "nii.gz", comment))
        return
    if reason := images.why_not("tif", pages[0].shape[-1], pages[0].dtype.name, bands):
        raise UserError(reason)
    bands = bands or pages[0].shape[-1] > 4 or pages[0].dtype.name not in ("uint8", "uint16")
    write_atomically(path, tiff.encode_pages(pages, bands, comment, map_tags(like, pages[0].shape[:2], "TIFF")))
