"""What `--value_range` says: which values of a domain's files become -1 and 1 for the networks."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from tfgan.config.setting import Strings, as_text
from tfgan.errors import UserError

FIXED, AUTO, FULL_TYPE = "fixed", "auto", "full"
"""Where a range comes from: it is stated, found in the training images, or the whole one of an unsigned type."""

_EXAMPLES = "ct:-1024:3071, auto, ct:auto, ct:auto:1:99 (percentiles) or full"


class RangeRule(NamedTuple):
    """How one domain, or each one that no other rule names, comes to its range.

    Attributes:
        domain: the name of the domain; "": any.
        origin: one of `FIXED`, `AUTO` and `FULL_TYPE`.
        low, high: the values that become -1 and 1; for `AUTO` the percentiles, from 0 to 100, that are taken for them.
    """

    domain: str
    origin: str
    low: float
    high: float


def parse_ranges(entries: Strings) -> list[RangeRule]:
    """The rules that `--value_range` gives.

    Args:
        entries: LOW:HIGH, auto, auto:PERCENTILE:PERCENTILE or full, each with DOMAIN: before it where there are several domains.

    Raises:
        UserError: an entry is none of these, its low value is not below its high one, or a domain is named twice.
    """
    rules = [_parse(entry) for entry in entries]
    names = [rule.domain for rule in rules]
    if twice := [name or "no domain" for name in names if names.count(name) > 1]:
        raise UserError(f"--value_range names {twice[0]} twice: give one range for each.")
    return rules


def _parse(entry: str) -> RangeRule:
    words = entry.split(":")
    if words[-1] in (AUTO, FULL_TYPE):
        return RangeRule(":".join(words[:-1]), words[-1], 0.0, 100.0)
    low, high = (_number(word) for word in words[-2:]) if len(words) > 1 else (None, None)
    if low is None or high is None:
        raise UserError(f"--value_range={entry[:80]} is not a range: use LOW:HIGH with the domain's name before it, as in {_EXAMPLES}.")
    names, origin = words[:-2], FIXED
    if names[-1:] == [AUTO]:
        names, origin = names[:-1], AUTO
    if not low < high:
        raise UserError(f"--value_range={entry[:80]}: the first number must be below the second one.")
    if origin == AUTO and not 0 <= low < high <= 100:
        raise UserError(f"--value_range={entry[:80]}: percentiles are from 0 to 100, as in ct:auto:1:99.")
    return RangeRule(":".join(names), origin, low, high)


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= 1e30 else None


def rule_for(name: str, rules: Iterable[RangeRule]) -> RangeRule | None:
    """The rule for a domain: that which names it, else that which names none; None if there is neither."""
    found = {rule.domain: rule for rule in rules}
    return found.get(name) or found.get("")


def range_entry(name: str, low: float, high: float) -> str:
    """A stated range of a domain as `--value_range` has it."""
    return f"{name}:{as_text(low)}:{as_text(high)}"
