"""Makes names that somebody else chose safe as parts of paths: those of classes and domains, of data and of received runs."""

import hashlib
import logging
import re
import unicodedata
from collections.abc import Iterable

logger = logging.getLogger(__name__)

LONGEST = 255  # bytes of a file's name on common file systems
SHOWN = 6  # names in a message

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE | re.DOTALL)  # names of devices on Windows
_SEPARATORS = "/\\"
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")  # categories: control characters, halves of characters, which UTF-8 has not, ends of lines


def safe_name(name: str, longest: int = LONGEST) -> str:
    """A name for a file or folder that stays where it is put, on every system; ordinary names stay as they are.

    Separators, control characters and what UTF-8 cannot say become _, as do dots at the begin, which hide a file or lead elsewhere, and
    dots and spaces at the end, which Windows drops. A device's name on Windows gets a _ in front. What is too long is cut, and ends in a
    hash of the whole name.

    Args:
        longest: bytes of the result in UTF-8, at most; at least 32.
    """
    safe = "".join("_" if c in _SEPARATORS or unicodedata.category(c) in _UNSEEN else c for c in name)
    begin, end = len(safe) - len(safe.lstrip(".")), len(safe.rstrip(". "))
    safe = "_" * len(safe) if begin > end else "_" * begin + safe[begin:end] + "_" * (len(safe) - end)
    safe = safe or "_"
    if _RESERVED.fullmatch(safe):
        safe = f"_{safe}"
    return shortened(safe, longest, name)


def shortened(name: str, longest: int = LONGEST, whole: str = "") -> str:
    """A name that is no longer than `longest` bytes in UTF-8: what is longer is cut, and ends in a hash of the name, or of `whole`."""
    if len(name.encode(errors="surrogateescape")) <= longest:
        return name
    return _cut(name, longest - 9) + "-" + hashlib.sha256((whole or name).encode(errors="surrogatepass")).hexdigest()[:8]


def run_name(name: str) -> str:
    """The name of a run's folder after a recipe or a data set: not too long, and in UTF-8, as TensorFlow needs it."""
    return shortened(re.sub("[\ud800-\udfff]", "_", name))


def _cut(text: str, size: int) -> str:
    """The begin of a text, as much as UTF-8 writes in `size` bytes."""
    return text.encode(errors="surrogateescape")[:size].decode(errors="ignore")


def safe_names(names: Iterable[str], what: str, longest: int = LONGEST) -> list[str]:
    """Names for files or folders, one for each of `names`, in their order: safe, and told apart by every file system.

    Names that differ in case alone, or in how an accented letter is composed, count as one on some systems. The first one keeps its name,
    and names that are safe as they are go before those that are not; others get a number. What is changed is logged.

    Args:
        what: what the names are of, for the log: "class".
        longest: bytes of each result in UTF-8, at most.
    """
    names = list(names)
    found: dict[int, str] = {}
    taken: dict[str, int] = {}  # what is taken -> how often it was asked for
    safe = [safe_name(name, longest) for name in names]
    for number in sorted(range(len(names)), key=lambda number: safe[number] != names[number]):
        own, key = safe[number], _key(safe[number])
        while _key(own) in taken:
            taken[key] += 1
            own = f"{_cut(safe[number], longest - 1 - len(str(taken[key])))}-{taken[key]}"
        taken[_key(own)] = 1
        found[number] = own
    changed = [f"{as_shown(name)} becomes {found[number]}" for number, name in enumerate(names) if found[number] != name]
    if changed:
        more = f", and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        logger.info(f"In paths, the {what} {f', the {what} '.join(changed[:SHOWN])}{more}.")
    return [found[number] for number in range(len(names))]


def _key(name: str) -> str:
    """What two names share if any file system takes them for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def as_shown(name: str) -> str:
    """A name in quotes as a line of text can show it: what cannot be printed is escaped, and what is too long is cut."""
    text = repr(name)
    return text if len(text) <= 60 else f"{text[:56]}…{text[0]}"
