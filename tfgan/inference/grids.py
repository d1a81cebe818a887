"""Pictures of several images side by side."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

GAP = 4
TITLE_HEIGHT = 22


def to_rgb(image: np.ndarray) -> np.ndarray:
    """An image H×W×C float in [-1, 1] -> H×W×3 uint8. Grey is repeated; of more channels than three the first three are shown."""
    image = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image[..., :3]
    return np.clip(np.rint((image + 1.0) * 127.5), 0, 255).astype(np.uint8)


def grid(columns: dict[str, list[np.ndarray]]) -> np.ndarray:
    """Titled columns of images of one size, H×W×C float in [-1, 1] -> one picture, uint8 RGB on white."""
    images = [[to_rgb(image) for image in column] for column in columns.values()]
    height, width = images[0][0].shape[:2]
    rows = max(map(len, images))
    canvas = Image.new("RGB", (len(images) * (width + GAP) + GAP, TITLE_HEIGHT + rows * (height + GAP)), "white")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(13)
    for x, (title, column) in enumerate(zip(columns, images)):
        left = GAP + x * (width + GAP)
        draw.text((left, 4), _fitted(title, font, width), "black", font)
        for y, image in enumerate(column):
            canvas.paste(Image.fromarray(image), (left, TITLE_HEIGHT + y * (height + GAP)))
    return np.asarray(canvas)


def _fitted(title, font, width):
    while len(title) > 1 and font.getlength(title) > width:
        title = title[:-1]
    return title
