"""Names the domains of the two sides of a data set, A and B, and tells which becomes which."""

import re
from collections.abc import Iterable

from tfgan.data.source import Source
from tfgan.errors import UserError


def side_names(sources: Iterable[Source]) -> dict[str, str]:
    """The side, "A" or "B", of each domain of `sources` -> the name of that domain."""
    return {side: domain.name for source in sources for side, domain in sorted(source.domains.items())}


def parse_direction(direction: str, a: str, b: str) -> tuple[str, str]:
    """The sides of the source and of the target: ("A", "B") or ("B", "A").

    Args:
        direction: AtoB, BtoA, or the names of both domains, in any case, joined by _to_, -to-, to, 2 or ->: labels_to_photo.
        a: name of the domain of A.
        b: name of the domain of B.

    Raises:
        UserError: the direction is none of these.
    """
    for source, target, names in (("A", "B", (a, b)), ("B", "A", (b, a))):
        joined = "(_to_|-to-|to|2|->)".join(map(re.escape, names))
        if direction == f"{source}to{target}" or re.fullmatch(joined, direction, re.IGNORECASE):
            return source, target
    raise UserError(f"--direction={direction} is neither AtoB nor BtoA, nor {a}_to_{b} or {b}_to_{a} (A is {a!r}, B is {b!r}).")
