"""Network builders: functions of sizes and widths that return Keras models.

Importing this package registers its layers, so that ``keras.saving.load_model`` loads what was saved of any run's networks.
"""

from tfgan.networks import (
    acgan,
    blocks,
    dcgan,
    generators,
    mlp,
    multiscale,
    patchgan,
    resnet,
    spade,
    stargan,
    stylegan,
    unet,
    vaegan,
    vgg,
)

__all__ = [
    "acgan",
    "blocks",
    "dcgan",
    "generators",
    "mlp",
    "multiscale",
    "patchgan",
    "resnet",
    "spade",
    "stargan",
    "stylegan",
    "unet",
    "vaegan",
    "vgg",
]
