"""Imported by a process of which others are forked: all that a training imports, and none of TensorFlow's own threads yet."""

from tfgan.runs.start import start_tensorflow

start_tensorflow()

import tfgan.cli.train  # noqa: E402  after TensorFlow, which has just been started without noise
import tfgan.runs.training.train  # noqa: E402, F401
