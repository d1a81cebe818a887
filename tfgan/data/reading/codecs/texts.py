"""Text inside the files of Pillow's formats, beside the pixels."""

import zlib
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, PngImagePlugin

KEYWORD = "Comment"  # of the PNG specification, for text of any kind
IHDR_END = 33  # bytes: where the first chunk of every PNG ends
MARK = b"tfgan:"  # begins the text in a BMP


def options(form: str, comment: str) -> dict[str, Any]:
    """The options with which Pillow writes an ASCII text, "" for none, into a file of the format `form`, where it can."""
    if not comment:
        return {}
    if form == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text(KEYWORD, comment)
        return {"pnginfo": text}
    if form == "GIF":
        return {"comment": comment.encode("ascii")}
    if form in ("JPEG", "WEBP", "TIFF", "AVIF", "HEIF"):
        exif = Image.Exif()
        exif[ExifTags.Base.ImageDescription] = comment
        return {"exif": exif}
    return {}


def with_comment(content: bytes, form: str, comment: str) -> bytes:
    """The bytes of a file with an ASCII text, "" for none, where Pillow cannot write one, in a BMP, or did not write the file, a PNG.

    A BMP has no field for text: it stands in the gap that the format allows before the pixels, whose place the header states.
    """
    text = comment.encode("ascii")
    if text and form == "PNG":
        chunk = b"tEXt" + KEYWORD.encode() + b"\0" + text
        chunk = (len(chunk) - 4).to_bytes(4, "big") + chunk + zlib.crc32(chunk).to_bytes(4, "big")
        return content[:IHDR_END] + chunk + content[IHDR_END:]
    if text and form == "BMP":
        begin, gap = int.from_bytes(content[10:14], "little"), MARK + text
        size, begin_after = ((number + len(gap)).to_bytes(4, "little") for number in (len(content), begin))
        return content[:2] + size + content[6:10] + begin_after + content[14:begin] + gap + content[begin:]
    return content


def read_text(path: Path) -> str:
    """The text in a picture; "" if it has none. Raises whatever Pillow's readers do for what is no image."""
    with Image.open(path) as image:
        if image.format == "BMP":
            return _before_the_pixels(path)
        found = image.info.get(KEYWORD) or image.info.get("comment") or image.getexif().get(ExifTags.Base.ImageDescription, "")
    return found.decode("latin-1") if isinstance(found, bytes) else str(found)


def _before_the_pixels(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(14)
        _, mark, text = file.read(int.from_bytes(head[10:14], "little") - 14).partition(MARK)
    return text.decode("latin-1") if mark else ""
