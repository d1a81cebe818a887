"""Paints the photo of a procedural façade, part for part of its label map."""

import numpy as np

from tfgan.data.synthetic import scene as parts
from tfgan.data.synthetic.canvas import Canvas, Color, Look
from tfgan.data.synthetic.scene import Box, Scene

_GOODS = ((198, 70, 60), (236, 196, 90), (90, 140, 110), (230, 226, 214), (86, 108, 160))
_FLOWERS = ((214, 54, 72), (236, 120, 156), (246, 196, 74))
_LAMPS = ((255, 214, 132), (255, 190, 96), (255, 232, 176))
_CURTAIN, _IRON, _PAVEMENT, _ROAD = (232, 226, 214), (52, 54, 60), (172, 168, 162), (96, 98, 104)


def render(scene: Scene, look: Look, size: tuple[int, int]) -> np.ndarray:
    """The photo of a scene, H×W×3 uint8; `size` is its height and width in pixels."""
    canvas = Canvas(scene, look, size)
    _paint_ground(canvas)
    _paint_building(canvas, scene)
    for element in scene.elements:
        _PAINTERS[element.kind](canvas, canvas.pixels(element.box), element.variant)
    return canvas.develop()


def _inset(box: Box, margin: float) -> Box:
    return Box(box.left + margin, box.top + margin, box.right - margin, box.bottom - margin)


def _within(box: Box, left: float, top: float, right: float, bottom: float) -> Box:
    """The part of a box between the given shares of its width and height, 0 to 1 from the left and the top."""
    width, height = box.right - box.left, box.bottom - box.top
    return Box(box.left + left * width, box.top + top * height, box.left + right * width, box.top + bottom * height)


def _mix(color: Color, other: Color, share: float) -> Color:
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(color, other))
    return red, green, blue


def _dark(color: Color, share: float = 0.3) -> Color:
    return _mix(color, (0, 0, 0), share)


def _light(color: Color, share: float = 0.4) -> Color:
    return _mix(color, (255, 255, 255), share)


def _paint_ground(canvas: Canvas):
    unit, width = canvas.unit, canvas.width
    foot = canvas.wall.bottom
    curb = foot + 0.35 * (unit - foot)
    canvas.fill(Box(0, foot, width, curb), _PAVEMENT)
    canvas.fill(Box(0, curb, width, unit), _ROAD)
    canvas.fill(Box(0, curb, width, curb + 0.006 * unit), _light(_PAVEMENT))
    for x in np.arange(0.02, 1, 0.07):
        canvas.fill(Box(x * width, foot, x * width + 0.003 * unit, curb), _dark(_PAVEMENT, 0.12))
    canvas.darken(Box(canvas.wall.left, foot, canvas.wall.right, foot + 0.01 * unit))


def _paint_building(canvas: Canvas, scene: Scene):
    look, unit, wall = canvas.look, canvas.unit, canvas.wall
    if scene.roof == "hipped":
        _paint_hipped_roof(canvas, scene)
    canvas.fill(wall, look.wall, texture=255)
    if scene.roof == "gable":
        points = [(x * canvas.width, y * unit) for x, y in scene.gable]
        thick, ends = 0.028 * unit, 0.016 * canvas.width
        (left, foot), (middle, top), (right, _) = points
        canvas.polygon([(left - ends, foot), (middle, top - thick), (right + ends, foot)], look.roof)
        canvas.polygon(points, look.wall, texture=255)
    canvas.fill(Box(wall.left, wall.bottom - 0.028 * unit, wall.right, wall.bottom), _dark(look.wall, 0.35), texture=255)


def _paint_hipped_roof(canvas: Canvas, scene: Scene):
    look, unit, width = canvas.look, canvas.unit, canvas.width
    left, right, eaves = (scene.wall.left - 0.014) * width, (scene.wall.right + 0.014) * width, canvas.wall.top
    ridge, slope = scene.roof_top * unit, 0.09 * width
    chimney = left + (0.24 if look.sun > 0 else 0.7) * (right - left)
    canvas.fill(Box(chimney, ridge - 0.05 * unit, chimney + 0.05 * width, ridge + 0.03 * unit), _mix(look.roof, (120, 70, 60), 0.6))
    canvas.fill(Box(chimney - 0.006 * width, ridge - 0.058 * unit, chimney + 0.056 * width, ridge - 0.046 * unit), look.trim)
    canvas.polygon([(left, eaves), (left + slope, ridge), (right - slope, ridge), (right, eaves)], look.roof)
    for share in np.arange(0.1, 1, 0.11):  # courses of tiles
        y, inset = ridge + share * (eaves - ridge), slope * (1 - share)
        canvas.fill(Box(left + inset, y, right - inset, y + 0.004 * unit), _dark(look.roof, 0.2))
    for element in scene.elements:
        if element.kind == parts.WINDOW and element.box.bottom < scene.wall.top:  # a dormer's cheeks and little gable
            box = canvas.pixels(element.box)
            canvas.fill(Box(box.left - 0.012 * unit, box.top, box.right + 0.012 * unit, box.bottom + 0.01 * unit), look.trim)
            middle, over = (box.left + box.right) / 2, 0.022 * unit
            canvas.polygon([(box.left - over, box.top), (middle, box.top - 0.03 * unit), (box.right + over, box.top)], _dark(look.roof))


def _paint_window(canvas: Canvas, box: Box, variant: float):
    look, unit = canvas.look, canvas.unit
    surround, frame = 0.006 * unit, 0.0065 * unit
    canvas.fill(_inset(box, -surround), look.trim)
    canvas.fill(box, look.frame)
    glass = _inset(box, frame)
    lit = look.night and variant < 0.6
    _paint_glass(canvas, glass, _LAMPS[int(variant * 1000) % 3] if lit else None)
    if int(variant * 100) % 3:  # two of three windows have curtains
        curtain, width = (_mix(_LAMPS[1], _CURTAIN, 0.3), 0.28) if lit else (_CURTAIN, 0.2)
        for left in (0, 1 - width):
            canvas.fill(_within(glass, left, 0, left + width, 1), curtain, glow=200 * lit)
    bar = 0.6 * frame
    middle = (box.left + box.right - bar) / 2
    canvas.fill(Box(middle, glass.top, middle + bar, glass.bottom), look.frame)
    for y in np.linspace(glass.top, glass.bottom, look.panes + 1)[1:-1]:
        canvas.fill(Box(glass.left, y - bar / 2, glass.right, y + bar / 2), look.frame)
    _recess(canvas, box)


def _paint_glass(canvas: Canvas, box: Box, lamp: Color | None = None):
    """Paints what a pane shows: a dark room behind the mirrored sky or, where there is a `lamp`, its light."""
    if lamp:
        canvas.fill(box, lamp, glow=255)
        canvas.fill(_within(box, 0, 0.7, 1, 1), _mix(lamp, (150, 84, 40), 0.35), glow=255)
        return
    zenith, horizon = canvas.look.sky
    canvas.fill(box, _mix(zenith, (24, 32, 44), 0.78))
    canvas.fill(_within(box, 0, 0, 1, 0.45), _mix(horizon, (44, 58, 74), 0.6))
    width, foot = box.right - box.left, box.bottom - 1
    if width > 4:  # a slanting gleam
        gleam = [(0.62, box.top), (0.86, box.top), (0.4, foot), (0.16, foot)]
        canvas.polygon([(box.left + share * width, y) for share, y in gleam], _mix(horizon, (60, 80, 100), 0.45))


def _recess(canvas: Canvas, box: Box):
    """Paints the shadow of the wall's edge on glass or a door that lies behind it."""
    reach = 0.012 * canvas.look.shadow * canvas.unit
    canvas.darken(Box(box.left, box.top, box.right, box.top + reach))
    if canvas.look.sun > 0:
        canvas.darken(Box(box.left, box.top, box.left + 0.7 * reach, box.bottom))
    else:
        canvas.darken(Box(box.right - 0.7 * reach, box.top, box.right, box.bottom))


def _paint_blind(canvas: Canvas, box: Box, variant: float):
    color, slat = canvas.look.blind, 0.011 * canvas.unit
    canvas.fill(box, color)
    for y in np.arange(box.top + slat, box.bottom, slat):
        canvas.fill(Box(box.left, y, box.right, y + 0.35 * slat), _dark(color, 0.22))
    canvas.fill(Box(box.left, box.bottom - 0.006 * canvas.unit, box.right, box.bottom), _dark(color, 0.4))


def _paint_door(canvas: Canvas, box: Box, variant: float):
    look, unit = canvas.look, canvas.unit
    canvas.fill(_inset(box, -0.008 * unit)._replace(bottom=box.bottom), look.trim)
    canvas.fill(box, _dark(look.door, 0.35))
    leaf = _inset(box, 0.006 * unit)._replace(bottom=box.bottom)
    canvas.fill(leaf, look.door)
    _paint_glass(canvas, _within(leaf, 0, 0, 1, 0.2), _LAMPS[0] if look.night else None)
    for left in (0.1, 0.56):
        for top, bottom in ((0.28, 0.58), (0.64, 0.92)):
            panel = _within(leaf, left, top, left + 0.34, bottom)
            canvas.fill(panel, _light(look.door, 0.16))
            canvas.fill(_inset(panel, 0.004 * unit), _dark(look.door, 0.18))
    canvas.fill(_within(leaf, 0.485, 0.2, 0.515, 1), _dark(look.door, 0.45))
    canvas.fill(_within(leaf, 0.38, 0.59, 0.46, 0.63), (214, 180, 96))
    canvas.fill(Box(box.left, box.bottom - 0.008 * unit, box.right, box.bottom), (190, 186, 178))
    _recess(canvas, box)


def _paint_shop(canvas: Canvas, box: Box, variant: float):
    look, unit = canvas.look, canvas.unit
    lit = look.night
    canvas.fill(box, _dark(look.awning, 0.55))
    canvas.fill(_within(box, 0.03, 0.04, 0.97, 0.17), _dark(look.awning, 0.15))
    canvas.fill(_within(box, 0.25, 0.075, 0.75, 0.125), (244, 226, 170), glow=230 * lit)
    glass = _within(box, 0.05, 0.2, 0.95, 0.85)
    _paint_glass(canvas, glass, _LAMPS[2] if lit else None)
    for place in range(5):  # goods in the window
        height = 0.12 + 0.2 * (variant * (place + 3) * 7 % 1)
        goods = _within(glass, 0.06 + 0.19 * place, 1 - height, 0.17 + 0.19 * place, 1)
        canvas.fill(goods, _GOODS[int(variant * 50 + place * place) % len(_GOODS)], glow=170 * lit)
    for share in (1 / 3, 2 / 3):
        canvas.fill(_within(glass, share - 0.012, 0, share + 0.012, 1), _dark(look.awning, 0.55))
    canvas.darken(_within(box, 0.05, 0.36, 0.95, 0.46))  # below the awning
    stripes = max(4, round((box.right - box.left) / (0.03 * unit)))
    for stripe in range(stripes):
        color = look.awning if stripe % 2 == 0 else (246, 240, 228)
        canvas.fill(_within(box, stripe / stripes, 0.19, (stripe + 1) / stripes, 0.36), color)
        canvas.fill(_within(box, stripe / stripes, 0.36, (stripe + 1) / stripes, 0.39), _dark(color, 0.18))


def _paint_balcony(canvas: Canvas, box: Box, variant: float):
    """Paints a slab and an iron railing, between whose bars the window behind stays to be seen."""
    look, unit = canvas.look, canvas.unit
    slab = box.bottom - 0.02 * unit
    canvas.cast(Box(box.left, slab, box.right, box.bottom), 0.035)
    canvas.darken(Box(box.left, box.top, box.right, slab), 150)
    gap = 0.0125 * unit
    bars = max(2, round((box.right - box.left) / gap))
    for x in np.linspace(box.left, box.right - 0.3 * gap, bars + 1):
        canvas.fill(Box(x, box.top, x + 0.34 * gap, slab), _IRON)
    canvas.fill(Box(box.left, box.top, box.right, box.top + 0.008 * unit), _IRON)
    canvas.fill(Box(box.left, slab, box.right, box.bottom), look.trim)
    canvas.fill(Box(box.left, box.bottom - 0.006 * unit, box.right, box.bottom), _dark(look.trim))
    if variant < 0.5:
        for place in np.arange(0.06, 0.9, 0.09):
            flower = _FLOWERS[int(variant * 30 + place * 100) % len(_FLOWERS)]
            x, y = box.left + place * (box.right - box.left), box.top - 0.004 * unit
            canvas.fill(Box(x, y, x + 0.014 * unit, y + 0.022 * unit), (66, 112, 58))
            canvas.ellipse(Box(x, y - 0.002 * unit, x + 0.012 * unit, y + 0.01 * unit), flower)


def _paint_ledge(canvas: Canvas, box: Box, variant: float):
    """Paints a sill or the cornice of a window or door."""
    trim, height = canvas.look.trim, box.bottom - box.top
    canvas.cast(box, 0.016)
    canvas.fill(box, trim)
    canvas.fill(Box(box.left, box.bottom - 0.3 * height, box.right, box.bottom), _dark(trim, 0.22))


def _paint_molding(canvas: Canvas, box: Box, variant: float):
    trim, unit, height = canvas.look.trim, canvas.unit, box.bottom - box.top
    canvas.cast(box, 0.03)
    canvas.fill(box, _dark(trim, 0.06))
    canvas.fill(_within(box, 0, 0, 1, 0.3), _light(trim))
    canvas.fill(Box(box.left, box.bottom - 0.25 * height, box.right, box.bottom), _dark(trim))
    if height > 0.035 * unit:  # a row of teeth under a deep cornice
        for x in np.arange(box.left + 0.01 * unit, box.right - 0.01 * unit, 0.03 * unit):
            canvas.fill(Box(x, box.top + 0.5 * height, x + 0.014 * unit, box.bottom), _dark(trim, 0.4))


def _paint_pillar(canvas: Canvas, box: Box, variant: float):
    trim, unit = canvas.look.trim, canvas.unit
    canvas.cast(box, 0.014)
    canvas.fill(box, _dark(trim, 0.1))
    bright, dull = (0.1, 0.7) if canvas.look.sun > 0 else (0.6, 0.0)
    canvas.fill(_within(box, bright, 0, bright + 0.3, 1), _light(trim))
    canvas.fill(_within(box, dull, 0, dull + 0.3, 1), _dark(trim))
    for top in (box.top, box.bottom - 0.02 * unit):
        canvas.fill(Box(box.left, top, box.right, top + 0.02 * unit), trim)


def _paint_deco(canvas: Canvas, box: Box, variant: float):
    trim, unit = canvas.look.trim, canvas.unit
    canvas.cast(box, 0.012)
    canvas.fill(box, trim)
    canvas.fill(_inset(box, 0.005 * unit), _dark(trim, 0.2))
    canvas.ellipse(_within(box, 0.2, 0.2, 0.8, 0.8), _light(trim))
    canvas.ellipse(_within(box, 0.36, 0.36, 0.64, 0.64), _dark(trim, 0.35))


_PAINTERS = {
    parts.WINDOW: _paint_window,
    parts.DOOR: _paint_door,
    parts.CORNICE: _paint_ledge,
    parts.SILL: _paint_ledge,
    parts.BALCONY: _paint_balcony,
    parts.BLIND: _paint_blind,
    parts.DECO: _paint_deco,
    parts.MOLDING: _paint_molding,
    parts.PILLAR: _paint_pillar,
    parts.SHOP: _paint_shop,
}
