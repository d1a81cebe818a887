"""Materials, colors and light of procedural façades, and the canvas on which a scene is painted.

What the labels leave open (material, colors, light, curtains) is the `Look`. Parts are drawn with PIL on a canvas finer than the
photo, and reduced; material, light and night are numpy arithmetic on the result.
"""

import dataclasses

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from tfgan.data.synthetic import scene as parts
from tfgan.data.synthetic.scene import Box, Scene
from tfgan.data.synthetic.texture import texture

Color = tuple[int, int, int]

WALLS: dict[str, tuple[Color, ...]] = {
    "brick": ((168, 78, 58), (150, 62, 48), (184, 96, 66)),
    "plaster": ((238, 208, 128), (240, 178, 164), (172, 210, 190), (166, 194, 224), (242, 226, 196)),
    "stone": ((204, 184, 146), (190, 172, 140), (212, 196, 166)),
    "wood": ((132, 88, 52), (112, 72, 46), (156, 108, 62)),
    "concrete": ((158, 160, 164), (140, 144, 150), (176, 176, 174)),
}
MATERIALS = tuple(WALLS)

_TRIMS = ((246, 240, 228), (230, 220, 200), (216, 206, 190))
_ROOFS = ((156, 82, 62), (96, 100, 112), (122, 96, 82))
_FRAMES = ((250, 250, 246), (92, 64, 46), (58, 84, 72), (70, 74, 82))
_DOORS = ((46, 92, 74), (140, 44, 40), (98, 62, 40), (44, 70, 116))
_AWNINGS = ((178, 52, 46), (44, 104, 84), (40, 80, 136), (206, 142, 50))
_BLINDS = ((226, 214, 186), (178, 190, 176), (196, 172, 150))
_SKIES = (((84, 142, 214), (206, 228, 246)), ((112, 160, 214), (238, 232, 220)), ((140, 160, 186), (226, 232, 238)))

_SHADE = np.array((0.50, 0.54, 0.66), np.float32)  # light left in a shadow: bluish, from the sky
_SUN = np.array((1.03, 1.0, 0.95), np.float32)
_NIGHT = np.array((0.26, 0.29, 0.45), np.float32)
_HALO = np.array((0.85, 0.55, 0.25), np.float32)  # lamplight that lit windows throw on what surrounds them


@dataclasses.dataclass(frozen=True)
class Look:
    """All that a façade's label map does not tell of its photo: material, colors, light and details."""

    material: str
    wall: Color
    trim: Color
    roof: Color
    frame: Color
    door: Color
    awning: Color
    blind: Color
    sky: tuple[Color, Color]  # zenith, horizon
    sun: int  # 1: light from the left, shadows fall to the right; -1: the reverse
    shadow: float  # how far shadows reach, relative to how far a part stands out
    offset: tuple[float, float]  # of the wall's texture and of the clouds
    panes: int  # rows of panes in a window
    night: bool


def choose_look(rng: np.random.Generator, material: str, night: bool) -> Look:
    def pick(choices):
        return choices[rng.integers(len(choices))]

    wall = np.clip(np.array(pick(WALLS[material])) + rng.integers(-10, 11) + rng.integers(-4, 5, 3), 0, 255)
    return Look(
        material=material,
        wall=tuple(wall.tolist()),
        trim=pick(_TRIMS),
        roof=pick(_ROOFS),
        frame=pick(_FRAMES),
        door=pick(_DOORS),
        awning=pick(_AWNINGS),
        blind=pick(_BLINDS),
        sky=pick(_SKIES),
        sun=pick((-1, 1)),
        shadow=0.6 + 0.6 * rng.random(),
        offset=tuple((rng.integers(32, size=2) / 32).tolist()),  # whole pixels at the usual sizes, so that bricks lie alike
        panes=pick((2, 2, 3)),
        night=night,
    )


class Canvas:
    """The picture being painted, `scale` times finer than the photo; `unit` is its height.

    Beside the color, three maps of how a surface takes light: `sunlight` (0 in shadow), `texture` (how much the wall's texture
    shows) and `glow` (255: a light of its own, as bright at night as by day). Boxes are in canvas pixels.
    """

    def __init__(self, scene: Scene, look: Look, size: tuple[int, int]):
        self.size, self.look = size, look
        self.scale = max(1, min(4, 512 // max(size)))
        self.unit, self.width = size[0] * self.scale, size[1] * self.scale
        shape = (self.width, self.unit)
        self.color = Image.fromarray(_sky(look, size)).resize(shape, Image.Resampling.NEAREST)
        self.sunlight, self.texture, self.glow = Image.new("L", shape, 255), Image.new("L", shape), Image.new("L", shape)
        self._color, self._sunlight, self._texture, self._glow = map(ImageDraw.Draw, (self.color, self.sunlight, self.texture, self.glow))
        self.wall = self.pixels(scene.wall)

    def pixels(self, box: Box) -> Box:
        """A box of the scene in canvas pixels, on the same whole pixels of the photo as in the label map."""
        return Box(*(edge * self.scale for edge in parts.pixel_box(box, self.size)))

    def fill(self, box: Box, color: Color, *, texture=0, glow=0):
        corners = _corners(box)
        if corners:
            self._color.rectangle(corners, fill=color)
            self._sunlight.rectangle(corners, fill=255)
            self._texture.rectangle(corners, fill=texture)
            self._glow.rectangle(corners, fill=glow)

    def polygon(self, points, color: Color, *, texture=0):
        self._color.polygon(points, fill=color)
        self._texture.polygon(points, fill=texture)

    def ellipse(self, box: Box, color: Color):
        self._color.ellipse(tuple(box), fill=color)

    def darken(self, box: Box, sunlight=0):
        corners = _corners(box)
        if corners:
            self._sunlight.rectangle(corners, fill=sunlight)

    def cast(self, box: Box, depth: float):
        """Darkens the wall by the shadow of a part that stands out by `depth`, a share of the picture's height."""
        reach = depth * self.look.shadow * self.unit
        left, top, right, bottom = self.wall
        self.darken(
            Box(
                max(left, box.left + self.look.sun * reach),
                max(top, box.top + reach),
                min(right, box.right + self.look.sun * reach),
                min(bottom, box.bottom + reach),
            )
        )

    def develop(self) -> np.ndarray:
        color, sunlight, strength, glow = (
            np.asarray(image.reduce(self.scale), np.float32) / 255 for image in (self.color, self.sunlight, self.texture, self.glow)
        )
        relief = texture(self.look.material, self.size, self.look.offset)
        photo = color * (1 + strength[..., None] * (relief - 1))
        if self.look.night:
            blur = ImageFilter.GaussianBlur(0.03 * self.size[0])
            halo = np.asarray(self.glow.reduce(self.scale).filter(blur), np.float32)[..., None] / 255
            photo = photo * (_NIGHT + halo * _HALO) * (1 - glow[..., None]) + color * glow[..., None]
        else:
            photo *= _SHADE + sunlight[..., None] * (_SUN - _SHADE)
        return (np.clip(photo, 0, 1) * 255 + 0.5).astype(np.uint8)


def _corners(box: Box) -> tuple[int, int, int, int] | None:
    """The corners of a box as PIL takes them, both inclusive; None for a box less than a pixel wide or high."""
    left, top, right, bottom = round(box.left), round(box.top), round(box.right) - 1, round(box.bottom) - 1
    return (left, top, right, bottom) if left <= right and top <= bottom else None


def _sky(look: Look, size: tuple[int, int]) -> np.ndarray:
    zenith, horizon = (np.array(color, np.float32) for color in look.sky)
    height = np.linspace(0, 1, size[0], dtype=np.float32)[:, None, None]
    clouds = texture("clouds", size, look.offset)
    sky = zenith + height * (horizon - zenith)
    return (sky + clouds * (np.float32(250) - sky)).astype(np.uint8)
