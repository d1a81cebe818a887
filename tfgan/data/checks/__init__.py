"""Finds what is wrong with a data set before training: every check is a function from what was seen of its files to findings."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tfgan.config import BATCH_KINDS, DataConfig, Domain, Size, Strings
from tfgan.data.checks.balance import (
    attribute_shares,
    check_attribute_balance,
    check_class_balance,
    check_pixel_balance,
    class_counts,
    pixel_shares,
)
from tfgan.data.checks.crops import check_crops, check_distortion
from tfgan.data.checks.duplicates import check_duplicates, check_frames
from tfgan.data.checks.files import check_files
from tfgan.data.checks.finding import SEVERITIES, Finding
from tfgan.data.checks.groups import check_groups
from tfgan.data.checks.headers import Header, Listing, Progress, read_listing
from tfgan.data.checks.labels import check_classes, check_ids, check_label_files, check_undeclared, label_ids
from tfgan.data.checks.opening import Opened, open_anyway
from tfgan.data.checks.pairs import check_pairs
from tfgan.data.checks.pictures import ENLARGED, check_counts, check_loading, check_shapes, check_values, common_factor
from tfgan.data.checks.scan import Example, sample_colors, scan
from tfgan.data.groups import shared_groups
from tfgan.data.source import Source


class Inspection(NamedTuple):
    """All that a check has seen and found of a data set."""

    opened: Opened
    listings: list[Listing]  # of the data folders
    examples: list[Example]
    findings: list[Finding]  # the gravest first
    shares: Mapping[str, Mapping[str, float]]  # "classes", "attributes", "pixels" -> name -> images, or share

    @property
    def domains(self) -> dict[str, Domain]:
        """Image key of the examples, in any split -> its domain."""
        return {key: domain for sources in self.opened.splits.values() for source in sources for key, domain in source.domains.items()}

    def also(self, findings: list[Finding]) -> "Inspection":
        """A copy of this inspection with more findings, the gravest still first."""
        return self._replace(findings=sorted([*self.findings, *findings], key=lambda finding: SEVERITIES.index(finding.severity)))


def inspect(
    settings: DataConfig,
    kind: str,
    image_size: Size,
    loaded_size: Size,
    progress: Progress,
    smaller: Callable[[float], str] = lambda factor: "",
) -> Inspection:
    """Looks at every file of a data set for batches of `kind`.

    Args:
        settings: which data set, and how it is read.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        image_size: height and width of the network's images, in pixels.
        loaded_size: height and width of training images before the crop, in pixels.
        progress: shows how far the look at the examples has come.
        smaller: the flags for a network of images that are so many times smaller, or "" if there is none.

    Raises:
        UserError: the data set is no folder and cannot be opened, or a setting means nothing.
    """
    opened = open_anyway(settings, kind, loaded_size)
    folders = [Path(folder) for folder in (settings.data_dir, *settings.extra_data_dirs) if settings.data_dir]
    listings = [read_listing(folder) for folder in folders]
    examples = scan(opened.splits, progress)
    usable = [example for example in examples if example.pictures]
    counts = _counts(examples)
    validation = next((split for split in ("val", "test", "train") if split in opened.splits), "train")
    first = next((sources[0] for sources in opened.splits.values()), None)
    classes = class_counts(usable, first.class_names if first else ())
    attributes = attribute_shares(usable, first.attribute_names if first else ())
    pixels = pixel_shares(usable, _class_names(first))
    findings = [
        *opened.findings,
        *check_crops(image_size, loaded_size, settings.fit_of(kind)),
        *check_loading(examples, ("train", validation), settings.skip_bad_files),
        *(check_counts(opened.kind, counts) if opened.kind in (kind, "paired") else []),
        *(finding for listing in listings for finding in check_files(listing, _used(opened, listing))),
        *check_groups(shared_groups(opened.splits, settings) if opened.kind == kind else {}),
        *check_class_balance(classes),
        *check_attribute_balance(attributes),
        *check_pixel_balance(pixels),
    ]
    inspection = Inspection(opened, listings, usable, [], {"classes": classes, "attributes": attributes, "pixels": pixels})
    return inspection.also([*findings, *_check_images(inspection, settings, image_size, loaded_size, smaller)])


def _check_images(
    seen: Inspection, settings: DataConfig, image_size: Size, loaded_size: Size, smaller: Callable[[float], str]
) -> list[Finding]:
    """The findings of all checks of what the images show."""
    kind = seen.opened.kind
    if not kind:
        return []
    findings: list[Finding] = []
    fit, pairs = settings.fit_of(kind), BATCH_KINDS[kind].pairs
    unread = any(finding.name == "label_classes" for finding in seen.opened.findings)
    maps = {key for key, domain in seen.domains.items() if domain.resample == "nearest"}
    alike = set(maps)
    factor = common_factor(seen.examples, image_size)
    flags = smaller(factor) if factor > ENLARGED else ""
    for place, (key, domain) in enumerate(seen.domains.items()):
        what = f" of {domain.name}" if key != "image" or pairs else ""
        if place == 0 or not pairs:  # both images of a pair have one size
            domain_or_pairs = "" if pairs else what
            findings += check_shapes(key, domain_or_pairs, seen.examples, image_size, flags, fit)
            pictures = [(example.name, example.pictures[key]) for example in seen.examples if key in example.pictures]
            sizes = [(name, (picture.height, picture.width)) for name, picture in pictures]
            findings += check_distortion(domain_or_pairs, sizes, loaded_size, fit)
        if unread and domain.resample == "nearest":  # class ids, which are no picture
            continue
        ids = label_ids(_first(seen, key), key) if pairs else []
        findings += [*check_values(key, what, domain, seen.examples, ids=bool(ids)), *check_ids(domain, ids)]
        if domain.is_map:
            findings += check_classes(seen.examples, domain.require_classes())
        elif ids:
            alike.add(key)
        elif domain.resample != "nearest" and BATCH_KINDS[kind].sides:
            undeclared = check_undeclared(domain, _sample(seen, key))
            findings += undeclared
            if undeclared and pairs:  # equal label maps of several photos are no fault, declared or not
                alike.add(key)
    findings += [*check_duplicates(seen.examples, alike), *check_frames(seen.examples, alike)]
    if pairs and seen.examples:
        source = seen.opened.splits["train"][0] if "train" in seen.opened.splits else None
        findings += check_pairs(seen.examples, side_by_side=source is not None and len(source.paths(0)) == 1 and not settings.colorize)
        findings += check_label_files(_label_headers(seen, maps))
    return findings


def _counts(examples: list[Example]) -> dict[str, int]:
    """Split -> number of examples that can be used: for unpaired domains that of the smaller one, for joined sets that of all."""
    counts = Counter((example.split, tuple(example.pictures), example.stream) for example in examples if example.pictures)
    keys = {key for _, key, _ in counts}
    splits = dict.fromkeys(split for split, _, _ in counts)
    return {split: min(sum(n for (own, k, _), n in counts.items() if own == split and k == key) for key in keys) for split in splits}


def _used(opened: Opened, listing: Listing) -> dict[str, str]:
    """The paths, inside the listing's folder, of the files of all examples, each with the domain that it is of, and of those that are known
    to be left out; "" where a file is of several, or it is not known."""
    used: dict[str, str] = {}
    for source in (source for sources in opened.splits.values() for source in sources):
        names = [domain.name for domain in source.domains.values()]
        names += [f"instances of {domain.name}" for domain in source.domains.values() if domain.instances]
        for paths in map(source.paths, range(len(source))):
            for number, path in enumerate(paths):
                if path.is_relative_to(listing.folder):
                    used[path.relative_to(listing.folder).as_posix()] = names[number] if len(names) == len(paths) else ""
        used |= {file: "" for file, _ in source.skipped}
    return used


def _label_headers(seen: Inspection, nearest: set[str]) -> dict[str, Header]:
    """The headers of label maps that have files of their own."""
    found = set()
    for source in (source for sources in seen.opened.splits.values() for source in sources):
        sides = [source.label_side] if source.label_side else [key for key in source.domains if key in nearest]
        if len(sides) == 1:
            pairs = [source.paths(index) for index in range(len(source))]
            count = 2 + any(domain.instances for domain in source.domains.values())
            found |= {files["AB".index(sides[0])] for files in pairs if len(files) == count}
    return {name: header for listing in seen.listings for name, header in listing.headers.items() if listing.folder / name in found}


def _sample(seen: Inspection, key: str) -> list:
    """Some images of one domain, H×W×3 uint8, of its first split."""
    return sample_colors(_first(seen, key), key)


def _first(seen: Inspection, key: str) -> Source:
    """The first source of a domain."""
    return next(source for sources in seen.opened.splits.values() for source in sources if key in source.domains)


def _class_names(source: Source | None) -> Strings:
    """The names of the classes of a source's map of classes; empty if it has none."""
    classes = [domain.require_classes() for domain in source.domains.values() if domain.is_map] if source else []
    return classes[0].names if classes else ()
