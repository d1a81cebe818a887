"""Evaluations from opening a run, or two folders, to the result."""

import dataclasses
import logging
from pathlib import Path

import numpy as np

from tfgan.config.unused import hold
from tfgan.config.verbs import EvaluateConfig
from tfgan.data import open_dataset
from tfgan.data.display import as_picture
from tfgan.data.reading import images
from tfgan.errors import OutputError, UserError
from tfgan.evaluation.catalog import METRICS, lacks_tool, require_tool
from tfgan.evaluation.comparison import Comparison
from tfgan.evaluation.extractors import Extractor, file_digest
from tfgan.evaluation.measure import Measured, Tools, fitting, measure, obstacle
from tfgan.evaluation.results import add_result, join, make_result, table
from tfgan.inference import Signatures, open_inference, samplers, translators
from tfgan.paths.names import safe_name
from tfgan.runs.evaluation.comparisons import compare, make_images, with_path
from tfgan.runs.evaluation.folders import compare_folders
from tfgan.runs.evaluation.metric_networks import Evaluators, array_digest, load_extractor, load_perceptual
from tfgan.runs.opening import Run, open_run
from tfgan.runs.uncertainty import uncertainty_of

logger = logging.getLogger(__name__)

CASES = Path("evaluation")  # of a run: the images kept for its report


def measure_runs(folders: list[str], settings: EvaluateConfig, elsewhere: bool) -> list[dict]:
    """Does what `tfgan.runs.evaluation.evaluate.evaluate` says, once it is judged."""
    extractor = load_extractor(settings)
    return [_evaluate_run(folder, settings, extractor, elsewhere) for folder in folders]


def _evaluate_run(folder: str, settings: EvaluateConfig, extractor: Extractor | None, elsewhere: bool) -> dict:
    run = open_run(folder, settings.checkpoint)
    run = run._replace(config=dataclasses.replace(run.config, data=run.config.data.moved(settings.data_dir)))
    spec = run.config.spec
    dataset = open_dataset(run.config.data, spec.kind, spec.image_size, spec.image_size)
    evaluators = Evaluators(run.folder, run.config, settings, extractor)
    scale = {key: found.describe() for key, found in dataset.scale().items()}
    logger.info(f"{run.folder} at step {run.step}: making images at the scale of training, {' and '.join(dict.fromkeys(scale.values()))}")
    learned_from = spec.learned_from(run.step)
    logger.info(f"The run was trained on {learned_from}.")
    signatures = open_inference(run.method)
    made = compare(signatures, dataset, settings.count)
    hold(settings, {"true images": any(comparison.matched for comparison in made.values())}, folder)
    if settings.uncertainty:
        made[""] = _with_spread(made[""], run, signatures, settings, evaluators)
    if samplers(signatures) and any(METRICS[name].group == "path" for name in settings.metrics):  # alone where asked for: it takes long
        made[""] = with_path(made[""], signatures, settings.count, settings.seed)
    comparisons = {part: evaluators.with_maps(comparison) for part, comparison in made.items()}
    names = _names(settings, comparisons, f"{run.folder} ({run.config.method})")
    tools = evaluators.tools(names, list(comparisons.values()))
    measured = _measure(comparisons, names, tools, settings)
    stamp = _stamp(
        comparisons, f"{run.config.data.data_dir and Path(run.config.data.data_dir).name or run.config.data.dataset}", settings.seed
    )
    if settings.uncertainty:
        stamp["uncertainty"] = {"uncertainty": settings.uncertainty, "samples": settings.uncertainty_samples}
    stamp |= {"fingerprint": dataset.spec.fingerprint} | evaluators.stamps(tools, list(comparisons.values()))
    result = make_result(f"{run.folder.name}@{run.step}", run.step, stamp, measured, [])
    result |= {"scale": scale, "learned from": learned_from}
    try:
        cases = [case for part in comparisons for case in _cases(run, part, comparisons[part], measured[part], settings.cases)]
        result["cases"] = cases
        add_result(run.folder, result)
    except OutputError as error:
        if not elsewhere:
            logger.warning(table([result]))  # what took so long is told at least
            raise
        logger.warning(f"{error} The result is not added to the run.")
    return result


def _with_spread(comparison: Comparison, run: Run, signatures: Signatures, settings: EvaluateConfig, evaluators: Evaluators) -> Comparison:
    """The comparison of a run's translations with the maps of its uncertainty of each, made at the same size."""
    (translator,) = translators(signatures).values()
    maker = uncertainty_of(run, translator, settings.uncertainty, settings.uncertainty_samples, settings.seed, evaluators.reader)
    assert comparison.inputs is not None  # of what is translated
    means = {name: np.zeros([len(comparison.inputs), length], np.float32) for name, length in maker.lengths.items()}
    return dataclasses.replace(comparison, spread=make_images(maker, comparison.inputs, means))


def measure_folders(real: str, fake: str, settings: EvaluateConfig) -> dict:
    """Does what `tfgan.runs.evaluation.evaluate.evaluate_folders` says, once it is judged."""
    extractor = load_extractor(settings)
    in_order = "flicker" in settings.metrics
    comparison = compare_folders(real, fake, settings.count, settings.pair_names, settings.value_range, in_order)
    names = _names(settings, {"": comparison}, "two folders")
    tools = Tools(features=extractor, perceptual=load_perceptual(settings, comparison.matched))
    measured = _measure({"": comparison}, names, tools, settings)
    stamp = _stamp({"": comparison}, Path(real).name, settings.seed) | ({"features": extractor.stamp()} if extractor else {})
    if tools.perceptual:
        stamp["perceptual"] = {"lpips": file_digest(settings.lpips_weights)}
    return make_result(Path(fake).name, None, stamp, measured, [])


def _names(settings: EvaluateConfig, comparisons: dict[str, Comparison], what: str) -> list[str]:
    """The metrics to measure: those asked for, or all that fit and whose tools are given.

    Raises:
        UserError: one that was asked for does not fit, or lacks its tool.
    """
    fit = {name: part for part, comparison in comparisons.items() for name in fitting(comparison)}
    for name in settings.metrics:
        if name not in fit:
            raise UserError(f"--metrics: {name} cannot be measured on {what}; there are: {', '.join(fit)}.")
        require_tool(name, settings)
    return [name for name in METRICS if name in (settings.metrics or fit) and not lacks_tool(name, settings)]


def _measure(comparisons: dict[str, Comparison], names: list[str], tools: Tools, settings: EvaluateConfig) -> dict[str, Measured]:
    """The measurements of the comparisons, of those of the metrics `names` that can be had.

    Raises:
        UserError: one that was asked for cannot be measured on any of the comparisons, or none at all can.
    """
    why = {name: [obstacle(comparison, name, tools) for comparison in comparisons.values()] for name in names}
    there = [name for name in names if not all(why[name])]
    for name in settings.metrics:
        if name not in there:
            raise UserError(f"--metrics: {name} cannot be measured: {why[name][0]}. Leave it out, or give what it needs.")
    if "flicker" in why and "flicker" not in there:
        logger.info(f"flicker is left out: {why['flicker'][0]}.")
    if not there:
        raise UserError("No metric can be measured on these images: give more or larger images, or --features.")
    logger.info(f"Measuring {', '.join(there)}")
    return {part: measure(comparison, there, tools, seed=settings.seed) for part, comparison in comparisons.items()}


def _stamp(comparisons: dict[str, Comparison], reference: str, seed: int) -> dict:
    """The part of a stamp that all metrics depend on; the tools' stamps come beside it."""
    stamp = {"reference": reference, "seed": seed}
    for part, comparison in comparisons.items():
        height, width = comparison.real.shape[1:3]
        found = {"real": len(comparison.real), "generated": len(comparison.fake), "size": f"{height}×{width}"}
        found |= {"target": comparison.domain.name, "split": comparison.split, "reference pixels": array_digest(comparison.real)}
        if comparison.clips is not None:
            found["clips"] = int(comparison.clips.max()) + 1
        if comparison.path is not None:
            found["pairs on paths"] = comparison.path.size
        if comparison.resized:
            found["resized images"] = comparison.resized
        if comparison.inputs is not None:
            found["input pixels"] = array_digest(comparison.inputs)
        stamp |= {join(part, name): value for name, value in found.items()}
    return stamp


def _cases(run: Run, part: str, comparison: Comparison, measured: Measured, most: int) -> list[dict]:
    """The cases of a comparison: the scores of each matched image, and files of the `most` best and worst by each metric."""
    scores = measured.cases
    if not scores:
        return []
    stem, shown = safe_name(part, 200) if part else "result", set()
    for values in scores.values():
        order = np.argsort(values)
        shown |= {*order[:most].tolist(), *order[len(order) - most :].tolist()} if most else set()
    cases = []
    for number in range(len(comparison.fake)):
        name = comparison.names[number]
        case = {"name": join(part, name), "scores": {metric: float(values[number]) for metric, values in scores.items()}}
        if number in shown:
            case["images"] = _keep(run, f"{run.step}_{stem}_{number:04d}", comparison, number)
        cases.append(case)
    return cases


def _keep(run: Run, stem: str, comparison: Comparison, number: int) -> dict[str, str]:
    """Writes the input, the truth and the result of one case; returns their paths inside the run's folder."""
    assert comparison.inputs is not None  # of what has cases
    kept = {"input": comparison.inputs[number], "truth": comparison.real[number], "result": comparison.fake[number]}
    files = {}
    for what, image in kept.items():
        domain = comparison.shown if what == "input" and comparison.shown else comparison.domain
        files[what] = str(CASES / f"{stem}_{what}.png")
        images.save(run.folder / files[what], as_picture(image, domain))
    return files
