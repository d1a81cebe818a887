"""Using trained networks: one path for samples, validation, translate and export."""

from tfgan.inference.encoder import Encoder
from tfgan.inference.translator import Translator
from tfgan.methods.base import Method, Translation


def open_inference(method: Method) -> dict[str, Translator | Encoder]:
    """The method's ways to use its networks, by name, ready for images of any size."""
    return {name: Translator(way) if isinstance(way, Translation) else Encoder(way) for name, way in method.inference().items()}


def translators(ways: dict[str, Translator | Encoder]) -> dict[str, Translator]:
    """Those from images to images; the first is the one that is meant if nothing else is said."""
    return {name: way for name, way in ways.items() if isinstance(way, Translator)}
