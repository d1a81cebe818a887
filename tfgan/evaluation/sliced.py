"""The sliced Wasserstein distance of patches at several scales (Karras et al. 2018, §5)."""

import numpy as np
import tensorflow as tf

from tfgan.errors import UserError
from tfgan.terminal import waiting

SMALLEST = 16  # pixels, of the coarsest level and so of an image
PATCH, PATCHES = 7, 128  # pixels; patches of one image and level
PROJECTIONS, REPEATS = 128, 4
FLAT = 1e-4  # deviation of all patches, of values in [-1, 1], below which there is rounding alone
BATCH = 64
FEWEST = 1_000  # images; two sets of one kind of 64×64 photos are 90 apart if they have 10 images, 42 if 50, 21 if 200

BINOMIAL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]).astype(np.float32) / 256.0  # Burt and Adelson 1983


def sliced_wasserstein(real: np.ndarray, fake: np.ndarray, seed: int = 0) -> dict[str, float]:
    """The sliced Wasserstein distance of patches of two sets of images (Karras et al. 2018, §5), each × 1000 as in the paper.

    There is no interval: among images drawn twice, as for a bootstrap, whole sets of patches are equal, which no real set has.

    Each set is normalized by its own mean and deviation of a channel, so that brightness and contrast of a whole level do not count. The
    patches lie in the same places in both sets: 0 for identical ones, and less than the paper's for images that match one by one, which
    has other places in either, and some 15 for identical sets of 100 images.

    Args:
        real, fake: images N×H×W×C and M×H×W×C in [-1, 1], 16 pixels or more; of the larger set as many are taken as the other has.

    Returns:
        the distance of each level of the Laplacian pyramid, by its height in pixels as text, and their "mean".

    Raises:
        UserError: images of two sizes, or smaller ones.
    """
    if real.shape[1:] != fake.shape[1:]:
        raise UserError(f"Real images of shape {real.shape[1:]} and generated ones of shape {fake.shape[1:]}: the SWD needs one size.")
    if min(real.shape[1:3]) < SMALLEST:
        raise UserError(f"Images of {real.shape[1]}×{real.shape[2]} pixels are too small for the SWD: {SMALLEST} or more.")
    count = min(len(real), len(fake))
    sets = [images[np.arange(count) * len(images) // count] for images in (real, fake)]
    random, distances = np.random.default_rng(seed), {}
    for level, height in enumerate(_heights(*real.shape[1:3])):
        place = random.integers(2**31)
        real_patches, fake_patches = (_normalized(_patches_of_level(images, level, place)) for images in sets)
        distances[f"{height}"] = 1e3 * _sliced(real_patches, fake_patches, random)
    return distances | {"mean": float(np.mean(list(distances.values())))}


def _heights(height, width):
    """Heights of the levels in pixels, finest first: each half the one before, down to 16 pixels or just above."""
    found = [height]
    while min(height, width) >= 2 * SMALLEST:
        height, width = (height + 1) // 2, (width + 1) // 2
        found.append(height)
    return found


def _patches_of_level(images, level, place):
    """Patches of one level of the images, at places drawn from the seed `place`.

    They are made level by level, since the patches of all levels of 10,000 images would not fit in memory.
    """
    random = np.random.default_rng(place)
    batches = (images[i : i + BATCH].astype(np.float32) for i in range(0, len(images), BATCH))
    return np.concatenate([_patches(_laplacian_level(batch, level), random) for batch in batches])


def _laplacian_level(images, level):
    """What images lose when they are halved once more than `level` times; of the coarsest level, the images themselves."""
    for _ in range(level):
        images = _smoothed(images)[:, ::2, ::2]
    if min(images.shape[1:3]) < 2 * SMALLEST:
        return images
    spread = np.zeros_like(images)
    spread[:, ::2, ::2] = _smoothed(images)[:, ::2, ::2]
    return images - 4.0 * _smoothed(spread)


def _smoothed(images):
    kernel = np.tile(BINOMIAL[:, :, None, None], (1, 1, images.shape[-1], 1))
    return tf.nn.depthwise_conv2d(tf.pad(images, [[0, 0], [2, 2], [2, 2], [0, 0]], "REFLECT"), kernel, [1, 1, 1, 1], "VALID").numpy()


def _patches(images, random):
    """Patches anywhere in the images, `PATCHES` of each, (N·PATCHES)×PATCH×PATCH×C."""
    n, height, width, _ = images.shape
    top, left = (random.integers(side - PATCH + 1, size=(n, PATCHES, 1, 1)) for side in (height, width))
    offsets = np.arange(PATCH)
    found = images[np.arange(n)[:, None, None, None], top + offsets[:, None], left + offsets]
    return found.reshape(-1, PATCH, PATCH, images.shape[-1])


def _normalized(patches):
    """Flattened patches, normalized by each channel's mean and deviation over all of them; the given array is overwritten."""
    mean, deviation = patches.mean(axis=(0, 1, 2), dtype=np.float64), patches.std(axis=(0, 1, 2), dtype=np.float64)
    patches -= mean.astype(np.float32)
    patches /= np.maximum(deviation, FLAT).astype(np.float32)
    return patches.reshape(len(patches), -1)


def _sliced(real, fake, random):
    """Mean distance of two sets of patches in their sorted projections on random directions."""
    distances = []
    for _ in waiting(range(REPEATS), REPEATS, "Measuring swd"):
        directions = random.normal(size=(real.shape[1], PROJECTIONS))
        directions = (directions / np.linalg.norm(directions, axis=0)).astype(np.float32)
        sorted_sets = [np.sort(patches @ directions, axis=0) for patches in (real, fake)]
        distances.append(np.mean(np.abs(sorted_sets[0] - sorted_sets[1])))
    return float(np.mean(distances))
