"""What a sweep is of, in its sweep.json: another command in the same folder must mean the same."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import tfgan
from tfgan.config import DataConfig, Strings, TrainConfig, differences, from_dict, is_run
from tfgan.config.run import read_record
from tfgan.config.stored import DAMAGE, Damaged
from tfgan.data.dataset import Dataset
from tfgan.data.own import is_own
from tfgan.errors import UserError
from tfgan.paths.files import write_atomically
from tfgan.runs.planning import growth
from tfgan.runs.planning.workdir import judge_workdir
from tfgan.runs.sweeping.recipe import Recipe

FILE = "sweep.json"
JUDGED = ("epochs", "steps", "validate_every", "validate_count", "features", "inception_weights", "best_metric", "patience")
"""Settings that a run may change when it goes on, and a sweep may not, as its trials would be measured in several ways."""


class OtherImages(UserError):
    """Raised where the images are not those that the sweep began with."""


def images_of(dataset: Dataset) -> dict[str, str]:
    """Hashes of the images by which trials are trained and validated."""
    return {"training": growth.learned_from(dataset), "validation": growth.validated_by(dataset)}


def is_sweep(folder: Path) -> bool:
    return (folder / FILE).is_file()


def judge_folder(recipe: Recipe):
    """Raises `UserError` for a folder in which no sweep is made, and which is not a sweep's."""
    folder = Path(recipe.training.workdir)
    if is_sweep(folder):
        return
    if is_run(folder):
        raise UserError(f"--workdir={folder} is a run: name a new folder for the sweep, which holds a run for each trial.")
    judge_workdir(str(folder), (recipe.data.data_dir, *recipe.data.extra_data_dirs))


def hold(recipe: Recipe, search: Strings, pruner: str, dataset: Dataset):
    """Writes what a new sweep is of. Raises `UserError` if the folder has a sweep of something else, with the differences."""
    folder = Path(recipe.training.workdir)
    parts = {"data": recipe.data, "training": recipe.training, "hparams": recipe.hparams}
    own = {"method": recipe.method, "search": list(search), "pruner": pruner, "images": images_of(dataset)}
    if not is_sweep(folder):
        record = {"tfgan": tfgan.__version__} | own | {name: dataclasses.asdict(part) for name, part in parts.items()}
        write_atomically(folder / FILE, json.dumps(record, indent=2) + "\n")
        return
    found = read_record(folder / FILE)
    lines = [f"{name}: {found.get(name)!r} -> {own[name]!r}" for name in ("method", "search", "pruner") if found.get(name) != own[name]]
    if found.get("method") == recipe.method:
        lines += _differences(folder / FILE, found, recipe)
    if lines:
        listed = "\n".join(f"  {line}" for line in lines)
        raise UserError(f"{folder} is a sweep with other settings:\n{listed}\nUse the old settings to go on with it, or another --workdir.")
    refuse_other_images(folder, found.get("images"), dataset)


def refuse_other_images(folder: Path, images: Any, dataset: Dataset):
    """Raises `OtherImages` unless a data set has the images of which `images` are the hashes, as those that a sweep began with."""
    if images != images_of(dataset):
        raise OtherImages(
            f"{folder}: the images are not those that the sweep began with, so that new trials could not be compared with old ones. Put "
            "them back, or begin a new sweep in another --workdir."
        )


def _differences(path: Path, found: dict[str, Any], recipe: Recipe) -> list[str]:
    """Lines `name: old -> new` for the settings in which a sweep's record differs from the recipe."""
    try:
        data = from_dict(DataConfig, found["data"], "data")
        training = from_dict(TrainConfig, found["training"], "training")
        hparams = from_dict(type(recipe.hparams), found["hparams"], "hparams")
    except (UserError, *DAMAGE) as error:
        raise Damaged(path, str(error).rstrip("."), "Put back a copy of the file, or begin a new sweep.") from None
    if is_own(data) and is_own(recipe.data):
        data = data.unchecked(dataset=recipe.data.dataset)  # images that a program gives are told by their hashes
    old, lines = (data, training, hparams), []
    for before, now in zip(old, recipe.records):
        lines += differences(before, now)
        pairs = [(name, getattr(before, name), getattr(now, name)) for name in JUDGED if name in now.texts()]
        lines += [f"{name}: {was!r} -> {is_now!r}" for name, was, is_now in pairs if was != is_now]
    return lines
