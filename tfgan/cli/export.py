"""`tfgan export`: a SavedModel of a run, or files of it for other runtimes."""

from tfgan.cli.flags import Flags, wants_help
from tfgan.config.verbs import ExportConfig
from tfgan.runs.start import start_tensorflow

USAGE = """usage: tfgan export RUN [--FLAGS]

Writes a SavedModel that TensorFlow loads without tfgan, and then compares it with the run's own networks on real images.

--format writes files for other runtimes too, which each runtime then runs on real images; the results are compared with
the run's, in a table and in agreement.json. litert is for phones and browsers (.tflite), onnx for onnxruntime and others,
keras for training in Keras, safetensors for PyTorch where the authors' code has the run's networks.

Signatures of a SavedModel, of runs that translate images:
  serving_default  images [N,H,W,C] uint8 -> images [N,H,W,C] uint8, for any N, H, W
  serve_bytes      image_bytes [N] (JPEG, PNG, GIF, or BMP files) -> image_bytes [N] (PNG files)

A run with several target domains has both for each, called to_NAME and to_NAME_bytes. Attributes and styles are further
inputs; finding them in an image is a signature too. Label maps are labels [N,H,W] int32, class numbers; as bytes they are
the files, except for palette files, which TensorFlow cannot read.

Signatures of runs that make images from noise; with classes, both also take labels [N] int32:
  serving_default  latents [N,length] float32 -> images
  from_seed        seed [N] int32 -> images (TensorFlow alone draws these; other runtimes take latents)

NAME_floats is the plain network, [-1,1] in and out, of sizes that it takes: it can be converted and differentiated.

examples:
  tfgan export runs/facades --checkpoint=best --output=facades_model
  tfgan export runs/facades --format=litert,onnx --quantize=none,float16,int8"""


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
    from tfgan.portable.agreement import table
    from tfgan.runs.results.export import export_run, refuse_unfit

    exported = export_run(folder, settings, place)
    print("\n".join([f"{exported.folder}: step {exported.step}", *(f"{name}: {text}" for name, text in exported.signatures.items())]))
    print("\n".join(f"{file}: {words}" for file, words in exported.weights.items()), end="\n" * bool(exported.weights))
    print("\n".join(table(exported.files) if exported.files else []), end="\n" * bool(exported.files))
    if exported.scale:
        print(f"They do not resize images. Training, sample pictures, and `tfgan translate` use images at {exported.scale}.")
    refuse_unfit(exported)
    return 0
