"""The forms of layers that exports have: equal results, in what other runtimes take."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import InstanceNorm, NearestDoubling, tuned_function


def operations(layer, shape):
    return tf.function(layer, input_signature=[tf.TensorSpec(shape)]).get_concrete_function().graph.get_operations()


@pytest.mark.parametrize("layer", [InstanceNorm(), NearestDoubling()])
def test_they_are_what_graphics_processors_run(layer):
    """LiteRT.js by WebGPU refuses more than four dimensions, and is ended by what becomes of a fused norm of one image."""
    for shape in ((1, 4, 6, 3), (None, None, None, 3)):
        found = operations(layer, shape)
        assert max(output.shape.rank or 0 for operation in found for output in operation.outputs) == 4
        assert not [operation.type for operation in found if operation.type.startswith("FusedBatchNorm")]


def test_nearest_doubling():
    layer, x = NearestDoubling(), np.random.default_rng(0).normal(size=(2, 3, 4, 2)).astype(np.float32)
    for own in (layer, tuned_function(layer)):
        np.testing.assert_array_equal(own(x), x.repeat(2, axis=1).repeat(2, axis=2))
        given = tf.constant(x)
        with tf.GradientTape() as outer:
            outer.watch(given)
            with tf.GradientTape() as tape:
                tape.watch(given)
                cubes = tf.reduce_sum(own(given) ** 3)
            first = tape.gradient(cubes, given)
        np.testing.assert_allclose(first, 12.0 * x**2, rtol=1e-5)
        np.testing.assert_allclose(outer.gradient(first, given), 24.0 * x, rtol=1e-5)
    assert layer.compute_output_shape((None, None, 5, 2)) == (None, None, 10, 2)
    with_xla = tf.function(lambda x: tf.gradients(tf.reduce_sum(layer(x) * 3.0), x)[0], jit_compile=True)
    np.testing.assert_array_equal(with_xla(tf.constant(x)), np.full_like(x, 12.0))
