"""The plain recipe in PyTorch: tfgan's networks and losses, trained from the same images for as many steps; called again, it goes on.

Its step is that of `benchmarks.torch_step`, which is fastest. CycleGAN judges earlier translations half of the time, from a pool of 50, and
its learning rate falls in the second half, as in its paper.

python -m benchmarks.quality.torch_training METHOD FOLDER --data=ARRAYS.npz --epochs=N --image_size=N --ngf=N --ndf=N --seed=N
"""

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks.torch_step import METHODS, update

POOL = 50
PLACE = "cuda" if torch.cuda.is_available() else "cpu"


class Pool:
    """Earlier translations: each image is exchanged with one of them half of the time (Shrivastava et al. 2017, §2.3)."""

    def __init__(self):
        self.images = []

    def __call__(self, images):
        returned = []
        for image in images.detach():
            if len(self.images) < POOL:
                self.images.append(image)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(POOL, ()))
                image, self.images[place] = self.images[place], image
            returned.append(image)
        return torch.stack(returned)


class Training:
    def __init__(self, method: str, image_size: int, ngf: int, ndf: int, epochs: int, learning_rate: float = 2e-4):
        blocks = {"blocks": 6} if method == "cyclegan" else {}  # as the paper has for images below 256²
        self.method = METHODS[method](image_size, ngf, ndf, **blocks)
        self.image_size, self.epochs, self.learning_rate = image_size, epochs, learning_rate
        if method == "cyclegan":
            self.method.remembered = [Pool(), Pool()]
        self.decays, self.epoch, self.seconds = method == "cyclegan", 0, []
        self.networks = {name: getattr(self.method, name).to(PLACE) for names in self.method.groups for name in names}
        self.trained = [[value for name in names for value in self.networks[name].parameters()] for names in self.method.groups]
        self.optimizers = [torch.optim.Adam(values, learning_rate, betas=(0.5, 0.999), fused=True) for values in self.trained]

    def state(self) -> dict:
        return {
            "networks": {name: network.state_dict() for name, network in self.networks.items()},
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "pools": [pool.images for pool in getattr(self.method, "remembered", [])],
            "epoch": self.epoch,
            "seconds": self.seconds,
        }

    def restore(self, state: dict):
        for name, network in self.networks.items():
            network.load_state_dict(state["networks"][name])
        for optimizer, kept in zip(self.optimizers, state["optimizers"]):
            optimizer.load_state_dict(kept)
        for pool, images in zip(getattr(self.method, "remembered", []), state["pools"]):
            pool.images = images
        self.epoch, self.seconds = state["epoch"], state["seconds"]

    def train_epoch(self, sources, targets):
        """One pass; an epoch of unpaired images is as long as the larger side, and draws the other one."""
        share = min(1.0, 2.0 * (1.0 - self.epoch / self.epochs)) if self.decays else 1.0
        for optimizer in self.optimizers:
            optimizer.param_groups[0]["lr"] = share * self.learning_rate
        count = max(len(sources), len(targets))
        orders = [torch.cat([torch.randperm(len(side)) for _ in range(-(-count // len(side)))])[:count] for side in (sources, targets)]
        if not self.decays:
            orders[1] = orders[0]  # of a pair
        started = time.perf_counter()
        for source, target in zip(*orders):
            images = sources[source], targets[target]
            jitters = [self.jitter(image) for image in images] if self.decays else self.jitter(torch.cat(images)).split(images[0].shape[0])
            for losses in self.method.phases(*(image[None] for image in jitters)):
                update(losses, self.trained, self.optimizers)
        self.seconds.append((time.perf_counter() - started) / count)
        self.epoch += 1

    def jitter(self, image):
        """Crops C×H×W at random to the training size, and mirrors half of the images."""
        top, left = (int(torch.randint(side - self.image_size + 1, ())) for side in image.shape[1:])
        image = image[:, top : top + self.image_size, left : left + self.image_size]
        return image.flip(2) if torch.rand(()) < 0.5 else image

    @torch.no_grad()
    def translate(self, name: str, images):
        """What a generator makes of images N×C×H×W, one by one: batch norm by the statistics of the image, no dropout, as in tfgan."""
        network = self.networks[name].train()
        for module in network.modules():
            if isinstance(module, torch.nn.Dropout):
                module.eval()
        results = torch.cat([network(image[None]) for image in images])
        network.train()
        return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("method", choices=METHODS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", required=True)
    for number in ("epochs", "image_size", "ngf", "ndf", "seed"):
        parser.add_argument(f"--{number}", type=int, required=True)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: as_floats(array) for name, array in np.load(options.data).items()}
    torch.manual_seed(options.seed)
    training, kept = Training(options.method, options.image_size, options.ngf, options.ndf, options.epochs), options.folder / "state.pt"
    if kept.exists():
        training.restore(torch.load(kept, map_location=PLACE, weights_only=True))
    while training.epoch < options.epochs:
        torch.manual_seed(1000 * (options.seed + 1) + training.epoch)
        training.train_epoch(arrays["train_source"], arrays["train_target"])
        torch.save(training.state(), kept.with_suffix(".part"))
        os.replace(kept.with_suffix(".part"), kept)
        print(f"epoch {training.epoch}: {training.seconds[-1]:.3f} s a step", flush=True)
    results = {
        name: np.rint((training.translate(name, arrays[key]).cpu().numpy().transpose(0, 2, 3, 1) + 1) * 127.5).astype(np.uint8)
        for name, key in (("generator", "source"), ("to_target", "source"), ("to_source", "target"))
        if name in training.networks
    }
    np.savez(options.folder / "results.npz", **results)
    (options.folder / "trained.json").write_text(json.dumps({"seconds_per_image": sorted(training.seconds)[len(training.seconds) // 2]}))


def as_floats(images):
    """uint8 N×H×W×C -> float32 N×C×H×W in [-1, 1]."""
    return torch.from_numpy(images).to(PLACE).permute(0, 3, 1, 2).float() / 127.5 - 1.0


if __name__ == "__main__":
    main()
