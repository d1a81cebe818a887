"""What `tfgan evaluate` compares: the images that a run makes of a data set, or those of a folder, beside the real ones."""

import dataclasses
import functools
import logging

import numpy as np

from tfgan.config import Size
from tfgan.config.kinds import FROM_NOISE
from tfgan.data.dataset import Dataset
from tfgan.data.label_maps.maps import paint
from tfgan.data.label_maps.semantic import painted
from tfgan.data.preparation.normalization import as_floats, held
from tfgan.evaluation.catalog import METRICS
from tfgan.evaluation.classifier import UNKNOWN
from tfgan.evaluation.comparison import Comparison, Path
from tfgan.evaluation.pixels import WINDOW, WINDOW_OF_SCALES
from tfgan.evaluation.sliced import SMALLEST
from tfgan.inference import Encoder, Sampler, Signatures, Translator, samplers, translators
from tfgan.inference.path_length import STEP, path_pairs
from tfgan.terminal import Waiting, waiting

logger = logging.getLogger(__name__)

ENOUGH = 1000  # images, for which others are left out, so that real ones can stand beside the generated ones


def compare(signatures: Signatures, dataset: Dataset, count: int) -> dict[str, Comparison]:
    """Comparisons by name: "" for what a method is for, or the domain that is translated to, where there are several.

    A method that makes images from noise and has an encoder also has "reconstruction".

    Args:
        signatures: of the method.
        dataset: what it learns from.
        count: images at most on each side.
    """
    if samplers(signatures):
        return _generated(signatures, dataset, count)
    ways = list(translators(signatures).values())
    if "attributes" in ways[0].lengths:
        return {"": _attributes(ways[0], dataset, count)}
    if ways[0].truth_key:
        return {"": _translated(ways[0], dataset, count)}
    return {way.target.name if len(ways) > 1 else "": _unpaired(way, _way_back(way, ways), dataset, count) for way in ways}


def _way_back(way: Translator, ways: list[Translator]) -> Translator | None:
    """The translation that takes results of `way` back to its inputs, which may be itself; None if there is none."""
    return next((other for other in ways if other.source == way.target and other.target == way.source), None)


def measurable(signatures: Signatures, image_size: Size) -> list[str]:
    """Names of the metrics that fit what `compare` makes with these signatures, known before anything is made.

    Whether their tools are there is not asked.

    Args:
        image_size: height and width in pixels of the data set's images.
    """
    encodes, generates = any(isinstance(signature, Encoder) for signature in signatures.values()), bool(samplers(signatures))
    groups = {"sliced": min(image_size) >= SMALLEST, "distribution": True}
    ways = list(translators(signatures).values())
    groups["matched"] = (generates and encodes) or any(way.truth_key for way in ways)
    groups["cycle"] = not groups["matched"] and any(_way_back(way, ways) for way in ways)
    sizes = {"ssim": WINDOW, "ms_ssim": WINDOW_OF_SCALES}
    return [name for name, metric in METRICS.items() if groups.get(metric.group) and min(image_size) >= sizes.get(name, 1)]


def _translated(signature: Translator, dataset: Dataset, count: int) -> Comparison:
    """The comparison of validation images, put through a translation, with their true results; style vectors are the prior's mean, 0."""
    inputs = dataset.column("validation", signature.input_key, count)
    conditions = {name: np.zeros([len(inputs), length], np.float32) for name, length in signature.lengths.items()}
    target, more = signature.target, _unseen(dataset, signature.truth_key, len(inputs))
    fake, real = make_images(signature, inputs, conditions), dataset.column("validation", signature.truth_key, count)
    if target.is_map:  # which are measured as pictures in the classes' colors, like results that are learned so
        classes = target.require_classes()
        fake, real = paint(fake, classes), paint(real, classes)
        target, more = painted(target), None if more is None else paint(more, classes)
    return Comparison(
        target,
        fake,
        real,
        split=dataset.validation_split,
        matched=True,
        more_real=more,
        classes=target.classes,
        names=dataset.names("validation", signature.input_key, count),
        inputs=inputs,
        shown=signature.source,
    )


def _unpaired(signature: Translator, back: Translator | None, dataset: Dataset, count: int) -> Comparison:
    """The comparison of validation images of one domain, translated to the other, with the other's images, and, where there is a way
    back, of what comes back with the originals."""
    inputs = dataset.column("validation", signature.input_key, count)
    target = next(key for key, domain in dataset.spec.domains.items() if domain == signature.target)
    fake, real = make_images(signature, inputs), dataset.column("validation", target, count)
    number, more, notes = _like_counts(len(fake), _unseen(dataset, target, len(fake)))
    some = fake[np.arange(number) * len(fake) // number]
    return Comparison(
        signature.target,
        some,
        real,
        split=dataset.validation_split,
        more_real=more,
        cycled=(inputs, make_images(back, fake)) if back else None,
        inputs=inputs,
        shown=signature.source,
        notes=notes,
    )


def _attributes(signature: Translator, dataset: Dataset, count: int) -> Comparison:
    """The comparison of validation images, each given the attributes of the next one and then its own again, with the originals."""
    inputs, own, known = (dataset.column("validation", key, count) for key in ("image", "attributes", "mask"))
    asked, masks = np.roll(own, -1, axis=0), np.roll(known, -1, axis=0)

    def conditions(attributes, mask):
        return {name: {"attributes": attributes, "mask": mask}[name] for name in signature.lengths}

    fake = make_images(signature, inputs, conditions(asked, masks))
    return Comparison(
        signature.target,
        fake,
        inputs,
        split=dataset.validation_split,
        more_real=_unseen(dataset, "image", len(inputs)),
        asked=np.where(masks > 0, asked, UNKNOWN),
        labeled=(inputs, np.where(known > 0, own, UNKNOWN)),
        cycled=(inputs, make_images(signature, fake, conditions(own, known))),
        inputs=inputs,
    )


def _generated(signatures: Signatures, dataset: Dataset, count: int) -> dict[str, Comparison]:
    """The comparisons of samples with training images, and, where there is an encoder, of reconstructions with validation images.

    Styles are not truncated, as in the papers' figures: truncation trades variety for quality.
    """
    (sampler,) = samplers(signatures).values()
    if sampler.styles:
        sampler = sampler.truncated(1.0)
    seen = min(count, dataset.spec.sizes["train"])
    number, unseen, notes = _like_counts(seen, _unseen(dataset, "image", seen))
    real = dataset.column("train", "image", number)
    labels = np.arange(len(real), dtype=np.int32) % len(sampler.class_names) if sampler.class_names else None
    fake = held(sampler.pixels(sampler.latents(np.arange(len(real))), labels).numpy(), sampler.target)
    comparison = Comparison(sampler.target, fake, real, split="train", more_real=unseen, notes=notes)
    if labels is not None:
        labeled = dataset.column("validation", "image", count), dataset.column("validation", "label", count)
        comparison = dataclasses.replace(comparison, asked=labels, labeled=labeled)
    found = {"": comparison}
    for signature in signatures.values():
        if isinstance(signature, Encoder):
            found["reconstruction"] = _reconstructed(signature, sampler, dataset, count)
    return found


def with_path(comparison: Comparison, signatures: Signatures, count: int, seed: int) -> Comparison:
    """The comparison of samples with `count` pairs of neighbors on ways between latents, which are made when they are measured, and are
    never rounded, as they hardly differ."""
    (sampler,) = samplers(signatures).values()
    return dataclasses.replace(comparison, path=Path(functools.partial(path_pairs, sampler, count, seed), count, STEP))


def _reconstructed(encoder: Encoder, sampler: Sampler, dataset: Dataset, count: int) -> Comparison:
    inputs = dataset.column("validation", "image", count)
    shown = waiting(inputs, len(inputs), "Encoding images")
    latents = np.concatenate([encoder(as_floats(image[None], encoder.source)).numpy() for image in shown])
    fake, names = held(sampler.pixels(latents).numpy(), sampler.target), dataset.names("validation", "image", count)
    split = dataset.validation_split
    return Comparison(sampler.target, fake, inputs, split=split, matched=True, alone=False, names=names, inputs=inputs)


def _unseen(dataset: Dataset, key: str, count: int) -> np.ndarray | None:
    """Real images of the split that the reference is not of, at most `count`; None where the data set has but one split."""
    split = "validation" if key == "image" and dataset.spec.kind in FROM_NOISE else "train"
    return None if dataset.validation_split == "train" else dataset.column(split, key, count)


def _like_counts(fakes: int, more: np.ndarray | None) -> tuple[int, np.ndarray | None, tuple[str, ...]]:
    """How many of the generated images are compared, the real ones in their place, as many or none, and notes that say why.

    Distances of sets fall with the number of images, so that figures of fewer or more would say nothing of each other.
    """
    if more is None or len(more) == fakes:
        return fakes, more, ()
    if len(more) >= ENOUGH:
        return len(more), more, ()
    note = f"What real images score is left out: there are {len(more)} for it, but {fakes} generated ones (--count={len(more)} has both)."
    return fakes, None, (note,)


def make_images(signature: Translator, images: np.ndarray, conditions: dict[str, np.ndarray] | None = None, batch: int = 8) -> np.ndarray:
    """The translations of N images, which are held as batches hold them, made `batch` at a time and held likewise.

    Conditions are by name, N×length.
    """
    results = []
    with Waiting("Making images", len(images)) as shown:
        for begin in range(0, len(images), batch):
            part = slice(begin, begin + batch)
            given = {name: vectors[part] for name, vectors in (conditions or {}).items()}
            results.append(held(_pixels(signature, images[part], given), signature.target))
            shown.advance(len(results[-1]))
    return np.concatenate(results)


def _pixels(signature: Translator, images: np.ndarray, given: dict[str, np.ndarray]) -> np.ndarray:
    """The translations of images as the values of the target's files."""
    if signature.source.value_range:
        return signature.to_pixels(signature(images, **given)).numpy()
    return signature.pixels(images, **given).numpy()
