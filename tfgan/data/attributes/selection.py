"""Selects which attributes of one or several sets are learned, and says which of them exclude each other."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import NamedTuple

from tfgan.config import Strings
from tfgan.errors import UserError, did_you_mean


class Selection(NamedTuple):
    """The attributes that are learned of one set, and those that exclude each other."""

    names: Strings
    groups: tuple[Strings, ...]  # attributes that exclude each other


def select(sets: list[Mapping[str, Strings]], wanted: Strings, grouped: Strings) -> list[Selection]:
    """The attributes that are learned of each set, in the order of the sets.

    Args:
        sets: column -> its attributes, for each set; those of one column exclude each other.
        wanted: attributes in order, or columns, which stand for all of theirs; empty: all.
        grouped: attributes that exclude each other, joined by +; they replace the groups of columns that share a name with them.

    Raises:
        UserError: a name is unknown, or is in two sets or groups; nothing of a set is wanted.
    """
    known = dict.fromkeys(name for columns in sets for column, names in columns.items() for name in (column, *names))
    for name in wanted:
        if name not in known:
            raise UserError(f"--attributes: there is no attribute {name!r}.{did_you_mean(name, known)} There are: {', '.join(known)}.")
    chosen = [_chosen(columns, wanted) for columns in sets]
    for number, names in enumerate(chosen, 1):
        if not names:
            raise UserError(f"--attributes={','.join(wanted)} names no attribute of data set {number} of {len(sets)}")
        if twice := _repeated(names):
            raise UserError(f"the attribute {twice!r} is named twice, in --attributes or in the columns of a set")
    if twice := _repeated(chain(*chosen)):
        raise UserError(f"two data sets have an attribute {twice!r}: rename it in one, or leave it out by naming others in --attributes")

    stated = [tuple(group.split("+")) for group in grouped]
    _check_groups(stated, chosen)
    taken = set(chain(*stated))
    selections = []
    for columns, names in zip(sets, chosen):
        own = [tuple(name for name in names if name in members) for members in columns.values()]
        own = [group for group in own if len(group) > 1 and not taken & set(group)]
        selections.append(Selection(names, (*own, *(group for group in stated if group[0] in names))))
    return selections


def _chosen(columns: Mapping[str, Strings], wanted: Strings) -> Strings:
    names = set(chain(*columns.values()))
    return tuple(chain(*((name,) if name in names else columns.get(name, ()) for name in wanted or columns)))


def _repeated(names: Iterable[str]) -> str | None:
    """The first name that comes twice, or None."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _check_groups(groups: list[Strings], sets: list[Strings]):
    learned = list(chain(*sets))
    for name in chain(*groups):
        if name not in learned:
            hint = did_you_mean(name, learned)
            raise UserError(f"--attribute_groups: {name!r} is not among the learned attributes.{hint} There are: {', '.join(learned)}.")
    if twice := _repeated(chain(*groups)):
        raise UserError(f"--attribute_groups: {twice!r} is named twice; an attribute belongs to one group at most")
    for group in groups:
        if len(group) < 2:
            raise UserError(f"--attribute_groups: {group[0]} alone is not a group; join names by +, as in Black_Hair+Blond_Hair")
        if not any(set(group) <= set(names) for names in sets):
            raise UserError(f"--attribute_groups: {'+'.join(group)} joins attributes of different data sets")
