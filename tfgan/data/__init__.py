"""The way from settings to a `Dataset`. Readers are imported when they are asked for."""

import dataclasses
import logging
import re
from pathlib import Path

from tfgan.config import BATCH_KINDS, SPECIFIC, DataConfig, Size
from tfgan.data.catalogue import DATASETS, PAIRED, UNPAIRED, unsuitable
from tfgan.errors import UserError, did_you_mean

logger = logging.getLogger(__name__)

__all__ = ["DATASETS", "batch_keys", "check_settings", "make_dataset", "open_dataset", "open_sources", "parse_direction"]


def open_dataset(settings: DataConfig, kind: str, image_size: Size, loaded_size: Size):
    """The data set that `settings` name, as batches of `kind`.

    Args:
        image_size: of a batch's images; loaded_size: of training images before the crop.

    Raises:
        UserError: unknown name, wrong layout, unreadable images, no network for a download; images of another kind.
    """
    made = is_made(settings)
    return make_dataset(open_sources(settings, kind, loaded_size), settings, kind, image_size, loaded_size, check=not made)


def is_made(settings: DataConfig) -> bool:
    """Whether the images are made by the program, not read."""
    return not settings.data_dir and settings.dataset == "synthetic"


def open_sources(settings: DataConfig, kind: str, loaded_size: Size) -> dict:
    """Split -> its sources, which have not loaded any image yet: one, or one for each unpaired domain or each of several joined sets.

    Raises:
        UserError: as `open_dataset`, but for images that cannot be used.
    """
    check_settings(settings, kind)
    splits = _synthetic(settings, kind, loaded_size) if is_made(settings) else _OPENERS[kind](settings)
    if not settings.data_dir and BATCH_KINDS[kind].sides:
        _check_names(settings, tuple(_names(splits["train"]).values()))
    return splits


def make_dataset(splits: dict, settings: DataConfig, kind: str, image_size: Size, loaded_size: Size, *, check: bool):
    """The data set of the sources of `open_sources`; `check`: load every image once, as before training."""
    from tfgan.data.dataset import Dataset

    streams = {
        split: [(source, batch_keys(kind, source, settings.direction, sources)) for source in sources] for split, sources in splits.items()
    }
    for found in streams.values():
        found.sort(key=lambda stream: "target" in stream[1])  # what is said of a run names its source first
    return Dataset(kind, streams, image_size, loaded_size, settings, check=check)


def check_settings(settings: DataConfig, kind: str):
    """Raises `UserError` for a setting that would do nothing for batches of `kind`, or for the data set."""
    known, made = BATCH_KINDS[kind], is_made(settings)
    changed = [field.name for field in dataclasses.fields(settings) if getattr(settings, field.name) != field.default]
    for name in changed:
        if name in SPECIFIC - set(known.settings):
            eaten = "images alone" if kind == "images" else f"{kind} images"
            raise UserError(f"--{name} means nothing for a method that learns from {eaten}: leave it out.")
        if name in ("tfds_source", "tfds_target"):  # no refusal: a recipe may have them, and be run with other images
            if settings.data_dir or not settings.dataset.startswith("tfds:"):
                logger.warning(f"--{name} is not used: it names a feature of --dataset=tfds:NAME.")
            continue
        named_sides = known.sides and name in ("domains", "direction", "label_domains")  # the built-in set has them too
        if made and name in SPECIFIC and not named_sides:
            raise UserError(f"--{name} means nothing for --dataset=synthetic: leave it out, or name another --dataset or --data_dir.")


def _names(sources) -> dict[str, str]:
    """Side, A or B -> name of its domain."""
    return {side: domain.name for source in sources for side, domain in sorted(source.domains.items())}


def _check_names(settings, names):
    """The names of a folder's domains are the user's; those of any other set are its own."""
    if settings.domains and settings.domains != names and not settings.dataset.startswith("tfds:"):
        raise UserError(f"--domains={','.join(settings.domains)}: the domains of --dataset={settings.dataset} are {','.join(names)}.")
    for unknown in sorted(set(settings.label_domains) - set(names)):
        hint = did_you_mean(unknown, names)
        raise UserError(f"--label_domains: --dataset={settings.dataset} has no domain {unknown!r}.{hint} There are: {', '.join(names)}.")


def batch_keys(kind: str, source, direction: str, sources: list) -> dict[str, str]:
    """Keys of a batch -> keys of `source`, one of a split's `sources`. Raises `UserError` for a direction between other domains."""
    if kind == "images":  # half of a pair has the key of its side
        (key,) = source.domains
        return {"image": key}
    if not BATCH_KINDS[kind].sides:
        return {key: key for key in BATCH_KINDS[kind].keys}
    sides = _names(sources)
    keys = dict(zip(("source", "target"), parse_direction(direction, sides["A"], sides["B"])))
    return {key: side for key, side in keys.items() if side in source.domains}


def _synthetic(settings, kind, size):
    """split -> sources: one, or one for each domain of unpaired sets."""
    from tfgan.data.synthetic import SyntheticSource

    counts = {"train": settings.synthetic_images, "val": max(8, settings.synthetic_images // 8)}
    domains = ("A", "B") if kind == "unpaired" else ("",)
    return {
        split: [SyntheticSource(kind, split, count, size, settings.synthetic_seed, domain) for domain in domains]
        for split, count in counts.items()
    }


def _paired(settings):
    """split -> one source of pairs with the keys A and B."""
    pairs = _pairs(settings)
    if settings.label_coding != "auto" or settings.label_palette or settings.label_names or settings.ignore_label != 255:
        from tfgan.data.label_maps.semantic import open_painted

        pairs = open_painted(pairs, _label_side(settings, pairs), settings)
    return {split: [source] for split, source in pairs.items()}


def _unpaired(settings):
    """split -> a source with the key A and one with the key B; pairs are drawn apart."""
    from tfgan.data.folders.unpaired import open_unpaired, sides

    if settings.data_dir:
        return open_unpaired(Path(settings.data_dir), settings.domains, settings.label_domains, settings.alpha, settings.skip_bad_files)
    if settings.dataset in UNPAIRED:
        from tfgan.data.tfds.cyclegan import open_cyclegan

        return open_cyclegan(settings.dataset, settings.tfds_dir)
    return sides(_pairs(settings))


def _semantic(settings):
    """split -> one source of label maps and images."""
    from tfgan.data.label_maps.semantic import open_semantic

    pairs = _pairs(settings)
    names = _names([pairs["train"]])
    label_side, _ = parse_direction(settings.direction, names["A"], names["B"])
    if settings.label_domains and names[label_side] not in settings.label_domains:
        labels = settings.label_domains[0]
        raise UserError(f"--direction={settings.direction} takes {names[label_side]} for the label map: use --direction={labels}_to_….")
    return {split: [source] for split, source in open_semantic(pairs, label_side, settings).items()}


def _attributes(settings):
    """split -> sources of images with attributes, one for each of several joined sets."""
    if settings.data_dir:
        from tfgan.data.attributes.folder import open_attributes

        return open_attributes(settings)
    if settings.dataset == "celeba":
        from tfgan.data.tfds.celeba import open_celeba

        return open_celeba(settings)
    raise unsuitable(settings.dataset, "attributes", "synthetic", "celeba")


def _labelled(settings):
    """split -> one source of images with a class each."""
    from tfgan.data.openers import labelled

    return {split: [source] for split, source in labelled(settings).items()}


def _images(settings):
    """split -> one source of images."""
    from tfgan.data.openers import images

    return {split: [source] for split, source in images(settings).items()}


def _label_side(settings, pairs) -> str:
    """Which of A and B is the one label map among the domains."""
    names = _names([pairs["train"]])
    labelled = [side for side, name in names.items() if name in settings.label_domains]
    if len(labelled) != 1:
        raise UserError(f"Classes need the one domain that is a label map: --label_domains={names['A']} or {names['B']}.")
    return labelled[0]


_OPENERS = {
    "paired": _paired,
    "unpaired": _unpaired,
    "semantic": _semantic,
    "attributes": _attributes,
    "labelled": _labelled,
    "images": _images,
}


def _pairs(settings):
    """split -> a source of pairs with the keys A and B."""
    name = settings.dataset
    if settings.data_dir:
        from tfgan.data.folders.pairs import open_pairs

        return open_pairs(Path(settings.data_dir), settings.domains, settings.label_domains, settings.alpha, settings.skip_bad_files)
    if name.startswith("tfds:"):
        from tfgan.data.tfds.pairs import open_tfds

        features = settings.tfds_source, settings.tfds_target
        return open_tfds(name.removeprefix("tfds:"), *features, settings.tfds_dir, settings.label_domains, settings.alpha)
    if name in PAIRED:
        from tfgan.data.tfds.pairs import open_pix2pix

        return open_pix2pix(name, settings.tfds_dir)
    raise unsuitable(name, "pairs of images", "synthetic", *PAIRED, "tfds:NAME")


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
