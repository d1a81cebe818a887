"""Using trained networks: one path for samples, validation, translate, sample and export."""

from tfgan.inference.encoder import Encoder
from tfgan.inference.sampler import Sampler
from tfgan.inference.translator import Translator
from tfgan.methods.base import Encoding, Generation, Method, Translation

Ways = dict[str, Translator | Encoder | Sampler]

_RUNNERS = {Translation: Translator, Encoding: Encoder, Generation: Sampler}


def open_inference(method: Method) -> Ways:
    """The method's ways to use its networks, by name, ready for images of any size and any number of samples."""
    return {name: _RUNNERS[type(way)](way) for name, way in method.inference().items()}


def translators(ways: Ways) -> dict[str, Translator]:
    """Those from images to images; the first is the one that is meant if nothing else is said."""
    return {name: way for name, way in ways.items() if isinstance(way, Translator)}


def samplers(ways: Ways) -> dict[str, Sampler]:
    """Those from noise to images."""
    return {name: way for name, way in ways.items() if isinstance(way, Sampler)}
