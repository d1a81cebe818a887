"""Image-to-image generators by name: unet_256 (as many halvings as take 256 pixels to one), encdec_256 (the same without its skip
connections), resnet_9 (nine residual blocks)."""

from tfgan.networks.resnet import resnet
from tfgan.networks.unet import unet
from tfgan.sizes import parse_generator


def build_generator(name, in_channels, out_channels, *, bottleneck_norm=False, **options):
    """The Keras model for `name`; `options` are those of `unet` and `resnet`. Raises `ValueError` for an unknown name."""
    kind, number = parse_generator(name)
    if kind == "resnet":
        return resnet(in_channels, out_channels, n_blocks=number, **options)
    return unet(in_channels, out_channels, depth=number.bit_length() - 1, skips=kind == "unet", bottleneck_norm=bottleneck_norm, **options)
