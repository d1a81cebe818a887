"""A TPU that is not there is one line."""

import pytest
import tensorflow as tf

from tfgan.errors import UserError
from tfgan.training.strategy import make_strategy


def test_a_tpu_that_is_not_there_is_said(monkeypatch):
    def missing(tpu):
        raise OSError("Name or service not known\nmore")

    monkeypatch.setattr(tf.distribute.cluster_resolver, "TPUClusterResolver", missing)
    with pytest.raises(UserError, match="^--tpu=nope cannot be used: Name or service not known. Without --tpu, GPUs or the CPU train.$"):
        make_strategy(1, tpu="nope")
