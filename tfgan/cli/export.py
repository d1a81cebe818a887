"""`tfgan export`: a SavedModel of a run."""

from pathlib import Path

from tfgan.cli.flags import Flags, wants_help
from tfgan.cli.start import start_tensorflow
from tfgan.errors import TrainingFailed, UserError

USAGE = """usage: tfgan export RUN [--FLAGS]

Writes a SavedModel that loads in any TensorFlow without tfgan, then compares it with the run's own networks on real
inputs. Signatures: serving_default, images [N,H,W,C] uint8 -> images [N,H,W,C] uint8, any N, H, W;
serve_bytes, image_bytes [N] (JPEG, PNG, GIF or BMP files) -> image_bytes [N] (PNG files). A run that translates into
several domains has both for each, to_NAME and to_NAME_bytes; attributes and styles are further inputs; what finds
them in an image is a signature too. Label maps are labels [N,H,W] int32, the numbers of classes; in bytes they are the
files, unless their classes are indices of a palette, which TensorFlow does not read. A run that makes images from
noise has serving_default, latents [N,length] float32 -> images, and from_seed, seed [N] int32 -> images; where it
knows classes, both take labels [N] int32 too."""

COMPARED_SEEDS = range(16)
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
    import tensorflow as tf

    from tfgan.cli.callbacks import stored_inputs
    from tfgan.cli.runs import open_run
    from tfgan.inference import Sampler, open_inference
    from tfgan.inference.export import export, is_export, largest_difference, largest_sample_difference, signature_name

    output = Path(flags["output"] or Path(folder) / "export")
    if output.exists() and not (flags["overwrite"] and is_export(output)):
        cure = "Use --overwrite to replace it, or" if is_export(output) else "It is no export, and stays: use"
        raise UserError(f"{output} exists. {cure} --output=FOLDER.")
    run = open_run(folder, flags["checkpoint"])
    ways = open_inference(run.method)
    inputs = {name: COMPARED_SEEDS if isinstance(way, Sampler) else stored_inputs(run.folder, way) for name, way in ways.items()}
    if not all(inputs.values()):
        raise UserError(f"{run.folder}/samples/inputs has no images to compare with: the command that trained the run writes them again.")
    export(ways, output)
    model = tf.saved_model.load(str(output))
    print(f"{output}: step {run.step}")
    wrong = []
    for name, way in ways.items():
        signature = signature_name(name, ways)
        serve, given, what = model.signatures[signature], inputs[name], "real images"
        if isinstance(way, Sampler):
            difference, what = largest_sample_difference(way, serve, model.signatures["from_seed"], given), "seeds"
        else:
            difference = largest_difference(way, serve, given)
        compared = f"largest difference from the run's over {len(given)} {what}: {difference:g} of {way.full_range}"
        print(f"{signature}: {way.describe()}; {compared}")
        wrong += [signature] * (not difference <= TOLERANCE * way.full_range)  # NaN is wrong too
    if wrong:
        raise TrainingFailed(f"{output} does not reproduce the run ({', '.join(wrong)}): do not use it.")
    return 0
