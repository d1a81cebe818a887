"""The optional packages of tfgan, which pyproject.toml lists as extras."""

from collections.abc import Iterable
from importlib.util import find_spec

from tfgan.errors import UserError


def require(what: str, modules: Iterable[str], extra: str):
    """Raises `UserError`, which says how to install them, if modules that something needs are not there; none is imported.

    Args:
        what: needs them, as the message begins, such as "tfgan serve".
        modules: their names in Python.
        extra: of tfgan that brings them, such as "serve".
    """
    if missing := [name for name in modules if not find_spec(name)]:
        raise UserError(f'{what} needs {" and ".join(missing)}: pip install "tfgan[{extra}]"')
