"""Textures of the wall materials of procedural façades, and of clouds."""

import functools

import numpy as np
from PIL import Image

_TILE = 512  # pixels of a tile's side as first made


def texture(name: str, size: tuple[int, int], offset: tuple[float, float]) -> np.ndarray:
    """A cut of a texture that repeats once a picture's height.

    Args:
        name: brick, plaster, stone, wood, concrete or clouds.
        size: height and width of the cut, in pixels.
        offset: where in the tile it begins, in shares of the tile, down and right.

    Returns:
        H×W×3 float32 for the material of a wall: what to multiply its color by, around 1;
        H×W×1 float32 for "clouds": how white the sky is, 0 to 1.
    """
    height, width = size
    tile = _scaled(name, height)
    rows = (np.arange(height) + int(offset[0] * height)) % height
    columns = (np.arange(width) + int(offset[1] * height)) % height
    return tile[rows][:, columns]


@functools.lru_cache(maxsize=12)
def _scaled(name: str, side: int) -> np.ndarray:
    """The tile of a texture at `side` × `side` pixels; reducing averages, so that bricks too small to be seen become their mean color."""
    tile = _full(name)
    channels = [Image.fromarray(channel).resize((side, side), Image.Resampling.BOX) for channel in np.moveaxis(tile, -1, 0)]
    return np.stack([np.asarray(channel) for channel in channels], axis=-1)


@functools.lru_cache
def _full(name: str) -> np.ndarray:
    rng = np.random.Generator(np.random.PCG64(_ORDER.index(name)))
    return np.ascontiguousarray(_TEXTURES[name](rng), np.float32)


def _noise(rng: np.random.Generator, power: float, stretch: tuple[float, float] = (1, 1)) -> np.ndarray:
    """Noise of mean 0 and deviation 1 that joins itself at the edges.

    Its amplitude falls with the frequency to the power of `power`; `stretch` lengthens its grains down and right.
    """
    down, right = np.fft.fftfreq(_TILE)[:, None] * _TILE * stretch[0], np.fft.rfftfreq(_TILE) * _TILE * stretch[1]
    spectrum = np.fft.rfft2(rng.standard_normal((_TILE, _TILE))) / np.maximum(1, np.hypot(down, right)) ** power
    spectrum[0, 0] = 0
    noise = np.fft.irfft2(spectrum, (_TILE, _TILE))
    return noise / noise.std()


def _courses(rng: np.random.Generator, rows: int, columns: int, joint: float, bond: float) -> tuple[np.ndarray, np.ndarray]:
    """Blocks laid in courses, every second one shifted by `bond` of a block: a random number in ±1 a block, and 1 in the joints.

    `joint` is the width of a joint in shares of a course's height; `rows` must be even for the tile to join itself.
    """
    down, right = np.mgrid[:_TILE, :_TILE] / _TILE
    row, y = np.divmod(down * rows, 1)
    column, x = np.divmod(right * columns + bond * (row % 2), 1)
    tone = 2 * rng.random((rows, columns)) - 1
    in_joint = (y < joint) | (x < joint * columns / rows)
    return tone[row.astype(int), column.astype(int) % columns], in_joint.astype(float)


def _brick(rng):
    tone, joint = _courses(rng, rows=40, columns=16, joint=0.2, bond=0.5)
    shade = 1 + 0.16 * tone + 0.06 * _noise(rng, 0.6) + 0.03 * _noise(rng, 1.6)
    mortar = np.array((1.15, 1.75, 1.9))
    return shade[..., None] * (1 - joint[..., None]) + joint[..., None] * mortar


def _plaster(rng):
    shade = 1 + 0.03 * _noise(rng, 0.4) + 0.035 * _noise(rng, 1.7)
    return np.repeat(shade[..., None], 3, axis=-1)


def _stone(rng):
    tone, joint = _courses(rng, rows=14, columns=8, joint=0.08, bond=0.5)
    shade = (1 + 0.11 * tone + 0.06 * _noise(rng, 0.9)) * (1 - 0.38 * joint)
    warmth = 0.04 * np.roll(tone, 97, axis=1)
    return np.stack([shade * (1 + warmth), shade, shade * (1 - warmth)], axis=-1)


def _wood(rng):
    tone, joint = _courses(rng, rows=30, columns=2, joint=0.14, bond=0.5)
    shade = (1 + 0.12 * tone + 0.08 * _noise(rng, 0.8, stretch=(0.12, 1))) * (1 - 0.5 * joint)
    return np.repeat(shade[..., None], 3, axis=-1)


def _concrete(rng):
    tone, joint = _courses(rng, rows=6, columns=4, joint=0.035, bond=0)
    streaks = 0.025 * _noise(rng, 1.2, stretch=(1, 0.2))
    shade = (1 + 0.05 * tone + 0.025 * _noise(rng, 0.5) + streaks) * (1 - 0.35 * joint)
    return np.repeat(shade[..., None], 3, axis=-1)


def _clouds(rng):
    return np.clip(0.25 + 0.35 * _noise(rng, 1.6, stretch=(1, 2.5)), 0, 0.85)[..., None]


_TEXTURES = {"brick": _brick, "plaster": _plaster, "stone": _stone, "wood": _wood, "concrete": _concrete, "clouds": _clouds}
_ORDER = tuple(_TEXTURES)
