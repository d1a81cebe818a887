"""What CUT adds to a ResNet generator: its feature maps, and the perceptrons that compare patches of them (Park et al. 2020, §3.2)."""

import keras


def with_features(generator, names):
    """The generator with more outputs, which has its layers and weights: images N×H×W×C -> [images, the maps of the layers `names`].

    Args:
        generator: of `tfgan.networks.resnet.resnet`.
        names: of its layers, such as pixels, down_1 and block_5.
    """
    return keras.Model(generator.input, [*generator.outputs, *_maps(generator, names)])


def encoder(generator, names):
    """The first half of the generator, which has its layers and weights: images N×H×W×C -> [the maps of the layers `names`]."""
    return keras.Model(generator.input, _maps(generator, names))


def channels(generator, names):
    """The numbers of channels of the maps of a generator's layers `names`, a list."""
    return [maps.shape[-1] for maps in _maps(generator, names)]


def perceptrons(channels, units=256):
    """A perceptron of two layers for each of several maps: patches N×P×c, for each c of `channels` -> [N×P×`units` for each].

    Args:
        units: of both layers.
    """
    inputs = [keras.Input((None, c)) for c in channels]
    outputs = [keras.layers.Dense(units)(keras.layers.Dense(units, activation="relu")(x)) for x in inputs]
    return keras.Model(inputs, outputs, name="perceptrons")


def _maps(generator, names):
    return [generator.get_layer(name).output for name in names]
