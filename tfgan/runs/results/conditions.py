"""The translation of a run that the settings of `translate` choose, and what it translates by: attributes, a style."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tfgan.attributes import change_attributes, known_attributes, parse_changes
from tfgan.config.unused import hold
from tfgan.config.verbs import TranslateConfig
from tfgan.errors import ReadFailed, UnreadableImage, UserError, did_you_mean
from tfgan.inference import Encoder, Signatures, Translator, translators
from tfgan.inference.files import read_image
from tfgan.runs.judging import refuse_unnamed_way
from tfgan.runs.opening import Run


def choose_translator(signatures: Signatures, to: str) -> Translator:
    """The translation into the domain called `to`; if `to` is empty, the only one.

    A run of two ways is never guessed at: the first one is that of the names' alphabet, which says nothing of what the images are.

    Raises:
        UserError: the run does not translate into that domain, or not at all, or into several of which none is named; says what it does.
    """
    if not translators(signatures):
        raise UserError("The run makes images from noise and cannot translate: use `tfgan sample`.")
    by_target = {signature.target.name: signature for signature in translators(signatures).values()}
    if to and to not in by_target:
        raise UserError(f"--to={to}: the run translates to {' and '.join(by_target)}.{did_you_mean(to, by_target)}")
    if not to:
        refuse_unnamed_way({name: signature.describe() for name, signature in by_target.items()})
    return by_target[to or next(iter(by_target))]


def make_conditions(run: Run, signatures: Signatures, translator: Translator, settings: TranslateConfig) -> Callable:
    """A function from an image H×W×C to its conditions, {name: vector}, out of what is to be set, the image of a style, or a seed.

    Args:
        settings: of these, `set`, `style`, and `seed`, that of a random style where none is given, are used.

    Raises:
        UserError: a flag that this run cannot use, or lacks; unknown attributes; a style image that cannot be read.
    """
    known = translator.lengths
    hold(settings, {"attributes": "attributes" in known, "styles of photos": "latent" in known}, str(run.folder))
    if "attributes" in known:
        return _attributes(run.config.spec, signatures["classify"], translator, settings.set)
    if "latent" in known:
        latent = (
            _style(signatures["encode"], settings.style, run.config.data.alpha)
            if settings.style
            else np.random.default_rng(settings.seed).normal(size=known["latent"])
        )
        return lambda image: {"latent": latent}
    return lambda image: {}


def _attributes(spec, classify: Encoder, translator: Translator, changes: str) -> Callable:
    """A function from an image to its target attributes: those that the discriminator sees in it, changed as asked."""
    wanted = parse_changes(changes, spec)
    if not wanted:
        raise UserError(f"Say what to change: --set=NAME,~NAME. The attributes of the run are {', '.join(spec.attribute_names)}.")

    def conditions(image):
        scores = (classify if np.issubdtype(image.dtype, np.floating) else classify.pixels)(image[None]).numpy()[0]
        found = {"attributes": change_attributes(scores, wanted, spec), "mask": known_attributes(wanted, spec)}
        return {name: found[name] for name in translator.lengths}

    return conditions


def _style(encode: Encoder, path: str, alpha: str) -> np.ndarray:
    try:
        photo = read_image([Path(path).expanduser()], encode.source, alpha)
    except ReadFailed as error:
        raise UserError(f"--style={path}: {error.reason}") from None
    except UnreadableImage as error:
        raise UserError(f"--style={path}: {error}") from None
    return encode.pixels(photo[None]).numpy()[0]
