"""Whether the program runs in a notebook, and what can be shown there."""

import importlib.util
import sys


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and "IPKernelApp" in shell.config


def has_widgets() -> bool:
    """Whether a notebook's bar can be drawn, which needs ipywidgets."""
    return importlib.util.find_spec("ipywidgets") is not None
