"""Checks how much of an image the random crops show that a network learns from."""

import math

from tfgan.config import Size, as_text
from tfgan.data.checks.finding import WARNING, Finding

LARGEST = 1.3  # times the crop's height or width; pix2pix' jitter is 286/256 = 1.12


def check_crops(image_size: Size, loaded_size: Size) -> list[Finding]:
    """A finding on crops so small that networks learn from corners of images, if they are: what is translated later is a whole image.

    Args:
        image_size: height and width of the network's images, in pixels.
        loaded_size: height and width of training images before the crop, in pixels.
    """
    ratio = max(loaded / size for loaded, size in zip(loaded_size, image_size))
    if ratio <= LARGEST:
        return []
    share = math.prod(image_size) / math.prod(loaded_size)
    problem = (
        f"training images of {as_text(image_size)} pixels are cut out of images resized to {as_text(loaded_size)}, {ratio:.1f} times as "
        f"large: each shows {share:.0%} of an image, while samples and results show all of it"
    )
    return [Finding(WARNING, "small_crops", problem, "use --load_size=0, which follows from --image_size")]
