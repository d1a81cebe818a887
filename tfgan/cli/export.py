"""`tfgan export`: a SavedModel of a run."""

import shutil
from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.cli.quiet import start_tensorflow
from tfgan.errors import TrainingFailed, UserError

USAGE = """usage: tfgan export RUN [--FLAGS]

Writes a SavedModel that loads in any TensorFlow without tfgan, then compares it with the run's own generator on real inputs.
Signatures: serving_default, images [N,H,W,C] uint8 -> images [N,H,W,C] uint8, any N, H, W;
serve_bytes, image_bytes [N] (JPEG, PNG, GIF or BMP files) -> image_bytes [N] (PNG files)."""

LARGEST_DIFFERENCE = 1  # of the 255 steps: rounding may fall either way


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
    from tfgan.cli.callbacks import stored_inputs
    from tfgan.cli.runs import open_run
    from tfgan.inference.export import export, largest_difference
    from tfgan.inference.translator import Translator

    output = Path(flags["output"] or Path(folder) / "export")
    if output.exists() and not flags["overwrite"]:
        raise UserError(f"{output} exists. Use --overwrite to replace it, or --output=FOLDER.")
    run = open_run(folder, flags["checkpoint"])
    translator = Translator(run.method.inference()["translate"])
    if output.exists():
        shutil.rmtree(output)
    models = run.method.averages or run.method.networks
    export(translator, [v for model in models.values() for v in model.variables], output)
    images = stored_inputs(run.folder)
    difference = largest_difference(translator, output, images)
    print(f"{output}: step {run.step}, {translator.source.name} to {translator.target.name}")
    print(f"largest difference from the run's generator over {len(images)} real images: {difference} of {translator.target.dtype} steps")
    if difference > LARGEST_DIFFERENCE:
        raise TrainingFailed(f"{output} does not reproduce the run: do not use it.")
    return 0
