"""Lays out procedural façades, that is what stands where, and draws their label maps.

A scene is laid out in unit coordinates (x to the right, y down, both from 0 to 1), so that it is the same scene at any image size.
The classes, their order and their colors are those of the CMP Facade Database as pix2pix publishes it.
"""

import dataclasses
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from tfgan.data.label_maps.palettes import CMP_CLASSES

BACKGROUND, FACADE, WINDOW, DOOR, CORNICE, SILL, BALCONY, BLIND, DECO, MOLDING, PILLAR, SHOP = range(len(CMP_CLASSES))

STREET = 0.93  # y of the foot of every façade


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


@dataclasses.dataclass(frozen=True)
class Element:
    """One labeled part of a façade; `variant` in [0, 1) decides what the labels do not tell (curtains, lamps, flowers)."""

    kind: int  # index in CMP_CLASSES
    box: Box
    variant: float


@dataclasses.dataclass(frozen=True)
class Scene:
    wall: Box
    roof: str  # "flat", "hipped" or "gable"
    roof_top: float  # y of the ridge; the top of the wall where the roof is flat
    elements: tuple[Element, ...]  # in painting order: later ones stand in front

    @property
    def gable(self) -> list[tuple[float, float]]:
        """The corners (x, y) of the wall's triangle under a gable roof, in unit coordinates."""
        return [(self.wall.left, self.wall.top), ((self.wall.left + self.wall.right) / 2, self.roof_top), (self.wall.right, self.wall.top)]


@dataclasses.dataclass(frozen=True)
class _Style:
    """What all floors of one façade have in common, with lengths in unit coordinates."""

    centers: list[float]  # x of the window columns
    pitch: float
    window_width: float
    window_height: float  # as a share of its floor
    has_cornices: bool
    has_blinds: bool
    door_column: int
    balcony_columns: list[int]  # empty: no balconies
    balcony_floors: list[int]


def lay_out(rng: np.random.Generator, balconies: bool, shop: bool) -> Scene:
    """A random façade of 2 to 5 floors and 2 to 5 window columns.

    Args:
        rng: generator that all of it is drawn from.
        balconies: whether it has balconies, one or more.
        shop: whether the windows of its ground floor are shop fronts.
    """
    left, right = 0.03 + 0.09 * rng.random(), 0.97 - 0.09 * rng.random()
    roof = ("flat", "hipped", "gable")[rng.integers(3)]
    top = 0.08 + 0.1 * rng.random() if roof == "flat" else 0.25 + 0.06 * rng.random()
    wall = Box(left, top, right, STREET)
    roof_top = {"flat": top, "hipped": top - 0.13, "gable": top - 0.17}[roof]
    floors = int(rng.integers(3, 6)) if roof == "flat" else int(rng.integers(2, 5))
    ground_height = 1.2 * (STREET - top) / (floors + 0.2)
    ground = STREET - ground_height
    heights = np.linspace(top + 0.02, ground, floors)  # from the eaves down to the ground floor's ceiling
    style = _style(rng, wall, floors, heights[1] - heights[0], balconies)
    elements: list[Element] = []

    def add(kind, *box):
        elements.append(Element(kind, Box(*box), rng.random()))

    if rng.random() < 0.35:
        _pilasters(add, style, top, ground)
    if rng.random() < 0.7 or shop:
        add(MOLDING, left, ground - 0.011, right, ground + 0.011)
    _roof_line(add, wall, roof, style)
    has_deco = rng.random() < 0.4
    for floor, (ceiling, foot) in enumerate(zip(heights[:-1], heights[1:])):
        _upper_floor(add, rng, style, floor, ceiling, foot)
        if has_deco and floor == floors - 2:
            _reliefs(add, style, ceiling, foot)
    _ground_floor(add, style, ground, ground_height, shop)
    return Scene(wall, roof, roof_top, tuple(elements))


def _style(rng: np.random.Generator, wall: Box, floors: int, floor_height: float, balconies: bool) -> _Style:
    columns = max(int(rng.integers(2, 6)), floors - 1)  # tall façades have no lonely slits
    pitch = (wall.right - wall.left - 0.05) / columns
    centers = [wall.left + 0.025 + pitch * (column + 0.5) for column in range(columns)]
    door_column = int(rng.integers(columns))
    pattern = rng.integers(3)  # balconies above the door, on the outer columns, or all along one floor
    balcony_columns = [[door_column], [0, columns - 1], list(range(columns))][pattern]
    upper = floors - 1
    balcony_floors = [int(rng.integers(upper))] if pattern == 2 else list(range(upper - 1 if upper > 1 else upper))
    window_height = 0.5 + 0.08 * rng.random()
    wide = pitch * (0.44 + 0.14 * rng.random())
    return _Style(
        centers=centers,
        pitch=pitch,
        window_width=min(wide, 1.05 * window_height * floor_height),  # hardly ever wider than high
        window_height=window_height,
        has_cornices=rng.random() < 0.55,
        has_blinds=rng.random() < 0.4,
        door_column=door_column,
        balcony_columns=balcony_columns if balconies else [],
        balcony_floors=balcony_floors,
    )


def _pilasters(add, style: _Style, top: float, foot: float):
    edges = [center - style.pitch / 2 for center in style.centers] + [style.centers[-1] + style.pitch / 2]
    for x in edges:
        add(PILLAR, x - 0.013, top, x + 0.013, foot)


def _roof_line(add, wall: Box, roof: str, style: _Style):
    """A deep molding announces a flat roof, a narrow one the eaves of a hipped roof: so the roof can be told from the labels."""
    if roof == "flat":
        add(MOLDING, wall.left - 0.014, wall.top - 0.022, wall.right + 0.014, wall.top + 0.024)
        return
    if roof == "hipped":
        for center in style.centers:
            add(WINDOW, center - 0.03, wall.top - 0.085, center + 0.03, wall.top - 0.022)
    else:
        middle = (wall.left + wall.right) / 2
        add(DECO, middle - 0.035, wall.top - 0.085, middle + 0.035, wall.top - 0.03)
    add(MOLDING, wall.left - 0.014, wall.top - 0.01, wall.right + 0.014, wall.top + 0.01)


def _upper_floor(add, rng: np.random.Generator, style: _Style, floor: int, ceiling: float, foot: float):
    height = style.window_height * (foot - ceiling)
    top = ceiling + 0.24 * (foot - ceiling)
    bottom = top + height
    for column, center in enumerate(style.centers):
        left, right = center - style.window_width / 2, center + style.window_width / 2
        add(WINDOW, left, top, right, bottom)
        if style.has_blinds and rng.random() < 0.4:
            add(BLIND, left, top, right, top + height * (0.3 + 0.3 * rng.random()))
        if style.has_cornices:
            add(CORNICE, left - 0.014, top - 0.026, right + 0.014, top - 0.004)
        if column in style.balcony_columns and floor in style.balcony_floors:
            add(BALCONY, left - 0.022, bottom - 0.42 * height, right + 0.022, bottom + 0.022)
        else:
            add(SILL, left - 0.01, bottom, right + 0.01, bottom + 0.018)


def _reliefs(add, style: _Style, ceiling: float, foot: float):
    """Adds panels between the windows of one floor, where there is room for them."""
    room = style.pitch - style.window_width - 0.06
    if room < 0.03:
        return
    middle, half = ceiling + 0.45 * (foot - ceiling), min(room, 0.06) / 2
    for center in style.centers[:-1]:
        x = center + style.pitch / 2
        add(DECO, x - half, middle - 0.03, x + half, middle + 0.03)


def _ground_floor(add, style: _Style, top: float, height: float, shop: bool):
    for column, center in enumerate(style.centers):
        half = style.window_width / 2
        if column == style.door_column:
            half = max(half, 0.042)
            add(CORNICE, center - half - 0.014, top + 0.22 * height, center + half + 0.014, top + 0.29 * height)
            add(DOOR, center - half, top + 0.29 * height, center + half, STREET)
        elif shop:
            add(SHOP, center - 0.45 * style.pitch, top + 0.16 * height, center + 0.45 * style.pitch, STREET)
        else:
            bottom = top + 0.74 * height
            add(WINDOW, center - half, top + 0.3 * height, center + half, bottom)
            add(SILL, center - half - 0.01, bottom, center + half + 0.01, bottom + 0.018)


def pixel_box(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The left, top, right and bottom edge of a box in whole pixels, at least 1×1, right and bottom exclusive.

    Widths are rounded, not right edges, so that all windows of a façade are equally wide.

    Args:
        box: in unit coordinates.
        size: height and width of the image, in pixels.
    """
    height, width = size
    left, top, bottom = int(box.left * width + 0.5), int(box.top * height + 0.5), int(box.bottom * height + 0.5)
    return left, top, left + max(1, int((box.right - box.left) * width + 0.5)), max(top + 1, bottom)


def draw_labels(scene: Scene, size: tuple[int, int]) -> np.ndarray:
    """The label map of a scene: class ids H×W int32, indices in `CMP_CLASSES`; `size` is its height and width in pixels."""
    height, width = size
    image = Image.new("L", (width, height), BACKGROUND)
    draw = ImageDraw.Draw(image)

    def fill(box, kind):
        left, top, right, bottom = pixel_box(box, size)
        draw.rectangle((left, top, right - 1, bottom - 1), fill=kind)

    fill(scene.wall, FACADE)
    if scene.roof == "gable":
        draw.polygon([(x * width, y * height) for x, y in scene.gable], fill=FACADE)
    for element in scene.elements:
        fill(element.box, element.kind)
    return np.asarray(image, np.int32)
