"""Trains the settings of a study side by side, at equal steps and data, from several seeds, and measures them by one protocol.

    python -m benchmarks.quality pairs --data_dir=facades --image_size=64 --seeds=1
    python -m benchmarks.quality unpaired --data_dir=facades --torch_python=/path/to/python
    python -m benchmarks.quality photos --data_dir=facades --settings="VAE-GAN,VAE-GAN + latents"
    python -m benchmarks.quality digits --data_dir=mnist --image_size=32
    python -m benchmarks.quality pairs --setting="both=--flagfile=facades.flags --loss=hinge --ema_decay=0.999"

The table is written anew after each run. Runs stay in --workdir; called again, it goes on with those that are not finished, and measures
what was not measured yet. PyTorch's plain recipe is left out where --torch_python has no PyTorch.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.machine import describe
from benchmarks.quality import data, protocol
from benchmarks.quality.studies import STUDIES, TORCH
from benchmarks.quality.table import table
from benchmarks.quality.training import ROOT, Trained, train

PALETTE = "facades"  # of the published label maps; colors of the built-in ones are found


def parse(arguments):
    own, flags = (arguments[: arguments.index("--")], arguments[arguments.index("--") + 1 :]) if "--" in arguments else (arguments, [])
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("study", choices=STUDIES, help="\n".join(f"{name}: {study.question}" for name, study in STUDIES.items()))
    parser.add_argument(
        "--settings", default="", help="names of the study's settings, with commas; default: all; the first is compared with"
    )
    parser.add_argument("--setting", action="append", default=[], help="one more setting: NAME=FLAGS OF TRAIN")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each setting (default: %(default)s)")
    parser.add_argument("--epochs", type=int, default=0, help="of each run; default: the study's")
    parser.add_argument("--at_once", type=int, default=1, help="runs side by side; times then say nothing of a setting")
    parser.add_argument("--torch_python", default=sys.executable, help="a Python with PyTorch (default: this one)")
    add_judging(parser)
    return parser.parse_args(own), flags


def add_judging(parser: argparse.ArgumentParser):
    """Adds what a judge and its data are told by."""
    parser.add_argument("--data_dir", default="", help="pairs as the published facades have them, or digits; default: the built-in facades")
    parser.add_argument("--image_size", type=int, default=64, help="height and width (default: %(default)s)")
    parser.add_argument(
        "--judge_steps", type=int, default=1000, help="of the training of segmenter and encoder, or its epochs × 100 of the digits' reader"
    )
    parser.add_argument("--images", type=int, default=64, help="training pairs of the built-in facades (default: %(default)s)")
    parser.add_argument("--workdir", default="runs/quality", help="where the runs are kept (default: %(default)s)")


def main(arguments=None):
    options, flags = parse(sys.argv[1:] if arguments is None else arguments)
    study, folder = STUDIES[options.study], Path(options.workdir).absolute() / options.study
    folder.mkdir(parents=True, exist_ok=True)
    settings = chosen(study.settings, options)
    learned = data.lay_out(study.data, options.data_dir, folder, study.pairs, options.images)
    whole = Path(options.data_dir).absolute() if options.data_dir else folder / "pairs"
    judge = make_judge(study.data, whole, options, folder)
    epochs = options.epochs or study.epochs
    results, alone = {name: [] for name in settings}, threading.Lock()

    def run_of(name, seed):
        common = [f"--data_dir={learned}", *schedule(epochs, options.image_size, seed), *flags]
        run, task = folder / f"{re.sub('[^a-zA-Z0-9]+', '_', name)}_{seed}", []
        if name == TORCH:
            with alone:
                task = torch_task(study.data, learned, run.with_suffix(".npz"), epochs, options, seed, flags)
        return measured(name, settings[name], common, run, judge, options.torch_python, task, alone)

    runs = [(name, seed) for seed in range(options.seeds) for name in settings]
    with ThreadPoolExecutor(options.at_once) as pool:
        for (name, _), figures in zip(runs, pool.map(run_of, *zip(*runs))):
            results[name].append(figures)
            text = f"{describe()}.\n`{' '.join(['python -m benchmarks.quality', *told(options, epochs, flags)])}`\n\n"
            text += table({name: found for name, found in results.items() if found}, study.shown)
            (folder / "TABLE.md").write_text(f"{study.question}\n\n{text}\n")
    print(text)


def told(options, epochs: int, flags: list[str]) -> list[str]:
    words = [options.study, f"--image_size={options.image_size}", f"--epochs={epochs}", f"--seeds={options.seeds}"]
    words += [f"--at_once={options.at_once}"] * (options.at_once > 1)
    return [*words, f"--judge_steps={options.judge_steps}", *(["--", *flags] if flags else [])]


def chosen(settings: dict, options) -> dict:
    """The settings that are asked for, and those of the command; without PyTorch, none of its."""
    names = [name for name in options.settings.split(",") if name] or list(settings)
    unknown = [name for name in names if name not in settings]
    if unknown:
        raise SystemExit(f"--settings={unknown[0]} is unknown. There are: {', '.join(settings)}.")
    found = {name: settings[name] for name in names}
    for word in options.setting:
        name, _, own = word.partition("=")
        found[name] = tuple(shlex.split(own))
    if TORCH in found and subprocess.run([options.torch_python, "-c", "import torch"], capture_output=True).returncode:
        print(f"{options.torch_python} has no PyTorch: its plain recipe is left out (--torch_python).")
        del found[TORCH]
    return found


def schedule(epochs: int, image_size: int, seed: int) -> list[str]:
    return [
        *(f"--epochs={epochs}", f"--image_size={image_size}", f"--seed={seed}", "--num_samples=4"),
        *(f"--checkpoint_every={max(1, epochs // 5)}", "--notensorboard", "--validate_every=0"),
    ]


def make_judge(layout: str, whole: Path, options, folder: Path):
    if layout == "digits":
        return protocol.OfDigits(whole, options.image_size, max(1, options.judge_steps // 100), folder)
    if layout == "photos":
        return protocol.OfPhotos(whole, options.image_size, options.judge_steps, folder)
    palette, sides = PALETTE if options.data_dir else "", layout == "unpaired"
    return protocol.OfPairs(whole, palette, options.image_size, options.judge_steps, folder, sides)


def torch_task(layout: str, learned: Path, file: Path, epochs: int, options, seed: int, flags: list[str]) -> list[str]:
    """Writes the images that PyTorch learns from, as tfgan loads them, and gives the arguments of its training."""
    kind = "unpaired" if layout == "unpaired" else "paired"
    named = {"domains": ("labels", "photo"), "direction": "labels_to_photo"} if kind == "unpaired" else protocol.PAIRS
    loaded = round(options.image_size * 286 / 256)
    train_set, validation = (
        protocol.tfgan.open_dataset(kind, side, data_dir=str(learned), **named) for side in (loaded, options.image_size)
    )
    arrays = {f"train_{key}": train_set.column("train", key, protocol.ALL) for key in ("source", "target")}
    arrays |= {key: validation.column("validation", key, protocol.ALL) for key in ("source", "target")}
    np.savez(file, **arrays)
    widths = [next((flag for flag in flags if flag.startswith(f"--{name}=")), f"--{name}=64") for name in ("ngf", "ndf")]
    return [f"--data={file}", f"--epochs={epochs}", f"--image_size={options.image_size}", *widths, f"--seed={seed}"]


def measured(name, own, common, run: Path, judge, torch_python: str, task: list[str], alone: threading.Lock) -> dict[str, float]:
    """What a setting costs and makes, from one seed; kept beside the run, so that nothing is done twice; judged one by one.

    Another judge than that of the kept figures measures the run anew, without training.
    """
    file, asked = run.with_suffix(".json"), [*own, *common, *task]
    kept = json.loads(file.read_text()) if file.exists() else {}
    done = kept.get("asked") == asked
    if done and kept.get("judge") == judge.name:
        return kept["figures"]
    print(f"{name}, {run.name}", flush=True)
    cost = {key: kept["figures"][key] for key in Trained._fields} if done else train(name, own, common, run, torch_python, task)._asdict()
    with alone:
        figures = judge.of_results(dict(np.load(run / "results.npz"))) if name == TORCH else judge.of_run(run)
    figures |= cost
    part = file.with_suffix(".part")
    part.write_text(json.dumps({"asked": asked, "judge": judge.name, "figures": figures}, indent=1))
    part.replace(file)
    return figures


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
