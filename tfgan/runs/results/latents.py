"""What a generator is given by the settings of `sample`: latents of the user's images, classes, attribute vectors."""

from pathlib import Path

import numpy as np

from tfgan.config import Strings
from tfgan.config.verbs import SampleConfig
from tfgan.data.finding.files import find_images
from tfgan.data.preparation.normalization import normalize
from tfgan.errors import ReadFailed, UnreadableImage, UserError, did_you_mean
from tfgan.inference import Encoder, Sampler, Signatures, samplers
from tfgan.inference.files import read_image
from tfgan.runs.opening import Run
from tfgan.terminal import waiting
from tfgan.values import as_array, whole_numbers


def choose_sampler(run: Run, signatures: Signatures, truncation: float | None) -> Sampler:
    """The run's signature from noise to images.

    Args:
        truncation: ψ, for a generation with styles; None: the run's own.

    Raises:
        UserError: the run makes no images from noise, or `truncation` is given to a run without styles.
    """
    found = list(samplers(signatures).values())
    if not found:
        raise UserError(f"{run.folder} ({run.config.method}) translates images and cannot make them from noise: use `tfgan translate`.")
    if truncation is None:
        return found[0]
    if not found[0].styles:
        raise UserError(f"--truncation={truncation:g} is for StyleGAN; {run.folder} ({run.config.method}) has no styles.")
    return found[0].truncated(truncation)


def with_styles_of(run: Run, sampler: Sampler, settings: SampleConfig) -> Sampler:
    """The sampler with the layers of truncation and the noise of the settings. Raises `UserError` if it has no styles, and either is asked
    for."""
    for name in ("truncation_layers", "noise_mode"):
        if not sampler.styles and getattr(settings, name) != getattr(SampleConfig, name):
            raise UserError(f"--{name} is for StyleGAN; {run.folder} ({run.config.method}) has no styles.")
    if settings.truncation_layers >= 0:
        sampler = sampler.truncated(layers=settings.truncation_layers)
    return sampler.with_noise(settings.noise_mode)


def make_of_styles(run: Run, sampler: Sampler, w, settings: SampleConfig, floats: bool) -> np.ndarray:
    """The images of styles w, N×H×W×C of the image's dtype, or float32 in [-1, 1] if `floats`.

    Raises:
        UserError: the run has no styles, or w does not fit; settings of images from noise, which are not for w.
    """
    if not sampler.styles:
        raise UserError(f"w is StyleGAN's; {run.folder} ({run.config.method}) has latents alone: run.sampler makes images of them.")
    for name in ("truncation", "truncation_layers", "noise_mode"):
        if getattr(settings, name) != getattr(SampleConfig, name):
            raise UserError(f"{name} does nothing with w, of which images are made as it is: leave it out.")
    made = sampler.synthesize(w)
    return (made if floats else sampler.to_pixels(made)).numpy()


def choose_classes(sampler: Sampler, names: Strings) -> list[int]:
    """The numbers of the classes called by `names`, or of all classes if there are no names; none for a run without classes.

    Raises:
        UserError: an unknown class, or a run without classes.
    """
    if not names:
        return list(range(len(sampler.class_names)))
    if not sampler.class_names:
        raise UserError(f"--classes={','.join(names)}: the run was trained without classes.")
    for name in names:
        if name not in sampler.class_names:
            hint = did_you_mean(name, sampler.class_names)
            raise UserError(f"--classes: the run has no class {name!r}.{hint} There are: {', '.join(sampler.class_names)}.")
    return [sampler.class_names.index(name) for name in names]


def class_numbers(sampler: Sampler, labels, count: int) -> np.ndarray | None:
    """The classes of `count` images, N int32; None for a run without classes.

    Args:
        labels: a class number or name for each image; None: all classes in turns.

    Raises:
        UserError: a class that does not exist, another number of labels than of images, or labels for a run without classes.
    """
    if not sampler.class_names:
        if labels is not None:
            raise UserError("labels: the run was trained without classes.")
        return None
    if labels is None:
        return np.resize(np.arange(len(sampler.class_names), dtype=np.int32), count)
    if isinstance(labels, str | bytes):
        raise UserError(f"labels={labels!r} must be a list: a class for each seed.")
    listed = labels if isinstance(labels, list | tuple) else as_array("labels", labels).tolist()
    if not isinstance(listed, list | tuple):
        raise UserError(f"labels={listed!r} must be a list: a class for each seed.")
    words = [label.decode() if isinstance(label, bytes) else label for label in listed]
    found = [choose_classes(sampler, (word,))[0] if isinstance(word, str) else word for word in words]
    numbers = whole_numbers(f"labels ({', '.join(sampler.class_names)})", found, len(sampler.class_names) - 1)
    if len(numbers) != count:
        raise UserError(f"{len(numbers)} labels for {count} seeds: give one for each.")
    return numbers.astype(np.int32)


def choose_encoder(run: Run, signatures: Signatures, flag: str) -> Encoder:
    """The run's signature from images to latents.

    Raises:
        UserError: the run has no encoder; the message names `flag`, which needs one.
    """
    for signature in signatures.values():
        if isinstance(signature, Encoder):
            return signature
    raise UserError(f"--{flag} needs a run with an encoder (vaegan), which {run.folder} ({run.config.method}) is not.")


def read_fitted(run: Run, encoder: Encoder, flag: str, file: Path) -> np.ndarray:
    """The image in a file as the encoder's network sees it, H×W×C float32 in [-1, 1].

    Raises:
        UserError: the file cannot be read; the message names `flag`, by which it was given.
    """
    try:
        pixels = read_image([file], encoder.source, run.config.data.alpha)
    except ReadFailed as error:
        raise UserError(f"--{flag}: {file}: {error.reason}") from None
    except UnreadableImage as error:
        raise UserError(f"--{flag}: {file}: {error}") from None
    return encoder.fit(normalize(pixels[None], encoder.source)).numpy()[0]


def attribute_vector(run: Run, signatures: Signatures, having: str, lacking: str) -> np.ndarray:
    """The vector that leads from the mean latents of images that lack something to those of images that have it (Larsen et al. 2016, §4.2).

    Args:
        having, lacking: folders, patterns or files of images, see `tfgan.data.finding.files.find_tasks`.

    Returns:
        float32 of the latents' length.

    Raises:
        UserError: one of the two is missing; the run has no encoder; no images, or images that cannot be read.
    """
    if not (having and lacking):
        raise UserError(
            "--having=FOLDER and --lacking=FOLDER are needed together: an edit goes from images without something to images with it."
        )
    means = []
    for flag, source in (("having", having), ("lacking", lacking)):
        encoder, (root, names) = choose_encoder(run, signatures, flag), find_images(source)
        files = waiting((root / name for name in names), len(names), f"Encoding --{flag}")
        means.append(np.mean([encoder(read_fitted(run, encoder, flag, file)[None]).numpy()[0] for file in files], axis=0))
    return means[0] - means[1]
