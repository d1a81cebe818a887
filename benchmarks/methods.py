"""Seconds a step of every method in float32 and mixed_bfloat16: whether `--precision=auto` pays for all of them.

python -m benchmarks.methods [--methods=stargan,spade] [--image_size=64]
"""

import argparse
import multiprocessing

from benchmarks.machine import describe
from tfgan.methods import METHODS, method_class

PRECISIONS = ("float32", "mixed_bfloat16")


def main(arguments=None):
    options = _parse(arguments)
    rows = []
    for name in options.methods:
        rows.append((name, *(in_own_process(name, precision, options.image_size)[:2] for precision in PRECISIONS)))
    print(f"{describe()}; {options.image_size}², the built-in set, other settings by default.\n")
    print(table(rows))


def in_own_process(*arguments) -> tuple[int, float, int]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(seconds_per_step, arguments)


def seconds_per_step(name: str, precision: str, image_size: int) -> tuple[int, float, int]:
    """Batch size, the median time of the steps that `tfgan check` tries, and the bytes of a GPU that they held at most."""
    from tfgan.runs.start import start_tensorflow

    start_tensorflow()
    from tfgan.config import DataConfig, TrainConfig
    from tfgan.data import open_dataset
    from tfgan.runs.training.probe import predict

    cls = method_class(name)
    generator = {"generator": f"unet_{image_size}"} if name == "pix2pix" else {}
    hparams = cls.HParams(image_size=(image_size, image_size), **generator)
    data = DataConfig(synthetic_images=2 * max(hparams.batch_sizes()) * 5)
    dataset = open_dataset(data, cls.batch_kind, hparams.image_size, hparams.loaded_size())
    prediction = predict(name, TrainConfig(precision=precision), hparams, dataset)
    return hparams.batch_sizes()[-1], prediction.seconds, prediction.device_memory


def table(rows) -> str:
    """Markdown, of (method, (batch size, seconds) for each precision)."""
    lines = ["| method | batch | float32, s/step | mixed_bfloat16, s/step | time / float32 |", "|---|---:|---:|---:|---:|"]
    for name, (batch, first), (_, second) in rows:
        lines.append(f"| {name} | {batch} | {first:.3f} | {second:.3f} | {second / first:.2f} |")
    return "\n".join(lines)


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", type=lambda text: text.split(","), default=list(METHODS), help="default: all")
    parser.add_argument("--image_size", type=int, default=64, help="height and width (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
