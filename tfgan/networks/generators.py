"""Image-to-image generators by name: unet_256 (as many halvings as take 256 pixels to one), encdec_256 (the same without its skip
connections), resnet_9 (nine residual blocks)."""

import re

from tfgan.errors import UserError
from tfgan.networks.resnet import resnet
from tfgan.networks.unet import unet


def _parse(name: str) -> tuple[str, int]:
    kind, _, number = name.partition("_")
    number = int(number) if re.fullmatch("[1-9][0-9]{0,3}", number) else 0
    power_of_two = number >= 4 and number & (number - 1) == 0
    if (kind in ("unet", "encdec") and power_of_two) or (kind == "resnet" and number > 0):
        return kind, number
    raise UserError(
        f"--generator={name} is unknown. Use unet_256, unet_128, … or encdec_256, … (a power of two) or resnet_9, … (a number of blocks)."
    )


def build_generator(name, in_channels, out_channels, *, bottleneck_norm=False, **options):
    """The Keras model for `name`; `options` are those of `unet` and `resnet`. Raises `UserError` for an unknown name."""
    kind, number = _parse(name)
    if kind == "resnet":
        return resnet(in_channels, out_channels, blocks=number, **options)
    return unet(in_channels, out_channels, depth=number.bit_length() - 1, skips=kind == "unet", bottleneck_norm=bottleneck_norm, **options)


def size_multiple(name: str) -> int:
    """Height and width of the generator's input must be multiples of this number of pixels."""
    kind, number = _parse(name)
    return 4 if kind == "resnet" else number


def minimal_size(name: str) -> int:
    """The smallest height and width the generator takes, in pixels: reflection padding by 3 needs more than 3 pixels, ResNet's 8."""
    return max(8, size_multiple(name)) if _parse(name)[0] == "resnet" else size_multiple(name)
