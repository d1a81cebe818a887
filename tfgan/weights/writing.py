"""Writes a network's weights as safetensors: by the names of the references' code, which PyTorch loads there, or by tfgan's own."""

from pathlib import Path

import numpy as np

from tfgan.weights.slots import Slots, in_order


def write_safetensors(network, path: Path, slots: Slots | None, told: dict[str, str]):
    """Writes the weights of a Keras model to a file.

    Args:
        path: of the file, whose name ends in .safetensors.
        slots: where the weights would come from in a file of the references' code, see `tfgan.weights.slots`; None: tensors have the names
            and the order of axes of the model itself.
        told: texts that the file says of itself, by name.

    Raises:
        OSError: the file cannot be written.
    """
    from safetensors.numpy import save_file

    values = {weight.path: np.asarray(weight) for weight in network.weights}
    tensors = values if slots is None else _theirs(network, slots)
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, path, told)


def _theirs(network, slots: Slots) -> dict[str, np.ndarray]:
    tensors = {}
    for slot, weight in zip(in_order(network, slots), network.weights):
        value = np.asarray(weight)
        value = value.transpose(np.argsort(slot.axes)) if slot.axes and value.ndim == len(slot.axes) else value
        tensors[slot.key] = slot.undo(value) if slot.undo else value
    return tensors | _kept_by_pytorch(tensors)


def _kept_by_pytorch(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What PyTorch's modules keep beside weights, and ask for when they load them."""
    more: dict[str, np.ndarray] = {}
    for name, value in tensors.items():
        layer, _, kind = name.rpartition(".")
        if kind == "weight_u":  # with this v, uᵀ W v is the number by which tfgan's layer divides
            v = value @ tensors[f"{layer}.weight_orig"].reshape(len(value), -1)
            more[f"{layer}.weight_v"] = v / max(float(np.linalg.norm(v)), 1e-12)
        if (
            kind == "weight" and value.ndim == 1 and f"{layer}.running_mean" not in tensors
        ):  # StarGAN's instance norms, which track and never use
            more |= {f"{layer}.running_mean": np.zeros_like(value), f"{layer}.running_var": np.ones_like(value)}
    means = [name for name in (*tensors, *more) if name.endswith(".running_mean")]
    return more | {name.replace("running_mean", "num_batches_tracked"): np.zeros((), np.int64) for name in means}
