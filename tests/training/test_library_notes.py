"""What TensorFlow says in a notebook of devices and of folders that tfgan renames is left out, and nothing else."""

import logging

import pytest
import tensorflow as tf

from tfgan.inference import export
from tfgan.training import strategy


def is_shown(text):
    return bool(tf.get_logger().filter(logging.LogRecord("tensorflow", logging.INFO, "", 0, text, (), None)))


@pytest.mark.parametrize("text", ["Using MirroredStrategy with devices %r", "Assets written to: %s"])
def test_notes_that_tfgan_gives_itself_are_left_out(text):
    assert export and strategy and not is_shown(text)


def test_others_are_shown():
    assert is_shown("Gradients do not exist for variables %s")
