"""Good little data folders in every layout, of the built-in façades; what is wrong in a test is planted into them."""

import contextlib
import functools
import gzip
import io
import re

import numpy as np
from PIL import Image

from tfgan.cli.main import main
from tfgan.data.synthetic import SyntheticSource

SIDE = 64  # pixels
COUNTS = {"train": 24, "val": 8}
UNET = ["--image_size=64", "--generator=unet_64"]
FEW = ("note", "few_images")  # true of every folder here


def check(*arguments):
    """`tfgan check`: exit code, {(severity, name)} of what was found, and all that was printed."""
    printed, complaints = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(complaints):
        code = main(["check", *map(str, arguments)])
    text = printed.getvalue() + complaints.getvalue()
    return code, set(re.findall(r"^(error|warning|note) +(\w+):(?: |$)", text, re.MULTILINE)), text


@functools.cache
def scenes(kind, split):
    """Examples of the synthetic set, as its source loads them."""
    domains = ("A", "B") if kind == "unpaired" else ("",)
    sources = [SyntheticSource(kind, split, COUNTS[split], (SIDE, SIDE), seed=1, domain=domain) for domain in domains]
    return [{key: value for source in sources for key, value in source.load(index).items()} for index in range(COUNTS[split])]


def save(path, pixels, **options):
    """Writes H×W×C or H×W; the ending says the format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)


def read(path):
    with Image.open(path) as image:
        return np.asarray(image)


def copy_with_another_label_map(folder, old, new):
    """Of `two_folders`, paths with {} for the side: the photo byte for byte, and its label map with another color in one pixel."""
    (folder / new.format("photo")).write_bytes((folder / old.format("photo")).read_bytes())
    labels = read(folder / old.format("zmap")).copy()
    labels[0, 0] = 255 - labels[0, 0]
    save(folder / new.format("zmap"), labels)


def side_by_side(folder):
    for split in COUNTS:
        for number, pair in enumerate(scenes("paired", split)):
            save(folder / split / f"{number}.png", np.concatenate([pair["A"], pair["B"]], axis=1))
    return ["--label_domains=B", *UNET]


def two_folders(folder):
    for split in COUNTS:
        for number, pair in enumerate(scenes("paired", split)):
            save(folder / split / "photo" / f"{number}.png", pair["A"])
            save(folder / split / "zmap" / f"{number}.png", pair["B"])
    return ["--label_domains=zmap", *UNET]


def splits_inside(folder):
    for split in COUNTS:
        for number, pair in enumerate(scenes("paired", split)):
            save(folder / "photo" / split / f"{number}.png", pair["A"])
            save(folder / "zmap" / split / f"{number}.png", pair["B"])
    return ["--label_domains=zmap", *UNET]


def class_maps(folder):
    """Photos, and maps of class ids as gray values."""
    for split in COUNTS:
        for number, example in enumerate(scenes("semantic", split)):
            save(folder / split / "maps" / f"{number}.png", example["labels"].astype(np.uint8))
            save(folder / split / "photo" / f"{number}.png", example["image"])
    return ["--method=spade", "--label_domains=maps", "--direction=maps_to_photo", "--image_size=64", "--depth=4"]


def domains(folder):
    """Two domains that are no pairs, as CycleGAN names them."""
    for split in COUNTS:
        for number, pair in enumerate(scenes("unpaired", split)):
            save(folder / f"{split}A" / f"day{number}.png", pair["A"])
            save(folder / f"{split}B" / f"night{number}.png", pair["B"])
    return ["--image_size=64"]


def domains_without_splits(folder):
    for number, pair in enumerate(scenes("unpaired", "train")):
        save(folder / "day" / f"{number}a.png", pair["A"])
        save(folder / "night" / f"{number}b.png", pair["B"])
    return ["--image_size=64"]


def classes(folder):
    for split in COUNTS:
        for number, example in enumerate(scenes("labeled", split)):
            save(folder / split / f"class{number % 3}" / f"{number}.png", example["image"])
    return []


def table(folder):
    """Images with attributes in a table."""
    rows = ["file,night,shop,split"]
    for split in COUNTS:
        for number, example in enumerate(scenes("attributes", split)):
            save(folder / f"{split}{number}.png", example["image"])
            rows.append(f"{split}{number}.png,{number % 2},{number % 3 // 2},{split}")
    (folder / "attributes.csv").write_text("\n".join(rows) + "\n")
    return ["--image_size=64"]


def single_images(folder):
    for split in COUNTS:
        for number, example in enumerate(scenes("images", split)):
            save(folder / split / f"{number}.png", example["image"])
    return []


def nested_images(folder):
    for number, example in enumerate(scenes("images", "train")):
        save(folder / f"day{number % 5}" / "morning" / f"{number}.png", example["image"])
    return ["--method=dcgan"]


def idx(folder):
    """MNIST's own files."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for stem, count in (("train", 24), ("t10k", 8)):
        for what, array in (("images-idx3", rng.integers(0, 256, (count, 32, 32))), ("labels-idx1", np.arange(count) % 3)):
            head = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">u4").tobytes()
            (folder / f"{stem}-{what}-ubyte.gz").write_bytes(gzip.compress(head + array.astype(np.uint8).tobytes()))
    return []


LAYOUTS = {
    "paired": [side_by_side, two_folders, splits_inside],
    "semantic": [class_maps],
    "unpaired": [domains, domains_without_splits],
    "labeled": [classes, idx],
    "attributes": [table],
    "images": [single_images, nested_images],
}
"""Kind -> functions that write a good folder and return flags for `tfgan check`."""
