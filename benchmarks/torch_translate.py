"""The same in PyTorch, as a user would write it: evaluation mode, no gradients, pixels in and out."""

import numpy as np
import torch

from benchmarks.torch_networks import ResNet, UNet
from benchmarks.torch_step import facts, peak_memory


class Step:
    def __init__(self, *, method, batch_size, image_size, ngf, channels_last=False):
        self.place = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = UNet(min(8, image_size.bit_length() - 1), ngf) if method == "pix2pix" else ResNet(9, ngf)
        layout = torch.channels_last if channels_last else torch.contiguous_format
        self.generator = network.eval().to(self.place, memory_format=layout)
        self.pixels = np.random.default_rng(0).integers(0, 256, (batch_size, image_size, image_size, 3), dtype=np.uint8)

    def run(self, count: int):
        for _ in range(count):
            with torch.inference_mode():
                images = torch.from_numpy(self.pixels).to(self.place).permute(0, 3, 1, 2).float() / 127.5 - 1.0
                results = (self.generator(images) + 1.0) * 127.5
                results.round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()

    def facts(self) -> dict:
        return facts(self.generator.parameters())

    def peak_memory(self) -> int:
        return peak_memory()
