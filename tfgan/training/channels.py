"""What the channels are that a network's kernels see: from which parts they were put together, and which are no channels at all."""

from typing import Any, NamedTuple

import keras

Parts = tuple[int, ...] | None
"""Numbers of channels that were joined, in order; None where they are no channels, as those of a map that was made flat."""


class Seen(NamedTuple):
    """What is known of a tensor: its channels, and the dense layer that they come from, None for others."""

    parts: Parts
    dense: keras.layers.Layer | None = None


class Channels:
    """The channels of a network that Keras built as a graph; nothing is known of others.

    Attributes:
        seen: id of a layer with weights -> the parts of the channels that it gets.
        pixels: ids of dense layers whose outputs become the pixels of a map.
    """

    def __init__(self, network: keras.Model):
        self.seen: dict[int, Parts] = {}
        self.pixels: set[int] = set()
        tensors: dict[int, Seen] = {}
        for operation in getattr(network, "operations", []):
            outputs = keras.tree.flatten(operation.output)
            if isinstance(operation, keras.layers.InputLayer):
                found = Seen(outputs[0].shape[-1:])
            else:
                inputs = keras.tree.flatten(operation.input)
                found = self._after(operation, [tensors.get(id(tensor), Seen(None)) for tensor in inputs], inputs, outputs[0])
            tensors |= {id(output): found for output in outputs}

    def _after(self, operation: Any, seen: list[Seen], inputs: list, output: Any) -> Seen:
        if isinstance(operation, keras.layers.Concatenate):
            whole = [found.parts or (tensor.shape[-1:] if len(tensor.shape) == 4 else None) for found, tensor in zip(seen, inputs)]
            return Seen(None if None in whole else tuple(count for parts in whole for count in parts or ()))
        if isinstance(operation, keras.Sequential):
            found = seen[0]
            for layer in operation.layers:
                found = self._after(layer, [found], [layer.input], layer.output)
            return found
        if getattr(operation, "weights", None):
            self.seen[id(operation)] = seen[0].parts
            if all(len(weight.shape) == 1 for weight in operation.weights):  # a norm
                return seen[0]
            return Seen(output.shape[-1:], operation if isinstance(operation, keras.layers.Dense) else None)
        flat = isinstance(operation, keras.layers.Flatten | keras.layers.Reshape)
        if flat and seen[0].dense:
            self.pixels.add(id(seen[0].dense))
        if not flat and seen[0].parts and sum(seen[0].parts) == output.shape[-1]:
            return seen[0]
        return Seen(output.shape[-1:] if len(output.shape) == 4 else None)
