"""Pictures of several images side by side."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP = 8
TITLE_HEIGHT = 22


def to_rgb(image: np.ndarray) -> np.ndarray:
    """An image H×W×C float in [-1, 1] as H×W×3 uint8. Gray is repeated; transparency is not shown."""
    image = np.repeat(image[..., :1], 3, axis=2) if image.shape[2] < 3 else image[..., :3]
    return np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)


def grid(columns: dict[str, list[np.ndarray]]) -> np.ndarray:
    """One picture, uint8 RGB on white, of columns of images H×W×C float in [-1, 1] of one size, under their titles.

    A column is as wide as its title if that is wider than the images.
    """
    images = [[to_rgb(image) for image in column] for column in columns.values()]
    font = ImageFont.load_default(13)
    height, width = images[0][0].shape[:2]
    widths = [max(width, math.ceil(font.getlength(title))) for title in columns]
    rows = max(map(len, images))
    canvas = Image.new("RGB", (sum(widths) + GAP * (len(widths) + 1), TITLE_HEIGHT + rows * (height + GAP)), "white")
    draw, left = ImageDraw.Draw(canvas), GAP
    for title, column, column_width in zip(columns, images, widths):
        draw.text((left, 4), title, "black", font)
        for y, image in enumerate(column):
            canvas.paste(Image.fromarray(image), (left, TITLE_HEIGHT + y * (height + GAP)))
        left += column_width + GAP
    return np.asarray(canvas)
