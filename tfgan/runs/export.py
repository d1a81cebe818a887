"""A SavedModel of a run, compared with the run's own networks."""

from pathlib import Path
from typing import NamedTuple

import tensorflow as tf

from tfgan.config.verbs import ExportConfig
from tfgan.errors import TrainingFailed, UserError
from tfgan.inference import Sampler, open_inference
from tfgan.inference.export import export, is_export, largest_difference, largest_sample_difference, signature_name
from tfgan.runs.opening import open_run
from tfgan.runs.pictures import stored_inputs

COMPARED_SEEDS = range(16)
TOLERANCE = 1 / 255  # of the full range: rounding may fall either way


class Exported(NamedTuple):
    """The export that was written, and how far its results were from the run's."""

    folder: Path
    step: int  # of the checkpoint
    signatures: dict[str, str]  # name -> what it does, and how far its results were from the run's


def export_run(folder: str, settings: ExportConfig) -> Exported:
    """Writes a SavedModel of the run in `folder`, and compares it with the run on real inputs or seeds.

    Raises:
        UserError: no such run or checkpoint; the output is there already.
        TrainingFailed: the export does not reproduce the run.
    """
    output = Path(settings.output or Path(folder) / "export").expanduser()
    if output.exists() and not (settings.overwrite and is_export(output)):
        cure = "Use --overwrite to replace it, or" if is_export(output) else "It is no export, and stays: use"
        raise UserError(f"{output} exists. {cure} --output=FOLDER.")
    run = open_run(folder, settings.checkpoint)
    signatures = open_inference(run.method)
    inputs = {name: stored_inputs(run.folder, signature) for name, signature in signatures.items() if not isinstance(signature, Sampler)}
    if not all(inputs.values()):
        raise UserError(f"{run.folder}/samples/inputs has no images to compare with: the command that trained the run writes them again.")
    export(signatures, output)
    model = tf.saved_model.load(str(output))
    described, wrong = {}, []
    for name, signature in signatures.items():
        served = signature_name(name, signatures)
        serve = model.signatures[served]
        if isinstance(signature, Sampler):
            difference = largest_sample_difference(signature, serve, model.signatures["from_seed"], COMPARED_SEEDS)
            given = f"{len(COMPARED_SEEDS)} seeds"
        else:
            difference, given = largest_difference(signature, serve, inputs[name]), f"{len(inputs[name])} real images"
        compared = f"largest difference from the run's over {given}: {difference:g} of {signature.full_range}"
        described[served] = f"{signature.describe()}; {compared}"
        wrong += [served] * (not difference <= TOLERANCE * signature.full_range)  # NaN is wrong too
    if wrong:
        shown = "\n".join(f"{name}: {described[name]}" for name in wrong)
        raise TrainingFailed(f"{output} does not reproduce the run ({', '.join(wrong)}): do not use it.\n{shown}")
    return Exported(output, run.step, described)
