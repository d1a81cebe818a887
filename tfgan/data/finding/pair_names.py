"""Pairs two lists of names of files, as training, check and evaluate do alike, and says how.

Equal names are pairs, whatever their endings; so are names that differ in what nobody means by them: case, the form of accents, separators,
zeros before numbers. Where that pairs nothing, a constant beginning or ending on one side or both is looked for, as in 1_photo and 1_seg.
"""

import os
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from tfgan.data.reading.formats import is_picture
from tfgan.errors import UserError

EQUAL = "equal"
"""The value of --pair_names by which only equal names are pairs."""

EQUALLY = "by name"
"""What `Matched.words` are where all names of pairs are equal."""

SAMPLED = 8  # names for whose constant parts partners are looked for among all others
TRIED = 16  # constant parts that are tried on all names
FEWEST = 2  # pairs from which a constant part can be told
BELIEVED = 0.5  # share of the shorter list that a constant part must pair, and share of its pairs from which another one is a rival

Keys = Sequence[Callable[[str], str | None]]


class Pattern(NamedTuple):
    """What stands before and behind the part of a name that both files of a pair share; the folder is part of what they share."""

    before: str
    behind: str

    def __str__(self) -> str:
        return f"{self.before}{{}}{self.behind}"

    def shared(self, name: str) -> str | None:
        """The part of a name, a path without its ending, that is shared; None for a name that the pattern does not fit."""
        folder, base = os.path.split(name)
        part = base[len(self.before) : len(base) - len(self.behind)]
        return os.path.join(folder, part) if part and self.before + part + self.behind == base else None

    def filled(self, shared: str) -> str:
        """The name of which `shared` is the shared part."""
        folder, part = os.path.split(shared)
        return os.path.join(folder, f"{self.before}{part}{self.behind}")


Alone = dict[str, str | None]
"""Name without a partner -> what the partner would be called, without its ending; "" where several are called so; None where the name has
another form than those of the pairs."""


class Matched(NamedTuple):
    """The pairs among two lists of names, and what is to be said of them."""

    pairs: list[tuple[str, str]]  # in the order of the first list
    alone: tuple[Alone, Alone]  # of each list
    words: str  # how the pairs were found, as a clause: "by name"
    patterns: tuple[str, ...] = ()  # the value of --pair_names that finds the same; () for equal names
    rivals: tuple[tuple[str, ...], ...] = ()  # values of --pair_names each of which finds pairs, where none was chosen


def match_names(first: Sequence[str], second: Sequence[str], given: Sequence[str] = ()) -> Matched:
    """The pairs among two lists of names, found in the same way whatever asks for them.

    Args:
        first: paths of files inside their folder, with /, each once.
        second: those of the other side.
        given: the setting --pair_names: two patterns, such as "{}_photo" and "{}_seg", or "equal", or nothing.

    Raises:
        UserError: `given` is none of these.
    """
    patterns = parse_patterns(given)
    if patterns:
        return _by_patterns(first, second, patterns)
    equal = Matched(*_by_key(first, second, (stem, stem)), EQUALLY)
    if given or not (equal.alone[0] and equal.alone[1]):
        return equal
    alike = _alike(first, second, equal)
    if not (alike.alone[0] and alike.alone[1]):
        return alike
    found = _by_constant_parts(first, second)
    return found if len(found.pairs) > len(alike.pairs) or (found.rivals and not alike.pairs) else alike


def parse_patterns(given: Sequence[str]) -> tuple[str, str] | None:
    """The two patterns that the setting --pair_names holds; None for nothing and for "equal".

    Raises:
        UserError: it is anything else.
    """
    if not given or tuple(given) == (EQUAL,):
        return None
    if len(given) != 2 or any(pattern.count("{}") != 1 or "/" in pattern for pattern in given):
        raise UserError(
            f"--pair_names={','.join(given)} must be two patterns of names, for A and B, with {{}} for what both share, such as "
            f"'{{}}_leftImg8bit,{{}}_gtFine_labelIds'; or {EQUAL}."
        )
    return given[0], given[1]


def stem(name: str) -> str:
    """A path without the ending of its file."""
    folder, base = os.path.split(name)
    return os.path.join(folder, os.path.splitext(base)[0])


def said_alike(name: str) -> str:
    """A name as people say it: without endings of pictures, with one case, separator and form of accents, without leading zeros."""
    while is_picture(name) and stem(name) != name:
        name = stem(name)
    text = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"\d+", lambda found: found[0].lstrip("0") or "0", re.sub(r"[\s_.-]+", "_", text))


def _by_key(first, second, keys: Keys, names: Keys = (str, str)) -> tuple[list[tuple[str, str]], tuple[Alone, Alone]]:
    """The pairs of names whose keys are equal, and are those of one name alone on each side; and the others.

    Args:
        keys: for each side, the function from a name to its key, which is None for a name that has no partner.
        names: for each side, the function from a key to the name that has it.
    """
    keyed = [{name: key(name) for name in side} for side, key in zip((first, second), keys)]
    by_key: list[dict[str, list[str]]] = [defaultdict(list), defaultdict(list)]
    for side, found in zip(by_key, keyed):
        for name, key in found.items():
            if key is not None:
                side[key].append(name)
    pairs = [(own[0], by_key[1][key][0]) for key, own in by_key[0].items() if len(own) == len(by_key[1].get(key, ())) == 1]
    paired = [{pair[side] for pair in pairs} for side in (0, 1)]

    def alone(side: int) -> Alone:
        other = 1 - side
        return {
            name: None if key is None else "" if by_key[other].get(key) else names[other](key)
            for name, key in keyed[side].items()
            if name not in paired[side]
        }

    return pairs, (alone(0), alone(1))


def _alike(first, second, equal: Matched) -> Matched:
    """The equal names, and of the others those that are said alike, if no other name of either side is said so."""
    counts = [Counter(map(said_alike, names)) for names in (first, second)]
    left = [[name for name in side if counts[0][said_alike(name)] == counts[1][said_alike(name)] == 1] for side in equal.alone]
    more = dict(_by_key(left[0], left[1], (said_alike, said_alike))[0])
    if not more:
        return equal
    partners = dict(equal.pairs) | more
    pairs = [(name, partners[name]) for name in first if name in partners]
    others = set(more.values())
    alone = tuple({name: why for name, why in side.items() if name not in gone} for side, gone in zip(equal.alone, (more, others)))
    example = next(iter(more.items()))
    words = f"by name, {len(more):,} of them but for case, separators or leading zeros, such as {example[0]} and {example[1]}"
    return Matched(pairs, (alone[0], alone[1]), words)


def _by_patterns(first, second, given: tuple[str, str]) -> Matched:
    """The pairs that two patterns find, which may be given in the other order: which side is A is no matter of names."""
    keys, names = zip(*map(_reader, given))
    pairs, alone = _by_key(first, second, keys, names)
    if not pairs and _by_key(first, second, keys[::-1])[0]:
        return _by_patterns(first, second, (given[1], given[0]))
    return Matched(pairs, alone, f"by {given[0]} and {given[1]}", given)


def _reader(pattern: str) -> tuple[Callable[[str], str | None], Callable[[str], str]]:
    """The function from a name to what it shares with its partner, and the way back.

    Patterns are of the files' own names, without endings, unless they end as pictures do.
    """
    form, whole = Pattern(*pattern.split("{}")), is_picture(pattern)

    def filled(part: str) -> str:
        return stem(form.filled(part)) if whole else form.filled(part)

    return (lambda name: form.shared(name if whole else stem(name))), filled


def _by_constant_parts(first, second) -> Matched:
    """The pairs by a constant beginning or ending of the names of one side or both, if one explains most names and no other as many."""
    found = []
    for patterns in _constant_parts(list(map(stem, first)), list(map(stem, second))):
        keys, names = tuple(map(_whole, patterns)), tuple(pattern.filled for pattern in patterns)
        pairs, alone = _by_key(first, second, keys, names)
        if len(pairs) >= max(FEWEST, BELIEVED * min(len(first), len(second))):
            value = tuple(map(str, patterns))
            found.append(Matched(pairs, alone, f"by {patterns[0]} and {patterns[1]}, where {{}} is what both names share", value))
    found.sort(key=lambda matched: -len(matched.pairs))  # which keeps the order of equals
    if not found:
        return Matched([], (dict.fromkeys(first), dict.fromkeys(second)), "")
    best = found[0]
    rivals = [other for other in found[1:] if len(other.pairs) >= BELIEVED * len(best.pairs) and _contradict(best.pairs, other.pairs)]
    if not rivals:
        return best
    values = tuple(matched.patterns for matched in (best, *rivals))
    return Matched([], (dict.fromkeys(first), dict.fromkeys(second)), "", rivals=values)


def _contradict(pairs: list[tuple[str, str]], others: list[tuple[str, str]]) -> bool:
    """Whether two ways to pair names give any of them different partners."""
    partners = dict(pairs), {second: first for first, second in pairs}
    return any(partners[0].get(a, b) != b or partners[1].get(b, a) != a for a, b in others)


def _whole(pattern: Pattern) -> Callable[[str], str | None]:
    """The function from a name to its shared part, which is not cut out of the middle of a number: 1 is no part of mask_11."""

    def key(name: str) -> str | None:
        part = pattern.shared(stem(name))
        base = os.path.basename(part or "")
        cut = (pattern.before[-1:].isdigit() and base[:1].isdigit()) or (pattern.behind[:1].isdigit() and base[-1:].isdigit())
        return None if cut or not any(map(str.isalnum, base)) else part

    return key


def _constant_parts(first: list[str], second: list[str]) -> Iterator[tuple[Pattern, Pattern]]:
    """Pairs of patterns that may explain the names, the likeliest first: those that some names of the shorter list have in common."""
    swapped = len(first) > len(second)
    few, many = (second, first) if swapped else (first, second)
    by_folder = defaultdict(list)
    for name in many:
        by_folder[os.path.dirname(name)].append(os.path.basename(name))
    votes: Counter = Counter()
    for name in few[:: max(1, len(few) // SAMPLED)]:
        base = os.path.basename(name)
        votes.update(dict.fromkeys(parts for other in by_folder[os.path.dirname(name)] for parts in parts_shared(base, other)).keys())
    both = _common_ends(few), _common_ends(many)
    ranked = sorted(votes.items(), key=lambda entry: (-entry[1], entry[0]))
    found = [parts for parts, count in ranked[:TRIED] if count >= FEWEST]
    if both[0] != both[1] and both not in found:
        found.append(both)
    yield from ((b, a) if swapped else (a, b) for a, b in found)


def parts_shared(one: str, other: str) -> Iterator[tuple[Pattern, Pattern]]:
    """The patterns by which two names, without folders, share their begin or their end."""
    begin = _at_a_boundary(one, other)
    if begin:
        yield Pattern("", one[len(begin) :]), Pattern("", other[len(begin) :])
    end = _at_a_boundary(one[::-1], other[::-1])
    if end:
        yield Pattern(one[: len(one) - len(end)], ""), Pattern(other[: len(other) - len(end)], "")


def _at_a_boundary(one: str, other: str) -> str:
    """What two names begin with alike, no word or number of both being cut; "" if that is nothing."""
    common = os.path.commonprefix([one, other])
    rest, rest_of_other = one[len(common) :], other[len(common) :]
    if rest[:1].isalpha() and rest_of_other[:1].isalpha():
        common = common.rstrip("".join(filter(str.isalpha, set(common))))
    elif common[-1:].isdigit() and (rest[:1].isdigit() or rest_of_other[:1].isdigit()):
        return ""
    return re.sub(r"[\W_]+$", "", common) if rest and rest_of_other else common


def _common_ends(names: Iterable[str]) -> Pattern:
    """What all names, without folders, begin and end with, no number being cut."""
    bases = [os.path.basename(name) for name in names]
    before = os.path.commonprefix(bases).rstrip("0123456789")
    behind = os.path.commonprefix([base[len(before) :][::-1] for base in bases])[::-1].lstrip("0123456789")
    return Pattern(before, behind)
