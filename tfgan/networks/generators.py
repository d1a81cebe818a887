"""Image-to-image generators by name: unet_256 (as many halvings as take 256 pixels to one), encdec_256 (a U-Net without its skip
connections), resnet_9 (nine residual blocks)."""

from tfgan.networks.resnet import resnet
from tfgan.networks.unet import unet
from tfgan.sizes import parse_generator


def build_generator(
    name, in_channels, out_channels, *, bottleneck_norm=False, skip_activation="leaky_relu", padding_side="after", **options
):
    """Builds the generator that `name` stands for: images N×H×W×`in_channels` in [-1, 1] -> N×H×W×`out_channels` in [-1, 1] float32.

    Args:
        name: unet_256, encdec_256, resnet_9, …, see `tfgan.sizes.parse_generator`.
        bottleneck_norm, skip_activation: of a U-Net, see `tfgan.networks.unet.unet`; a ResNet has none.
        padding_side: of a ResNet, see `tfgan.networks.resnet.resnet`; in a U-Net it makes no difference.
        options: further arguments of `tfgan.networks.unet.unet` or `tfgan.networks.resnet.resnet`, such as `ngf`, `norm` and `dropout`.

    Raises:
        ValueError: an unknown name.
    """
    kind, number = parse_generator(name)
    if kind == "resnet":
        return resnet(in_channels, out_channels, n_blocks=number, padding_side=padding_side, **options)
    own = {"depth": number.bit_length() - 1, "bottleneck_norm": bottleneck_norm, "skip_activation": skip_activation}
    return unet(in_channels, out_channels, skips=kind == "unet", **own, **options)
