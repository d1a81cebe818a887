"""Distances of two images by the maps that a network makes of them (Zhang et al. 2018)."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np

from tfgan.errors import UserError
from tfgan.networks.vgg import VGGInput, load_vgg
from tfgan.sizes import VGG_MINIMUM

LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3")  # relu1_2 to relu5_3 of VGG16
CHANNELS = (64, 128, 256, 512, 512)
EPSILON = 1e-10


def map_distance(real: list[np.ndarray], fake: list[np.ndarray], weights: list[np.ndarray] | None = None) -> float:
    """The distance of two images by their maps, lists of h×w×c (Zhang et al. 2018, eq. 1): 0 for equal ones.

    In each place both vectors are brought to length 1; their squared differences are summed over channels, averaged over places, and
    summed over layers.

    Args:
        weights: of the channels of each layer, learned from what people find alike; None: 1/c, which makes it no LPIPS.

    Raises:
        UserError: maps of two sizes, or none.
    """
    if not real:
        raise UserError("This network has no feature maps to compare images by.")
    sizes = [[feature_map.shape for feature_map in maps] for maps in (real, fake)]
    if sizes[0] != sizes[1]:
        raise UserError(f"Feature maps of shapes {sizes[0]} and {sizes[1]} cannot be compared: use images of one size.")
    total = 0.0
    for number, maps in enumerate(zip(real, fake)):
        one, two = (found / (np.linalg.norm(found, axis=-1, keepdims=True) + EPSILON) for found in maps)
        weight = 1.0 / one.shape[-1] if weights is None else weights[number]
        total += float(np.mean(np.sum(weight * np.square(one - two), axis=-1)))
    return total


def lpips(learned: str, vgg: str) -> Callable[[np.ndarray, np.ndarray], float]:
    """A function that gives the LPIPS of two images H×W×3 in [-1, 1], 16 pixels or more, by VGG16 (Zhang et al. 2018).

    The authors scale images for VGG16 as torchvision trained it; Keras' VGG16 has the weights of VGG's authors, who took BGR in 0 to 255
    less the mean, and gets that here. Two trainings of one network: figures are near the published ones, not equal.

    Args:
        learned: an .npz file of the authors' weights of channels, lin0 to lin4 of length 64, 128, 256, 512 and 512. It is made of vgg.pth
            out of lpips/weights/v0.1 in https://github.com/richzhang/PerceptualSimilarity by

                import numpy, torch
                lin = torch.load("vgg.pth", weights_only=True)
                arrays = {f"lin{i}": lin[f"lin{i}.model.1.weight"].numpy().ravel() for i in range(5)}
                numpy.savez("vgg.npz", **arrays)
        vgg: imagenet (downloaded by Keras, 59 MB), or the path of Keras' VGG16 weights without the top.

    Raises:
        UserError: no network, no such file, or other weights; when called, images of two sizes or smaller ones.
    """
    weights = _read_weights(learned)
    net = load_vgg("VGG16", vgg)
    images = keras.Input((None, None, 3))
    maps = keras.Model(images, keras.Model(net.input, [net.get_layer(name).output for name in LAYERS])(VGGInput()(images)))

    def distance(real, fake):
        if min(*real.shape[:2], *fake.shape[:2]) < VGG_MINIMUM:
            raise UserError(f"Images of {real.shape} and {fake.shape} are too small for LPIPS: {VGG_MINIMUM} pixels or more.")
        one, two = ([np.asarray(found[0]) for found in maps(image[None])] for image in (real, fake))
        return map_distance(one, two, weights)

    return distance


def _read_weights(file: str) -> list[np.ndarray]:
    path = Path(file).expanduser()
    try:
        with np.load(path, allow_pickle=False) as arrays:
            weights = [np.asarray(arrays[f"lin{number}"], np.float32).reshape(-1) for number in range(len(LAYERS))]
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:  # TypeError: .npy, one array alone
        raise UserError(f"--lpips_weights={file} cannot be read: {error}. It must be an .npz file of lin0 to lin4.") from None
    found = tuple(map(len, weights))
    if found != CHANNELS:
        raise UserError(f"--lpips_weights={file}: lin0 to lin4 have lengths {found}; expected {CHANNELS}.")
    return weights
