"""The functions and the class that `import tfgan` gives beside its layers, losses and networks: training, runs, evaluation and checks."""

from tfgan.api import hub
from tfgan.api.data import check, list_datasets, list_methods, list_recipes, open_dataset
from tfgan.api.importing import import_weights
from tfgan.api.run import Run, evaluate, load
from tfgan.api.serving import serve
from tfgan.api.sweeping import sweep
from tfgan.api.training import train

__all__ = [
    "Run",
    "check",
    "evaluate",
    "hub",
    "import_weights",
    "list_datasets",
    "list_methods",
    "list_recipes",
    "load",
    "open_dataset",
    "serve",
    "sweep",
    "train",
]
