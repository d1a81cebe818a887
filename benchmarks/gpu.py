"""All that a GPU should show, in one command: steps beside PyTorch's, memory, two logical GPUs, exact resume, a whole run with its scores.

python -m benchmarks.gpu --data_dir=facades [--workdir=runs/gpu] [--parts=peak,pix2pix_1]

Each finished part is a file in --workdir; called again, it goes on with those that are missing. TABLE.md there shows them all.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from benchmarks import gpu_checks, gpu_steps
from benchmarks.machine import describe

PARTS = {
    "peak": gpu_steps.matrix_products,
    "pix2pix_1": lambda options: gpu_steps.beside_torch(options, "pix2pix", batch_size=1),
    "pix2pix_4": lambda options: gpu_steps.beside_torch(options, "pix2pix", batch_size=4),
    "pix2pix_16": lambda options: gpu_steps.beside_torch(options, "pix2pix", batch_size=16),
    "cyclegan": lambda options: gpu_steps.beside_torch(options, "cyclegan", batch_size=1),
    "stylegan": gpu_steps.stylegan,
    "replicas": gpu_steps.two_logical_gpus,
    "resume": gpu_checks.exact_resume,
    "facades": gpu_checks.whole_run,
}


def main(arguments=None):
    options = _parse(arguments)
    options.workdir.mkdir(parents=True, exist_ok=True)
    for name in options.parts:
        file = options.workdir / f"{name}.json"
        if file.exists():
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        started = time.perf_counter()
        part = PARTS[name](options)
        file.write_text(json.dumps(part | {"minutes": (time.perf_counter() - started) / 60}, indent=2) + "\n")
    finished = {name: json.loads(file.read_text()) for name in PARTS if (file := options.workdir / f"{name}.json").exists()}
    text = report(finished)
    (options.workdir / "TABLE.md").write_text(text)
    print(text)


def report(parts: dict[str, dict]) -> str:
    """Markdown of the finished parts: what they ran on, one table of all steps, and a line for each check."""
    facts = [fact for part in parts.values() for fact in part.get("facts", [])]
    software = dict.fromkeys(fact["software"] for fact in facts)
    device = next((fact["device"] for fact in facts), "")
    minutes = sum(part["minutes"] for part in parts.values())
    lines = [f"{describe(device)}; {'; '.join(software)}. {', '.join(parts)}: {minutes:.1f} minutes.", ""]
    products = parts.get("peak", {}).get("products", {})
    if products:
        speeds = ", ".join(f"{speed / 1e12:.0f} TFLOP/s in {precision}" for precision, speed in products.items())
        lines += [f"A large matrix product runs at {speeds}; the last column is a step's share of that.", ""]
    lines += [
        "| step | s/step | images/s | speed / PyTorch as usual | speed / PyTorch's best | GPU memory, MB | share of the product |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [row_of(row, products) for part in parts.values() for row in part.get("rows", [])]
    return "\n".join([*lines, "", *(f"- {line}" for part in parts.values() for line in part.get("lines", []))]) + "\n"


def row_of(row: dict, products: dict[str, float]) -> str:
    """A line of the table; cells of what does not apply, or did not run, stay empty."""

    def cell(name, form):
        return format(row[name], form) if row.get(name) else ""

    if "seconds" not in row:
        return f"| {row['label']} | {row['problem']} | | | | | |"
    speed, operations = products.get(row.get("precision")), row.get("operations")
    share = f"{operations / row['seconds'] / speed:.0%}" if speed and operations else ""
    cells = [
        f"{row['seconds']:.4f}",
        f"{row['batch_size'] / row['seconds']:.1f}",
        cell("by_usual", ".2f"),
        cell("by_best", ".2f"),
        f"{row['memory'] / 1e6:.0f}" if row.get("memory") else "",
        share,
    ]
    return f"| {row['label']} | {' | '.join(cells)} |"


def _parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workdir", type=Path, default=Path("runs/gpu"), help="where finished parts are kept (default: %(default)s)")
    parser.add_argument("--parts", type=lambda text: text.split(","), default=list(PARTS), help=f"of {','.join(PARTS)}; default: all")
    parser.add_argument("--data_dir", default="", help="facades, for the whole run; default: the built-in set")
    parser.add_argument("--epochs", type=int, default=200, help="of the whole run (default: %(default)s)")
    parser.add_argument("--image_size", type=int, default=256, help="height and width (default: %(default)s)")
    parser.add_argument("--ngf", type=int, default=64, help="filters of the networks' first convolution (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contestant (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn, about (default: %(default)s)")
    parser.add_argument("--size", type=int, default=8192, help="rows and columns of the matrix product (default: %(default)s)")
    parser.add_argument("--contestants", type=lambda text: text.split(","), default=list(gpu_steps.ARMS), help="default: all")
    parser.add_argument("--torch_python", default=sys.executable, help="a Python that has PyTorch; default: this one")
    options = parser.parse_args(arguments)
    for unknown in (set(options.parts) - set(PARTS)) | (set(options.contestants) - set(gpu_steps.ARMS)):
        parser.error(f"{unknown} is unknown; --parts are of {','.join(PARTS)}, --contestants of {','.join(gpu_steps.ARMS)}")
    return options


if __name__ == "__main__":
    main()
