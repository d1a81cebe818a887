"""How far the training of a network that measures has come."""

import keras

from tfgan.terminal import Waiting


class Steps(keras.callbacks.Callback):
    """Shows the steps of `keras.Model.fit` as they are done, and how long the others will take.

    Args:
        what: the training in words, as a sentence begins.
        total: its steps.
    """

    def __init__(self, what: str, total: int):
        super().__init__()
        self._shown = Waiting(what, total)

    def on_train_batch_end(self, batch, logs=None):
        self._shown.advance()

    def __enter__(self) -> "Steps":
        return self

    def __exit__(self, *error):
        self._shown.__exit__(*error)
