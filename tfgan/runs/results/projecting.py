"""Projecting images into a run's space, and directions in it: what `tfgan sample` and `tfgan.Run` have of both."""

import functools
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan.config.verbs import SampleConfig
from tfgan.data.finding.files import find_images
from tfgan.data.preparation.geometry import viewed
from tfgan.data.preparation.normalization import as_floats, held
from tfgan.errors import ReadFailed, UnreadableImage, UserError
from tfgan.evaluation.extractors import open_extractor, seen_maps
from tfgan.inference import Encoder, Sampler, Signatures, sheets
from tfgan.inference.arrays import Pixels, as_images
from tfgan.inference.directions import Directions, attribute_directions, principal_directions
from tfgan.inference.files import read_image
from tfgan.inference.origin import read_origin
from tfgan.inference.projection import Distance, Projection, Projector
from tfgan.inference.space import Space, space_of
from tfgan.losses import unit_distance
from tfgan.runs.judging import beside_sheet
from tfgan.runs.opening import Run
from tfgan.runs.results.latents import choose_classes, choose_sampler, class_numbers, read_fitted
from tfgan.runs.results.written import origin_of
from tfgan.terminal import waiting
from tfgan.training.grappler import spared_steps
from tfgan.values import as_array

logger = logging.getLogger(__name__)

SIGMAS = (-3.0, -1.5, 0.0, 1.5, 3.0)  # strengths of a sheet of directions, in deviations of the space


class Sheet(NamedTuple):
    """The columns of a sheet, arrays that are written beside it, by the file's name, each alone or several by name, and what is said."""

    columns: sheets.Columns
    files: dict[Path, np.ndarray | dict[str, np.ndarray]]
    said: list[str]


class Context(NamedTuple):
    """A run whose images are projected, and by what settings of `tfgan sample`."""

    run: Run
    signatures: Signatures
    sampler: Sampler
    settings: SampleConfig

    def label(self) -> int | None:
        """The number of the one class of all images; None for a run without classes."""
        if not self.sampler.class_names:
            return None
        if len(self.settings.classes) != 1:
            raise UserError(f"The images are of one class: say which, --classes=NAME of {', '.join(self.sampler.class_names)}.")
        return choose_classes(self.sampler, self.settings.classes)[0]

    def viewed(self, image: np.ndarray) -> np.ndarray:
        """An image, held as `tfgan.data.preparation.normalization.held` has it, as validation sees it: H×W×C float32 in [-1, 1]."""
        spec, domain = self.run.config.spec, self.sampler.target
        return np.asarray(as_floats(viewed(image, self.run.config.data.fit_of(spec.kind), spec.image_size, domain), domain), np.float32)

    def read(self, flag: str, file: Path) -> np.ndarray:
        """The image in a file, `viewed`. Raises `UserError` if it cannot be read; the message names `flag`, by which it was given."""
        domain = self.sampler.target
        try:
            return self.viewed(held(read_image([file], domain, self.run.config.data.alpha), domain))
        except (ReadFailed, UnreadableImage) as error:
            raise UserError(f"--{flag}: {file}: {getattr(error, 'reason', error)}") from None

    def space(self) -> Space:
        return space_of(self.sampler, self.label())

    def project(self, images: np.ndarray, shown: Sequence[int] = ()) -> Projection:
        """Projects images N×H×W×C float32 in [-1, 1], and keeps those of the steps `shown`."""
        distance, steps = distance_of(self.sampler, self.settings, self.label()), self.settings.projection_steps
        projector = Projector(self.space(), distance, steps, self.settings.seed, self.settings.projection_noise)
        logger.info(f"Projecting {len(images)} image(s) into {projector.space.name}, {steps} steps each, by the {distance.words}")
        with spared_steps():
            return projector.project(images, shown)


def distance_of(sampler: Sampler, settings: SampleConfig, label: int | None) -> Distance:
    """How unlike two images are: by --features, or else by pixels and the run's own discriminator.

    Raises:
        UserError: features that cannot be loaded.
    """
    if settings.features:
        extractor = open_extractor(settings.features, settings.inception_weights)
        what = f"distance of the {'feature maps' if extractor.has_maps else 'features'} of {extractor.name}, of unit length"
        return Distance(functools.partial(seen_maps, extractor), unit_distance, f"{what}, without LPIPS' learned weights")
    see, given = sampler.generation.see, [] if label is None else [tf.constant([label])]

    def between(one, other):
        pixels = tf.reduce_mean(tf.square(one[0] - other[0]))
        return pixels + unit_distance(one[1:], other[1:]) if see else pixels

    own = " and of the maps of the run's discriminator, of unit length" if see else ""
    words = f"distance of the pixels, squared on [-1, 1],{own} (--features gives another)"
    return Distance(lambda image: [image, *(see(image, *given) if see else [])], between, words)


def projection_sheet(context: Context, path: Path) -> Sheet:
    """A sheet of --images, a row each: the image, what is made on the way, and the result, whose points are written beside the sheet."""
    settings = context.settings
    root, names = find_images(settings.images)
    if len(names) > settings.rows:
        logger.warning(f"The first {settings.rows} of {len(names)} images are projected: --rows={len(names)} takes all.")
    names = names[: settings.rows]
    images = np.stack([context.read("images", root / name) for name in names])
    shown = np.unique(np.linspace(0, settings.projection_steps, max(settings.columns - 1, 1)).astype(int)[:-1]).tolist()
    found = context.project(images, shown)
    columns = {"image": list(images)} | {f"step {step}": list(made) for step, made in found.steps.items()} | {"result": list(found.images)}
    files = dict(zip(beside_sheet(path, settings), found.latents))
    said = [_told(name, near, own) for name, near, own in zip(names, found.distances.tolist(), found.with_noise.tolist())]
    return Sheet(columns, files, [f"The {found.measure}:", *said])


def _told(name: Path, near: float, own: float) -> str:
    return f"{name}: {near:.4g}" + (f", {own:.4g} with noise maps of its own" if own != near else "")


def directions_sheet(context: Context, path: Path) -> Sheet:
    """A sheet of directions, one a row, or of one direction, whose rows are images; columns are strengths, in deviations of the space."""
    settings, strengths = context.settings, context.settings.numbers("strengths") or SIGMAS
    found = find_directions(context)
    bases = _bases(context, settings.rows if settings.having else 1)
    vectors = (found.vectors * found.deviations[:, None]).astype(np.float32)
    rows = [(base, vector) for base in bases for vector in vectors]
    make = _maker(context)
    columns = {f"{strength:+g} σ": [make(base + np.float32(strength) * vector) for base, vector in rows] for strength in strengths}
    arrays = {name: np.asarray(value) for name, value in found._asdict().items()}
    arrays |= {name: np.asarray(value) for name, value in origin_of(context.run).items()}
    told = "of the images told apart by a classifier that learned from the others" if settings.having else "of the variance"
    return Sheet(
        columns,
        {beside_sheet(path, settings)[0]: arrays},
        [f"{name}: {share:.1%} {told}" for name, share in zip(found.names, found.shares)],
    )


def find_directions(context: Context) -> Directions:
    """The directions that the settings ask for: from --lacking to --having, or else as many main ones as there are --rows.

    Raises:
        UserError: images that cannot be read, or main directions of noise, which has none.
    """
    settings, space = context.settings, space_of(context.sampler, 0 if context.sampler.class_names else None)
    if not settings.having:
        return main_directions(context.run, space, settings.rows)
    parts = [_latents_of(context, space, flag) for flag in ("lacking", "having")]
    labels = np.repeat([0, 1], [len(part) for part in parts])[:, None]
    return attribute_directions(np.concatenate(parts), labels, [Path(settings.having).name], space.samples())


def project_images(run: Run, signatures: Signatures, given: Pixels, settings: SampleConfig, label: int | str | None) -> Projection:
    """The projection of images as Python programs have them.

    Args:
        label: the number or the name of their class, where there are classes.

    Raises:
        UserError: the run makes no images from noise; images, a class or features that cannot be used.
    """
    sampler = choose_sampler(run, signatures, None)
    if label is not None:
        numbers = class_numbers(sampler, [label], 1)
        assert numbers is not None  # a run without classes is refused
        settings = settings.unchecked(classes=(sampler.class_names[numbers[0]],))
    context = Context(run, signatures, sampler, settings)
    images = as_images(given, sampler.target, run.config.data.alpha).images
    return context.project(np.stack([context.viewed(image) for image in images]))


def directions_of(run: Run, signatures: Signatures, count: int, latents, labels, names: Sequence[str]) -> Directions:
    """The main directions of a run's w, or those that latents and their labels tell; see `tfgan.Run.directions`."""
    sampler = choose_sampler(run, signatures, None)
    space = space_of(sampler, 0 if sampler.class_names else None)
    if (latents is None) != (labels is None):
        raise UserError("latents and labels go together: a label for each of the latents.")
    if latents is None:
        return main_directions(run, space, count)
    points, marks = as_array("latents", latents), as_array("labels", labels)
    if points.ndim != 2 or points.shape[1] != space.length or points.dtype.kind not in "iuf":
        raise UserError(f"latents have the shape {'×'.join(map(str, points.shape))}; give N×{space.length}.")
    marks = marks[:, None] if marks.ndim == 1 else marks
    return attribute_directions(points, marks, names or [f"attribute {i}" for i in range(marks.shape[-1])], space.samples())


def main_directions(run: Run, space: Space, count: int) -> Directions:
    """The directions in which w varies most. Raises `UserError` for noise, which varies alike in all."""
    if space.name != "w":
        raise UserError(
            f"{run.folder} ({run.config.method}) has no main directions, as its noise varies alike in all: name images with something and "
            "images without it, --having=FOLDER and --lacking=FOLDER."
        )
    return principal_directions(space.samples(), count)


def _latents_of(context: Context, space: Space, flag: str) -> np.ndarray:
    """The points of the images of --having or --lacking, N×length: known of samples of the run, encoded or projected of others."""
    root, names = find_images(getattr(context.settings, flag))
    weights = origin_of(context.run)["weights"]
    origins = [read_origin(root / name) for name in names]
    seeds = [origin.get("seed") if origin.get("weights") == weights and "edit" not in origin else None for origin in origins]
    own = [seed for seed in seeds if isinstance(seed, int)]
    others = [root / name for name, seed in zip(names, seeds) if not isinstance(seed, int)]
    how = "encoded" if _encoder(context) and space.name == "z" else "projected"
    rest = f"; the others are {how}" if others else ""
    logger.info(f"--{flag}: {len(own)} of {len(names)} images are samples of the run, whose seeds are known{rest}")
    found = [space.draw(np.array(own))] if own else []
    return np.concatenate([*found, *([_find(context, space, flag, others)] if others else [])])


def _find(context: Context, space: Space, flag: str, files: list[Path]) -> np.ndarray:
    encoder = _encoder(context)
    if encoder and space.name == "z":
        fitted = [read_fitted(context.run, encoder, flag, file) for file in waiting(files, len(files), f"Encoding --{flag}")]
        return np.concatenate([encoder(image[None]).numpy() for image in fitted])
    return context.project(np.stack([context.read(flag, file) for file in files])).latents


def _encoder(context: Context) -> Encoder | None:
    return next((signature for signature in context.signatures.values() if isinstance(signature, Encoder)), None)


def _bases(context: Context, count: int) -> np.ndarray:
    """What directions are shown of: the points of --images, or of seeds from --seed on, count at most; of StyleGAN N×layers×w_dim."""
    settings, sampler = context.settings, context.sampler
    if settings.images:
        root, names = find_images(settings.images)
        found = _find(context, context.space(), "images", [root / name for name in names[:count]])
        return np.repeat(found[:, None], sampler.styles.layers, axis=1) if sampler.styles else found
    latents = sampler.latents(np.arange(settings.seed, settings.seed + count))
    return sampler.styles.map(latents, sampler.styles.truncation).numpy() if sampler.styles else latents


def _maker(context: Context):
    """What makes an image H×W×C of a point, or of styles layers×w_dim."""
    sampler = context.sampler
    if sampler.styles:
        return lambda styles: sampler.synthesize(styles[None]).numpy()[0]
    label = context.label()
    return lambda latents: sampler(latents[None], None if label is None else [label]).numpy()[0]
