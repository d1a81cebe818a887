"""A run's networks in files for other runtimes than TensorFlow, and what they say of the run."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.config import Size
from tfgan.config.verbs import ExportConfig
from tfgan.errors import TrainingFailed, UserError
from tfgan.inference import Signatures, translators
from tfgan.paths.files import write_atomically
from tfgan.portable.agreement import Agreement, table
from tfgan.portable.description import describe
from tfgan.portable.files import Portable, write
from tfgan.portable.graph import plain
from tfgan.runs.opening import Run

AGREEMENT = "agreement.json"  # beside the files: how near their results are to the run's


def facts(run: Run, settings: ExportConfig) -> dict[str, Any]:
    """What an export says of its run."""
    return {"run": run.folder.resolve().name, "method": run.config.method, "step": run.step, "license": settings.license or None}


def portable(run: Run, signatures: Signatures, images: dict[str, list[np.ndarray]], settings: ExportConfig) -> Portable:
    """What files for other runtimes are made of. Raises `UserError` for a size that the networks do not take."""
    return Portable(run.method, signatures, images, facts(run, settings), size_of(run, signatures, settings.export_size))


def size_of(run: Run, signatures: Signatures, wanted: Size) -> Size:
    """Height and width of the images that files of one size take: those that are wanted, else of training, up to what the network takes.

    Raises:
        UserError: a wanted size that the networks do not take; the message names the next ones.
    """
    ways = translators(signatures).values()
    size = wanted if any(wanted) else run.config.hparams.image_size
    multiple = max((way.translation.multiple for way in ways), default=1)
    minimum = max((way.translation.minimum for way in ways), default=1)
    height, width = (max((side + multiple - 1) // multiple * multiple, minimum) for side in size)
    if any(wanted) and (height, width) != tuple(wanted):
        shown = f"{wanted[0]}x{wanted[1]}"
        raise UserError(
            f"--export_size={shown}: the network takes multiples of {multiple}, at least {minimum}. The next size is {height}x{width}."
        )
    return height, width


def described(run: Run, signatures: Signatures, settings: ExportConfig) -> dict[str, Any]:
    """What the asset of a SavedModel says: of the run, and of the functions that read the plain networks."""
    return facts(run, settings) | describe(run.method.spec, signatures, plain(signatures))


def write_portable(made: Portable, folder: Path, output: Path, settings: ExportConfig) -> list[Agreement]:
    """Writes the files of all formats but the SavedModel to `folder`, with how near each came to the run, and returns that.

    Raises:
        TrainingFailed: a file without quantization does not reproduce the run; `output`, where the export was to be, is as before.
    """
    found = write(made, folder, settings.format, settings.quantize)
    if wrong := [one for one in found if one.quantize == "none" and not one.fits]:
        shown = "\n".join(table(wrong))
        raise TrainingFailed(f"The export does not reproduce the run: do not use it. {output} is as it was.\n{shown}")
    if found:
        write_atomically(folder / AGREEMENT, json.dumps([one.record() for one in found], indent=2, ensure_ascii=False) + "\n")
    return found
