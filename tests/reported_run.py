"""A made-up run, as training, alarms and evaluation leave it, for the tests of its report."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tfgan.data.reading import images
from tfgan.inference.grids import Strip, draw, lay_out

CONFIG = {
    "method": "pix2pix",
    "data": {"dataset": "facades", "data_dir": "", "domains": ["photo", "labels"]},
    "training": {"workdir": "runs/a", "seed": 0, "precision": "float32", "health": True},
    "hparams": {"epochs": 4, "batch_size": 2, "learning_rate": 0.0002},
    "spec": {
        "image_size": [16, 16],
        "domains": {"source": {"name": "labels"}, "target": {"name": "photo"}},
        "sizes": {"train": 20, "validation": 4},
    },
    "versions": {"tfgan": "0.1.0", "python": "3.11.7"},
}

ROWS = [
    {"step": step, "epoch": step / 10, "images_per_second": 50.0, "generator_loss": 3.0 - step / 20, "real_score": 0.5}
    | ({"val_l1": 0.5 - step / 100 + (0.25 if step == 40 else 0.0)} if step % 20 == 0 else {})
    for step in range(10, 50, 10)
]

ALARM = {"step": 20, "epoch": 2.0, "alarm": "collapse", "message": "All alike: 0.1 of 0.15.", "flag": "--l1_weight=200"}


def write_run(folder: Path, config: dict | None = None, rows: list[dict] | None = None) -> Path:
    """A run of four epochs of ten steps, a picture after each."""
    (folder / "samples").mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(CONFIG if config is None else config))
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in (ROWS if rows is None else rows)))
    for epoch in range(1, 5):
        write_picture(folder / "samples" / f"epoch_{epoch:04d}.png", epoch)
    return folder


def write_picture(path: Path, seed: int, size=(24, 40)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)).save(path)


def sample_value(epoch: int, column: int, row: int) -> int:
    """The gray value, 0 to 255, of an image in the pictures of `write_samples`."""
    return 50 * epoch + 10 * column + row


def write_samples(folder: Path, titles=("labels", "photo", "generated photo", ""), rows: int = 2):
    """Sample pictures as training draws them, of gray images 16×16, see `sample_value`; the last two columns are made."""
    for epoch in range(1, 5):
        strips = []
        for column, title in enumerate(titles):
            gray = [np.full((16, 16, 3), sample_value(epoch, column, row) / 127.5 - 1) for row in range(rows)]
            strips.append(Strip(title, gray, made=column >= len(titles) - 2))
        geometry = lay_out(strips, f"epoch {epoch}")
        images.save(folder / "samples" / f"epoch_{epoch:04d}.png", draw(strips, geometry), geometry.to_text())


def write_evaluation(folder: Path, cases: int = 10, **changes):
    """Two results, the newer one with cases whose scores follow their number; the first and the last four have images."""
    listed = []
    for number in range(cases):
        images = {what: f"evaluation/{number}_{what}.png" for what in ("input", "truth", "result")}
        shown = number < 4 or number >= cases - 4
        for place, path in enumerate(images.values() if shown else ()):
            write_picture(folder / path, 10 * number + place, (16, 16))
        scores = {"l1": float(number), "psnr": 2.0 * number, "odd": -float(number)}
        listed.append({"name": f"{number}.jpg", "scores": scores} | ({"images": images} if shown else {}))
    newest = {
        "name": "a@40",
        "step": 40,
        "made": "2026-01-02T03:04:05+00:00",
        "stamp": {"real": 10, "features": {"hash": "abc"}},
        "metrics": {"l1": {"value": 0.25, "low": 0.125, "high": 0.5}, "photo.fid": {"value": 12.5, "real": 3.0}},
        "warnings": ["10 images are few."],
        "cases": listed,
    } | changes
    older = newest | {"step": 20, "metrics": {"l1": {"value": 0.75}}, "cases": []}
    (folder / "evaluation.json").write_text(json.dumps({"results": [older, newest]}))


def write_alarms(folder: Path, *alarms: dict):
    (folder / "alarms.jsonl").write_text("".join(json.dumps(alarm) + "\n" for alarm in alarms))
