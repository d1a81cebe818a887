"""Text in pictures: in fonts that know many scripts, wrapped, and shortened where there is no room."""

import functools
import math
from collections.abc import Iterator
from pathlib import Path

import matplotlib
from PIL import ImageDraw, ImageFont

from tfgan.config.words import say_once

ELLIPSIS = "…"
UNKNOWN = "□"  # stands for a character that no font here has
OTHER_FONTS = (
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKjp-Regular.otf", "NotoSansCJKsc-Regular.otf", "wqy-zenhei.ttc", "wqy-microhei.ttc"),
    *("DroidSansFallbackFull.ttf", "msyh.ttc", "msgothic.ttc", "malgun.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf"),
    *("NotoSansDevanagari-Regular.ttf", "NotoSansThai-Regular.ttf", "NotoSansBengali-Regular.ttf", "NotoSansTamil-Regular.ttf"),
    *("Nirmala.ttf", "NotoSans-Regular.ttf", "NotoEmoji-Regular.ttf", "unifont.otf", "unifont.ttf"),
)
"""Files of fonts, as systems name them, for the scripts that DejaVu, which matplotlib brings, does not have."""


@functools.cache
def fonts(size: int) -> tuple[ImageFont.FreeTypeFont, ...]:
    """The fonts of a size in pixels in which characters are looked for, in order; the first one, DejaVu Sans, is always there."""
    found = [ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)]
    for name in OTHER_FONTS:
        try:
            found.append(ImageFont.truetype(name, size))
        except OSError:  # not on this machine
            continue
    return tuple(found)


def _has(font: ImageFont.FreeTypeFont, character: str) -> bool:
    """Whether the font has the character; fonts draw all that they lack alike."""
    drawn, lacking = font.getmask(character), font.getmask("\U0010ffff")
    return character.isspace() or drawn.size != lacking.size or bytes(drawn) != bytes(lacking)


@functools.cache
def font_of(character: str, size: int) -> ImageFont.FreeTypeFont | None:
    """The first font that has the character; None if there is none."""
    return next((font for font in fonts(size) if _has(font, character)), None)


def missing(text: str, size: int) -> str:
    """The characters of a text that no font here has, each once."""
    return "".join(dict.fromkeys(character for character in plain(text) if font_of(character, size) is None))


def tell_missing(texts: list[str], size: int):
    """Says once which characters of some texts no font here has."""
    lacking = missing("".join(texts), size)
    if lacking:
        say_once(
            f"No font here has {' '.join(lacking)}: titles in pictures show {UNKNOWN} for each, with the column's number. "
            "Install a font of that script, such as Noto Sans CJK. The report shows them in full."
        )


def plain(text: str) -> str:
    """The text in one line, without characters that draw nothing, such as line breaks and control characters."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _runs(text: str, size: int) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
    """Yields the pieces of a text, each with the font that has all of its characters."""
    piece, font = "", fonts(size)[0]
    for character in text:
        own = font if character.isspace() else font_of(character, size)
        shown, own = (character, own) if own else (UNKNOWN, fonts(size)[0])
        if own is not font and piece:
            yield font, piece
            piece = ""
        piece, font = piece + shown, own
    if piece:
        yield font, piece


def width(text: str, size: int) -> int:
    """The width of a line of text, in pixels."""
    return math.ceil(sum(font.getlength(piece) for font, piece in _runs(text, size)))


def write(draw: ImageDraw.ImageDraw, left: float, top: int, text: str, size: int, color: str):
    """Draws a line of text, whose letters of all fonts stand on one line."""
    baseline = top + fonts(size)[0].getmetrics()[0]
    for font, piece in _runs(text, size):
        draw.text((left, baseline), piece, color, font, anchor="ls")
        left += font.getlength(piece)


def wrap(text: str, size: int, room: int, lines: int) -> list[str]:
    """The text in at most `lines` lines that are not wider than `room` pixels, broken between words; what is too long gets an ellipsis.

    A word that is wider than a line is broken inside, unless it is on the last line, where it is shortened.
    """
    wrapped: list[str] = []
    rest = plain(text)
    while rest and len(wrapped) < lines - 1:
        if width(rest, size) <= room:
            break
        line = _longest(rest, size, room)
        wrapped.append(rest[:line].rstrip())
        rest = rest[line:].lstrip()
    return [*wrapped, shorten(rest, size, room)] if rest else wrapped


def _longest(text: str, size: int, room: int) -> int:
    """How many characters of a text fit on a line: up to a space or behind one of - _ /, or as many as there is room for."""
    fitting = max((count for count in range(1, len(text) + 1) if width(text[:count], size) <= room), default=1)
    breaks = [count for count in range(1, fitting + 1) if text[count : count + 1] == " " or text[count - 1] in "-_/"]
    return max(breaks, default=fitting)


def shorten(text: str, size: int, room: int) -> str:
    """The text, or as much of its begin as leaves room for an ellipsis."""
    if width(text, size) <= room:
        return text
    kept = next((count for count in range(len(text), 0, -1) if width(text[:count].rstrip() + ELLIPSIS, size) <= room), 0)
    return text[:kept].rstrip() + ELLIPSIS
