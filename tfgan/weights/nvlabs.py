"""SPADE's networks by the names of their weights in the authors' code (NVlabs/SPADE)."""

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from tfgan.weights.junyanz import Unfit
from tfgan.weights.slots import DENSE, KERNEL, Found, Slot, bias, kernel
from tfgan.weights.tensors import Weights

MAP = 4  # height and width of the encoder's last map
HALVINGS = 60  # of an interval of float64


def find(weights: Weights) -> Found | None:
    """The network that the tensors are of; None if it is of another family.

    Raises:
        Unfit: it is a variant that tfgan does not have.
    """
    if "head_0.conv_0.weight_orig" in weights:
        return _generator(weights)
    if "head_0.conv_0.weight" in weights:
        raise Unfit("its generator has no spectral norm, and tfgan's has")
    if "discriminator_0.model0.0.weight" in weights:
        return _discriminator(weights)
    return _encoder(weights) if "fc_mu.weight" in weights and "layer1.0.weight_orig" in weights else None


def _spectral(weights: Weights, key: str, path: str, use_bias: bool) -> dict[str, Slot]:
    """The weights of a convolution with spectral norm, by their path in tfgan's network."""
    beside = tuple(name for name in (f"{key}.weight_orig", f"{key}.weight_v", f"{key}.weight") if name in weights)
    u = Slot(f"{key}.weight_u", change=functools.partial(_same_norm, key, beside), beside=beside)
    found = {f"{path}/kernel": Slot(f"{key}.weight_orig", KERNEL), f"{path}/u": u}
    return found | ({f"{path}/bias": bias(key)} if use_bias else {})


def _same_norm(key: str, beside: tuple[str, ...], u: np.ndarray, read: Callable[[str], np.ndarray]) -> np.ndarray:
    """The u by which tfgan's layer divides by the number by which PyTorch's does after training.

    That is uᵀ W v, with the v of the last training step, or in files before version 1.1 stands in the weights themselves; tfgan's finds v
    anew, and has |Wᵀ u|, which is nearer to the largest singular value as long as u and v still move. On the way from u to a vector that
    hardly agrees with it, there is one with PyTorch's number.
    """
    matrix = read(f"{key}.weight_orig").astype(np.float64)
    matrix, u = matrix.reshape(len(matrix), -1), u.astype(np.float64).ravel()
    if f"{key}.weight_v" in beside:
        wanted = float(u @ matrix @ read(f"{key}.weight_v").astype(np.float64).ravel())
    elif f"{key}.weight" in beside:
        wanted = float(np.linalg.norm(matrix) / np.linalg.norm(read(f"{key}.weight").astype(np.float64)))
    else:
        return u
    low, high, other = 0.0, 1.0, _stretched_less(matrix, wanted)

    def turned(share: float) -> np.ndarray:
        mixed = (1 - share) * u + share * other
        return mixed / np.linalg.norm(mixed)

    if np.linalg.norm(u @ matrix) <= wanted:
        return u
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.linalg.norm(turned(middle) @ matrix) > wanted else (low, middle)
    return turned(low)


def _stretched_less(matrix: np.ndarray, wanted: float) -> np.ndarray:
    """A direction that Wᵀ makes no longer than `wanted`: an axis if one does it, as that is found at once, or else the one of the least."""
    lengths = np.linalg.norm(matrix, axis=1)
    if lengths.min() < wanted:
        return np.eye(len(matrix))[np.argmin(lengths)]
    return np.linalg.eigh(matrix @ matrix.T)[1][:, 0]


def _generator(weights: Weights) -> Found:
    if "head_0.norm_0.param_free_norm.running_mean" not in weights:
        raise Unfit("its SPADE layers have instance norm, and tfgan's have batch norm")
    if weights["head_0.norm_0.mlp_gamma.weight"].shape[2:] != (3, 3):
        raise Unfit("its SPADE layers have other convolutions than 3×3")
    names = {"head_0": "head", "G_middle_0": "middle_0", "G_middle_1": "middle_1"}
    ups = sum(bool(re.fullmatch(r"up_\d\.conv_0\.weight_orig", key)) for key in weights)
    names |= {f"up_{number}": f"up_{number}" for number in range(ups)}
    slots: dict[str, Slot] = {}
    for key, path in names.items():
        shortcut = f"{key}.conv_s.weight_orig" in weights
        for part in ("0", "1", *["s"] * shortcut):
            slots |= _spectral(weights, f"{key}.conv_{part}", f"{path}_conv_{part}", use_bias=part != "s")
            slots |= _spade(f"{key}.norm_{part}", f"{path}_spade_{part}")
    filters = weights["head_0.conv_0.weight_orig"].shape[0]
    facts = {"labels": weights["head_0.norm_0.mlp_shared.0.weight"].shape[1], "out": weights["conv_img.weight"].shape[0]}
    latent = len(weights["fc.weight"].shape) == 2
    if latent:
        facts |= {"latent": weights["fc.weight"].shape[1], "first pixels": weights["fc.weight"].shape[0] // filters}
        slots |= {
            "first/kernel": Slot("fc.weight", DENSE, functools.partial(_rows_last, filters)),
            "first/bias": Slot("fc.bias", (), functools.partial(_rows_last, filters)),
        }
    else:
        slots |= {"first/kernel": kernel("fc"), "first/bias": bias("fc")}
    slots |= {"last/kernel": kernel("conv_img"), "last/bias": bias("conv_img")}
    settings: dict[str, Any] = {"ngf": filters // 16, "style_encoder": latent} | ({"latent_dim": facts["latent"]} if latent else {})
    if ups > 4:
        settings["num_upsampling_layers"] = "most"
    words = f"SPADE's generator for {facts['labels']} channels of labels{', with styles' * latent}"
    return Found(words, "spade", "generator", settings, facts, slots)


def _spade(key: str, path: str) -> dict[str, Slot]:
    found: dict[str, Slot] = {}
    for theirs, ours in (("mlp_shared.0", "hidden"), ("mlp_gamma", "gamma"), ("mlp_beta", "beta")):
        found |= {f"{path}_{ours}/kernel": kernel(f"{key}.{theirs}"), f"{path}_{ours}/bias": bias(f"{key}.{theirs}")}
    for theirs, ours in (("running_mean", "moving_mean"), ("running_var", "moving_variance")):
        found[f"{path}_norm/{ours}"] = Slot(f"{key}.param_free_norm.{theirs}")
    return found


def _rows_last(channels: int, values: np.ndarray, _) -> np.ndarray:
    """A dense layer's rows, or its bias, whose outputs are C×H×W there and H×W×C here."""
    return values.reshape(channels, -1, *values.shape[1:]).swapaxes(0, 1).reshape(values.shape)


def _columns_last(channels: int, values: np.ndarray, _) -> np.ndarray:
    """A dense layer whose inputs are C×H×W there and H×W×C here."""
    return values.reshape(len(values), channels, -1).swapaxes(1, 2).reshape(values.shape)


def _discriminator(weights: Weights) -> Found:
    scales = sum(bool(re.fullmatch(r"discriminator_\d\.model0\.0\.weight", key)) for key in weights)
    layers = sum(bool(re.match(r"discriminator_0\.model\d\.0\.(weight|0\.weight_orig)$", key)) for key in weights) - 1
    slots: dict[str, Slot] = {}
    for scale in range(scales):
        for layer in range(layers + 1):
            key, path = f"discriminator_{scale}.model{layer}.0", f"scale_{scale}_conv_{layer}"
            if layer in (0, layers):
                slots |= {f"{path}/kernel": kernel(key), f"{path}/bias": bias(key)}
            else:
                slots |= _spectral(weights, f"{key}.0", path, use_bias=False)
    ndf, channels = weights["discriminator_0.model0.0.weight"].shape[:2]
    settings = {"ndf": ndf, "scales": scales, "n_layers": layers}
    words = f"SPADE's discriminators at {scales} scales"
    return Found(words, "spade", "discriminator", settings, {"in": channels}, slots)


def _encoder(weights: Weights) -> Found:
    count = sum(bool(re.fullmatch(r"layer\d\.0\.weight_orig", key)) for key in weights)
    slots: dict[str, Slot] = {}
    for layer in range(count):
        slots |= _spectral(weights, f"layer{layer + 1}.0", f"conv_{layer}", use_bias=False)
    channels = weights["fc_mu.weight"].shape[1] // MAP**2
    for theirs, ours in (("fc_mu", "mean"), ("fc_var", "log_variance")):
        slots[f"{ours}/kernel"] = Slot(f"{theirs}.weight", DENSE, functools.partial(_columns_last, channels))
        slots[f"{ours}/bias"] = bias(theirs)
    nef, taken = weights["layer1.0.weight_orig"].shape[:2]
    facts = {"in": taken, "latent": weights["fc_mu.weight"].shape[0]}
    settings = {"ngf": nef, "latent_dim": facts["latent"], "encoder_size": MAP * 2**count}
    return Found(f"SPADE's style encoder of {MAP * 2**count} pixels", "spade", "encoder", settings, facts, slots)
