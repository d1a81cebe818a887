"""The heavy modules, imported when they are first used, so that settings are checked and `--help` answers without TensorFlow."""

import importlib
import types
from typing import TYPE_CHECKING


class _Lazy(types.ModuleType):
    def __getattr__(self, name: str):
        return getattr(importlib.import_module(self.__name__), name)


if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from tfgan import layers, networks, optimizers
else:
    keras, tf = _Lazy("keras"), _Lazy("tensorflow")
    layers, networks, optimizers = (_Lazy(f"tfgan.{name}") for name in ("layers", "networks", "optimizers"))

__all__ = ["keras", "layers", "networks", "optimizers", "tf"]
