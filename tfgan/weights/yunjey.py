"""StarGAN's networks by the names of their weights in the authors' code."""

import re

from tfgan.weights.slots import Found, Slot, bias, kernel
from tfgan.weights.tensors import Weights


def find(weights: Weights) -> Found | None:
    """The network that the tensors are of; None if it is of another family."""
    if "conv1.weight" in weights and "conv2.weight" in weights and "main.0.weight" in weights:
        return _discriminator(weights)
    if "main.0.weight" in weights and any(re.fullmatch(r"main\.\d+\.main\.0\.weight", key) for key in weights):
        return _generator(weights)
    return None


def _norm(key: str) -> list[Slot]:
    return [Slot(f"{key}.weight"), Slot(f"{key}.bias")]


def generator_slots(blocks: int) -> list[Slot]:
    """The weights of a generator of so many residual blocks."""
    end = 9 + blocks
    slots = [slot for place in (0, 3, 6) for slot in (kernel(f"main.{place}"), *_norm(f"main.{place + 1}"))]
    for block in range(9, end):
        for number in (0, 3):
            slots += [kernel(f"main.{block}.main.{number}"), *_norm(f"main.{block}.main.{number + 1}")]
    slots += [slot for place in (end, end + 3) for slot in (kernel(f"main.{place}"), *_norm(f"main.{place + 1}"))]
    return [*slots, kernel(f"main.{end + 6}")]


def _generator(weights: Weights) -> Found:
    blocks = sum(bool(re.fullmatch(r"main\.\d+\.main\.0\.weight", key)) for key in weights)
    last = f"main.{15 + blocks}"
    ngf, taken = weights["main.0.weight"].shape[:2]
    made = weights[f"{last}.weight"].shape[0] if f"{last}.weight" in weights else 0
    facts = {"out": made, "labels": taken - made}
    words = f"StarGAN's generator of {blocks} blocks for {taken - made} attributes"
    return Found(words, "stargan", "generator", {"ngf": ngf, "n_blocks": blocks}, facts, generator_slots(blocks))


def discriminator_slots(n_layers: int) -> list[Slot]:
    """The weights of a discriminator of so many strided layers; tfgan's has the attributes' convolution in front of the critic's."""
    slots = [slot for layer in range(n_layers) for slot in (kernel(f"main.{2 * layer}"), bias(f"main.{2 * layer}"))]
    return [*slots, kernel("conv2"), kernel("conv1")]


def _discriminator(weights: Weights) -> Found:
    count = sum(bool(re.fullmatch(r"main\.\d+\.weight", key)) for key in weights)
    ndf = weights["main.0.weight"].shape[0]
    labels, _, *left = weights["conv2.weight"].shape
    facts = {"labels": labels, "height": left[0] * 2**count, "width": left[1] * 2**count}
    words = f"StarGAN's discriminator of {facts['height']}×{facts['width']} pixels and {labels} attributes"
    return Found(words, "stargan", "discriminator", {"ndf": ndf, "n_layers": count}, facts, discriminator_slots(count))
