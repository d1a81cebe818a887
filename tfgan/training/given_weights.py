"""The checkpoint of a run whose weights come from elsewhere: no training made it, and none goes on from it."""

from pathlib import Path

import tensorflow as tf

from tfgan.methods.base import Method
from tfgan.training.kept import names_in
from tfgan.training.manifest import Manifest, sums_on_disk, write_state

NAME = "ckpt-0"


def save_weights(folder: Path, method: Method):
    """Writes the networks, averages and state of `method` as the checkpoint of step 0 in RUN/checkpoints, without optimizers.

    Raises:
        OSError or tf.errors.OpError: it cannot be written.
    """
    folder.mkdir()
    checkpoint = tf.train.Checkpoint(
        networks=method.networks, averages=method.ema, state=method.state, step=tf.Variable(0, dtype=tf.int64, trainable=False)
    )
    checkpoint.write(str(folder / NAME))
    Manifest({NAME: sums_on_disk(path for _, path in names_in(folder))}).write(folder)
    write_state(folder, [NAME])
