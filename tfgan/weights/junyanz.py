"""The networks of pytorch-CycleGAN-and-pix2pix by the names of their weights: U-Net and ResNet generators, PatchGAN and PixelGAN.

Numbers in names are places in PyTorch's `Sequential`: activations and paddings, which have no weights, count too.
"""

import re

import numpy as np

from tfgan.weights.slots import Found, Slot, batch_norm, bias, kernel
from tfgan.weights.tensors import Unfit, Weights

AFFINE = "its instance norms have scales, which tfgan's networks of this kind do not have"


def find(weights: Weights) -> Found | None:
    """The network that the tensors are of; None if it is of another family.

    Raises:
        Unfit: it is a variant that tfgan does not have.
    """
    if any(".filt" in key for key in weights):
        raise Unfit("its ResNet blurs before it halves, as CUT does, which tfgan's does not")
    if "model.model.0.weight" in weights:
        return _unet(weights)
    if "model.1.weight" in weights and any(".conv_block." in key for key in weights):
        return _resnet(weights)
    if "model.0.weight" in weights and "model.2.weight" in weights and "model.1.weight" not in weights:
        return _patchgan(weights)
    return _pixelgan(weights) if "net.0.weight" in weights else None


def _norm(weights: Weights, convolution: str, norm: str) -> str:
    """The kind of the norm `norm` behind a convolution: by its scales, or by the bias, which only instance norm leaves to convolutions."""
    if f"{norm}.weight" not in weights:
        return "instance" if f"{convolution}.bias" in weights else "none"
    if f"{norm}.running_mean" not in weights or f"{convolution}.bias" in weights:
        raise Unfit(AFFINE)
    return "batch"


def _layer(convolution: str, norm_key: str, norm: str, joins: bool = False) -> list[Slot]:
    """A convolution and the norm behind it, "" for none; `joins`: it follows a join of a U-Net."""
    return [
        _behind_join(convolution) if joins else kernel(convolution),
        *([bias(convolution)] if norm != "batch" else []),
        *(batch_norm(norm_key) if norm == "batch" and norm_key else []),
    ]


def _behind_join(convolution: str) -> Slot:
    """A decoder's kernel: PyTorch's module has the skip connection in front of what comes from below, and tfgan behind it."""

    def exchange(values: np.ndarray, *_) -> np.ndarray:
        return np.roll(values, values.shape[0] // 2, axis=0)

    return kernel(convolution)._replace(change=exchange, undo=exchange)


def unet_slots(depth: int, norm: str) -> list[Slot]:
    """The weights of a U-Net of `depth` levels, two at least: of the encoder from without, then of the decoder from within."""
    place, down, up = "model.model.1.model.", [("model.model.0", "")], [("model.model.3", "")]
    for _ in range(depth - 2):
        down.append((f"{place}1", f"{place}2"))
        up.append((f"{place}5", f"{place}6"))
        place += "3.model."
    down.append((f"{place}1", ""))
    up.append((f"{place}3", f"{place}4"))
    slots = [slot for convolution, key in down for slot in _layer(convolution, key, norm)]
    for level in reversed(range(1, depth)):
        slots += _layer(*up[level], norm, joins=level < depth - 1)
    return [*slots, _behind_join(up[0][0]), bias(up[0][0])]


def _unet(weights: Weights) -> Found:
    place, depth = "model.model.1.model.", 2
    while f"{place}3.model.1.weight" in weights:
        place, depth = f"{place}3.model.", depth + 1
    if f"{place}1.weight" not in weights:
        raise Unfit("its U-Net has one level")
    norm = _norm(weights, "model.model.0", f"{place}4")
    ngf, channels = weights["model.model.0.weight"].shape[:2]
    settings = {"generator": f"unet_{2**depth}", "ngf": ngf, "norm": norm, "skip_activation": "relu"}
    facts = {"in": channels, "out": weights["model.model.3.weight"].shape[1]}
    words = f"a U-Net of {depth} levels (unet_{2**depth}, {_normed(norm)})"
    return Found(words, "junyanz", "generator", settings, facts, unet_slots(depth, norm))


def _normed(norm: str) -> str:
    return f"{norm} norm" if norm != "none" else "no norm"


def resnet_slots(blocks: int, norm: str, dropout: bool) -> list[Slot]:
    """The weights of a ResNet that halves the size twice, has so many residual blocks, and doubles it twice."""
    end = 10 + blocks
    slots = [slot for place in (1, 4, 7) for slot in _layer(f"model.{place}", f"model.{place + 1}", norm)]
    for block in range(10, end):
        for number in (1, 6 if dropout else 5):
            slots += _layer(f"model.{block}.conv_block.{number}", f"model.{block}.conv_block.{number + 1}", norm)
    slots += [slot for place in (end, end + 3) for slot in _layer(f"model.{place}", f"model.{place + 1}", norm)]
    return [*slots, kernel(f"model.{end + 7}"), bias(f"model.{end + 7}")]


def _resnet(weights: Weights) -> Found:
    numbers = {int(match[1]) for key in weights if (match := re.match(r"model\.(\d{1,3})\.conv_block\.", key))}
    count = len(numbers)
    if numbers != set(range(10, 10 + count)):
        raise Unfit("its residual blocks do not follow two layers that halve the size")
    last = f"model.{17 + count}.weight"
    inner = sorted({int(match[1]) for key in weights if (match := re.fullmatch(r"model\.10\.conv_block\.(\d)\.weight", key))})
    inner = [number for number in inner if len(weights[f"model.10.conv_block.{number}.weight"].shape) == 4]
    if inner not in ([1, 5], [1, 6]):
        raise Unfit("its residual blocks are padded by zeros, and tfgan's by reflection")
    if last not in weights:
        raise Unfit("it does not double the size twice behind its residual blocks")
    norm, dropout = _norm(weights, "model.4", "model.5"), inner == [1, 6]
    ngf, channels = weights["model.1.weight"].shape[:2]
    settings = {"generator": f"resnet_{count}", "ngf": ngf, "norm": norm, "dropout": 0.5 if dropout else 0.0, "padding_side": "before"}
    facts = {"in": channels, "out": weights[last].shape[0]}
    words = f"a ResNet of {count} blocks (resnet_{count}, {_normed(norm)}{', dropout' * dropout})"
    return Found(words, "junyanz", "generator", settings, facts, resnet_slots(count, norm, dropout))


def patchgan_slots(n_layers: int, norm: str) -> list[Slot]:
    """The weights of a PatchGAN of so many strided layers; 0: of a PixelGAN."""
    if not n_layers:
        return [kernel("net.0"), bias("net.0"), *_layer("net.2", "net.3", norm), kernel("net.5"), bias("net.5")]
    slots, last = [kernel("model.0"), bias("model.0")], f"model.{3 * n_layers + 2}"
    for place in range(2, 3 * n_layers + 2, 3):
        slots += _layer(f"model.{place}", f"model.{place + 1}", norm)
    return [*slots, kernel(last), bias(last)]


def _patchgan(weights: Weights) -> Found:
    places = [int(match[1]) for key in weights if (match := re.fullmatch(r"model\.(\d{1,2})\.weight", key))]
    convolutions = sorted(place for place in places if len(weights[f"model.{place}.weight"].shape) == 4)
    n_layers = len(convolutions) - 2
    if n_layers < 1 or convolutions != [0, *range(2, 3 * n_layers + 3, 3)]:
        raise Unfit("its discriminator is no PatchGAN of this code")
    norm = _norm(weights, "model.2", "model.3")
    ndf, channels = weights["model.0.weight"].shape[:2]
    settings = {"ndf": ndf, "n_layers": n_layers, "norm": norm} | ({"first_bias": True} if norm == "batch" else {})
    words = f"a PatchGAN of {n_layers} strided layers ({_normed(norm)})"
    return Found(words, "junyanz", "discriminator", settings, {"in": channels}, patchgan_slots(n_layers, norm))


def _pixelgan(weights: Weights) -> Found:
    norm = _norm(weights, "net.2", "net.3")
    ndf, channels = weights["net.0.weight"].shape[:2]
    settings = {"ndf": ndf, "n_layers": 0, "norm": norm}
    return Found(f"a PixelGAN ({_normed(norm)})", "junyanz", "discriminator", settings, {"in": channels}, patchgan_slots(0, norm))
