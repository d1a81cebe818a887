"""Proposes which domain of pairs becomes which, where nobody has said so: label maps become images, as pix2pix and SPADE are used."""

import dataclasses
from collections.abc import Collection
from typing import Any, NamedTuple

from tfgan.config import BATCH_KINDS, DataConfig, shell_flag
from tfgan.data import is_made
from tfgan.data.checks.finding import NOTE, Finding
from tfgan.data.checks.labels import count_areas, label_ids, said_ids
from tfgan.data.checks.opening import Opened, attempt
from tfgan.data.checks.scan import sample_colors
from tfgan.data.directions import side_names
from tfgan.data.label_maps.classes import MAX_CLASSES
from tfgan.data.own import is_own
from tfgan.data.preparation.normalization import span

MAPS = 3  # colors from which areas are taken for classes: two may be a drawing, whose lines want to be blended
MADE_SIZE = (64, 64)  # pixels, of images that are made for the look
_ABOUT_CLASSES = ("label_coding", "label_encoding", "label_palette", "label_names", "ignore_label", "instances", "direction")


class Proposal(NamedTuple):
    """What is taken for granted of the direction of pairs."""

    settings: DataConfig
    findings: list[Finding]  # what was seen, and the flags that say the same; empty if there is nothing to say


def propose_direction(settings: DataConfig, kind: str, given: Collection[str]) -> Proposal:
    """The settings with the direction from label maps to images, where one side of pairs is label maps or looks like them.

    Halves without names are called labels and photo then. What was given stays as it is, and so does everything where the files do not
    tell, or cannot be opened.

    Args:
        settings: which data set, and how it is read.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        given: names of the settings that somebody gave.
    """
    nothing = Proposal(settings, [])
    if (
        settings.colorize
        or "direction" in given
        or not BATCH_KINDS[kind].pairs
        or is_own(settings)
        or (is_made(settings) and kind != "paired")
    ):
        return nothing
    plain: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(DataConfig) if field.name in _ABOUT_CLASSES}
    opened = attempt(dataclasses.replace(settings, skip_bad_files=True, **plain), "paired", MADE_SIZE)
    if not isinstance(opened, Opened) or "train" not in opened.splits:
        return nothing
    (source,) = opened.splits["train"]
    names = side_names([source])
    samples = {side: sample_colors(source, side) for side in names}
    ids = {side: found if len(found := label_ids(source, side)) <= MAX_CLASSES else [] for side in names}
    areas = {side: 0 if ids[side] else count_areas(found) for side, found in samples.items()}
    declared = [side for side in names if names[side] in settings.label_domains or source.domains[side].resample == "nearest"]
    labels = declared or [side for side in names if ids[side] or areas[side]]
    if len(labels) != 1:
        return nothing

    (side,), changes = labels, dict[str, Any]()
    if (ids[side] or areas[side] >= MAPS) and not declared and "label_domains" not in given:
        if settings.data_dir and "domains" not in given and names == {"A": "A", "B": "B"}:
            names = {own: "labels" if own == side else "photo" for own in names}
            changes["domains"] = tuple(names.values())
        changes["label_domains"] = (names[side],)
        if ids[side] and "label_coding" not in given:
            changes["label_coding"] = "ids"
    problem = f"{names[side]} consists of areas of {areas[side]} colors"
    if ids[side]:
        problem = said_ids(names[side], ids[side], span(source.domains[side]))
    (other,) = set(names) - set(side)
    changes["direction"] = f"{names[side]}_to_{names[other]}"
    words = " ".join(shell_flag(name, value) for name, value in changes.items())
    cure = f"taken for label maps, of which {names[other]} is made: {words}"
    findings = [Finding(NOTE, "looks_like_labels", problem, cure)] if "label_domains" in changes else []
    return Proposal(dataclasses.replace(settings, **changes), findings)
