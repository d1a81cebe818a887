"""Handwritten digits with attributes: MNIST's files -> colored pictures and an attributes.csv, to try what learns attributes.

    python examples/mnist_attributes.py MNIST FOLDER COUNT

Each picture draws its attributes by itself, whatever the digit: the color of the ink (red, green or blue), `inverted` (on white instead of
black) and `thick` (strokes two pixels wider).
"""

import csv
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from tfgan.data.folders.idx import read_idx

INKS = {"red": (230, 40, 40), "green": (40, 190, 60), "blue": (60, 90, 240)}


def draw(digit: np.ndarray, ink: str, inverted: bool, thick: bool) -> np.ndarray:
    """A picture 32×32×3 uint8 of a digit 28×28 uint8 (255 is ink)."""
    cover = np.pad(digit, 2)
    if thick:
        around = np.pad(cover, 1)
        cover = np.max([around[top : top + 32, left : left + 32] for top in range(3) for left in range(3)], axis=0)
    weight = cover[..., None] / 255
    return np.rint(weight * INKS[ink] + (1 - weight) * (255 if inverted else 0)).astype(np.uint8)


def write_digits(mnist: Path, folder: Path, count: int, seed: int = 0):
    """Writes FOLDER/00000.png … and FOLDER/attributes.csv with the columns file, ink, inverted, thick; the same for the same seed.

    Args:
        mnist: the folder of train-images-idx3-ubyte.gz.
        count: pictures, of the first so many digits.
    """
    digits = read_idx(mnist / "train-images-idx3-ubyte.gz", 3)[:count]
    rng = np.random.default_rng(seed)
    rows = [
        (f"{number:05d}.png", ink, int(inverted), int(thick))
        for number, (ink, inverted, thick) in enumerate(
            zip(rng.choice(list(INKS), len(digits)), rng.random(len(digits)) < 0.5, rng.random(len(digits)) < 0.5)
        )
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for digit, (file, ink, inverted, thick) in zip(digits, rows):
        Image.fromarray(draw(digit, ink, bool(inverted), bool(thick))).save(folder / file)
    with (folder / "attributes.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "ink", "inverted", "thick"), *rows])


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    write_digits(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
