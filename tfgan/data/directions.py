"""The two sides of a data set, A and B, the names of their domains, and which becomes which."""

import re
from collections.abc import Iterable

from tfgan.data.source import Source
from tfgan.errors import UserError


def side_names(sources: Iterable[Source]) -> dict[str, str]:
    """Side, A or B -> name of its domain."""
    return {side: domain.name for source in sources for side, domain in sorted(source.domains.items())}


def parse_direction(direction: str, a: str, b: str) -> tuple[str, str]:
    """("A", "B") or ("B", "A") for `direction`: AtoB, BtoA, or the domains' names `a` and `b` joined by _to_, -to-, to, 2 or ->.

    Raises:
        UserError: it is none of these.
    """
    for source, target, names in (("A", "B", (a, b)), ("B", "A", (b, a))):
        joined = "(_to_|-to-|to|2|->)".join(map(re.escape, names))
        if direction == f"{source}to{target}" or re.fullmatch(joined, direction, re.IGNORECASE):
            return source, target
    raise UserError(f"--direction={direction} is neither AtoB nor BtoA, nor {a}_to_{b} or {b}_to_{a} (A is {a!r}, B is {b!r}).")
