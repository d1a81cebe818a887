"""SPADE's networks by the names of their weights in the authors' code (NVlabs/SPADE)."""

import functools
import re
from typing import Any

import numpy as np

from tfgan.weights.slots import DENSE, KERNEL, Found, Reader, Slot, bias, kernel
from tfgan.weights.tensors import Unfit, Weights

MAP = 4  # height and width of the encoder's last map
HALVINGS = 60  # of an interval of float64
SAME = 1e-5  # relative difference of two numbers that need not be told apart
MOVED = 1.01  # by so much may PyTorch's number be too large, as an optimizer took a step between the divided weights and the others


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


def _spectral(key: str, path: str, use_bias: bool) -> dict[str, Slot]:
    """The weights of a convolution with spectral norm, by their path in tfgan's network."""
    beside = (f"{key}.weight_orig", f"{key}.weight_v", f"{key}.weight")
    u = Slot(f"{key}.weight_u", change=functools.partial(_same_norm, beside), beside=beside)
    found = {f"{path}/kernel": Slot(f"{key}.weight_orig", KERNEL), f"{path}/u": u}
    return found | ({f"{path}/bias": bias(key)} if use_bias else {})


def _same_norm(beside: tuple[str, str, str], u: np.ndarray, read: Reader) -> np.ndarray:
    """The u by which tfgan's layer divides by the number by which PyTorch's does after training.

    That is uᵀ W v, with the v of the last training step, or in files before version 1.1 stands in the weights themselves; tfgan's finds v
    anew, and has |Wᵀ u|, which is nearer to the largest singular value as long as u and v still move. On the way from u to a vector that
    hardly agrees with it, there is one with PyTorch's number.

    Raises:
        Unfit: no direction has that number.
    """
    matrix, v, divided = map(read, beside)
    if matrix is None:
        return u  # its absence is found by itself
    matrix, u = matrix.reshape(len(matrix), -1).astype(np.float64), u.astype(np.float64).ravel()
    if v is not None:
        wanted = float(u @ matrix @ v.astype(np.float64).ravel())
    elif divided is not None:
        wanted = float(np.linalg.norm(matrix) / np.linalg.norm(divided.astype(np.float64)))
    else:
        return u
    image = u @ matrix
    longest = float(np.linalg.norm(image))
    if longest * (1 - SAME) <= wanted <= longest * MOVED:
        return u
    low, high, other = 0.0, 1.0, _stretched_less(matrix, wanted)
    other = other if u @ other >= 0 else -other  # the shorter way, which does not lead through 0
    other_image = other @ matrix

    def length(share: float) -> float:
        """|Wᵀ u| for the u on the way, by the images of its two ends: the whole matrix takes part in these alone."""
        mixed = np.linalg.norm((1 - share) * u + share * other)
        return float(np.linalg.norm((1 - share) * image + share * other_image) / mixed)

    if not length(1.0) <= wanted <= longest:
        raise Unfit(f"its spectral norm divides by {wanted:g}, which the norm of no direction of its weights is")
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if length(middle) > wanted else (low, middle)
    turned = (1 - low) * u + low * other
    return turned / np.linalg.norm(turned)


def _stretched_less(matrix: np.ndarray, wanted: float) -> np.ndarray:
    """A direction that Wᵀ makes no longer than `wanted`: an axis if one does it, as that is found at once, or else the one of the least."""
    lengths = np.linalg.norm(matrix, axis=1)
    if lengths.min() < wanted:
        return np.eye(len(matrix))[np.argmin(lengths)]
    return np.linalg.eigh(matrix @ matrix.T)[1][:, 0]


def generator_slots(ups: int, latent: bool, ngf: int) -> dict[str, Slot]:
    """The weights of a generator with so many blocks behind the middle ones; `latent`: its first map is made of a style."""
    names = {"head_0": "head", "G_middle_0": "middle_0", "G_middle_1": "middle_1"} | {
        f"up_{number}": f"up_{number}" for number in range(ups)
    }
    slots: dict[str, Slot] = {}
    for key, path in names.items():
        for part in ("0", "1", *["s"] * key.startswith("up")):
            slots |= _spectral(f"{key}.conv_{part}", f"{path}_conv_{part}", use_bias=part != "s")
            slots |= _spade(f"{key}.norm_{part}", f"{path}_spade_{part}")
    first = {"first/kernel": kernel("fc"), "first/bias": bias("fc")}
    if latent:
        last, back = functools.partial(_channels_last, 16 * ngf), functools.partial(_channels_first, 16 * ngf)
        first = {"first/kernel": Slot("fc.weight", DENSE, last, back), "first/bias": Slot("fc.bias", (), last, back)}
    return slots | first | {"last/kernel": kernel("conv_img"), "last/bias": bias("conv_img")}


def _generator(weights: Weights) -> Found:
    if "head_0.norm_0.param_free_norm.running_mean" not in weights:
        raise Unfit("its SPADE layers have instance norm, and tfgan's have batch norm")
    if weights["head_0.norm_0.mlp_gamma.weight"].shape[2:] != (3, 3):
        raise Unfit("its SPADE layers have other convolutions than 3×3")
    ups = sum(bool(re.fullmatch(r"up_\d\.conv_0\.weight_orig", key)) for key in weights)
    ngf = weights["head_0.conv_0.weight_orig"].shape[0] // 16
    facts = {"labels": weights["head_0.norm_0.mlp_shared.0.weight"].shape[1], "out": weights["conv_img.weight"].shape[0]}
    settings: dict[str, Any] = {"ngf": ngf, "style_encoder": len(weights["fc.weight"].shape) == 2}
    if settings["style_encoder"]:
        facts["first pixels"] = weights["fc.weight"].shape[0] // (16 * ngf)
        settings["latent_dim"] = weights["fc.weight"].shape[1]
    if ups > 4:
        settings["num_upsampling_layers"] = "most"
    words = f"SPADE's generator for {facts['labels']} channels of labels{', with styles' * settings['style_encoder']}"
    return Found(words, "spade", "generator", settings, facts, generator_slots(ups, settings["style_encoder"], ngf))


def _spade(key: str, path: str) -> dict[str, Slot]:
    found: dict[str, Slot] = {}
    for theirs, ours in (("mlp_shared.0", "hidden"), ("mlp_gamma", "gamma"), ("mlp_beta", "beta")):
        found |= {f"{path}_{ours}/kernel": kernel(f"{key}.{theirs}"), f"{path}_{ours}/bias": bias(f"{key}.{theirs}")}
    for theirs, ours in (("running_mean", "moving_mean"), ("running_var", "moving_variance")):
        found[f"{path}_norm/{ours}"] = Slot(f"{key}.param_free_norm.{theirs}")
    return found


def _channels_last(channels: int, values: np.ndarray, *_) -> np.ndarray:
    """Rows of a dense layer, or its bias, whose outputs are C×H×W there and H×W×C here."""
    return values.reshape(channels, -1, *values.shape[1:]).swapaxes(0, 1).reshape(values.shape)


def _channels_first(channels: int, values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, channels, *values.shape[1:]).swapaxes(0, 1).reshape(values.shape)


def discriminator_slots(scales: int, n_layers: int) -> dict[str, Slot]:
    """The weights of discriminators at so many scales, with so many convolutions before the last."""
    slots: dict[str, Slot] = {}
    for scale in range(scales):
        for layer in range(n_layers + 1):
            key, path = f"discriminator_{scale}.model{layer}.0", f"scale_{scale}_conv_{layer}"
            if layer in (0, n_layers):
                slots |= {f"{path}/kernel": kernel(key), f"{path}/bias": bias(key)}
            else:
                slots |= _spectral(f"{key}.0", path, use_bias=False)
    return slots


def _discriminator(weights: Weights) -> Found:
    scales = sum(bool(re.fullmatch(r"discriminator_\d\.model0\.0\.weight", key)) for key in weights)
    layers = sum(bool(re.match(r"discriminator_0\.model\d\.0\.(weight|0\.weight_orig)$", key)) for key in weights) - 1
    ndf, channels = weights["discriminator_0.model0.0.weight"].shape[:2]
    settings = {"ndf": ndf, "scales": scales, "n_layers": layers}
    words = f"SPADE's discriminators at {scales} scales"
    return Found(words, "spade", "discriminator", settings, {"in": channels}, discriminator_slots(scales, layers))


def encoder_slots(layers: int, channels: int) -> dict[str, Slot]:
    """The weights of a style encoder of so many convolutions, the last one with so many channels."""
    slots: dict[str, Slot] = {}
    for layer in range(layers):
        slots |= _spectral(f"layer{layer + 1}.0", f"conv_{layer}", use_bias=False)

    def change(values: np.ndarray, *_) -> np.ndarray:  # inputs, which are C×H×W there and H×W×C here
        return _channels_last(channels, values.T).T

    def undo(values: np.ndarray) -> np.ndarray:
        return _channels_first(channels, values.T).T

    for theirs, ours in (("fc_mu", "mean"), ("fc_var", "log_variance")):
        slots |= {f"{ours}/kernel": Slot(f"{theirs}.weight", DENSE, change, undo), f"{ours}/bias": bias(theirs)}
    return slots


def _encoder(weights: Weights) -> Found:
    count = sum(bool(re.fullmatch(r"layer\d\.0\.weight_orig", key)) for key in weights)
    ngf, latent_dim = weights["layer1.0.weight_orig"].shape[0], weights["fc_mu.weight"].shape[0]
    settings = {"ngf": ngf, "latent_dim": latent_dim, "encoder_size": MAP * 2**count}
    slots = encoder_slots(count, weights["fc_mu.weight"].shape[1] // MAP**2)
    return Found(f"SPADE's style encoder of {MAP * 2**count} pixels", "spade", "encoder", settings, {}, slots)


def without_channel(found: Found, channel: int) -> Found:
    """A generator, or discriminators, without one channel of labels: as where it is 0 in all images."""
    assert isinstance(found.slots, dict)

    def drop(values: np.ndarray, *_) -> np.ndarray:
        return np.delete(values, channel, axis=1)

    takes = re.compile(r".*mlp_shared\.0\.weight|discriminator_\d\.model0\.0\.weight|fc\.weight")
    slots = {
        path: slot._replace(change=drop) if takes.fullmatch(slot.key) and slot.axes == KERNEL else slot
        for path, slot in found.slots.items()
    }
    return found._replace(slots=slots)
