"""Pictures of what a generator knows: grids of samples and classes, ways between two images, mixed styles, truncation.

Every function returns the columns of a picture, title -> images H×W×C in [-1, 1]; see `tfgan.inference.grids.grid`.
"""

from collections.abc import Sequence

import numpy as np

from tfgan.inference.sampler import Sampler

Columns = dict[str, list[np.ndarray]]


def samples(sampler: Sampler, seed: int, rows: int, columns: int, classes: list[int]) -> Columns:
    """A sheet of samples: a column for each of the `classes`, whose rows share a seed.

    Without any classes it has rows × columns seeds from `seed` on, row by row, and columns titled by their numbers.
    """
    if not classes:
        images = sampler(sampler.latents(np.arange(seed, seed + rows * columns))).numpy()
        return _columns([str(column) for column in range(columns)], images)
    latents = sampler.latents(np.arange(seed, seed + rows))
    images = sampler(np.repeat(latents, len(classes), axis=0), np.tile(classes, rows)).numpy()
    return _columns([sampler.class_names[label] for label in classes], images)


def interpolations(sampler: Sampler, ends: np.ndarray, columns: int, labels: np.ndarray | None = None) -> Columns:
    """A sheet of ways: a row for each pair of neighbors among the latents `ends`, (rows + 1)×length, leads from one to the next.

    Through styles, or through latents drawn evenly from a cube, the way is straight; through latents of a normal distribution it keeps
    to the sphere near which these lie (White 2016, §2.1).

    Args:
        columns: images of a row, evenly spaced, with both ends.
        labels: rows int32, where there are classes.
    """
    shares = np.linspace(0.0, 1.0, columns)
    if sampler.styles:
        ends = sampler.styles.map(ends, sampler.styles.truncation).numpy()
    between = slerp if sampler.generation.prior == "normal" and not sampler.styles else lerp
    points = np.concatenate([[between(a, b, share) for share in shares] for a, b in zip(ends, ends[1:])])
    if sampler.styles:
        images = np.concatenate([sampler.styles.synthesize(point[None]).numpy() for point in points.astype(np.float32)])
    else:
        images = sampler(points, None if labels is None else np.repeat(labels, columns)).numpy()
    return _columns([f"{share:.2f}" for share in shares], images)


def mixing(sampler: Sampler, coarse: np.ndarray, fine: np.ndarray, crossover: int) -> Columns:
    """A sheet of mixed styles, of two sources in each image (Karras et al. 2019, figure 3).

    The first column shows the sources of the layers before `crossover`, latents rows×length; the first row those of the others. Every other
    image has its row's coarse styles and its column's fine ones. The sampler is of a generation with styles.

    Args:
        coarse, fine: latents rows×length and columns×length.
        crossover: the first layer, counted from 0, that takes the fine style.
    """
    styles = sampler.require_styles()
    synthesize = styles.synthesize
    coarse_styles, fine_styles = (styles.map(latents, styles.truncation).numpy() for latents in (coarse, fine))
    sources = synthesize(coarse_styles).numpy()
    corner = np.ones_like(sources[0])
    columns = {"coarse": [corner, *sources]}
    for number, own in enumerate(fine_styles):
        mixed = np.stack([np.concatenate([other[:crossover], own[crossover:]]) for other in coarse_styles])
        columns[f"fine {number}"] = [*synthesize(own[None]).numpy(), *synthesize(mixed).numpy()]
    return columns


def truncations(sampler: Sampler, latents: np.ndarray, values: Sequence[float]) -> Columns:
    """A sheet of truncations: a row for each of the latents N×length, a column each ψ of `values` (Karras et al. 2019, appendix B).

    ψ leads from the mean image at 0 to full variety at 1. The sampler is of a generation with styles.
    """
    styles = sampler.require_styles()
    return {f"ψ = {value:g}": list(styles.synthesize(styles.map(latents, value)).numpy()) for value in values}


def edits(sampler: Sampler, latents: np.ndarray, direction: np.ndarray, strengths: Sequence[float]) -> Columns:
    """A sheet of edits: a row for each of the latents N×length, a column for each strength, which times `direction` moves them.

    Source: Larsen et al. 2016, §4.2.
    """
    return {f"{strength:+g}": list(sampler(latents + strength * direction).numpy()) for strength in strengths}


def lerp(a, b, share):
    return (1.0 - share) * a + share * b


def slerp(a, b, share):
    """The vector at `share` of the way from vector a to b, 0 to 1, on the arc around the origin (White 2016, §2.1).

    The way is straight where there is no one arc: between parallel vectors.
    """
    norms = np.linalg.norm(a) * np.linalg.norm(b)
    angle = np.arccos(np.clip(np.dot(a, b) / norms, -1.0, 1.0)) if norms else 0.0
    if np.sin(angle) < 1e-4:
        return lerp(a, b, share)
    return (np.sin((1.0 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)


def _columns(titles, images) -> Columns:
    return {title: list(images[number :: len(titles)]) for number, title in enumerate(titles)}
