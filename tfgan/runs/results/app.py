"""The page of a run: its networks for a browser, compared with the run, and written beside our page and its runtime."""

import logging
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.app.build import FILES, MODEL, Content, folder, one_file
from tfgan.app.runtime import find_runtime
from tfgan.config.verbs import AppConfig
from tfgan.errors import TrainingFailed
from tfgan.inference import open_inference
from tfgan.paths.files import write_atomically
from tfgan.paths.folders import new_folder
from tfgan.portable.litert import Model, convert
from tfgan.runs.opening import open_run
from tfgan.runs.pages import refuse_other
from tfgan.runs.results.page import Example, Page, allowed, describe, make_record, subtitle

logger = logging.getLogger(__name__)

WORDS = {"none": "float32", "float16": "float16", "dynamic": "weights of 8 bits"}
"""Quantization -> what the page says of its networks."""

TOLERANCE = {"none": 1.0, "float16": 4.0, "dynamic": 16.0}
"""The largest mean difference of a result from the run's, in steps of 255, with which a page is written; of maps, percent of pixels."""


class Made(NamedTuple):
    """The page that was written."""

    path: Path
    size: int  # bytes
    parts: dict[str, int]  # what is large in it -> bytes, before they are compressed
    differences: dict[str, str]  # way -> how far its results were from the run's


def make_app(run_folder: str, settings: AppConfig, out: Path) -> Made:
    """Writes the page of a run; one that is there is made anew.

    Args:
        out: where: what `tfgan.runs.pages.judge_app` gives.

    Raises:
        UserError: images that no browser shows; the runtime is not to be had.
        OutputError: a place that cannot be written to.
        TrainingFailed: the networks do not reproduce the run in LiteRT; nothing is written then.
    """
    runtime = find_runtime(settings.runtime)
    content, differences = make_content(run_folder, settings)
    if settings.folder:
        files = folder(content, runtime)
        with new_folder(out, FILES) as part:  # what else came in the meantime stays
            for name, data in files.items():
                (part / name).write_bytes(data)
        size = sum(map(len, files.values()))
    else:
        refuse_other(out)  # which came in the meantime
        whole = one_file(content, runtime)
        write_atomically(out, whole)
        size = len(whole)
    return Made(out, size, {"networks": len(content.model), "runtime": len(runtime.wasm)}, differences)


def make_content(run_folder: str, settings: AppConfig) -> tuple[Content, dict[str, str]]:
    """What the page of a run shows, and way -> how far its results are from the run's.

    Raises:
        UserError: no such run or checkpoint; images that no browser shows.
        TrainingFailed: the networks do not reproduce the run in LiteRT.
    """
    run = open_run(run_folder, settings.checkpoint)
    page = describe(run, open_inference(run.method), settings.examples)
    logger.info(f"Converting the networks of {run.folder} at step {run.step} to LiteRT ({WORDS[settings.quantize]})")
    model = convert(page.functions, settings.quantize)
    differences = _compare(page, model, settings.quantize)
    functions = {own.name: {"model": MODEL, "signature": own.name, "output": own.output} for own in page.functions}
    record = make_record(run, page, WORDS[settings.quantize]) | {"functions": functions}
    title = run.folder.resolve().name
    return Content(title, f"{subtitle(run, page)}, in your browser", record, model, page.content), differences


def _compare(page: Page, model: bytes, quantize: str) -> dict[str, str]:
    """How far the converted networks' results are from the run's, in words by way; the bounds of the page are noted in its ways."""
    found, wrong = {}, []
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / MODEL
        path.write_bytes(model)
        ran = Model(path)
        for way, examples in zip(page.ways, page.examples):
            largest, mean = np.max([_difference(ran, example) for example in examples], axis=0)
            is_map = way["target"]["map"]
            unit, scale = ("% of pixels", 100.0) if is_map else ("of 255", 1.0)
            pictures = sum(example.shown.ndim > 1 for example in examples)
            count = f"{pictures} example{'s' * (pictures != 1)}" + " and the vector of a photo" * (pictures < len(examples))
            found[way["title"]] = f"largest difference from the run over {count}: {largest * scale:.3g} {unit}, mean {mean * scale:.3g}"
            way["bound"] = allowed(is_map, largest, mean)
            if not mean * scale <= TOLERANCE[quantize]:  # NaN is wrong too
                wrong.append(f"{way['title']}: {found[way['title']]}")
    if wrong:
        cure = "" if quantize == "none" else " Use --quantize=none: the run's weights need more digits."
        raise TrainingFailed("\n".join([f"The converted networks do not reproduce the run, and no page is written.{cure}", *wrong]))
    return found


def _difference(ran: Model, example: Example) -> tuple[float, float]:
    """The largest and the mean difference of one result: in steps of 255; of a map, twice the share of pixels of another class.

    Of a vector, 255 steps span twice its largest value.
    """
    made = ran.run(example.function, example.inputs)[0]
    if example.shown.dtype == np.int16:
        share = float(np.mean(made.argmax(axis=-1) != example.shown))
        return share, share
    if example.shown.ndim == 1:
        steps = np.abs(made - example.shown) * (127.5 / max(1.0, float(np.max(np.abs(example.shown)))))
        return float(np.max(steps)), float(np.mean(steps))
    steps = np.abs((made + 1.0) * 127.5 - example.shown.astype(np.float32))
    steps = np.maximum(steps - 0.5, 0.0) if np.isfinite(steps).all() else np.full_like(steps, np.nan)  # the run's pixels are rounded
    return float(steps.max()), float(steps.mean())
