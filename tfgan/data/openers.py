"""Chooses the reader that opens what the settings name, for each kind of batches. Readers are imported when they are asked for."""

import dataclasses
import shlex
from collections.abc import Mapping
from pathlib import Path

from tfgan.config import DataConfig, as_text, shell_flag
from tfgan.data.catalog import CLASSES, MEASURED, PAIRED, UNPAIRED, unsuitable
from tfgan.data.directions import parse_direction, side_names
from tfgan.data.folders.idx import find_idx, open_idx
from tfgan.data.frames import Frames
from tfgan.data.own import is_own, open_own
from tfgan.data.source import Source
from tfgan.errors import UserError


def synthetic(settings, kind, size):
    """Split, "train" and "val" -> sources of the built-in set: one, or for unpaired images one for each domain.

    Args:
        settings: of these, synthetic_images, the number of training images, and synthetic_seed are used.
        kind: kind of the batches, a key of `tfgan.config.BATCH_KINDS`.
        size: height and width of the images, in pixels.

    Raises:
        UserError: the size is below 8×8 pixels.
    """
    from tfgan.data.synthetic import SyntheticSource

    if settings.dataset == MEASURED:
        return _measured(settings, kind, size)
    counts = {"train": settings.synthetic_images, "val": max(8, settings.synthetic_images // 8)}
    domains = ("A", "B") if kind == "unpaired" else ("",)
    return {
        split: [SyntheticSource(kind, split, count, size, settings.synthetic_seed, domain) for domain in domains]
        for split, count in counts.items()
    }


def _measured(settings, kind, size):
    from tfgan.data.folders.unpaired import sides
    from tfgan.data.synthetic.bands import MeasuredSource

    if kind not in ("paired", "unpaired"):
        raise unsuitable(settings.dataset, f"{kind} images", "synthetic")
    made = synthetic(dataclasses.replace(settings, dataset="synthetic"), "paired", size)
    pairs = {split: MeasuredSource(source) for split, (source,) in made.items()}
    return sides(pairs) if kind == "unpaired" else _one_each(pairs)


def _reading(settings) -> tuple[str, bool, str]:
    """How files are read: what becomes of transparency, of files that cannot be used, and of those of several pages."""
    return settings.alpha, settings.skip_bad_files, settings.reading()


def _one_each(splits: Mapping[str, Source]) -> dict[str, list[Source]]:
    return {split: [source] for split, source in splits.items()}


def _paired(settings):
    """Split -> one source of pairs with the keys A and B; label maps are read as classes if a setting speaks of such."""
    pairs = _pairs(settings)
    speaks = settings.label_coding != "auto" or settings.label_palette or settings.label_names or settings.ignore_label != 255
    if speaks or settings.label_encoding == "onehot":
        from tfgan.data.label_maps.semantic import open_encoded

        pairs = open_encoded(_framed(pairs, settings), _label_side(settings, pairs), settings)
    return _one_each(pairs)


def _unpaired(settings):
    """Split -> a source with the key A and one with the key B; pairs are drawn apart."""
    from tfgan.data.folders.stacked import JOIN, stacked_names
    from tfgan.data.folders.unpaired import open_unpaired, sides

    if is_own(settings):
        given = open_own(settings)
        return sides(_pairs(settings)) if len(given["train"]) == 1 else given
    if settings.data_dir:
        if settings.domains and stacked_names(Path(settings.data_dir), settings.domains):
            stacked = next(name for name in settings.domains if JOIN in name)
            raise UserError(f"--domains: {stacked} stacks folders, whose files must belong together, as pairs do: name one folder each.")
        return open_unpaired(Path(settings.data_dir), settings.domains, settings.label_domains, *_reading(settings))
    if settings.dataset in UNPAIRED:
        from tfgan.data.tfds.cyclegan import open_cyclegan

        return open_cyclegan(settings.dataset, settings.tfds_dir)
    return sides(_pairs(settings))


def _semantic(settings):
    """Split -> one source of label maps and images."""
    from tfgan.data.label_maps.semantic import open_semantic

    pairs = _pairs(settings)
    if "labels" in pairs["train"].domains:  # a program's own reader of class maps
        return _one_each(pairs)
    names = side_names([pairs["train"]])
    label_side, _ = parse_direction(settings.direction, names["A"], names["B"])
    if settings.label_domains and names[label_side] not in settings.label_domains:
        flag = shell_flag("direction", f"{settings.label_domains[0]}_to_{names[label_side]}")
        raise UserError(f"--direction={settings.direction} takes {names[label_side]} for the label map: use {flag}.")
    instances = _instances(pairs, names[label_side], label_side, settings) if settings.instances else {}
    try:
        return _one_each(open_semantic(_framed(pairs, settings), label_side, settings, instances))
    except UserError as error:
        raise UserError(f"{error} For pairs of pictures, without label maps, use --method=pix2pix.") from None


def _instances(pairs: Mapping[str, Source], labels: str, label_side: str, settings) -> dict[Path, Path]:
    """File of a label map -> that of its instance map. Raises `UserError` for label maps without files of their own, or without any."""
    from tfgan.data.folders.instances import SHARED, find_instances

    flag = shell_flag("instances", settings.instances)
    if not settings.data_dir or settings.pages == "frames":
        raise UserError(f"{flag} is for a folder of images (--data_dir), each a file of one page: leave it out.")
    files = [source.paths(index) for source in pairs.values() for index in range(len(source))]
    if any(len(found) != 2 for found in files):
        raise UserError(f"{flag} is for label maps in files of their own, not in halves, and not beside stacked images: leave it out.")
    if settings.pairs_file and SHARED not in settings.instances:
        raise UserError(f"{flag} is a folder, and --pairs_file lists files: give a pattern of their names, such as {{}}_instanceIds.")
    own = [found["AB".index(label_side)] for found in files]
    return find_instances(Path(settings.data_dir), settings.instances, own, labels, settings.pair_names)


def _attributes(settings):
    """Split -> sources of images with attributes, one for each of several joined sets."""
    if settings.data_dir:
        from tfgan.data.attributes.folder import open_attributes

        return open_attributes(settings)
    if settings.dataset == "celeba":
        from tfgan.data.tfds.celeba import open_celeba

        return open_celeba(settings)
    raise unsuitable(settings.dataset, "attributes", "synthetic", "celeba")


def _framed(pairs: Mapping[str, Source], settings) -> Mapping[str, Source]:
    """The pairs, page by page where each page is an image: classes are told of single pages."""
    return {split: Frames(source, settings.frame_step) for split, source in pairs.items()} if settings.pages == "frames" else pairs


def _label_side(settings, pairs) -> str:
    """The side, A or B, of the one domain that is a label map; raises `UserError` if none or both are."""
    names = side_names([pairs["train"]])
    labeled = [side for side, name in names.items() if name in settings.label_domains]
    if len(labeled) != 1:
        flag, other = shell_flag("label_domains", (names["A"],)), shlex.quote(as_text((names["B"],)))
        raise UserError(f"Classes need the one domain that is a label map: {flag} or {other}.")
    return labeled[0]


def _pairs(settings):
    """Split -> a source of pairs with the keys A and B."""
    name = settings.dataset
    if is_own(settings):
        return {split: source for split, (source,) in open_own(settings).items()}
    if settings.data_dir:
        from tfgan.data.folders.pairs import open_pairs
        from tfgan.data.folders.stacked import open_stacked, stacked_names

        alpha, skip_bad_files, pages = _reading(settings)
        pair_names = settings.pair_names[:2] if settings.instances and len(settings.pair_names) == 3 else settings.pair_names
        if names := () if settings.pairs_file else stacked_names(Path(settings.data_dir), settings.domains):
            return open_stacked(Path(settings.data_dir), names, settings.label_domains, alpha, skip_bad_files, pages, pair_names)
        found = pair_names, settings.pairs_file, settings.instances
        return open_pairs(Path(settings.data_dir), settings.domains, settings.label_domains, alpha, skip_bad_files, pages, *found)
    if name.startswith("tfds:"):
        from tfgan.data.tfds.pairs import open_tfds

        features = settings.tfds_source, settings.tfds_target
        return open_tfds(name.removeprefix("tfds:"), *features, settings.tfds_dir, settings.label_domains, settings.alpha)
    if name in PAIRED:
        from tfgan.data.tfds.pairs import open_pix2pix

        return open_pix2pix(name, settings.tfds_dir)
    raise unsuitable(name, "pairs of images", "synthetic", *PAIRED, "tfds:NAME")


def _labeled(settings: DataConfig) -> dict[str, list[Source]]:
    """Split -> one source with the keys "image" and "label": of idx files, of class folders, or one of `CLASSES`.

    Raises:
        UserError: a reader refuses the files; the set has no classes; `label_names` for classes that have names.
    """
    folder = Path(settings.data_dir)
    if settings.data_dir and find_idx(folder):
        return _one_each(open_idx(folder, labeled=True, class_names=settings.label_names))
    if settings.label_names:
        origin = "class folders have" if settings.data_dir else f"--dataset={settings.dataset} has"
        raise UserError(f"--label_names names the classes of idx files; {origin} names for them: leave it out.")
    if settings.data_dir:
        from tfgan.data.folders.classes import open_labeled

        return _one_each(open_labeled(folder, *_reading(settings)))
    if settings.dataset in CLASSES:
        from tfgan.data.tfds.classes import open_classes

        return _one_each(open_classes(settings.dataset, settings.tfds_dir, labeled=True))
    raise unsuitable(settings.dataset, "classes", "synthetic", *CLASSES)


def _images(settings: DataConfig) -> dict[str, list[Source]]:
    """Split -> one source of one domain: of a folder, of idx files, of one of `CLASSES`, of CelebA, or of a half of pairs.

    Raises:
        UserError: a reader refuses the files; the set has no single images; `half` where there are no halves, or pairs without `half`.
    """
    if settings.data_dir:
        return _one_each(_of_folder(Path(settings.data_dir), settings))
    if settings.dataset in PAIRED:
        return _one_each(_of_pairs(settings))
    if settings.half:
        sets = ", ".join(PAIRED)
        raise UserError(f"--half={settings.half} is for side by side files: leave it out, or name a --data_dir or one of {sets}.")
    if settings.dataset in CLASSES:
        from tfgan.data.tfds.classes import open_classes

        return _one_each(open_classes(settings.dataset, settings.tfds_dir, labeled=False))
    if settings.dataset == "celeba":
        from tfgan.data.tfds.celeba import open_faces

        return _one_each(open_faces(settings.tfds_dir))
    raise unsuitable(settings.dataset, "single images", "synthetic", *CLASSES, "celeba", "with --half one of " + " ".join(PAIRED))


def _of_folder(folder: Path, settings):
    if not find_idx(folder):
        from tfgan.data.folders.singles import open_images

        return open_images(folder, settings.half, *_reading(settings))
    if settings.half:
        raise UserError(f"--half={settings.half} is for side by side files, which the idx files in {folder} are not: leave it out.")
    return open_idx(folder, labeled=False)


def _of_pairs(settings):
    from tfgan.data.folders.unpaired import OneSide
    from tfgan.data.tfds.builders import PIX2PIX
    from tfgan.data.tfds.pairs import open_pix2pix

    if not settings.half:
        facts = PIX2PIX[settings.dataset]
        raise UserError(f"--dataset={settings.dataset} has pairs: take --half=left ({facts.left}) or --half=right ({facts.right}).")
    side = "A" if settings.half == "left" else "B"
    return {split: OneSide(pairs, side) for split, pairs in open_pix2pix(settings.dataset, settings.tfds_dir).items()}


OPENERS = {
    "paired": _paired,
    "unpaired": _unpaired,
    "semantic": _semantic,
    "attributes": _attributes,
    "labeled": _labeled,
    "images": _images,
}
