"""The heights and widths that the networks take, in pixels, by arithmetic alone."""

import math
import re

from tfgan.config import Size

VGG_MINIMUM = 16  # pixels: four poolings stand before VGG's relu5_1
MOST_BLOCKS = 256  # of a ResNet generator


def parse_generator(name: str) -> tuple[str, int]:
    """Splits a generator's name into kind and number: unet_256 and encdec_256 take 256 pixels to one, resnet_9 has nine blocks.

    Raises:
        ValueError: an unknown name.
    """
    kind, _, text = name.partition("_")
    number = int(text) if re.fullmatch("[1-9][0-9]{0,3}", text) else 0
    power_of_two = number >= 4 and number & (number - 1) == 0
    if (kind in ("unet", "encdec") and power_of_two) or (kind == "resnet" and 0 < number <= MOST_BLOCKS):
        return kind, number
    raise ValueError(f"{name} is unknown. Use unet_256, unet_128, … or encdec_256, … (a power of two) or resnet_9, … (a number of blocks).")


UPSAMPLING_LAYERS = ("normal", "more", "most")
"""How often SPADE's generator doubles the size: 5, 6 and 7 times."""

RESNETS = tuple(f"resnet_{blocks}" for blocks in range(1, MOST_BLOCKS + 1))
"""All names of ResNet generators."""


def is_unet(name: str) -> bool:
    """Whether a generator's name, which may be auto, stands for a U-Net or an encoder–decoder."""
    return name not in RESNETS


def fitting_unet(image_size: Size) -> str:
    """The name of the largest U-Net, up to the paper's unet_256, of which height and width are multiples."""
    return f"unet_{math.gcd(256, *image_size)}"


def fitting_doublings(image_size: Size) -> int:
    """The number of doublings of SPADE's generator: for 256 pixels the paper's 5, from 8 on; for smaller images fewer, from as many."""
    return min(5, max(1, _halvings(image_size) - 3))


def fitting_strides(image_size: Size) -> int:
    """The number of StarGAN's strided convolutions: for 128 pixels the paper's 6, which leave 2; for smaller images fewer, to as many."""
    return min(6, max(1, _halvings(image_size) - 1))


def fitting_power(image_size: Size) -> int:
    """The largest power of two that is no larger than height, width and 256, to which SPADE's style encoder has images resized."""
    return 1 << min(8, _halvings(image_size))


def _halvings(image_size: Size) -> int:
    """How often the shorter side can be halved before less than a pixel is left; 0 for no pixels."""
    return max(min(image_size), 1).bit_length() - 1


def generator_multiple(name: str) -> int:
    """The number of pixels of which height and width of the generator's input must be multiples.

    Raises:
        ValueError: an unknown name.
    """
    kind, number = parse_generator(name)
    return 4 if kind == "resnet" else number


def generator_minimum(name: str) -> int:
    """The smallest height and width that the generator takes, in pixels: a ResNet, which pads by reflection, takes 8 at least.

    Raises:
        ValueError: an unknown name.
    """
    return max(8, generator_multiple(name)) if parse_generator(name)[0] == "resnet" else generator_multiple(name)


def patchgan_minimum(n_layers: int) -> int:
    """The smallest height and width, in pixels, of which a PatchGAN of `n_layers` strided convolutions leaves a logit."""
    return 3 * 2**n_layers if n_layers else 1


def multiscale_minimum(scales: int, n_layers: int) -> int:
    """The smallest height and width, in pixels, of which a multi-scale discriminator sees more than padding on its coarsest scale."""
    return 2 ** (scales - 1 + max(n_layers - 1, 1))


def doublings(image_size: Size) -> int:
    """The number of times that DCGAN's smallest map, 4 to 7 pixels high and wide, is doubled to `image_size`.

    Raises:
        ValueError: a size that does not fit, see `is_doubled`.
    """
    if not is_doubled(image_size):
        raise ValueError(f"{image_size[0]}×{image_size[1]} pixels are not 4 to 7, doubled: 28, 32, 48, 64, 128, …")
    return _count(image_size)


def is_doubled(image_size: Size) -> bool:
    """Whether height and width are 4 to 7 pixels, doubled equally often."""
    count = _count(image_size)
    return count > 0 and not any(size % 2**count for size in image_size) and max(image_size) >> count <= 7


def _count(image_size: Size) -> int:
    return math.floor(math.log2(min(image_size) / 4)) if min(image_size) >= 8 else 0
