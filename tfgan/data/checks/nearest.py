"""What the folders of a data set are near to, where they are not laid out as any method wants them: what to rename, or to say."""

import itertools
from pathlib import Path

from tfgan.config import shell_flag
from tfgan.data.finding.pair_names import match_names
from tfgan.data.folders.layout import folders_in, holds_images, list_images
from tfgan.data.folders.splits import is_label_word, speaks_of_split, split_and_domain, split_folders, split_of
from tfgan.errors import did_you_mean

ALIKE = 0.9  # share of the files in two folders that have equal names, from which both show the same scenes
MOST_DOMAINS = 8  # folders of equal names, above which they are rather classes
_NO_DOMAIN = {"set", "sets", "data", "dataset", "images", "imgs", "img"}  # what stands behind a split's name and says nothing


def same_scenes(data_dir: Path) -> list[str]:
    """The names of three folders or more whose files have the same names, as those of several domains have; empty if there are none."""
    folders = _domain_folders(data_dir)
    names = [[path.as_posix() for path in list_images(folder)] for folder in folders]
    if not 3 <= len(folders) <= MOST_DOMAINS:
        return []
    labeled = any(is_label_word(folder.name) for folder in folders)
    for first, second in itertools.pairwise(names):
        matched = match_names(first, second)
        most = (min if labeled else max)(len(first), len(second))
        if matched.patterns and not matched.patterns[0].startswith("{}"):  # cat_1 and dog_1 are numbered each
            return []
        if len(matched.pairs) < ALIKE * most:
            return []
    return [folder.name for folder in folders]


def _domain_folders(data_dir: Path) -> list[Path]:
    """The folders with images that lie in the folder of the training images, or in that of the data set."""
    root = next((data_dir / name for name, split in split_folders(data_dir).items() if split == "train"), data_dir)
    return [folder for folder in folders_in(root) if list_images(folder)]


def nearest(data_dir: Path) -> str:
    """What would have to be renamed, or said, for the nearest layout of a folder, as a clause; "" if nothing is near."""
    roots, inner = split_folders(data_dir), folders_in(data_dir)
    if same := same_scenes(data_dir):
        stacked = shell_flag("domains", ("+".join(same[:-1]), same[-1]))
        two = shell_flag("domains", (same[0], same[-1]))
        return f"for pairs choose two of {', '.join(same)}, for example {two}, or stack some: {stacked}"
    if len(inner) == 1 and not roots and not holds_images(data_dir) and len(folders_in(inner[0])) > 1:
        return f"if {inner[0].name} is the data set, name it: {shell_flag('data_dir', str(inner[0]))}"
    if renamed := [_renamed(folder.name) for folder in inner if _renamed(folder.name)]:
        return f"for splits rename {', '.join(renamed)}"
    return _other_names(data_dir, roots)


def _renamed(name: str) -> str:
    """How a folder whose name speaks of a split would have to be called: "training_set to train"; "" if it says nothing, or is right."""
    split, domain = split_and_domain(name)
    if split and domain.casefold() not in _NO_DOMAIN:
        return ""
    split = split or speaks_of_split(name)
    return f"{name} to {split}" if split and not split_of(name) else ""


def _other_names(data_dir: Path, roots: dict[str, str]) -> str:
    """The folders in val and test that are called otherwise than those in train."""
    own = {split: [folder.name for folder in folders_in(data_dir / name)] for name, split in roots.items()}
    train = own.get("train", [])
    renamed = []
    for name, split in roots.items():
        missing = [wanted for wanted in train if wanted not in own[split]]
        for folder in (folder for folder in own[split] if folder not in train):
            if meant := next((wanted for wanted in missing if wanted in did_you_mean(folder, missing)), ""):
                renamed.append(f"{name}/{folder} to {name}/{meant}")
    return f"rename {', '.join(renamed)}, as in {next(name for name, split in roots.items() if split == 'train')}" if renamed else ""
