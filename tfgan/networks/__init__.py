"""Network builders: functions of sizes and widths that return Keras models. Each module is imported when it is asked for."""

import importlib


def __getattr__(name: str):
    try:
        return importlib.import_module(f"tfgan.networks.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"tfgan.networks.{name}":
            raise
        raise AttributeError(f"module 'tfgan.networks' has no attribute {name!r}") from None
