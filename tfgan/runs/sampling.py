"""What `tfgan sample` writes: a folder of images, or one picture of many."""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tfgan.config.verbs import SampleConfig
from tfgan.data import images
from tfgan.data.formats import is_picture
from tfgan.errors import UserError
from tfgan.inference import Sampler, Signatures, open_inference, sheets
from tfgan.inference.files import find_images
from tfgan.inference.grids import grid
from tfgan.inference.sampler import BATCH
from tfgan.runs.latents import attribute_vector, choose_classes, choose_encoder, choose_sampler, read_fitted
from tfgan.runs.opening import Run, open_run

logger = logging.getLogger(__name__)

TRUNCATIONS = (-0.5, 0.0, 0.25, 0.5, 0.7, 1.0)  # of a sweep; negative ones are the opposites of each image
STRENGTHS = (-1.0, -0.5, 0.0, 0.5, 1.0)


class Request(NamedTuple):
    """A request for samples: the run, its sampler and the settings of the command."""

    run: Run
    signatures: Signatures
    sampler: Sampler
    settings: SampleConfig

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


def sample(folder: str, output: Path, settings: SampleConfig) -> str:
    """Writes what is asked for of the run in `folder`, to the folder or the picture `output`, and says what was written.

    Raises:
        UserError: no such run or checkpoint; what the run cannot make; images that cannot be read.
    """
    run = open_run(folder, settings.checkpoint)
    signatures = open_inference(run.method)
    sampler = choose_sampler(run, signatures, next(iter(settings.numbers("truncation")), None))
    request = Request(run, signatures, sampler, settings)
    choose_classes(sampler, settings.classes)  # unknown ones are refused, also where none are needed
    logger.info(f"{sampler.describe()}, {run.folder} at step {run.step}")
    if settings.sheet:
        return make_sheet(request, output)
    return make_files(request, output) if output.is_dir() or not is_picture(output) else make_file(request, output)


def make_file(request: Request, path: Path) -> str:
    """Writes the image of the first seed to `path`; says where."""
    _, latents, labels = _drawn(request)
    images.save(path, request.sampler.pixels(latents[:1], None if labels is None else labels[:1]).numpy()[0])
    return f"{path}: one image, of seed {request.settings.seed}"


def make_files(request: Request, folder: Path) -> str:
    """Writes an image a file into `folder`; what is there already stays unless it is to be overwritten. Says how many were written."""
    from tqdm import tqdm

    if request.settings.images:
        names, latents, labels = _edited(request)
    else:
        names, latents, labels = _drawn(request)
    wanted = [i for i, name in enumerate(names) if request.settings.overwrite or not (folder / name).exists()]
    progress = tqdm(total=len(wanted), unit="image", disable=None)  # None: only on a terminal
    for begin in range(0, len(wanted), BATCH):
        batch = wanted[begin : begin + BATCH]
        made = request.sampler.pixels(latents[batch], None if labels is None else labels[batch]).numpy()
        for number, image in zip(batch, made):
            images.save(folder / names[number], image)
        progress.update(len(batch))
    progress.close()
    there = len(names) - len(wanted)
    return f"{len(wanted)} written to {folder}" + (f", {there} were there already (--overwrite replaces them)" if there else "")


def _drawn(request):
    """Names of files, latents and labels for --count seeds, from --seed on."""
    seeds, sampler = request.seeds(request.settings.count), request.sampler
    names = [f"seed{seed:06d}.png" for seed in seeds]
    if not request.classes:
        return names, sampler.latents(seeds), None
    labels = np.resize(request.classes, len(seeds))
    folders = [sampler.class_names[label].replace("/", "_") for label in labels]
    return [f"{folder}/{name}" for folder, name in zip(folders, names)], sampler.latents(seeds), labels


def _edited(request):
    """Names of files and latents for --images, moved by what sets --having apart from --lacking; no labels."""
    if len(request.strengths) > 1:
        raise UserError("Files are edited by one of --strengths; for several use --sheet=edit.")
    files, latents, _ = _encoded(request, None)
    if request.settings.having:
        latents = latents + (request.strengths or [1.0])[0] * _direction(request)
    names = [file.with_suffix(".png").as_posix() for file in files]
    for name in {name for name in names if names.count(name) > 1}:
        raise UserError(f"Several of --images would become {name}: rename them, or use a pattern for some.")
    return names, latents, None


def _encoded(request, count):
    """The first `count` of --images, or all: their names, latents n×length, and the images as the encoder sees them."""
    encoder = choose_encoder(request.run, request.signatures, "images")
    root, names = find_images(str(Path(request.settings.images).expanduser()))
    fitted = [read_fitted(request.run, encoder, "images", root / name) for name in names[:count]]
    return names[:count], np.concatenate([encoder(image[None]).numpy() for image in fitted]), fitted


def _direction(request):
    return attribute_vector(request.run, request.signatures, request.settings.having, request.settings.lacking)


def make_sheet(request: Request, path: Path) -> str:
    """Writes one picture, a sheet, to `path`; says where."""
    images.save(path, grid(_SHEETS[request.settings.sheet](request)))
    return f"{path}: one picture, --sheet={request.settings.sheet}; for a file for each image name a folder"


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
            raise UserError("--sheet=interpolation goes from one of --images to the next: give at least two.")
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
