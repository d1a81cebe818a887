"""One evaluation from beginning to end: of a run, or of two folders."""

import dataclasses
from pathlib import Path

import numpy as np

from tfgan.cli.comparisons import compare, compare_folders
from tfgan.cli.evaluators import Evaluators, array_digest
from tfgan.cli.flags import Flags
from tfgan.cli.runs import Run, open_run
from tfgan.data import images, open_dataset
from tfgan.data.label_maps import paint
from tfgan.errors import UserError
from tfgan.evaluation.catalogue import FROM_FEATURES, METRICS
from tfgan.evaluation.comparison import Comparison
from tfgan.evaluation.extractors import Extractor
from tfgan.evaluation.measure import Measured, Tools, fitting, measure, obstacle
from tfgan.evaluation.results import add_result, join, make_result
from tfgan.inference import open_inference

CASES = Path("evaluation")  # of a run: the images kept for its report


def evaluate_run(folder: str, flags: Flags, extractor: Extractor | None) -> dict:
    """Measures a run, adds the result to its evaluation.json, and returns it."""
    run = _moved(open_run(folder, flags["checkpoint"]), flags["data_dir"])
    spec = run.config.spec
    dataset = open_dataset(run.config.data, spec.kind, spec.image_size, spec.image_size)
    evaluators = Evaluators(run, flags, extractor)
    print(f"{run.folder} at step {run.step}: making images", flush=True)
    made = compare(open_inference(run.method), dataset, flags["count"])
    comparisons = {part: evaluators.with_maps(comparison) for part, comparison in made.items()}
    names = _names(flags, comparisons, f"{run.folder} ({run.config.method})")
    tools = evaluators.tools(names, list(comparisons.values()))
    measured = _measure(comparisons, names, tools, flags)
    stamp = _stamp(comparisons, f"{run.config.data.data_dir and Path(run.config.data.data_dir).name or run.config.data.dataset}", flags)
    stamp |= {"fingerprint": dataset.spec.fingerprint} | evaluators.stamps(tools, list(comparisons.values()))
    cases = [case for part in comparisons for case in _cases(run, part, comparisons[part], measured[part], flags["cases"])]
    result = make_result(f"{run.folder.name}@{run.step}", run.step, stamp, measured, cases)
    add_result(run.folder, result)
    return result


def _moved(run: Run, data_dir: str) -> Run:
    if not data_dir:
        return run
    data = dataclasses.replace(run.config.data, data_dir=str(Path(data_dir).expanduser()))
    return run._replace(config=dataclasses.replace(run.config, data=data))


def evaluate_folders(flags: Flags, extractor: Extractor | None) -> dict:
    """Measures the images of --fake beside those of --real; pair by pair too, if their names agree."""
    comparison = compare_folders(flags["real"], flags["fake"], flags["count"])
    names = _names(flags, {"": comparison}, "two folders")
    tools = Tools(features=extractor)
    measured = _measure({"": comparison}, names, tools, flags)
    stamp = _stamp({"": comparison}, Path(flags["real"]).name, flags) | ({"features": extractor.stamp()} if extractor else {})
    return make_result(Path(flags["fake"]).name, None, stamp, measured, [])


def _names(flags: Flags, comparisons: dict[str, Comparison], what: str) -> list[str]:
    """The metrics to measure: those asked for, or all that fit and whose tools are given.

    Raises:
        UserError: one that was asked for does not fit, or lacks its tool.
    """
    fit = {name: part for part, comparison in comparisons.items() for name in fitting(comparison)}
    absent = {"perceptual": not flags["lpips_weights"]} | dict.fromkeys(FROM_FEATURES, not flags["features"])
    for name in flags["metrics"]:
        if name not in fit:
            raise UserError(f"--metrics: {name} cannot be measured on {what}; there are: {', '.join(fit)}.")
        if absent.get(METRICS[name].tool):
            flag = "--lpips_weights=FILE" if METRICS[name].tool == "perceptual" else "--features=inception, own or a model's file"
            raise UserError(f"--metrics: {name} needs {flag}.")
    return [name for name in METRICS if name in (flags["metrics"] or fit) and not absent.get(METRICS[name].tool)]


def _measure(comparisons: dict[str, Comparison], names: list[str], tools: Tools, flags: Flags) -> dict[str, Measured]:
    """The metrics `names`, those that can be had.

    Raises:
        UserError: one that was asked for cannot be measured on any of the comparisons, or none at all can.
    """
    why = {name: [obstacle(comparison, name, tools) for comparison in comparisons.values()] for name in names}
    there = [name for name in names if not all(why[name])]
    for name in flags["metrics"]:
        if name not in there:
            raise UserError(f"--metrics: {name} cannot be measured: {why[name][0]}. Leave it out, or give what it needs.")
    if not there:
        raise UserError("No metric can be measured on these images: give more or larger ones, or --features.")
    print(f"Measuring {', '.join(there)}", flush=True)
    return {part: measure(comparison, there, tools, seed=flags["seed"]) for part, comparison in comparisons.items()}


def _stamp(comparisons: dict[str, Comparison], reference: str, flags: Flags) -> dict:
    """What all metrics depend on; the tools' stamps come beside it."""
    stamp = {"reference": reference, "seed": flags["seed"]}
    for part, comparison in comparisons.items():
        height, width = comparison.real.shape[1:3]
        found = {"real": len(comparison.real), "generated": len(comparison.fake), "size": f"{height}×{width}"}
        found |= {"target": comparison.domain.name, "split": comparison.split, "reference pixels": array_digest(comparison.real)}
        if comparison.resized:
            found["resized images"] = comparison.resized
        if comparison.inputs is not None:
            found["input pixels"] = array_digest(comparison.inputs)
        stamp |= {join(part, name): value for name, value in found.items()}
    return stamp


def _cases(run: Run, part: str, comparison: Comparison, measured: Measured, most: int) -> list[dict]:
    """The scores of each matched image; of the best and worst by each metric the images too, as files of the run."""
    scores = measured.cases
    if not scores:
        return []
    shown = set()
    for values in scores.values():
        order = np.argsort(values)
        shown |= {*order[:most].tolist(), *order[len(order) - most :].tolist()} if most else set()
    cases = []
    for number in range(len(comparison.fake)):
        name = comparison.names[number]
        case = {"name": join(part, name), "scores": {metric: float(values[number]) for metric, values in scores.items()}}
        if number in shown:
            case["images"] = _keep(run, f"{run.step}_{part or 'result'}_{number:04d}", comparison, number)
        cases.append(case)
    return cases


def _keep(run: Run, stem: str, comparison: Comparison, number: int) -> dict[str, str]:
    """Writes what went in, the truth and the result; paths inside the run's folder."""
    kept = {"input": comparison.inputs[number], "truth": comparison.real[number], "result": comparison.fake[number]}
    files = {}
    for what, image in kept.items():
        if image.ndim == 2:
            image = paint(image, run.config.spec.domains["labels"].classes)
        files[what] = str(CASES / f"{stem}_{what}.png")
        images.save(run.folder / files[what], image)
    return files
