"""Pairs the names of files that lie in one folder, as 1.png and 1_mask.png do: which of them are pairs of two, and by which patterns."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tfgan.data.finding.pair_names import FEWEST, TRIED, match_names, parts_shared, stem
from tfgan.data.folders.splits import is_label_word

MOST = 0.9  # share of the files that are in pairs by one pair of patterns, from which the folder may be one of pairs
SAMPLED, NEAR = 16, 4  # names that are compared with the next ones in the order of their beginnings, and of their ends

Names = tuple[str, str]


class Within(NamedTuple):
    """Pairs among the names of one folder."""

    pairs: list[Names]  # A and B, in the order of the names
    patterns: Names  # the value of --pair_names that finds them
    alone: dict[str, str | None]  # name without a partner -> what that would be called, without its ending; "" where several are called so
    others: list[str]  # names that fit neither pattern

    @property
    def labeled(self) -> bool:
        """Whether the names of B, and not those of A, speak of label maps."""
        return [is_label_word(pattern) for pattern in self.patterns] == [False, True]

    @property
    def constant(self) -> list[str]:
        """What stands around the shared part, on each side."""
        return [pattern.replace("{}", "") for pattern in self.patterns]


def match_within(names: Sequence[str], patterns: Names) -> Within:
    """The pairs among names of one folder by two patterns; a name that would belong to two pairs is in none."""
    matched = match_names(names, names, patterns)
    often = Counter(name for pair in matched.pairs for name in pair)
    pairs = [pair for pair in matched.pairs if often[pair[0]] == often[pair[1]] == 1]
    paired = {name for pair in pairs for name in pair}
    left = [name for name in names if name not in paired]
    partners = {name: [side[name] for side in matched.alone[::-1] if side.get(name) is not None] for name in left}
    alone = {name: (["", *found] if often[name] else found)[0] for name, found in partners.items() if found or often[name]}
    return Within(pairs, patterns, alone, [name for name in left if name not in alone])


def find_within(names: Sequence[str]) -> list[Within]:
    """The ways in which nearly all names of a folder are pairs of two, each with A before B: label maps are B, and so is X_seg beside X."""
    found = []
    for patterns in _candidates(names):
        within = match_within(names, patterns)
        if len(within.pairs) >= FEWEST and 2 * len(within.pairs) >= MOST * len(names):
            found.append(within)
    return found


def _candidates(names: Sequence[str]) -> Iterator[Names]:
    """Pairs of patterns that may explain the names, the likeliest first."""
    endings = Counter(os.path.splitext(name)[1] for name in names)
    stems = {os.path.split(stem(name)) for name in names}
    if len(endings) == 2 and len(stems) <= len(names) * (1 - MOST / 2):
        yield _ordered(*(f"{{}}{ending}" for ending in endings))
    votes: Counter[Names] = Counter()
    for way in (1, -1):  # so that names that begin or end alike are neighbors
        ordered = sorted((folder, base[::way]) for folder, base in stems)
        for at in range(0, len(ordered), max(1, len(ordered) // SAMPLED)):
            folder, base = ordered[at]
            near = [other[::way] for place, other in ordered[at + 1 : at + 1 + NEAR] if place == folder]
            votes.update({patterns for other in near for patterns in _shared(base[::way], other)})
    yield from (patterns for patterns, count in votes.most_common(TRIED) if count >= FEWEST)


def _shared(one: str, other: str) -> Iterator[Names]:
    """The patterns by which two names, without folders and endings, would be a pair."""
    for patterns in parts_shared(one, other):
        first, second = map(str, patterns)
        if first != second and first.count("{}") == second.count("{}") == 1:
            yield _ordered(first, second)


def _ordered(first: str, second: str) -> Names:
    """Two patterns as those of A and B."""
    a, b = sorted((first, second), key=lambda pattern: (is_label_word(pattern), pattern != "{}", pattern))
    return a, b
