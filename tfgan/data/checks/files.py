"""Checks files as such: those that are passed over or used by no split, names, depth, transparency, animations."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tfgan.data.checks.finding import NOTE, WARNING, Finding, found_in, plural
from tfgan.data.checks.headers import PAGED, Listing
from tfgan.data.reading import images
from tfgan.data.reading.formats import ACCEPTED, UNREAD, ending
from tfgan.errors import ReadFailed, UnreadableImage

_BESIDE = (".csv", ".txt", ".md", ".json", ".flags")
"""Endings of files that may well lie beside images."""


def check_files(listing: Listing, used: Mapping[str, str]) -> list[Finding]:
    """Findings on the files of a folder, apart from what the images show.

    Args:
        listing: the files of the folder.
        used: path of each file that is in any split, or known to be left out of it -> the domain that it is of, "" if that is not known.
    """
    headers = listing.headers
    unused = [file for file in headers if file not in used] if used else []
    animated = [file for file, header in headers.items() if header.frames > 1 and header.format not in PAGED]
    cmyk = [file for file, header in headers.items() if header.mode == "CMYK"]
    return [
        *_passed_over(listing),
        *found_in(WARNING, "unused_images", "{count} in no split", "move them into the folders of the layout, or away", unused),
        *_equal_but_for_case([*headers, *listing.passed_over]),
        *found_in(WARNING, "animated_files", "{count} with several frames: the first one counts", "save frames as files", animated),
        *found_in(NOTE, "cmyk_files", "{count} in CMYK, which becomes RGB without a color profile", "save them as RGB", cmyk),
        *_mixed_depth(listing, used),
        *_transparent(listing),
    ]


def _passed_over(listing: Listing) -> list[Finding]:
    others = [file for file in listing.passed_over if "-ubyte" not in file]  # of MNIST's own files
    pictures = [file for file in others if _is_picture(listing.folder / file)]
    rest = [file for file in others if file not in pictures and Path(file).suffix.lower() not in _BESIDE]
    known = list(dict.fromkeys(UNREAD[ending(file)] for file in pictures if ending(file) in UNREAD))
    cures = [f"{name}: {cure}" for name, cure in known]
    if any(ending(file) not in UNREAD for file in pictures):  # pictures by their content
        cures.append(f"give them an ending that is read: {ACCEPTED}")
    cure = "; ".join(cures)
    findings = found_in(WARNING, "images_passed_over", "{count} skipped because of the file type" + _endings(pictures), cure, pictures)
    problem = f"{plural(len(rest), 'other file')} skipped" + _endings(rest)
    return findings + ([Finding(NOTE, "files_passed_over", problem, files=tuple(rest))] if rest else [])


def _is_picture(path: Path) -> bool:
    if ending(path) in UNREAD:
        return True
    try:
        images.probe(path)
    except (UnreadableImage, ReadFailed):
        return False
    return True


def _endings(files: list[str]) -> str:
    counts = Counter(Path(file).suffix.lower() or "no ending" for file in files)
    return f": {', '.join(f'{ending} ({count})' for ending, count in counts.most_common())}"


def _equal_but_for_case(files: Sequence[str]) -> list[Finding]:
    groups: dict[str, list[str]] = {}
    for file in files:
        groups.setdefault(file.casefold(), []).append(file)
    alike = [" = ".join(group) for group in groups.values() if len(group) > 1]
    if not alike:
        return []
    problem = f"{plural(len(alike), 'name')} twice but for upper and lower case: on Windows and macOS one file replaces the other"
    return [Finding(WARNING, "names_differ_in_case", problem, "rename them", tuple(alike))]


def _mixed_depth(listing: Listing, domains: Mapping[str, str]) -> list[Finding]:
    """Findings on folders with pictures of 8 and of 16 bits; two domains may differ, as those of label maps and of photos do."""
    depths: dict[tuple[str, str], dict[int, list[str]]] = {}
    for file, header in listing.headers.items():
        if not header.bands:
            folder = Path(file).parts[-2] if "/" in file else ""
            depths.setdefault((folder, domains.get(file, "")), {}).setdefault(header.bits, []).append(file)
    mixed = [file for found in depths.values() if len(found) > 1 for file in found[16]]
    problem = "{count} with 16 bits among others with 8: if one domain has both, it is read with 8"
    return found_in(WARNING, "mixed_depth", problem, "save all images of a domain in one depth", mixed)


def _transparent(listing: Listing) -> list[Finding]:
    files = [file for file, header in listing.headers.items() if header.alpha]
    problem = "{count} with transparency, which is laid over white"
    return found_in(NOTE, "transparent_files", problem, "--alpha=drop takes the colors as stored, --alpha=keep a fourth channel", files)
