"""Text inside image files, beside the pixels, in every format that the program writes.

What a file says of itself goes wherever the file goes, is there as soon as the file is, and is gone when another file takes its place. A
list beside the files would do none of this.
"""

from pathlib import Path

from tfgan.data.reading.codecs import arrays, nifti, texts, tiff, video
from tfgan.data.reading.formats import is_video, is_volume
from tfgan.data.reading.headers import first_bytes


def read_comment(path: Path) -> str:
    """The text in an image file; "" if it has none, or is no image."""
    try:
        begin = first_bytes(path)
        if is_volume(path):
            return nifti.read_text(path)
        if is_video(path):
            return video.read_text(path)
        codec = tiff if begin in tiff.MAGICS else arrays if begin in arrays.MAGICS else texts
        return codec.read_text(path)
    except Exception:  # readers of what is damaged raise whatever an entry leads them to: struct.error, KeyError, TypeError, …
        return ""


def is_result(path: Path) -> bool:
    """Whether an image file states that this program made it, see `tfgan.inference.origin.as_comment`."""
    return read_comment(path).startswith('{"tfgan"')
