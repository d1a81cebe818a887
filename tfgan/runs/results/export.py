"""A SavedModel of a run, compared with the run's own networks."""

import dataclasses
import json
import logging
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan.config.verbs import ExportConfig
from tfgan.errors import OutputError, TrainingFailed, UserError
from tfgan.inference import Sampler, Signatures, open_inference, translators
from tfgan.inference.export import export, largest_difference, largest_sample_difference, signature_name
from tfgan.paths.files import write_atomically
from tfgan.paths.folders import files_in, new_folder
from tfgan.portable.agreement import Agreement
from tfgan.portable.description import INSTANCES, values
from tfgan.portable.graph import plain
from tfgan.runs.exported import RECORD
from tfgan.runs.opening import Run, open_run
from tfgan.runs.results.portable import described, portable, write_portable
from tfgan.runs.results.scale import find_scale
from tfgan.runs.results.weights import write_weights
from tfgan.runs.training.pictures import stored_inputs
from tfgan.terminal import waiting

logger = logging.getLogger(__name__)

COMPARED_SEEDS = range(16)
TOLERANCE = 1 / 255  # of the full range: rounding may fall either way


class Exported(NamedTuple):
    """The export that was written, and how far its results were from the run's."""

    folder: Path
    step: int  # of the checkpoint
    signatures: dict[str, str]  # name -> what it does, and how far its results were from the run's
    scale: str  # at what scale the run sees what it translates; "" if it translates nothing, or does not know
    weights: dict[str, str]  # name of each file of weights -> what is in it
    files: list[Agreement]  # of the other formats, each function of each file with what came of it in its own runtime


def export_run(folder: str, settings: ExportConfig, place: tuple[Path, list[str]]) -> Exported:
    """Writes a SavedModel of the run in `folder`, and compares it with the run on real inputs or seeds.

    Args:
        place: what `tfgan.runs.judging.judge_export` gives.

    Raises:
        UserError: no such run or checkpoint; the run has no images to compare with.
        OutputError: the export cannot be written.
        TrainingFailed: the export does not reproduce the run; nothing is written then.
    """
    output, replaced = place
    run = open_run(folder, settings.checkpoint)
    signatures = open_inference(run.method)
    inputs = {name: stored_inputs(run.folder, signature) for name, signature in signatures.items() if not isinstance(signature, Sampler)}
    if not all(inputs.values()):
        raise UserError(f"{run.folder}/samples/inputs has no images to compare with: the command that trained the run writes them again.")
    made = portable(run, signatures, inputs, settings)
    logger.info(f"Writing {len(signatures)} signature{'s' * (len(signatures) > 1)} of {run.folder} at step {run.step} to {output}")
    for way in translators(signatures).values():
        way.max_pixels = settings.max_pixels
    for way in translators(signatures).values():
        if way.source.instances:
            logger.info(f"An input of {way.source.name} is the number of a class for each pixel, {INSTANCES}.")
    about = described(run, signatures, settings)
    kind = "real" if run.config.spec.fingerprint else "made-up"
    try:
        with new_folder(output, replaced) as part:
            compared = _save(signatures, about, inputs, part, output, kind) if "savedmodel" in settings.format else {}
            files = write_portable(made, part, output, settings)
            weights = write_weights(run, part, settings.license) if "safetensors" in settings.format else {}
            scale = _record(run, signatures, about, part, settings)
    except tf.errors.OpError as error:  # what TensorFlow says of a disk
        raise OutputError(output, error) from error
    return Exported(output, run.step, compared, scale, weights, files)


def refuse_unfit(exported: Exported):
    """Raises `TrainingFailed` for an export with files whose results are out of bounds, as those of smaller numbers can be; they stay."""
    if wrong := list(dict.fromkeys(one.file for one in exported.files if not one.fits)):
        raise TrainingFailed(
            f"Out of bounds: {', '.join(wrong)} in {exported.folder}. Look at what they make before you use them, or quantize less."
        )


def _save(
    signatures: Signatures, about: dict[str, Any], inputs: dict[str, list[np.ndarray]], part: Path, output: Path, kind: str
) -> dict[str, str]:
    """Writes the SavedModel to `part`, with what it is `about` as an asset, and returns what `_compare` says of it."""
    with tempfile.TemporaryDirectory() as folder:
        asset = Path(folder) / RECORD
        asset.write_text(json.dumps(about, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        export(signatures, part, {function.name: function.traced() for function in plain(signatures)}, [asset])
        return _compare(signatures, inputs, part, output, kind)


def _compare(signatures: Signatures, inputs: dict[str, list[np.ndarray]], part: Path, output: Path, kind: str) -> dict[str, str]:
    """What each signature of the SavedModel in `part` does, and how far its results are from the run's, by its name there.

    Args:
        output: where the export is to be.
        kind: of the inputs, for messages.

    Raises:
        TrainingFailed: a result is too far from the run's; `output`, where the export was to be, is as before.
    """
    model = tf.saved_model.load(str(part))
    described, wrong = {}, []
    for name, signature in waiting(signatures.items(), len(signatures), "Comparing the export with the run"):
        served = signature_name(name, signatures)
        serve = model.signatures[served]
        if isinstance(signature, Sampler):
            difference = largest_sample_difference(signature, serve, model.signatures["from_seed"], COMPARED_SEEDS)
            given = f"{len(COMPARED_SEEDS)} seeds"
        else:
            difference, given = largest_difference(signature, serve, inputs[name]), f"{len(inputs[name])} {kind} images"
        compared = f"largest difference from the run's over {given}: {difference:g} of {signature.full_range}"
        described[served] = f"{signature.describe()}; {compared}"
        wrong += [served] * (not difference <= TOLERANCE * signature.full_range)  # NaN is wrong too
    if wrong:
        shown = "\n".join(f"{name}: {described[name]}" for name in wrong)
        raise TrainingFailed(f"The export does not reproduce the run ({', '.join(wrong)}): do not use it. {output} is as it was.\n{shown}")
    return described


def _record(run: Run, signatures: Signatures, about: dict[str, Any], output: Path, settings: ExportConfig) -> str:
    """Writes beside a SavedModel what it was made of, and is `about`; returns at what scale the run sees what it translates, in words."""
    scale, ways = find_scale(run.config), translators(signatures)
    translates = {
        signature_name(name, signatures): {
            "from": way.source.name,
            "to": way.target.name,
            "takes": values(way.source),
            "gives": values(way.target),
            "network": run.config.hparams.image_size,
            "scale": dataclasses.asdict(scale[way.input_key]) if way.input_key in scale else None,
        }
        for name, way in ways.items()
    }
    record = dict(about)
    if ways and "savedmodel" in settings.format:
        record["translates"] = translates
        record["max_pixels"] = settings.max_pixels
    record["files"] = files_in(output)
    write_atomically(output / RECORD, json.dumps(record, indent=2) + "\n")
    return " and ".join(dict.fromkeys(scale[way.input_key].describe() for way in ways.values() if way.input_key in scale))
