"""The plain network of a signature as functions of fixed or unknown size, which runtimes other than TensorFlow can hold.

They have no loop and no branch, no random number, and tensors of at most four dimensions, as LiteRT on a graphics processor takes no more.
tf2onnx reads the division of negative numbers, by which images are padded, in another way than TensorFlow. So padding and tiles lie
outside: height and width of what a function is given are multiples of `Function.multiple`, and at least `Function.minimum`.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from tfgan.config import Domain, Size
from tfgan.data.preparation.normalization import normalize
from tfgan.inference import Encoder, Sampler, Signatures, Translator

RANDOM = ("Random", "Multinomial")  # in the names of operations that draw


class Function(NamedTuple):
    """One function of a run's networks, with inputs and an output that no two share a name.

    Attributes:
        name: of the function: that of the run's signature, with `_floats` or `_pixels` after it; or mapping or synthesis.
        signature: what the run calls it.
        call: takes its inputs in order, and returns one tensor.
        inputs: shapes, dtypes and names of the inputs; images are N×H×W×C float32 in [-1, 1], or uint8 where the name ends in `_pixels`.
        output: the name of the result.
        domain: of the images that come out; None for vectors.
        source: of the images that go in; None where none do.
        multiple, minimum: of height and width of the images that go in; 0 for what takes none, or takes one size alone.
    """

    name: str
    signature: str
    call: Callable[..., tf.Tensor]
    inputs: tuple[tf.TensorSpec, ...]
    output: str
    domain: Domain | None = None
    source: Domain | None = None
    multiple: int = 0
    minimum: int = 0

    @property
    def is_floats(self) -> bool:
        """Whether it takes and gives floats, so that it has a gradient and can be compared exactly."""
        return not self.name.endswith("_pixels")

    def run(self, *inputs) -> dict[str, tf.Tensor]:
        return {self.output: self.call(*inputs)}

    def traced(self) -> Any:
        """The function as a TensorFlow function of its inputs by name, which reads the run's variables."""
        return tf.function(self.run, input_signature=self.inputs, autograph=False)


def functions(signatures: Signatures, size: Size | None, batch: int | None = 1) -> dict[str, list[Function]]:
    """All functions of a run, by the name of the signature that they belong to.

    Args:
        size: height and width of the images that translations take; None: unknown, so that any that suits the network does.
        batch: number of images or latents; None: any.
    """
    return {name: _functions(name, signature, size, batch) for name, signature in signatures.items()}


def plain(signatures: Signatures) -> list[Function]:
    """The functions of floats of a run, for any number of images of any size."""
    return [function for made in functions(signatures, None, None).values() for function in made if function.is_floats]


def _functions(name: str, signature: Translator | Encoder | Sampler, size: Size | None, batch: int | None) -> list[Function]:
    if isinstance(signature, Sampler):
        return _from_noise(name, signature, batch)
    if isinstance(signature, Encoder):
        return _encoding(name, signature, batch)
    return _translation(name, signature, size, batch)


def _has_pixels(domain: Domain) -> bool:
    """Whether the values of a domain's files are what other runtimes take: bytes over their whole range, or numbers of classes."""
    return domain.is_map or (domain.dtype == "uint8" and not domain.value_range)


def _translation(name: str, way: Translator, size: Size | None, batch: int | None) -> list[Function]:
    sizes = [batch, *(size or (None, None))]
    conditions = [tf.TensorSpec([batch, length], tf.float32, condition) for condition, length in way.lengths.items()]
    limits = way.translation.multiple, way.translation.minimum
    made = []
    for kind in ["floats", *(["pixels"] if _has_pixels(way.source) and _has_pixels(way.target) else [])]:
        floats = kind == "floats"
        given = tf.TensorSpec(sizes, tf.int32, "labels")
        if not way.takes_maps:
            given = tf.TensorSpec([*sizes, way.source.channels], tf.float32 if floats else way.source.dtype, "images")

        def call(images, *conditions, floats=floats):
            made = way.translation.function(images if floats else way.to_floats(images), *conditions)
            return made if floats else way.to_pixels(made)

        output = "translated" if floats or not way.gives_maps else "translated_labels"
        made.append(Function(f"{name}_{kind}", name, call, (given, *conditions), output, way.target, way.source, *limits))
    return made


def _encoding(name: str, encoder: Encoder, batch: int | None) -> list[Function]:
    """An encoder without the resizing in front of it: Function.inputs has the size that images are to be given in."""
    shape, function = [batch, *encoder.encoding.size, encoder.source.channels], encoder.encoding.function
    made = [Function(f"{name}_floats", name, function, (tf.TensorSpec(shape, tf.float32, "images"),), "vectors", None, encoder.source)]
    if _has_pixels(encoder.source):
        spec = tf.TensorSpec(shape, encoder.source.dtype, "images")

        def encode(images):
            return function(normalize(images, encoder.source))

        made.append(Function(f"{name}_pixels", name, encode, (spec,), "vectors", None, encoder.source))
    return made


def _from_noise(name: str, sampler: Sampler, batch: int | None) -> list[Function]:
    latents = tf.TensorSpec([batch, sampler.length], tf.float32, "latents")
    labels = [tf.TensorSpec([batch], tf.int32, "labels")] * bool(sampler.class_names)
    inputs, generate, halves = (latents, *labels), sampler.generation.function, []
    if styles := sampler.styles:
        psi = tf.TensorSpec([], tf.float32, "truncation")
        vectors = tf.TensorSpec([batch, styles.layers, styles.w_dim], tf.float32, "styles")
        inputs, generate = (latents, psi), lambda z, truncation: styles.synthesize(styles.map(z, truncation))
        halves = [
            Function("mapping", name, styles.map, (latents, psi), "mapped_styles"),
            Function("synthesis", name, styles.synthesize, (vectors,), "generated", sampler.target),
        ]
    made = [Function(f"{name}_floats", name, generate, inputs, "generated", sampler.target)]
    if _has_pixels(sampler.target):
        made.append(
            Function(f"{name}_pixels", name, lambda *given: sampler.to_pixels(generate(*given)), inputs, "generated", sampler.target)
        )
    return [*made, *halves]


def frozen(function: Function) -> Any:
    """The function as a graph of constants: a concrete function that holds its weights, and calls no other."""
    return convert_variables_to_constants_v2(function.traced().get_concrete_function())


def draws(graph: Any) -> bool:
    """Whether a graph has operations that draw random bits, which other runtimes do not have."""
    return any(part in node.type for node in graph.graph.get_operations() for part in RANDOM)
