"""Network builders: functions of sizes and widths that return Keras models.

Importing this package imports all its modules, which registers their layers, so that ``keras.saving.load_model`` loads what was saved of
any run's networks.
"""

import importlib
import pkgutil
from types import ModuleType

__all__ = [module.name for module in pkgutil.iter_modules(__path__)]

for _name in __all__:
    importlib.import_module(f"{__name__}.{_name}")


def __getattr__(name: str) -> ModuleType:
    """Tells type checkers that attributes are modules; all that exist are here by now."""
    raise AttributeError(f"{__name__} has no module {name!r}")
