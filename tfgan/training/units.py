"""The layers of a network as people count them: each with a kernel is one, with the norms behind it."""

from collections.abc import Iterator
from typing import Any

import keras

Unit = list[Any]
"""Layers, or weights that are of no layer of their own, which belong together: what has a kernel, and the norms behind it."""


def units_of(network: keras.Model) -> list[Unit]:
    """The units of a network from its input to its output; where it has branches, those that are equally far from the output one by one.

    A network that is no graph of Keras' says itself how its layers follow each other, by a method `in_order`.
    """
    if hasattr(network, "in_order"):
        return network.in_order()
    units: list[Unit] = []
    for layer in leaves(network):
        if any(len(weight.shape) > 1 for weight in layer.weights) or not units:
            units.append([layer])
        else:
            units[-1].append(layer)
    return units


def leaves(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """The layers with weights of a network, those inside of others by themselves, in Keras' order from the input to the output."""
    for layer in network.layers:
        if isinstance(layer, keras.Model):
            yield from leaves(layer)
        elif layer.weights:
            yield layer


def weights_of(unit: Unit) -> list[keras.Variable]:
    """The weights of a unit."""
    return [weight for part in unit for weight in (part.weights if isinstance(part, keras.layers.Layer) else [part])]
