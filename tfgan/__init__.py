"""tfgan: image-to-image translation and conditional GANs for TensorFlow and Keras.

    run = tfgan.train("pix2pix", data_dir="facades", direction="labels_to_photo", epochs=8)
    photo = run.translate(labels)

Importing this package imports nothing else, so that ``tfgan --help`` answers at once; each name is imported when it is asked for.
"""

import importlib

__version__ = "0.1.0"

_HOMES = {
    **dict.fromkeys(
        (
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
        ),
        "api",
    ),
    **dict.fromkeys(("OutputError", "TrainingFailed", "UserError"), "errors"),
}
"""Public name -> the module that defines it."""
_MODULES = ("augmentation", "layers", "losses", "methods", "networks", "optimizers")

__all__ = [*sorted([*_HOMES, *_MODULES]), "__version__"]


def __getattr__(name: str):
    if name in _HOMES:
        return getattr(importlib.import_module(f"tfgan.{_HOMES[name]}"), name)
    if name in _MODULES:
        return importlib.import_module(f"tfgan.{name}")
    raise AttributeError(f"module 'tfgan' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
