"""What the judge of pairs says of real photos that are damaged in known ways: which faults its figures see, and which they pass over.

    python -m benchmarks.quality.damaged --data_dir=facades --image_size=64

The segmenter and the encoder are those of `python -m benchmarks.quality pairs` with the same --workdir.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.quality import __main__ as quality
from benchmarks.quality.protocol import ALL, OfPairs

SHOWN = ("pixel_accuracy", "fid", "kid", "encoder fid", "encoder kid", "swd")


def damages(photos: np.ndarray, others: np.ndarray) -> dict[str, np.ndarray]:
    """Photos N×H×W×3 uint8 in several states, and as many `others` of the same kind, which are what no fault costs."""
    rng, rows, columns = np.random.default_rng(0), *np.indices(photos.shape[1:3])
    grid = np.where((rows + columns) % 2, 10, -10)[None, ..., None]
    return {
        "other real photos": others,
        "without color": each(photos, lambda image: image.convert("L").convert("RGB")),
        "blurred, σ = 0.7 pixels": each(photos, lambda image: image.filter(ImageFilter.GaussianBlur(0.7))),
        "blurred, σ = 1.2 pixels": each(photos, lambda image: image.filter(ImageFilter.GaussianBlur(1.2))),
        "noise, σ = 10 levels": rounded(photos + rng.normal(0, 10, photos.shape)),
        "noise, σ = 25 levels": rounded(photos + rng.normal(0, 25, photos.shape)),
        "a checkerboard of ± 10 levels": rounded(photos + grid),
        "one photo for all": np.repeat(photos[:1], len(photos), axis=0),
    }


def each(photos: np.ndarray, change) -> np.ndarray:
    return np.stack([np.asarray(change(Image.fromarray(photo))) for photo in photos])


def rounded(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    quality.add_judging(parser)
    options = parser.parse_args()
    folder = Path(options.workdir).absolute() / "pairs"
    folder.mkdir(parents=True, exist_ok=True)
    whole = quality.data.lay_out("pairs", options.data_dir, folder, images=options.images)
    judge: OfPairs = quality.make_judge("pairs", whole, options, folder)
    photos, learned = (judge.pictures.column(split, "target", ALL) for split in ("validation", "train"))
    others = learned[np.linspace(0, len(learned) - 1, len(photos)).astype(int)]
    print(f"| | {' | '.join(SHOWN)} |\n|---|{'---:|' * len(SHOWN)}")
    for name, images in damages(photos, others).items():
        figures = judge.of_images("photo", images)
        print(f"| {name} | {' | '.join(f'{figures[key]:.3g}' for key in SHOWN)} |", flush=True)


if __name__ == "__main__":
    main()
