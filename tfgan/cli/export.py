"""`tfgan export`: a SavedModel of a run."""

from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.cli.start import start_tensorflow
from tfgan.errors import TrainingFailed, UserError

USAGE = """usage: tfgan export RUN [--FLAGS]

Writes a SavedModel that loads in any TensorFlow without tfgan, then compares it with the run's own generator on real
inputs. Signatures: serving_default, images [N,H,W,C] uint8 -> images [N,H,W,C] uint8, any N, H, W;
serve_bytes, image_bytes [N] (JPEG, PNG, GIF or BMP files) -> image_bytes [N] (PNG files)."""

TOLERANCE = 1 / 255  # of the full range: rounding may fall either way


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add("which", "checkpoint", "last", "last, best, or the number of a step")
    flags.add("output", "output", "", "folder of the SavedModel; empty: RUN/export")
    flags.add("output", "overwrite", False, "replace an export that exists", bool)
    if wants_help(arguments):
        print(flags.help())
        return 0
    (folder,) = flags.parse(arguments, positional=1)

    start_tensorflow()
    import numpy as np

    from tfgan.cli.callbacks import stored_inputs
    from tfgan.cli.runs import open_run
    from tfgan.inference.export import export, is_export, largest_difference
    from tfgan.inference.translator import Translator

    output = Path(flags["output"] or Path(folder) / "export")
    if output.exists() and not (flags["overwrite"] and is_export(output)):
        cure = "Use --overwrite to replace it, or" if is_export(output) else "It is no export, and stays: use"
        raise UserError(f"{output} exists. {cure} --output=FOLDER.")
    run = open_run(folder, flags["checkpoint"])
    translator = Translator(run.method.inference()["translate"])
    inputs = stored_inputs(run.folder)
    if not inputs:
        raise UserError(f"{run.folder}/samples/inputs has no images to compare with: the command that trained the run writes them again.")
    export(translator, output)
    difference, largest = largest_difference(translator, output, inputs), np.iinfo(translator.target.dtype).max
    print(f"{output}: step {run.step}, {translator.source.name} to {translator.target.name}")
    print(f"largest difference from the run's generator over {len(inputs)} real images: {difference} of {largest}")
    if difference > TOLERANCE * largest:
        raise TrainingFailed(f"{output} does not reproduce the run: do not use it.")
    return 0
