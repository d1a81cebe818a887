"""Whether the fast arithmetic learns the same: short pix2pix runs in float32 and mixed_bfloat16 from several seeds, and their validations.

python -m benchmarks.quality [--data_dir=FOLDER] [-- FLAGS OF TRAIN]

The runs stay in --workdir; called again, it goes on with those that are not finished.
"""

import argparse
import contextlib
import io
import json
import statistics
import sys
from pathlib import Path

from benchmarks.machine import describe
from tfgan.cli.main import main as tfgan_command

PRECISIONS = ("float32", "mixed_bfloat16")
METRICS = ("val_l1", "val_psnr", "val_ssim")
SETTINGS = ["--flagfile=facades.flags", "--image_size=128"]


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    own, flags = (arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]) if "--" in arguments else (arguments, [])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data_dir", default="", help="facades; default: the built-in set")
    parser.add_argument("--workdir", default="runs/quality", help="where the runs are kept (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=2, help="of each run (default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each precision (default: %(default)s)")
    options = parser.parse_args(own)
    data = f"--data_dir={Path(options.data_dir).absolute()}" if options.data_dir else "--dataset=synthetic"
    results = {precision: [] for precision in PRECISIONS}
    for seed in range(options.seeds):
        for precision in PRECISIONS:
            workdir = Path(options.workdir).absolute() / f"{precision}_{seed}"
            schedule = [f"--epochs={options.epochs}", f"--validate_every={options.epochs}", f"--seed={seed}", f"--precision={precision}"]
            with contextlib.redirect_stdout(io.StringIO()):
                failed = tfgan_command(["train", *SETTINGS, data, *flags, *schedule, f"--workdir={workdir}"])
            if failed:
                sys.exit(failed)
            results[precision].append(last_validation(workdir))
    print(f"{describe()}; {' '.join([*SETTINGS, *flags])}, {options.epochs} epochs, seeds 0 to {options.seeds - 1}.\n")
    print(table(results))


def last_validation(workdir: Path) -> dict[str, float]:
    rows = map(json.loads, (workdir / "metrics.jsonl").read_text().splitlines())
    return {name: row[name] for row in rows for name in METRICS if name in row}


def table(results: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: mean and deviation over seeds, and the difference of the means in deviations of a single run."""
    lines = ["| | " + " | ".join(results) + " | difference / deviation |", "|---|" + "---:|" * (len(results) + 1)]
    for metric in METRICS:
        values = [[run[metric] for run in runs] for runs in results.values()]
        deviation = statistics.mean(statistics.variance(runs) for runs in values) ** 0.5
        first, second = (statistics.mean(runs) for runs in values)
        cells = [f"{statistics.mean(runs):.4f} ± {statistics.stdev(runs):.4f}" for runs in values]
        lines.append(f"| {metric.removeprefix('val_')} | {' | '.join(cells)} | {(second - first) / deviation:+.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
