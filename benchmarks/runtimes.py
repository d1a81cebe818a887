"""Bytes, seconds to load and milliseconds a picture of a run's exports, each in its own runtime, beside the run itself.

python -m benchmarks.runtimes runs/quickstart

A picture is one image at the network's size, floats to floats. The browser is headless Chromium (Debian's chromium and chromium-driver), if
it is there: WebAssembly without threads, and its seconds go from the page's address to its first result. Contestants take turns in each
round.
"""

import argparse
import contextlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.contestants import ROOT
from benchmarks.machine import describe

WARM_UP = 3  # pictures that are not timed
BROWSER = "Chromium, the page of tfgan app"

Inputs = dict[str, np.ndarray]
Timed = Callable[[], float]  # makes one picture, and returns the milliseconds that it took


class Contestant(NamedTuple):
    """A way to run the network.

    Attributes:
        bytes: of its file or folder.
        load: seconds from the file to the first picture.
        picture: times one more.
    """

    name: str
    bytes: int
    load: float
    picture: Timed


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--rounds", type=int, default=30, help="pictures of each contestant (default: %(default)s)")
    parser.add_argument("--nobrowser", dest="browser", action="store_false", help="leave the browser out")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        exports = Path(folder, "export")
        tfgan("export", options.run, f"--output={exports}", "--format=savedmodel,litert,onnx", "--quantize=none,float16,dynamic,int8")
        name, function, inputs = network(options.run)
        contestants = [*python(options.run, function, inputs, exports), *others(function.name, name, inputs, exports)]
        if options.browser and shutil.which("chromedriver"):
            contestants += browser(options.run, function.name, inputs, Path(folder), stack)
        for _ in range(WARM_UP):
            for contestant in contestants:
                contestant.picture()
        found = [[contestant.picture() for contestant in contestants] for _ in range(options.rounds)]
    print(f"{describe()}; {function.name} of {options.run.name}, {sizes(inputs)}; medians of {options.rounds} pictures.\n")
    print(table(contestants, list(zip(*found))))


def tfgan(*words: Any) -> None:
    """Runs a verb in a process of its own; exit code 1 of an export whose 8 bits are out of bounds is none of this benchmark's."""
    done = subprocess.run([sys.executable, "-m", "tfgan", *map(str, words)], cwd=ROOT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)


def network(run: Path) -> tuple[str, Any, Inputs]:
    """The first signature of the run, its function of floats for one image of its size, and inputs for it."""
    name, function = opened(run)
    draw = np.random.default_rng(0)
    inputs = {
        spec.name: (draw.uniform(-1, 1, spec.shape) if spec.dtype.is_floating else np.zeros(spec.shape)).astype(spec.dtype.as_numpy_dtype)
        for spec in function.inputs
    }
    return name, function, inputs


def opened(run: Path) -> tuple[str, Any]:
    """The first signature of the run, and its function of floats."""
    from tfgan.inference import open_inference
    from tfgan.portable.graph import functions
    from tfgan.runs.opening import open_run

    held = open_run(str(run))
    name, made = next(iter(functions(open_inference(held.method), held.config.hparams.image_size).items()))
    return name, next(one for one in made if one.is_floats)


def sizes(inputs: Inputs) -> str:
    return ", ".join(f"{name} {'×'.join(map(str, value.shape)) or 'a number'}" for name, value in inputs.items())


def contestant(name: str, size: int, load: Callable[[], Callable[[], Any]]) -> Contestant:
    """One that is called in this process: `load` gives a function that makes a picture, in NumPy."""
    began = time.perf_counter()
    make = load()
    make()
    seconds = time.perf_counter() - began

    def picture() -> float:
        began = time.perf_counter()
        make()
        return 1000 * (time.perf_counter() - began)

    return Contestant(name, size, seconds, picture)


def bytes_of(path: Path) -> int:
    return sum(file.stat().st_size for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file())


def python(run: Path, function: Any, inputs: Inputs, exports: Path) -> list[Contestant]:
    """The run in Python, and its SavedModel."""
    import tensorflow as tf

    tensors = {key: tf.constant(value) for key, value in inputs.items()}

    def of_run():
        call = opened(run)[1].traced()
        return lambda: call(*tensors.values())[function.output].numpy()

    def of_saved_model():
        call = tf.saved_model.load(str(exports)).signatures[function.name]
        return lambda: call(**tensors)[function.output].numpy()

    newest = max((run / "checkpoints").glob("ckpt-*.index"), key=lambda path: path.stat().st_mtime).stem
    checkpoint = sum(map(bytes_of, (run / "checkpoints").glob(f"{newest}.*")))  # with the optimizers' numbers, for going on
    saved = sum(map(bytes_of, (exports / "saved_model.pb", exports / "variables", exports / "assets")))
    return [contestant("the run in Python", checkpoint, of_run), contestant("SavedModel", saved, of_saved_model)]


def others(function: str, name: str, inputs: Inputs, exports: Path) -> list[Contestant]:
    """Files of other runtimes: ONNX, and LiteRT in every size of its numbers."""
    from tfgan.portable import litert, onnx

    def run(model: Any, *first: str) -> Callable[[], Any]:
        return lambda: model.run(*first, inputs)

    path = exports / "onnx" / f"{function}.onnx"
    found = [contestant("ONNX, onnxruntime", bytes_of(path), lambda: run(onnx.Model(path)))]
    for kind, ending in litert.ENDINGS.items():
        file = exports / "litert" / f"{name}{ending}.tflite"
        if file.is_file():  # 8 bits that are out of bounds stay; floats that are, do not
            words = f"LiteRT, {'float32' if kind == 'none' else kind}"
            found.append(contestant(words, bytes_of(file), lambda file=file: run(litert.Model(file), function)))
    return found


PICTURE = """
const [name, inputs] = arguments, done = arguments[arguments.length - 1];
const given = Object.fromEntries(Object.entries(inputs).map(([key, { values, shape, whole }]) =>
  [key, { data: whole ? Int32Array.from(values) : Float32Array.from(values), shape }]));
const began = performance.now();
tfgan.engine.run(name, given).then(() => done(performance.now() - began), (error) => done(String(error)));
"""


def browser(run: Path, function: str, inputs: Inputs, folder: Path, stack: contextlib.ExitStack) -> list[Contestant]:
    """The pages of the run in headless Chromium; each stays open until the stack is closed."""
    from selenium import webdriver

    given = {
        name: {"values": value.ravel().tolist(), "shape": list(value.shape), "whole": value.dtype.kind == "i"}
        for name, value in inputs.items()
    }
    found = []
    for kind in ("float16", "dynamic"):
        page = folder / f"{kind}.html"
        tfgan("app", run, page, f"--quantize={kind}")
        if not page.is_file():
            continue
        options = webdriver.ChromeOptions()
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / kind}"):
            options.add_argument(flag)
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
        stack.callback(driver.quit)
        began = time.perf_counter()
        driver.get(page.as_uri())
        while not driver.execute_script("return window.tfgan?.ways[0].done"):
            time.sleep(0.02)
        seconds = time.perf_counter() - began

        def picture(driver=driver) -> float:
            return float(driver.execute_async_script(PICTURE, function, given))

        found.append(Contestant(f"{BROWSER}, {kind}", bytes_of(page), seconds, picture))
    return found


def table(contestants: list[Contestant], times: list[tuple[float, ...]]) -> str:
    base = statistics.median(times[0])
    rows = ["| | MB | s to the first picture | ms a picture | beside the run |", "|---|---:|---:|---:|---:|"]
    for one, found in zip(contestants, times):
        middle = statistics.median(found)
        rows.append(f"| {one.name} | {one.bytes / 1e6:.1f} | {one.load:.2f} | {middle:.1f} | {middle / base:.2f} × |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
