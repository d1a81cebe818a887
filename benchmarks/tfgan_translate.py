"""An image from file bytes' pixels to pixels, as `tfgan translate` and the exported model take it: `Translator.pixels`, uint8 to uint8."""

import numpy as np

from benchmarks.tfgan_step import facts, make_method, peak_memory, share_gpu  # keeps freed memory, as `tfgan translate` does
from tfgan.inference import open_inference


def random_pixels(batch_size: int, image_size: int) -> np.ndarray:
    """N×H×W×3 uint8."""
    return np.random.default_rng(0).integers(0, 256, (batch_size, image_size, image_size, 3), dtype=np.uint8)


class Step:
    def __init__(self, *, method, batch_size, image_size, ngf):
        share_gpu()
        self.translator = next(iter(open_inference(make_method(method, batch_size, image_size, ngf)).values()))
        self.pixels = random_pixels(batch_size, image_size)

    def run(self, count: int):
        for _ in range(count):
            self.translator.pixels(self.pixels).numpy()

    def facts(self) -> dict:
        return facts(self.translator.weights)

    def peak_memory(self) -> int:
        return peak_memory()
