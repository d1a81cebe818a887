"""The weights of a run as safetensors, for PyTorch where the references' code has the same networks."""

from pathlib import Path
from typing import Any

from tfgan.runs.opening import Run
from tfgan.sizes import parse_generator
from tfgan.weights import junyanz, nvlabs, yunjey
from tfgan.weights.slots import Slots
from tfgan.weights.writing import write_safetensors

REFERENCES = {
    "pix2pix": ("pytorch-CycleGAN-and-pix2pix", {"generator": "latest_net_G", "discriminator": "latest_net_D"}),
    "cyclegan": (
        "pytorch-CycleGAN-and-pix2pix",
        {"to_target": "latest_net_G_A", "to_source": "latest_net_G_B", "of_target": "latest_net_D_A", "of_source": "latest_net_D_B"},
    ),
    "stargan": ("yunjey/stargan", {"generator": "G", "discriminator": "D"}),
    "spade": ("NVlabs/SPADE", {"generator": "latest_net_G", "discriminator": "latest_net_D", "encoder": "latest_net_E"}),
}
"""Method -> the code that has its networks too, and the names of their files there, which `tfgan import` knows."""


def write_weights(run: Run, folder: Path, license: str) -> dict[str, str]:
    """Writes a file of each network of the run to `folder`; of those with moving averages, which make all results, the averages.

    Returns:
        Name of each file -> what is in it, and whose names its tensors have.
    """
    code, names = REFERENCES.get(run.config.method, ("", {}))
    why = _obstacle(run.config.method, run.config.hparams) if code else "no other code's names are known for them"
    networks: dict[str, Any] = run.method.networks | run.method.ema
    place, written = folder / "safetensors", {}
    place.mkdir()
    for name, network in networks.items():
        slots = None if why else _slots(run.config.method, name, run.config.hparams, network)
        file = f"{name if why else names[name]}.safetensors"
        whose = f"tfgan's own names and order of axes, as {why}" if why else f"names and order of axes of {code}"
        told = {"format": "tf" if why else "pt", "run": run.folder.resolve().name, "method": run.config.method, "network": name}
        write_safetensors(network, place / file, slots, told | {"step": str(run.step)} | ({"license": license} if license else {}))
        written[f"safetensors/{file}"] = f"{name}, by {whose}"
    return written


def _obstacle(method: str, h) -> str:
    """Why the references' code has no such networks, as the end of a sentence; "" if it has them."""
    wanted: dict[str, Any] = {}
    if method in ("pix2pix", "cyclegan"):
        kind, _ = parse_generator(h.generator)
        if kind == "encdec":
            return f"--generator={h.generator} has no counterpart"
        wanted |= {"upsampling": "deconv"} | ({"padding_side": "before"} if kind == "resnet" else {"skip_activation": "relu"})
        if method == "pix2pix":
            wanted["bottleneck_norm"] = False
            wanted |= {"first_bias": True} if h.norm == "batch" and h.n_layers and h.adversarial else {}
        if h.norm == "none":
            return "--norm=none has biases, which it leaves out"
        if (h.discriminator, *h.judges()) != ("patch", 1, h.norm):
            return "its discriminators are of another kind"
    if method == "spade" and h.depth != 5 + h.more_doublings:
        return f"--depth={h.depth} is another one"
    return next((f"--{name}={getattr(h, name)} is not as there" for name, value in wanted.items() if getattr(h, name) != value), "")


def _slots(method: str, name: str, h, network) -> Slots:
    """Where the weights of a network stand in files of the references' code."""
    if method == "stargan":
        return yunjey.generator_slots(h.n_blocks) if name == "generator" else yunjey.discriminator_slots(h.n_layers)
    if method == "spade":
        if name == "generator":
            return nvlabs.generator_slots(5 if h.num_upsampling_layers == "most" else 4, h.style_encoder, h.ngf)
        if name == "discriminator":
            return nvlabs.discriminator_slots(h.scales, h.n_layers)
        layers = len(network.weights) // 2 - 2  # two a convolution, and four of the dense layers
        return nvlabs.encoder_slots(layers, network.get_layer("mean").kernel.shape[0] // nvlabs.MAP**2)
    if name in ("discriminator", "of_target", "of_source"):
        return junyanz.patchgan_slots(h.n_layers, h.norm)
    kind, number = parse_generator(h.generator)
    if kind == "resnet":
        return junyanz.resnet_slots(number, h.norm, bool(h.dropout))
    return junyanz.unet_slots(number.bit_length() - 1, h.norm)
