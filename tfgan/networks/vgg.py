"""Features of VGG19 trained on ImageNet, for perceptual losses (Johnson et al. 2016; Wang et al. 2018, §3.5)."""

from pathlib import Path

import keras
import tensorflow as tf

from tfgan.errors import UserError, first_line

LAYER_WEIGHTS = {"block1_conv1": 1 / 32, "block2_conv1": 1 / 16, "block3_conv1": 1 / 8, "block4_conv1": 1 / 4, "block5_conv1": 1.0}
"""relu1_1 to relu5_1, and what the L1 difference of each counts in pix2pixHD's and SPADE's code."""

MEAN_BGR = (103.939, 116.779, 123.68)  # of ImageNet, in 0 to 255


def vgg_features(weights: str):
    """VGG19's features, not trainable: RGB images N×H×W×3 in [-1, 1] -> a list of the feature maps of `LAYER_WEIGHTS`, N×h×w×f float32.

    PyTorch's VGG, which the paper's code feeds with images in [-1, 1], was trained on images of about that range; Keras' was trained on
    0 to 255 less the mean. So images are brought to the latter, and features are divided by the same 127.5, which keeps the loss' scale.

    Args:
        weights: imagenet (downloaded by Keras, 80 MB), or the path of a file with such weights.

    Raises:
        UserError: no connection for the download, no such file, or weights of another network.
    """
    vgg = load_vgg("VGG19", weights)
    vgg.trainable = False
    images = keras.Input((None, None, 3))
    maps = keras.Model(vgg.input, [vgg.get_layer(name).output for name in LAYER_WEIGHTS])(VGGInput()(images))
    return keras.Model(images, [keras.layers.Rescaling(1 / 127.5, dtype="float32")(features) for features in maps], name="vgg19")


def load_vgg(name: str, weights: str) -> keras.Model:
    """Loads Keras' VGG16 or VGG19 without the top, for images N×H×W×3 of any size as `VGGInput` gives them.

    Args:
        name: VGG16 or VGG19.
        weights: imagenet, downloaded by Keras, or the path of a file with such weights.

    Raises:
        UserError: no connection for the download, no such file, or weights of another network.
    """
    if weights != "imagenet" and not Path(weights).expanduser().is_file():
        raise UserError(f"--vgg_weights={weights} does not exist. Use imagenet, or the path of Keras' {name} weights without the top.")
    path = weights if weights == "imagenet" else str(Path(weights).expanduser())
    try:
        return getattr(keras.applications, name)(include_top=False, weights=path, input_shape=(None, None, 3))
    except Exception as error:  # Keras raises its own kinds, and a bare Exception for a failed download
        cure = (
            f"Without a network, download {name.lower()}_weights_tf_dim_ordering_tf_kernels_notop.h5 elsewhere and give its path."
            if weights == "imagenet"
            else f"It must hold Keras' {name} without the top."
        )
        raise UserError(f"--vgg_weights={weights} cannot be loaded: {first_line(error)}. {cure}") from None


@keras.saving.register_keras_serializable("tfgan")
class VGGInput(keras.layers.Layer):
    """Turns RGB images N×H×W×3 in [-1, 1] into what Keras' VGG was trained on: BGR in 0 to 255, less the mean of ImageNet."""

    def call(self, images):
        return (images[..., ::-1] + 1.0) * 127.5 - tf.constant(MEAN_BGR, images.dtype)
