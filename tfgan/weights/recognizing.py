"""Which network a file's tensors are of, by their names and shapes."""

from pathlib import Path

from tfgan.weights import junyanz, nvlabs, yunjey
from tfgan.weights.slots import Found
from tfgan.weights.tensors import Refused, Unfit, Weights

KNOWN = (
    "generators and discriminators of pytorch-CycleGAN-and-pix2pix (U-Net, ResNet, PatchGAN, PixelGAN), of StarGAN (yunjey), and of SPADE "
    "(NVlabs)"
)


def recognize(path: Path, weights: Weights) -> Found:
    """The network that the tensors of a file are of.

    Args:
        path: of the file, for messages.

    Raises:
        Refused: it is none that tfgan has.
    """
    try:
        found = next(filter(None, (family.find(weights) for family in (junyanz, yunjey, nvlabs))), None)
    except Unfit as error:
        raise Refused(path, f"{error}") from None
    except (KeyError, IndexError, ValueError) as error:  # a tensor that belongs to the others is missing, or has fewer axes
        raise Refused(path, f"its tensors are not those of a whole network: {error}") from None
    if found is None:
        names = ", ".join(name[:60] for name in list(weights)[:4])
        raise Refused(path, f"its tensors ({names}, …) are of no network that is known. There are: {KNOWN}")
    return found
