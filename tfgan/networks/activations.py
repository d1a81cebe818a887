"""What the layers of a network make of its inputs, of a network of any sort, whether it tells so itself or not."""

from collections.abc import Callable

import keras
import tensorflow as tf


def activations(network: keras.Model, run: Callable[[], object]) -> list[tf.Tensor]:
    """The outputs of a network's convolutions and dense layers, before their activation, in the order of their calls.

    Those of a single channel, such as logits, tell nothing of a place but a sign, and are left out.

    Args:
        run: calls the network once.

    Returns:
        Maps N×h×w×c float32; vectors, of dense layers, are N×1×1×c.
    """
    found: list[tf.Tensor] = []

    def recorded(call):
        def record(*arguments, **named):
            result = call(*arguments, **named)
            if result.shape[-1] > 1:
                found.append(tf.cast(result if len(result.shape) == 4 else result[:, None, None], tf.float32))
            return result

        return record

    layers = [layer for layer in network._flatten_layers(include_self=False) if hasattr(layer, "kernel")]
    for layer in layers:
        layer.call = recorded(layer.call)
    try:
        run()
    finally:
        for layer in layers:
            del layer.call  # the instance's, before the class's
    return found
