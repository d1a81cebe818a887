"""The names of folders by which a data set is divided: train, val and test, alone or with a domain's name, as trainA or test_label."""

import re
from pathlib import Path

from tfgan.data.finding.walk import subfolders
from tfgan.errors import UserError

SPLITS = {"train": ("train", "training"), "val": ("val", "valid", "validation"), "test": ("test", "testing")}
"""Name of a split -> the names that its folder may have."""

LABEL_WORDS = (
    "label",
    "labels",
    "labeled",
    "mask",
    "masks",
    "annot",
    "annotation",
    "annotations",
    "seg",
    "segmentation",
    "gt",
    "ground_truth",
)
"""Names of folders of label maps, by which they are told from other folders; in any case."""

INSTANCES = ("inst", "instance", "instances")
"""Names of folders of instance maps; in any case."""

COMPANIONS = (*INSTANCES, "feat", "features")
"""Names of folders that lie beside those of pairs, as pix2pixHD has them, and are not used unless they are named; in any case."""

_SPLIT_OF = {alias: split for split, aliases in SPLITS.items() for alias in aliases}
ALIASES = tuple(_SPLIT_OF)
"""The names that folders of splits may have, in lower case."""

_NAMES = "|".join(sorted(ALIASES, key=len, reverse=True))
_LABELED = re.compile(rf"({_NAMES})[_ -]?({'|'.join(sorted(LABEL_WORDS, key=len, reverse=True))})", re.IGNORECASE)
_LETTERED = re.compile(rf"((?i:{_NAMES}))([AB])")
_FIRST = re.compile(rf"({_NAMES})[_ -](.+)", re.IGNORECASE)
_LAST = re.compile(rf"(.+)[_ -]({_NAMES})", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")


def split_of(name: str) -> str:
    """The split, "train", "val" or "test", that a folder of this name is; "" if it is none."""
    return _SPLIT_OF.get(name, "")


def split_and_domain(name: str) -> tuple[str, str]:
    """The split and the domain in a folder's name such as trainA, train_label, trainannot or label_train; twice "" if it has not both."""
    if found := _LETTERED.fullmatch(name) or _LABELED.fullmatch(name) or _FIRST.fullmatch(name):
        return _SPLIT_OF[found[1].casefold()], found[2]
    found = _LAST.fullmatch(name)
    return (_SPLIT_OF[found[2].casefold()], found[1]) if found else ("", "")


def is_label_word(name: str) -> bool:
    """Whether a word of a folder's name is one for label maps, as in SegmentationClass or my_masks."""
    return any(word.casefold() in LABEL_WORDS for word in (name, *_WORDS.findall(name)))


def speaks_of_split(name: str) -> str:
    """The split that a word of a folder's name is, as in training_set, trainA or MyTest; "" if none is."""
    return next((split for word in _WORDS.findall(name) if (split := split_of(word.casefold()))), "")


def split_folders(folder: Path) -> dict[str, str]:
    """Name of each folder directly in `folder` that is a split -> the split: "train", "val" or "test".

    Raises:
        UserError: two folders are names of one split, such as val and validation.
    """
    roots: dict[str, str] = {}
    for inner in subfolders(folder):
        split = split_of(inner.name)
        if split and split in roots.values():
            other = next(name for name, known in roots.items() if known == split)
            raise UserError(f"{folder / other} and {inner} are names of one split, {split}; keep one of them")
        if split:
            roots[inner.name] = split
    order = list(SPLITS)
    return dict(sorted(roots.items(), key=lambda entry: order.index(entry[1])))
