"""Checks how much of an image the random crops show that a network learns from."""

import math
from collections.abc import Sequence

from tfgan.config import Size, as_text
from tfgan.data.checks.finding import WARNING, Finding, found_in
from tfgan.data.preparation.geometry import distortion

LARGEST = 1.3  # times the crop's height or width; pix2pix' jitter is 286/256 = 1.12
DISTORTED = 0.1  # share by which circles become longer in one direction, from which that is seen


def check_crops(image_size: Size, loaded_size: Size, fit: str = "squeeze") -> list[Finding]:
    """A finding on crops so small that networks learn from corners of images, if they are: what is translated later is a whole image.

    Args:
        image_size: height and width of the network's images, in pixels.
        loaded_size: height and width of training images before the crop, in pixels.
        fit: how images become those that are cropped; at their own scale, whole images go through in pieces of the crops' size.
    """
    if fit == "none":
        return []
    ratio = max(loaded / size for loaded, size in zip(loaded_size, image_size))
    if ratio <= LARGEST:
        return []
    share = math.prod(image_size) / math.prod(loaded_size)
    problem = (
        f"training images of {as_text(image_size)} pixels are cut out of images resized to {as_text(loaded_size)}, {ratio:.1f} times as "
        f"large: each shows {share:.0%} of an image, while samples and results show all of it"
    )
    return [Finding(WARNING, "small_crops", problem, "use --load_size=0, which is computed from --image_size")]


def check_distortion(what: str, seen: Sequence[tuple[str, Size]], loaded_size: Size, fit: str) -> list[Finding]:
    """A finding on images that are squeezed so much that it is seen, if there are any: circles become ellipses.

    Args:
        what: " of NAME" for the images of one domain, or "", for messages.
        seen: name, and height and width in pixels, of each image.
        loaded_size: height and width to which training images are resized, in pixels.
        fit: how that is done.
    """
    if fit != "squeeze":
        return []
    shares = {name: distortion(size, loaded_size) for name, size in seen}
    names = [name for name, share in shares.items() if share >= DISTORTED]
    problem = f"{{count}}{what} squeezed out of shape, by up to {max(shares.values(), default=0.0):.0%}"
    cure = (
        "keep their shape by --fit=none (crops at their own scale), --fit=width or --fit=crop, or by an --image_size of their shape; "
        "if all have one shape, or shapes mean nothing, this is not a problem"
    )
    return found_in(WARNING, "distorted_images", problem, cure, names)
