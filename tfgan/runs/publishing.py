"""A run as others get it: the files that go to a hub, without the paths of whoever trained it, and the check of those that come."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from tfgan.config import RunConfig
from tfgan.config.setting import Settings
from tfgan.errors import UserError
from tfgan.evaluation.report.card import is_own_card
from tfgan.evaluation.results import FILE as EVALUATION
from tfgan.evaluation.results import read_results
from tfgan.paths.files import write_atomically
from tfgan.paths.inside import leads_outside
from tfgan.runs.judging import judge_run
from tfgan.runs.opening import read_config
from tfgan.runs.report import CARD, make_card
from tfgan.training.kept import find_checkpoint
from tfgan.training.manifest import FILE as MANIFEST
from tfgan.training.manifest import PARTS, Manifest, sums_on_disk

LOGS = ("metrics.jsonl", "alarms.jsonl", EVALUATION)
HUB_CARD = "README.md"  # what the hub shows as a card
SHOWN = re.compile(r"\]\((samples/[\w.-]+\.png)\)")
WANTED = ("config.json", *LOGS, HUB_CARD, "checkpoints/ckpt-*", f"checkpoints/{MANIFEST}", "samples/*.png", "samples/inputs/*")
"""What is taken of a run on a hub, by patterns of names: nothing else belongs to one."""


def stage(run: Path, part: Path, checkpoint: str = "last", samples: bool = True):
    """Fills the empty folder `part` with what is published of a run: its record, logs, card, and one checkpoint, the last one there.

    Args:
        run: its folder.
        checkpoint: last, best, or the number of a step.
        samples: the newest sample picture too, and the inputs with which exports are compared: both show images of the data.

    Raises:
        UserError: no such run, or no whole checkpoint of that name.
    """
    _stage_record(judge_run(str(run), checkpoint), run, part)
    _stage_checkpoint(run, part, checkpoint)
    for name in LOGS:
        if (run / name).is_file() and not leads_outside(run / name, run):
            shutil.copyfile(run / name, part / name)
    if (part / EVALUATION).exists():
        _stage_results(part)
    own = run / CARD
    filled_in = own.is_file() and not is_own_card(own.read_bytes())
    card = own.read_bytes() if filled_in else make_card(run, lambda picture: f"samples/{picture.name}" if samples else "")
    (part / HUB_CARD).write_bytes(card)
    if samples:
        _stage_samples(run, part, card.decode(errors="replace"))


def _stage_record(config: RunConfig, run: Path, part: Path):
    """Writes the record of the run with the last parts of paths alone."""
    record = json.loads((run / "config.json").read_text())
    for name in ("data", "training", "hparams"):
        kind = type(getattr(config, name))
        record[name] = {key: _last(kind, key, value) for key, value in record[name].items()}
    write_atomically(part / "config.json", json.dumps(record, indent=2) + "\n")


def _stage_results(part: Path):
    """Leaves out of the results of evaluations there the single images, which have the names of the data's files."""
    results = [result | {"cases": []} for result in read_results(part)]
    write_atomically(part / EVALUATION, json.dumps({"results": results}, indent=2) + "\n")


def _last(kind: type[Settings], name: str, value: Any) -> Any:
    field = kind.__dataclass_fields__.get(name)
    if field is None or not field.metadata.get("path"):
        return value
    return [Path(one).name for one in value] if isinstance(value, list) else Path(str(value)).name


def _stage_checkpoint(run: Path, part: Path, checkpoint: str):
    """Links or copies the files of a checkpoint under the name of its step, with the sums of their content beside them."""
    found, _ = find_checkpoint(run / "checkpoints", checkpoint)
    folder, name = part / "checkpoints", f"ckpt-{found.step}"
    folder.mkdir()
    made = []
    for file in found.files:
        made.append(folder / (name + file.name.removeprefix(PARTS.fullmatch(file.name)[1])))  # type: ignore[index]  # it is a checkpoint's
        _link(file, made[-1])
    Manifest({name: sums_on_disk(made)}).write(folder)


def _stage_samples(run: Path, part: Path, card: str):
    """Copies the pictures that the card shows, and the inputs of samples."""
    inputs = run / "samples" / "inputs"
    for file in [*(run / name for name in SHOWN.findall(card)), *(sorted(inputs.iterdir()) if inputs.is_dir() else [])]:
        if file.is_file() and not leads_outside(file, run):
            target = part / file.relative_to(run)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def _link(file: Path, target: Path):
    try:
        os.link(file, target)
    except OSError:  # another disk
        shutil.copyfile(file, target)


def check_received(folder: Path, name: str):
    """Holds a run that came from a hub to what is asked of any received run, and gives its card the name that runs have it under.

    Raises:
        UserError: it is no run, its record or its checkpoint is damaged, or something in it leads out of it.
    """
    for path in folder.rglob("*"):
        if path.is_symlink() or leads_outside(path, folder):
            raise UserError(f"{name} holds a link, {path.relative_to(folder)}, which a run does not: it was not taken.")
    if not (folder / "config.json").is_file():
        raise UserError(f"{name} is no run of tfgan: it has no config.json. It was not taken.")
    try:
        read_config(folder)
        find_checkpoint(folder / "checkpoints", "last")
    except UserError as error:
        raise UserError(f"{name} was not taken: {str(error).replace(f'{folder}/', '')}") from None
    if (folder / HUB_CARD).exists():
        (folder / HUB_CARD).rename(folder / CARD)
