"""Which reader opens images that stand alone, each with its class or without."""

from pathlib import Path

from tfgan.config import DataConfig
from tfgan.data.catalogue import CLASSES, PAIRED, unsuitable
from tfgan.data.folders.idx import find_idx, open_idx
from tfgan.data.source import Source
from tfgan.errors import UserError


def labelled(settings: DataConfig) -> dict[str, Source]:
    """Split -> a source with the keys "image" and "label": of idx files, of class folders, or one of `CLASSES`.

    Raises:
        UserError: as the readers; the set has no classes; `label_names` for classes that have names.
    """
    folder = Path(settings.data_dir)
    if settings.data_dir and find_idx(folder):
        return open_idx(folder, labelled=True, class_names=settings.label_names)
    if settings.label_names:
        origin = "class folders have" if settings.data_dir else f"--dataset={settings.dataset} has"
        raise UserError(f"--label_names names the classes of idx files; {origin} names for them: leave it out.")
    if settings.data_dir:
        from tfgan.data.folders.classes import open_labelled

        return open_labelled(folder, settings.alpha, settings.skip_bad_files)
    if settings.dataset in CLASSES:
        from tfgan.data.tfds.classes import open_classes

        return open_classes(settings.dataset, settings.tfds_dir, labelled=True)
    raise unsuitable(settings.dataset, "classes", "synthetic", *CLASSES)


def images(settings: DataConfig) -> dict[str, Source]:
    """Split -> a source of one domain: of a folder, of idx files, of one of `CLASSES`, of CelebA, or of a half of pairs.

    Raises:
        UserError: as the readers; the set has no single images; `half` where there are none, or pairs without `half`.
    """
    if settings.data_dir:
        return _of_folder(Path(settings.data_dir), settings)
    if settings.dataset in PAIRED:
        return _of_pairs(settings)
    if settings.half:
        sets = ", ".join(PAIRED)
        raise UserError(f"--half={settings.half} is for side by side files: leave it out, or name a --data_dir or one of {sets}.")
    if settings.dataset in CLASSES:
        from tfgan.data.tfds.classes import open_classes

        return open_classes(settings.dataset, settings.tfds_dir, labelled=False)
    if settings.dataset == "celeba":
        from tfgan.data.tfds.celeba import open_faces

        return open_faces(settings.tfds_dir)
    raise unsuitable(settings.dataset, "single images", "synthetic", *CLASSES, "celeba", "with --half one of " + " ".join(PAIRED))


def _of_folder(folder: Path, settings):
    if not find_idx(folder):
        from tfgan.data.folders.singles import open_images

        return open_images(folder, settings.half, settings.alpha, settings.skip_bad_files)
    if settings.half:
        raise UserError(f"--half={settings.half} is for side by side files, which the idx files in {folder} are not: leave it out.")
    return open_idx(folder, labelled=False)


def _of_pairs(settings):
    from tfgan.data.folders.unpaired import OneSide
    from tfgan.data.tfds.builders import PIX2PIX
    from tfgan.data.tfds.pairs import open_pix2pix

    if not settings.half:
        facts = PIX2PIX[settings.dataset]
        raise UserError(f"--dataset={settings.dataset} has pairs: take --half=left ({facts.left}) or --half=right ({facts.right}).")
    side = "A" if settings.half == "left" else "B"
    return {split: OneSide(pairs, side) for split, pairs in open_pix2pix(settings.dataset, settings.tfds_dir).items()}
