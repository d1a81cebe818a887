"""Maps of classes and instances in one number, and the edges between instances, by hand."""

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from tfgan.instances import MOST, classes_of, edges, instances_of, packed


def test_edges_of_a_map_drawn_by_hand():
    """Three instances, one of a single pixel; the border of the image is no edge."""
    instances = [
        [5, 5, 5, 5, 9],
        [5, 5, 5, 5, 9],
        [5, 5, 7, 5, 5],
        [5, 5, 5, 5, 5],
    ]
    expected = [
        [0, 0, 0, 1, 1],
        [0, 0, 1, 1, 1],
        [0, 1, 1, 1, 1],
        [0, 0, 1, 0, 0],
    ]
    found = edges(np.array([instances, np.zeros_like(instances)], np.int32))
    assert found.dtype == tf.float32 and found[0].numpy().tolist() == expected and not np.any(found[1])


def test_edges_are_those_of_the_authors_rule():
    """Each pair of neighbors that differ marks both, written as four assignments as in their code."""
    t = np.random.default_rng(0).integers(0, 3, (2, 9, 7))
    edge = np.zeros(t.shape, bool)
    edge[:, :, 1:] |= t[:, :, 1:] != t[:, :, :-1]
    edge[:, :, :-1] |= t[:, :, 1:] != t[:, :, :-1]
    edge[:, 1:] |= t[:, 1:] != t[:, :-1]
    edge[:, :-1] |= t[:, 1:] != t[:, :-1]
    np.testing.assert_array_equal(edges(t), edge)


@given(st.integers(-1, 254), st.integers(0, MOST))
def test_one_number_holds_both(label, instance):
    both = packed(np.int32(label), np.int32(instance))
    assert (classes_of(both), instances_of(both)) == (label, instance)
    assert np.float32(both) == both and packed(label, 0) == label


def test_tensors_are_taken_apart_like_arrays():
    both = np.array([[-1, 3, packed(-1, 7), packed(254, MOST)]], np.int32)
    for take in (classes_of, instances_of):
        np.testing.assert_array_equal(take(tf.constant(both)), take(both))
