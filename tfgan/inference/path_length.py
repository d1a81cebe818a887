"""Neighboring images on the way between two latents, by which the perceptual path length is measured (Karras et al. 2019, §4.1)."""

from collections.abc import Iterator

import numpy as np

from tfgan.inference.sampler import Sampler
from tfgan.inference.sheets import lerp, slerp
from tfgan.inference.space import space_of

STEP = 1e-4  # ε: how far apart the two are, as a share of the way
BATCH = 32  # pairs at once


def path_pairs(sampler: Sampler, count: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of neighboring images, in batches: two arrays n×H×W×C float32 in [-1, 1].

    Both ends of a way are random, and so is the place on it. The way through StyleGAN's w is straight, and w are not truncated; through
    noise of a normal distribution it keeps to a sphere (White 2016, §2.1). Both images have one class, the classes in turn.

    Args:
        count: of the pairs.
        seed: of the places. Ends are those of the seeds from 0 on.
    """
    space = space_of(sampler, 0 if sampler.class_names else None)
    between = slerp if space.name == "z" and not space.bounded else lerp
    places = np.random.default_rng(seed).uniform(size=count)
    for begin in range(0, count, BATCH):
        numbers = np.arange(begin, min(begin + BATCH, count))
        first, second = (space.draw(2 * numbers + end).astype(np.float64) for end in (0, 1))
        labels = numbers % len(sampler.class_names) if sampler.class_names else None
        sides = []
        for step in (0.0, STEP):
            points = np.stack([between(one, other, place + step) for one, other, place in zip(first, second, places[numbers])])
            made = sampler.synthesize(points) if space.name == "w" else sampler(points.astype(np.float32), labels)
            sides.append(made.numpy())
        yield sides[0], sides[1]
