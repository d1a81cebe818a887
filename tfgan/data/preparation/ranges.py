"""Gives each domain its range: the values of its files that become -1 and 1, as they are stated or found in the training images."""

import dataclasses
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from tfgan.config import DataConfig, Domain, shell_flag
from tfgan.config.ranges import AUTO, FIXED, FULL_TYPE, RangeRule, parse_ranges, range_entry, rule_for
from tfgan.data.reading.memory import budget
from tfgan.data.source import Source, View
from tfgan.errors import ReadFailed, UnreadableImage, UserError, did_you_mean
from tfgan.terminal import waiting

logger = logging.getLogger(__name__)

FULL = ("uint8", "uint16")
"""Types whose whole range is taken where none is said."""

PER_IMAGE = 4096  # values of an image, evenly spaced, by which percentiles are found

Pair = tuple[float, float]


class RangeNeeded(UserError):
    """Training needs to be told the range of a domain's values."""


class Ranged(View):
    """A source whose domains have got their ranges; examples hold the files' own values."""

    def __init__(self, inner: Source, domains: Mapping[str, Domain]):
        super().__init__(inner, domains)
        self.class_names, self.label_side = inner.class_names, inner.label_side
        self.attribute_names, self.attribute_groups, self.attribute_sets = (
            inner.attribute_names,
            inner.attribute_groups,
            inner.attribute_sets,
        )

    def load(self, index: int) -> dict[str, np.ndarray]:
        return self.inner.load(index)


def with_ranges(splits: Mapping[str, list[Source]], settings: DataConfig) -> dict[str, list[Source]]:
    """The sources with the range of each domain: stated, found in the training images, or the whole one of its unsigned type.

    They also know which of their bands pictures show.

    Args:
        splits: split -> its sources.
        settings: of these, value_range and show_bands are used.

    Raises:
        UserError: a rule for a domain that there is not, or for a map of classes; a domain of signed numbers, floats or 32 bits that no
            rule speaks of; training images of one value alone.
    """
    rules = parse_ranges(settings.value_range)
    domains = {domain.name: domain for source in splits["train"] for domain in source.domains.values()}
    _refuse_unknown(rules, domains)
    wanted = {part.name: rule_for(part.name, rules) for domain in domains.values() for part, _ in domain.pieces()}
    _require_rules(domains, wanted)
    seen = _search(splits["train"], {name: rule for name, rule in wanted.items() if rule and rule.origin == AUTO})
    shown = tuple(int(band) - 1 for band in settings.show_bands)
    ranged = {name: _showing(_ranged(domain, wanted, seen), shown) for name, domain in domains.items()}
    if all(_same(ranged[name], domain) for name, domain in domains.items()):
        return dict(splits)
    return {
        split: [Ranged(source, {key: ranged[domain.name] for key, domain in source.domains.items()}) for source in sources]
        for split, sources in splits.items()
    }


def stated(settings: DataConfig, domains: Mapping[str, Domain]) -> DataConfig:
    """The settings with each range that was found written out as a stated one, so that no later command finds another one.

    Args:
        domains: batch key -> domain, with its range.
    """
    rules, entries = parse_ranges(settings.value_range), []
    for entry, rule in zip(settings.value_range, rules):
        if rule.origin != AUTO:
            entries.append(entry)
            continue
        for domain in domains.values():
            for part, channels in domain.pieces():
                if domain.value_range and rule_for(part.name, rules) == rule:
                    entries.append(range_entry(part.name, *range_of(domain, channels.start)))
    return settings.unchecked(value_range=tuple(dict.fromkeys(entries)))


def range_of(domain: Domain, channel: int = 0) -> Pair:
    """The values of a domain's files that are -1 and 1 for the networks, of one of its channels."""
    if domain.value_range:
        return domain.value_range[channel if len(domain.value_range) > 1 else 0]
    return _whole(domain.dtype)


def _whole(dtype: str) -> Pair:
    limits = np.iinfo(dtype)
    return float(limits.min), float(limits.max)


def _refuse_unknown(rules: list[RangeRule], domains: Mapping[str, Domain]):
    names = [part.name for domain in domains.values() for part, _ in domain.pieces()]
    for rule in rules:
        if rule.domain and rule.domain not in names:
            raise UserError(
                f"--value_range: there is no domain {rule.domain!r}.{did_you_mean(rule.domain, names)} There are: {', '.join(names)}."
            )
        if rule.domain in domains and domains[rule.domain].classes:
            raise UserError(f"--value_range: {rule.domain} is a label map, whose values are classes: leave its range out.")


def _require_rules(domains: Mapping[str, Domain], wanted: Mapping[str, RangeRule | None]):
    """Raises `RangeNeeded` for domains whose type has no whole range that makes sense, and of which no rule speaks."""
    parts = [part for domain in domains.values() if not (domain.classes or domain.value_range) for part, _ in domain.pieces()]
    open_ = {part.name: part.dtype for part in parts if wanted[part.name] is None and part.dtype not in FULL}
    if open_:
        values = " and ".join(f"{name} has {dtype} values" for name, dtype in open_.items())
        stated, found = (shell_flag("value_range", tuple(f"{name}:{end}" for name in open_)) for end in ("LOW:HIGH", "auto"))
        raise RangeNeeded(
            f"{values}: say which values are the lowest and the highest that there are, {stated} (CT in Hounsfield units: -1024:3071), or "
            f"let them be found in the training images, {found}."
        )


def _ranged(domain: Domain, wanted: Mapping[str, RangeRule | None], seen: Mapping[str, Pair]) -> Domain:
    """The domain with its range, which is empty where it is the whole one of an unsigned type of 8 or 16 bits."""
    if domain.classes or (domain.value_range and not any(wanted[part.name] for part, _ in domain.pieces())):
        return domain  # the set's own range
    found: list[Pair] = []
    for part, _ in domain.pieces():
        pair = _pair(part.name, part.dtype, wanted[part.name], seen)
        found += [pair] * part.channels
        if domain.channels in (2, 4) and not domain.bands:
            found[-1] = _whole(part.dtype)  # of transparency
    if domain.dtype in FULL and all(pair == _whole(domain.dtype) for pair in found):
        return domain
    return dataclasses.replace(domain, value_range=(found[0],) if len(set(found)) == 1 else tuple(found))


def _showing(domain: Domain, shown: tuple[int, ...]) -> Domain:
    fits = domain.bands and len(shown) <= domain.channels and max(shown, default=0) < domain.channels
    return dataclasses.replace(domain, shown=shown) if shown and fits else domain


def _same(domain: Domain, other: Domain) -> bool:
    return (domain, domain.shown) == (other, other.shown)


def _pair(name: str, dtype: str, rule: RangeRule | None, seen: Mapping[str, Pair]) -> Pair:
    if rule is None or rule.origin == FULL_TYPE:
        if not dtype.startswith("uint"):
            raise UserError(
                f"--value_range={name}:full is for unsigned types, and {name} has {dtype} values: use {name}:auto, or LOW:HIGH."
            )
        return _whole(dtype)
    if rule.origin == FIXED:
        return rule.low, rule.high
    low, high = seen[name]
    if not low < high:
        raise UserError(f"--value_range={name}:auto: all training images of {name} have only the value {low:g}.")
    return low, high


def _search(sources: list[Source], rules: Mapping[str, RangeRule]) -> dict[str, Pair]:
    """The least and the largest value, or the percentiles, of each part of a domain that a rule is for, over all training images.

    Images that cannot be used are passed over here, and told when they are loaded.
    """
    found: dict[str, list[np.ndarray]] = {name: [] for name in rules}

    def look(source: Source, index: int):
        with budget.turn():
            try:
                example = source.load(index)
            except (UnreadableImage, ReadFailed):
                return
            for key, domain in source.domains.items():
                for part, channels in domain.pieces():
                    if part.name in found:
                        found[part.name].append(_summary(example[key][..., channels], rules[part.name]))

    places = [(source, i) for source in sources if _asked(source, found) for i in range(len(source))]
    with ThreadPoolExecutor() as pool:
        list(waiting(pool.map(lambda place: look(*place), places), len(places), "Finding the ranges of values"))
    ranges = {}
    for name, summaries in found.items():
        if not summaries:
            raise UserError(f"--value_range={name}:auto: no training image of {name} can be read.")
        values, rule = np.concatenate(summaries), rules[name]
        low, high = np.percentile(values, (rule.low, rule.high)).tolist()
        ranges[name] = low, high
        how = "the least and the largest value" if (rule.low, rule.high) == (0, 100) else f"percentiles {rule.low:g} and {rule.high:g}"
        logger.info(f"Range of {name}: {low:g} to {high:g}, {how} of {len(summaries)} training images.")
    return ranges


def _asked(source: Source, names: Mapping[str, list]) -> bool:
    return any(part.name in names for domain in source.domains.values() for part, _ in domain.pieces())


def _summary(values: np.ndarray, rule: RangeRule) -> np.ndarray:
    """Of the values of an image, the least and the largest, or for percentiles some that are evenly spaced, float64."""
    if (rule.low, rule.high) == (0, 100):
        return np.array([values.min(), values.max()], np.float64)
    flat = values.reshape(-1)
    return flat[np.arange(min(PER_IMAGE, len(flat))) * len(flat) // min(PER_IMAGE, len(flat))].astype(np.float64)
