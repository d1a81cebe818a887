"""The built-in set of measurements: six bands of signed numbers and the depth of each pixel, made of the same scenes as the façades."""

import numpy as np

from tfgan.config import Domain
from tfgan.data.label_maps.maps import pack
from tfgan.data.label_maps.palettes import CMP_PALETTE
from tfgan.data.source import Source, View

BANDS = Domain("bands", 6, "int16", bands=True, value_range=((-1000.0, 9000.0),), format="tif")
DEPTH = Domain("depth", 1, "float32", bands=True, value_range=((-5.0, 5.0),), format="tif")
_NUMBERS = {color: number for number, color in enumerate(pack(CMP_PALETTE).tolist())}


class MeasuredSource(View):
    """Pairs of façades, `A` a photo and `B` its label map, as a sensor with six bands would measure them, and a range finder.

    `A` is H×W×6 int16: blue, green and red, from -500 for what gives no light; two mixtures of them; and one that tells the classes
    apart, lower by 1,000 in dark parts. `B` is H×W×1 float32, meters: how far each class stands out of the wall, with the light's slope.
    """

    def __init__(self, inner: Source):
        super().__init__(inner, {"A": BANDS, "B": DEPTH})

    def load(self, index: int) -> dict[str, np.ndarray]:
        example = self.inner.load(index)
        light = example["A"].astype(np.float32) * 30 - 500  # H × W × 3
        numbers = np.vectorize(_NUMBERS.__getitem__, otypes=[np.float32])(pack(example["B"]))[..., None]
        mixed = [light[..., :1] * 0.5 + light[..., 1:2] * 0.5, light[..., 1:2] * 0.3 + light[..., 2:] * 0.7]
        bands = np.concatenate([light[..., ::-1], *mixed, numbers * 600 + light.mean(axis=-1, keepdims=True) * 0.1 - 1000], axis=-1)
        depth = numbers * 0.5 - 3 + light[..., :1] / 10000
        return {"A": np.rint(bands).astype(np.int16), "B": depth.astype(np.float32)}
