"""The folders that studies learn from, made of pairs: photo on the left, label map on the right, in `train` and `val`."""

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

import tfgan
from tfgan.data.label_maps.maps import paint

SIDE = 128  # pixels of the built-in façades


def lay_out(layout: str, data_dir: str, folder: Path, pairs: int = 0, images: int = 64) -> Path:
    """The folder in which a study finds its data; what has to be made lies in `folder`, whole or not at all.

    Args:
        layout: pairs, unpaired, photos (the left halves of pairs, by --half=left) or digits.
        data_dir: of the pairs or digits; empty: the built-in façades.
        pairs: training pairs to learn from, evenly spaced; 0: all.
        images: training pairs that are made of the built-in façades.
    """
    if layout == "digits":
        if not data_dir:
            raise SystemExit("--data_dir is missing: digits are no built-in set.")
        return Path(data_dir).absolute()
    whole = Path(data_dir).absolute() if data_dir else _made(folder / "pairs", lambda path: _built_in(path, images))
    if layout == "unpaired":
        return _made(folder / "unpaired", lambda path: _unpaired(whole, path))
    return _made(folder / f"pairs_{pairs}", lambda path: _few(whole, path, pairs)) if pairs else whole


def _made(path: Path, make) -> Path:
    if not path.exists():
        part = path.with_name(f"{path.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        make(part)
        os.replace(part, path)
    return path


def _built_in(path: Path, images: int):
    for split, count in (("train", images), ("validation", max(2, images // 8))):
        dataset = tfgan.open_dataset("semantic", SIDE, dataset="synthetic", synthetic_images=images)
        maps = paint(dataset.column(split, "labels", count), dataset.spec.domains["labels"].require_classes())
        folder = path / split.replace("validation", "val")
        folder.mkdir(parents=True)
        for number, (photo, labels) in enumerate(zip(dataset.column(split, "image", count), maps)):
            Image.fromarray(np.concatenate([photo, labels], axis=1)).save(folder / f"{number}.png")


def _few(whole: Path, path: Path, pairs: int):
    names = sorted(file.name for file in (whole / "train").iterdir())
    shutil.copytree(whole / "val", path / "val")
    (path / "train").mkdir()
    for name in (names[i * len(names) // pairs] for i in range(min(pairs, len(names)))):
        shutil.copy(whole / "train" / name, path / "train" / name)


def _unpaired(whole: Path, path: Path):
    """Label maps (A) of every second training pair, and photos (B) of the others, so that no pair is seen; validation keeps its pairs."""
    for split, renamed in (("train", "train"), ("val", "test")):
        for number, file in enumerate(sorted((whole / split).iterdir())):
            with Image.open(file) as image:
                pixels = np.asarray(image.convert("RGB"))
            photo, labels = np.split(pixels, 2, axis=1)
            for letter, side, turn in (("A", labels, 0), ("B", photo, 1)):
                if split == "val" or number % 2 == turn:
                    (path / f"{renamed}{letter}").mkdir(parents=True, exist_ok=True)
                    Image.fromarray(side).save(path / f"{renamed}{letter}" / f"{file.stem}.png")
