"""Images a second of tfgan's input pipeline, beside what the train step of the same run consumes.

python -m benchmarks.input_pipeline [--data_dir=FOLDER]
"""

import argparse
import statistics
import time

from benchmarks.contestants import CONTESTANTS, Worker
from benchmarks.machine import describe


def main(arguments=None):
    options = _parse(arguments)
    worker = Worker(options.contestant, method="pix2pix", batch_size=options.batch_size, image_size=options.image_size, ngf=options.ngf)
    try:
        worker.build()
        worker.wait()
        rates = {"pipeline": [], "step": []}
        batches = open_batches(options)
        for _ in range(options.rounds):
            rates["pipeline"].append(images_per_second(batches, options.images, options.batch_size))
            rates["step"].append(options.batch_size / worker.seconds_per_step(options.steps))
        print(f"{describe(worker.facts['device'])}; {worker.facts['software']}.")
    finally:
        worker.close()
    origin = options.data_dir or f"synthetic, {options.synthetic_images} pairs"
    print(f"{origin}, batch {options.batch_size}, {options.image_size}², decoded images in memory; medians of {options.rounds} rounds.\n")
    print(table(rates, CONTESTANTS[options.contestant].summary))


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data_dir", default="", help="a folder of image pairs, as for `tfgan train`; default: the synthetic set")
    parser.add_argument("--batch_size", type=int, default=1, help="images in a batch (default: %(default)s)")
    parser.add_argument(
        "--image_size", type=int, default=256, help="height and width of the crop from 286/256 of it (default: %(default)s)"
    )
    parser.add_argument("--synthetic_images", type=int, default=100, help="pairs of the synthetic set (default: %(default)s)")
    parser.add_argument("--images", type=int, default=1000, help="images drawn in a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of pipeline and step (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=5, help="train steps in a round (default: %(default)s)")
    parser.add_argument("--ngf", type=int, default=64, help="filters of the networks' first convolution (default: %(default)s)")
    names = [name for name, contestant in CONTESTANTS.items() if contestant.framework == "tensorflow"]
    parser.add_argument("--contestant", default="tfgan_bfloat16", choices=names, help="the step (default: %(default)s)")
    return parser.parse_args(arguments)


def open_batches(options):
    """An endless iterator of training batches whose images have all been decoded, so that every round draws from memory."""
    from tfgan.runs.start import start_tensorflow

    start_tensorflow()
    from tfgan.config import DataConfig
    from tfgan.data import open_dataset
    from tfgan.data.preparation.pipeline import READ_AHEAD
    from tfgan.methods.pix2pix import HParams

    hparams = HParams(batch_size=options.batch_size, image_size=(options.image_size, options.image_size), generator="resnet_9")
    settings = DataConfig(data_dir=options.data_dir, cache="always", synthetic_images=options.synthetic_images)
    dataset = open_dataset(settings, "paired", hparams.image_size, hparams.loaded_size())
    batches = iter(dataset.train_batches(batch_size=options.batch_size, flip=True, seed=0))
    for _ in range((dataset.spec.sizes["train"] + 2 * READ_AHEAD) // options.batch_size + 1):
        next(batches)
    return batches


def images_per_second(batches, images: int, batch_size: int) -> float:
    count = max(1, images // batch_size)
    started = time.perf_counter()
    for _ in range(count):
        next(batches)
    return count * batch_size / (time.perf_counter() - started)


def table(rates: dict[str, list[float]], step: str) -> str:
    """Markdown: images a second of both, and the pipeline's as a multiple of the step's (median over rounds)."""
    pipeline, consumed = (statistics.median(rates[name]) for name in ("pipeline", "step"))
    multiple = statistics.median(p / s for p, s in zip(rates["pipeline"], rates["step"]))
    return "\n".join(
        [
            "| | images/s | multiple of the step |",
            "|---|---:|---:|",
            f"| input pipeline | {pipeline:.1f} | {multiple:.1f} |",
            f"| train step: {step} | {consumed:.2f} | 1.0 |",
        ]
    )


if __name__ == "__main__":
    main()
