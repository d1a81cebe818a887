"""What training shows in a notebook: a bar under the cell, and the newest sample picture, which takes the place of the one before."""

import importlib.util
import sys

from tfgan.training.callbacks import Callback


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and "IPKernelApp" in shell.config


def has_widgets() -> bool:
    """Whether a notebook's bar can be drawn, which needs ipywidgets."""
    return importlib.util.find_spec("ipywidgets") is not None


class NewestPicture(Callback):
    """Shows each sample picture in the place of the one before."""

    def __init__(self):
        self._handle = None

    def on_samples(self, trainer, step, made) -> dict[str, float]:
        from IPython.display import display
        from PIL import Image

        picture = Image.fromarray(made.picture)
        if self._handle is None:
            self._handle = display(picture, display_id=True)
        else:
            self._handle.update(picture)
        return {}
