"""What `tfgan sample` writes: a folder of images, or one picture of many."""

import collections
import io
import logging
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config import refuse_part_of_run
from tfgan.config.unused import hold
from tfgan.config.verbs import SampleConfig
from tfgan.data.display import seen_bands
from tfgan.data.finding.files import find_images
from tfgan.data.reading import images, memory
from tfgan.data.reading.formats import ending, is_picture
from tfgan.data.reading.results import result_ending, why_unfit
from tfgan.errors import UserError
from tfgan.inference import Sampler, Signatures, open_inference, samplers, sheets
from tfgan.inference.files import DONE, KEPT, OTHER, Outcome
from tfgan.inference.grids import LEAST_CELL, grid
from tfgan.inference.origin import Origin, as_comment, digest, read_origin, unlike
from tfgan.inference.sampler import BATCH
from tfgan.paths.files import check_file, is_there, write_atomically
from tfgan.paths.inputs import Inputs
from tfgan.paths.names import safe_names
from tfgan.runs.opening import Run, open_run
from tfgan.runs.results.latents import attribute_vector, choose_classes, choose_encoder, choose_sampler, read_fitted, with_styles_of
from tfgan.runs.results.projecting import Context, Sheet, directions_sheet, projection_sheet
from tfgan.runs.results.written import Written, origin_of
from tfgan.terminal import Waiting, waiting

logger = logging.getLogger(__name__)

TRUNCATIONS = (-0.5, 0.0, 0.25, 0.5, 0.7, 1.0)  # of a sweep; negative ones are the opposites of each image
FLOATS = 4 * 3  # bytes of a pixel of three channels, while a sheet is made of them
STRENGTHS = (-1.0, -0.5, 0.0, 0.5, 1.0)


class Request(NamedTuple):
    """A request for samples: the run, its sampler, the settings of the command, and the images that they are made from, which must stay."""

    run: Run
    signatures: Signatures
    sampler: Sampler
    settings: SampleConfig
    inputs: Inputs

    @property
    def classes(self) -> list[int]:
        """The numbers of the classes to make; empty for a run without classes."""
        return choose_classes(self.sampler, self.settings.classes)

    @property
    def strengths(self) -> list[float]:
        return self.settings.numbers("strengths")

    def seeds(self, count: int, first: int = 0) -> np.ndarray:
        begin = self.settings.seed + first
        return np.arange(begin, begin + count)


def sample(folder: str, output: Path, settings: SampleConfig, inputs: Inputs) -> tuple[str, int]:
    """Writes what is asked for of the run in `folder`, to the folder or the picture `output`.

    Args:
        inputs: what `tfgan.runs.judging.judge_sample` gives.

    Returns:
        What is said of it, and the exit code.

    Raises:
        UserError: no such run or checkpoint; what the run cannot make; images that cannot be read.
    """
    run = open_run(folder, settings.checkpoint)
    signatures = open_inference(run.method)
    hold(settings, {"styles": any(found.styles is not None for found in samplers(signatures).values())}, folder)
    sampler = choose_sampler(run, signatures, next(iter(settings.numbers("truncation")), None))
    sampler = with_styles_of(run, sampler, settings)
    request = Request(run, signatures, sampler, settings, inputs)
    logger.info(f"{sampler.describe()}, {run.folder} at step {run.step}")
    if settings.sheet:
        return make_sheet(request, output), 0
    if is_picture(output) and not os.path.isdir(output):
        return make_file(request, output), 0
    written = make_files(request, output)
    return written.describe(output), written.exit_code


def make_file(request: Request, path: Path) -> str:
    """Writes the image of the first seed to `path`; says where. Raises `UserError` for a format that cannot hold it."""
    if reason := why_unfit(ending(path), request.sampler.target):
        raise UserError(f"{path}: {reason.partition(';')[0]}: name it .{_ending(request)}.")
    _, latents, labels, own = _drawn(request)
    image = request.sampler.pixels(latents[:1], None if labels is None else labels[:1]).numpy()[0]
    images.save(path, image, as_comment(_origin(request) | own[0]), request.sampler.target.bands)
    return f"{path}: one image, of seed {request.settings.seed}"


def make_files(request: Request, folder: Path) -> Written:
    """Writes an image a file into `folder`; what is there already stays unless it is to be overwritten. Says what became of each."""
    names, latents, labels, own = _edited(request) if request.settings.images else _drawn(request)
    origin = _origin(request)
    origins = [origin | each for each in own]
    there = [i for i, name in enumerate(names) if not request.settings.overwrite and is_there(folder / name)]
    wanted = sorted(set(range(len(names))) - set(there))
    _refuse_harm([folder / names[i] for i in wanted], request.inputs)
    others = [unlike(read_origin(folder / names[i]), origins[i]) for i in there]
    with Waiting("Making images", len(wanted)) as shown:
        for begin in range(0, len(wanted), BATCH):
            batch = wanted[begin : begin + BATCH]
            made = request.sampler.pixels(latents[batch], None if labels is None else labels[batch]).numpy()
            for number, image in zip(batch, made):
                images.save(folder / names[number], image, as_comment(origins[number]), request.sampler.target.bands)
            shown.advance(len(batch))
    return Written.of([Outcome(DONE)] * len(wanted) + [Outcome(OTHER, other) if other else Outcome(KEPT) for other in others])


def _refuse_harm(results: list[Path], inputs: Inputs):
    """Raises `UserError` for results that would take the place of what is read, of what belongs to a run, or of a link."""
    for result in {result.parent: result for result in results}.values():
        refuse_part_of_run(result)
    for result in results:
        inputs.refuse(result)
        check_file(result)


def _origin(request: Request) -> Origin:
    """What all images of a command depend on; of settings that came later, those that are not as they always were."""
    styles, settings = request.sampler.styles, request.settings
    found = origin_of(request.run) | ({"truncation": styles.truncation} if styles else {})
    later: Origin = {"truncation_layers": settings.truncation_layers, "noise_mode": settings.noise_mode}
    return found | {name: value for name, value in later.items() if value != getattr(SampleConfig, name)}


def _ending(request: Request) -> str:
    """The ending of files of samples: PNG, unless it cannot hold them."""
    return result_ending(request.sampler.target, "png")


def _drawn(request):
    """Names of files, latents, labels and what each result states of itself, for --count seeds, from --seed on."""
    seeds, sampler = request.seeds(request.settings.count), request.sampler
    names, own = [f"seed{seed:06d}.{_ending(request)}" for seed in seeds], [{"seed": int(seed)} for seed in seeds]
    if not request.classes:
        return names, sampler.latents(seeds), None, own
    labels = np.resize(request.classes, len(seeds))
    folders = safe_names(sampler.class_names, "class")
    own = [each | {"class": sampler.class_names[label]} for each, label in zip(own, labels)]
    return [f"{folders[label]}/{name}" for label, name in zip(labels, names)], sampler.latents(seeds), labels, own


def _edited(request):
    """As `_drawn`, for --images, moved by what sets --having apart from --lacking; no labels."""
    if len(request.strengths) > 1:
        raise UserError("Files are edited by one of --strengths; for several use --sheet=edit.")
    files, latents, _ = _encoded(request, None)
    root, _ = find_images(request.settings.images)
    own = [{"input": digest(root / file)} for file in files]
    if request.settings.having:
        strength = (request.strengths or [1.0])[0]
        latents = latents + strength * _direction(request)
        edit = f"{request.settings.having} without {request.settings.lacking}, times {strength:g}"
        own = [each | {"edit": edit} for each in own]
    names = [file.with_suffix(f".{_ending(request)}").as_posix() for file in files]
    for name in (name for name, count in collections.Counter(names).items() if count > 1):
        raise UserError(f"Several of --images would be written to {name}: rename them, or select some with a pattern.")
    return names, latents, None, own


def _encoded(request, count):
    """The first `count` of --images, or all: their names, latents n×length, and the images as the encoder sees them."""
    encoder = choose_encoder(request.run, request.signatures, "images")
    root, names = find_images(request.settings.images)
    fitted = [read_fitted(request.run, encoder, "images", root / name) for name in names[:count]]
    latents = [encoder(image[None]).numpy() for image in waiting(fitted, len(fitted), "Encoding images")]
    return names[:count], np.concatenate(latents), fitted


def _direction(request):
    return attribute_vector(request.run, request.signatures, request.settings.having, request.settings.lacking)


def make_sheet(request: Request, path: Path) -> str:
    """Writes one picture, a sheet, to `path`; says where. Raises `UserError` for one that takes more memory than images may."""
    height, width = (max(side, LEAST_CELL) for side in request.run.config.spec.image_size)
    needed = request.settings.rows * request.settings.columns * height * width * FLOATS
    if needed > memory.limit():
        cells = f"--rows={request.settings.rows} --columns={request.settings.columns}"
        raise UserError(f"{cells}: a sheet of so many images {memory.refusal(needed)}.")
    if request.settings.sheet in _WITH_FILES:
        context = Context(request.run, request.signatures, request.sampler, request.settings)
        return _write_with_files(_WITH_FILES[request.settings.sheet](context, path), request, path)
    _write_sheet(_SHEETS[request.settings.sheet](request), request, path)
    return f"{path}: one picture (--sheet={request.settings.sheet}); to write one file for each image, name a folder"


def _write_sheet(columns: sheets.Columns, request: Request, path: Path):
    target = request.sampler.target
    images.save(path, grid({title: [seen_bands(image, target) for image in column] for title, column in columns.items()}))


def _write_with_files(sheet: Sheet, request: Request, path: Path) -> str:
    """Writes the arrays of a sheet, and then itself; says what is in them."""
    for file, arrays in sheet.files.items():
        content = io.BytesIO()
        if isinstance(arrays, dict):
            np.savez(content, allow_pickle=False, **arrays)
        else:
            np.save(content, arrays, allow_pickle=False)
        write_atomically(file, content.getvalue())
    _write_sheet(sheet.columns, request, path)
    first = next(iter(sheet.files))
    files = f"{first.parent}{os.sep}" if first.suffix == ".npy" else first
    return "\n".join([*sheet.said, f"{path}: one picture (--sheet={request.settings.sheet}); {files}: the arrays behind it"])


def _samples(request):
    settings = request.settings
    return sheets.samples(request.sampler, request.seeds(1)[0], settings.rows, settings.columns, request.classes)


def _interpolation(request):
    rows, sampler = request.settings.rows, request.sampler
    if not request.settings.images:
        ends = sampler.latents(request.seeds(rows + 1))
    else:
        _, ends, _ = _encoded(request, rows + 1)
        if len(ends) < 2:
            raise UserError("--sheet=interpolation blends each of --images into the next: give at least two.")
    labels = np.resize(request.classes, len(ends) - 1) if request.classes else None
    return sheets.interpolations(sampler, ends, request.settings.columns, labels)


def _mixing(request):
    settings, styles = request.settings, _styles(request)
    if not 1 <= settings.crossover < styles.layers:
        raise UserError(
            f"--crossover={settings.crossover} must be from 1 to {styles.layers - 1}: the run has {styles.layers} layers of styles."
        )
    coarse = request.sampler.latents(request.seeds(settings.rows))
    fine = request.sampler.latents(request.seeds(settings.columns, first=settings.rows))
    return sheets.mixing(request.sampler, coarse, fine, settings.crossover)


def _truncation(request):
    _styles(request)
    return sheets.truncations(request.sampler, request.sampler.latents(request.seeds(request.settings.rows)), TRUNCATIONS)


def _styles(request):
    if not request.sampler.styles:
        raise UserError(
            f"--sheet={request.settings.sheet} is for StyleGAN; {request.run.folder} ({request.run.config.method}) has no styles."
        )
    return request.sampler.styles


def _reconstruction(request):
    _, latents, fitted = _encoded(request, request.settings.rows)
    return {"image": fitted, "reconstruction": list(request.sampler(latents).numpy())}


def _edit(request):
    _, latents, fitted = _encoded(request, request.settings.rows)
    return {"image": fitted} | sheets.edits(request.sampler, latents, _direction(request), request.strengths or STRENGTHS)


_SHEETS = {
    "samples": _samples,
    "interpolation": _interpolation,
    "mixing": _mixing,
    "truncation": _truncation,
    "reconstruction": _reconstruction,
    "edit": _edit,
}
_WITH_FILES = {"projection": projection_sheet, "directions": directions_sheet}
