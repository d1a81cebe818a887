"""Using trained networks: one path for samples, validation, translate, sample and export."""

from tfgan.inference.encoder import Encoder
from tfgan.inference.sampler import Sampler
from tfgan.inference.translator import Translator
from tfgan.methods.base import Encoding, Generation, Method, Translation

Signatures = dict[str, Translator | Encoder | Sampler]

_RUNNERS = {Translation: Translator, Encoding: Encoder, Generation: Sampler}


def open_inference(method: Method) -> Signatures:
    """The method's signatures, ways to use its networks, by name.

    They are ready for images of any height and width, and for any number of samples.
    """
    return {name: _RUNNERS[type(signature)](signature) for name, signature in method.inference().items()}


def translators(signatures: Signatures) -> dict[str, Translator]:
    """The signatures from images to images, by name; the first is the one that is meant if nothing else is said."""
    return {name: signature for name, signature in signatures.items() if isinstance(signature, Translator)}


def samplers(signatures: Signatures) -> dict[str, Sampler]:
    """The signatures from noise to images, by name."""
    return {name: signature for name, signature in signatures.items() if isinstance(signature, Sampler)}
