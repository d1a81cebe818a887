"""`tfgan export`: a SavedModel of a run."""

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import ExportConfig
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan export RUN [--FLAGS]

Writes a SavedModel that TensorFlow loads without tfgan, and then compares it with the run's own networks on real images.

Signatures of runs that translate images:
  serving_default  images [N,H,W,C] uint8 -> images [N,H,W,C] uint8, for any N, H, W
  serve_bytes      image_bytes [N] (JPEG, PNG, GIF, or BMP files) -> image_bytes [N] (PNG files)

A run with several target domains has both for each, called to_NAME and to_NAME_bytes. Attributes and styles are further
inputs; finding them in an image is a signature too. Label maps are labels [N,H,W] int32, class numbers; as bytes they are
the files, except for palette files, which TensorFlow cannot read.

Signatures of runs that make images from noise; with classes, both also take labels [N] int32:
  serving_default  latents [N,length] float32 -> images
  from_seed        seed [N] int32 -> images

examples:
  tfgan export runs/facades
  tfgan export runs/facades --checkpoint=best --output=facades_model"""


def run(arguments: list[str]) -> int:
    flags = Flags(USAGE)
    flags.add_record("export", ExportConfig)
    if wants_help(arguments):
        print(flags.help())
        return 0
    (folder,) = flags.parse(arguments, positional=1)
    settings = flags.record(ExportConfig)

    from tfgan.runs.judging import judge_export

    place = judge_export(folder, settings)
    start_tensorflow()
    from tfgan.runs.results.export import export_run

    exported = export_run(folder, settings, place)
    print("\n".join([f"{exported.folder}: step {exported.step}", *(f"{name}: {text}" for name, text in exported.signatures.items())]))
    if exported.scale:
        print(f"They do not resize images. Training, sample pictures, and `tfgan translate` use images at {exported.scale}.")
    return 0
