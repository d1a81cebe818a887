"""Palettes of label maps that are known by name."""

import numpy as np

CMP_CLASSES = ("background", "facade", "window", "door", "cornice", "sill", "balcony", "blind", "deco", "molding", "pillar", "shop")
"""The classes of the CMP Facade Database, in the order in which pix2pix publishes it."""

CMP_PALETTE = np.array(
    [
        (0, 0, 222), (0, 48, 255), (2, 127, 255), (1, 207, 255), (34, 254, 226), (112, 254, 144),
        (192, 255, 63), (253, 240, 3), (255, 159, 2), (255, 80, 0), (250, 2, 2), (174, 0, 1),
    ],
    np.uint8,
)  # fmt: skip
"""The colors of `CMP_CLASSES`, 12×3 uint8: the medians measured on pix2pix's JPEG files of the data set."""
