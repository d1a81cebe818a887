"""A SavedModel that any TensorFlow program can load, without tfgan."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import tensorflow as tf

from tfgan.config import Domain
from tfgan.data.label_maps.maps import ids
from tfgan.inference.encoder import Encoder
from tfgan.inference.guards import Guard, guarded, small_enough
from tfgan.inference.sampler import Sampler
from tfgan.inference.translator import Translator
from tfgan.instances import MOST, STRIDE, packed

Signature = Translator | Encoder | Sampler
NONE: Mapping[str, Callable] = MappingProxyType({})

# In notebooks TensorFlow names the folder that it wrote to, which gets another name once the export has proved itself.
tf.get_logger().addFilter(lambda record: "Assets written to" not in str(record.msg))


def make_signatures(signatures: dict[str, Signature]) -> dict[str, Callable]:
    """All signatures of a run, its ways to use its networks, as functions for a SavedModel, by their names in it.

    NAME: `images` [N, H, W, C] -> `images` [N, H, W, C'], uint8 (uint16 for a domain of 16-bit files), any N, H and W. A map of classes
    is `labels` [N, H, W] int32 instead, given or made, with instances as `tfgan.instances` has them where the run has such; what else a
    translation needs are float32 vectors [N, length] under their names.
    An encoding gives `vectors` [N, length].
    NAME_bytes: NAME with `image_bytes` [N], each a JPEG, PNG, GIF or BMP file of any size -> `image_bytes` [N], PNG files. There is
    none where TensorFlow's decoder cannot give what the domain takes, see `is_decodable`. It does not turn photos by their EXIF
    orientation, and it drops transparency where `tfgan translate` lays the image over white. A file that claims more pixels than the
    translator's `max_pixels` is refused before it is decoded.

    What makes images from noise has two: NAME, `latents` [N, length] float32 -> `images` [N, H, W, C], and from_seed, `seed` [N] int32 ->
    the images of `tfgan sample --seed`; with classes both also take `labels` [N] int32.

    Where these come from, NAME_floats is the plain network, see `tfgan.portable.graph`: `export` is given it.

    The first signature also is `serving_default` and `serve_bytes`; where there is no other of its sort, it has these names alone.

    Inputs of another shape, such as one image without N or one with transparency, classes that do not exist, attributes outside [0, 1]
    and latents that are no numbers are refused in words, see `tfgan.inference.guards`.
    """
    several = sum(isinstance(signature, Translator) for signature in signatures.values()) > 1
    functions = {}
    for number, (name, signature) in enumerate(signatures.items()):
        if isinstance(signature, Encoder):
            functions[name] = _encode(signature)
            continue
        if isinstance(signature, Sampler):
            functions |= {signature_name(name, signatures): _generate(signature), "from_seed": _generate_from_seed(signature)}
            continue
        pair = [_translate(signature), *([_translate_bytes(signature)] if _takes_files(signature) else [])]
        if number == 0:
            functions |= zip(("serving_default", "serve_bytes"), pair)
        if several:
            functions |= zip((name, f"{name}_bytes"), pair)
    return functions


def _takes_files(translator: Translator) -> bool:
    """Whether TensorFlow reads the source's files, and writes the target's: it writes no palettes."""
    target = translator.target
    if translator.gives_maps:
        return is_decodable(translator.source) and target.require_classes().coding != "palette"
    return is_decodable(translator.source) and target.channels <= 4 and not target.bands and target.dtype in ("uint8", "uint16")


def _signature(guards: list[Guard], function: Callable, result: str):
    """A signature that gives `function` its inputs once they are as the guards say, and returns what it makes under the name `result`."""

    def serve(*values):
        return {result: function(*guarded(guards, values))}

    return tf.function(serve, input_signature=[guard.spec for guard in guards])


def _encode(encoder: Encoder):
    return _signature([Guard(encoder.pixel_spec)], encoder.encode_pixels, "vectors")


def _labels(sampler: Sampler) -> list[Guard]:
    return [Guard(spec, 0, len(sampler.class_names) - 1, "the numbers of the classes") for spec in sampler.labels_spec]


def _generate(sampler: Sampler):
    return _signature([Guard(sampler.latents_spec), *_labels(sampler)], sampler.generate_pixels, "images")


def _generate_from_seed(sampler: Sampler):
    def generate(seed, *labels):
        return sampler.generate_pixels(sampler.draw(seed), *labels)

    return _signature([Guard(sampler.seed_spec), *_labels(sampler)], generate, "images")


def _conditions(translator: Translator) -> list[Guard]:
    shares = {"attributes": "1 for one that the result has", "mask": "1 for an attribute that is known"}
    return [Guard(spec, 0, 1, shares[spec.name]) if spec.name in shares else Guard(spec) for spec in translator.conditions]


def _translate(translator: Translator):
    source = Guard(translator.pixel_spec)
    if translator.takes_maps:
        last, meaning = len(translator.source.require_classes().names) - 1, "the numbers of the classes, and -1 for none"
        if translator.source.instances:
            last, meaning = packed(last, MOST), f"{meaning}, plus {STRIDE} × the number of the pixel's instance"
        source = Guard(translator.pixel_spec, -1, last, meaning)
    return _signature([source, *_conditions(translator)], translator.translate_pixels, "labels" if translator.gives_maps else "images")


def _translate_bytes(translator: Translator):
    def translate_one(values):
        image = decode(small_enough(values[0], translator.max_pixels), translator.source)
        result = translator.translate_pixels(image[None], *(value[None] for value in values[1:]))[0]
        return tf.io.encode_png(_as_file(result, translator.target.require_classes()) if translator.gives_maps else result)

    def translate(*values):
        # One by one, so that no more than one file is decoded at a time.
        return tf.map_fn(translate_one, values, fn_output_signature=tf.string, parallel_iterations=1)

    return _signature([Guard(tf.TensorSpec([None], tf.string, "image_bytes")), *_conditions(translator)], translate, "image_bytes")


def _as_file(indices, classes):
    """A map of class indices H×W as its files have it: ids H×W×1, or colors H×W×3."""
    if classes.coding == "colors":
        return tf.gather(tf.constant(_rgb(classes.colors), tf.uint8), indices)
    return tf.gather(tf.constant(ids(np.arange(len(classes.values))[None], classes)[0]), indices)


def is_decodable(domain: Domain) -> bool:
    """Whether TensorFlow decodes the domain's files: it turns palettes' indices into colors, and has no gray with transparency.

    Label maps with instances are two files.
    """
    return (
        domain.channels != 2 and not (domain.bands or domain.instances) and (domain.classes is None or domain.classes.coding != "palette")
    )


def decode(data, domain: Domain):
    """Decodes the bytes of one file: H×W×C of the domain's dtype, or H×W int32 where the domain is a map of class indices.

    Agrees with `tfgan.data.label_maps.maps.load` on what that takes. What it refuses, as a graph cannot: an unknown id is no class (-1), an
    unknown color is the nearest class's, and of ids in color the red is taken.
    """
    if domain.classes is None:
        return tf.ensure_shape(
            tf.io.decode_image(data, domain.channels, domain.dtype, expand_animations=False), [None, None, domain.channels]
        )
    indices = _class_indices(data, domain.classes)
    if domain.is_map:
        return indices
    return tf.gather(
        tf.constant([*_rgb(domain.classes.colors), (0, 0, 0)], tf.uint8), tf.math.floormod(indices, len(domain.classes.values) + 1)
    )


def _class_indices(data, classes):
    if classes.coding == "ids":
        # Three channels, as TensorFlow decodes no BMP or GIF into one. Files of 8 bits fill 16: PNG is multiplied by 257, others by 256.
        values = tf.cast(tf.io.decode_image(data, 3, tf.uint16, expand_animations=False), tf.int32)
        is_png16 = (tf.strings.substr(data, 1, 3) == "PNG") & (tf.strings.substr(data, 24, 1) == "\x10")  # the depth in its first chunk
        values = tf.ensure_shape(tf.where(is_png16, values, values // 256), [None, None, 3])[..., 0]
        table = np.full(2**16, -1, np.int32)
        table[list(classes.values)] = range(len(classes.values))
        return tf.gather(table, values)
    pixels = tf.cast(tf.ensure_shape(tf.io.decode_image(data, 3, expand_animations=False), [None, None, 3]), tf.float32)
    colors = tf.constant(_rgb(classes.colors), tf.float32)
    distances = tf.reduce_sum(tf.square(colors), 1) - 2.0 * tf.tensordot(pixels, colors, [[2], [1]])  # less |pixel|², the same for all
    return tf.argmin(distances, axis=-1, output_type=tf.int32)


def _rgb(colors):
    return [tuple(bytes.fromhex(color.removeprefix("#"))) for color in colors]


def export(signatures: dict[str, Signature], folder: Path, further: Mapping[str, Callable] = NONE, assets: Sequence[Path] = ()) -> None:
    """Writes the SavedModel to `folder`, which is empty or not there yet.

    Args:
        further: signatures beside those of `make_signatures`, which read the same weights, by name.
        assets: files that go with it, also where a program saves it again.
    """
    module = tf.Module()
    module._weights = [signature.weights for signature in signatures.values()]  # a SavedModel stores what is an attribute
    module._assets = [tf.saved_model.Asset(str(path)) for path in assets]
    tf.saved_model.save(module, str(folder), signatures=make_signatures(signatures) | dict(further))


def signature_name(name: str, signatures: dict[str, Signature]) -> str:
    """The name in an export of the signature that the run calls `name`."""
    return "serving_default" if name == next(iter(signatures)) else name


def largest_difference(signature: Translator | Encoder, serve: Callable, images: list[np.ndarray]) -> float:
    """The largest difference between a signature of the reloaded SavedModel and the run's own network, over real images or label maps.

    It is in steps of the target's dtype, in units of the vector for an encoder, and of maps of classes the share of pixels that have
    another class. Conditions are drawn at random, 0 or 1.

    Args:
        serve: the signature in the SavedModel.
        images: H×W×C of the source's dtype, or class indices H×W; one at least.
    """
    generator = np.random.default_rng(0)
    differences = []
    for image in images:
        given = {name: generator.integers(0, 2, [1, n]).astype(np.float32) for name, n in getattr(signature, "lengths", {}).items()}
        served = _served(serve, {signature.pixel_spec.name: image[None], **given})
        apart = np.abs(served - signature.pixels(image[None], **given).numpy())
        differences.append(np.mean(apart > 0) if getattr(signature, "gives_maps", False) else np.max(apart))
    return float(np.max(differences))


def largest_sample_difference(sampler: Sampler, serve: Callable, serve_seeds: Callable, seeds: range) -> float:
    """The largest difference between the run's own sampler and both signatures of a SavedModel that make its images from noise.

    It is in steps of the image's dtype, over the images of `seeds`; labels take turns.

    Args:
        serve: the signature that takes latents; serve_seeds: the one that takes seeds.
    """
    labels = {"labels": np.arange(len(seeds), dtype=np.int32) % len(sampler.class_names)} if sampler.class_names else {}
    latents = sampler.latents(seeds)
    own = sampler.pixels(latents, **labels).numpy()
    both = _served(serve, {"latents": latents, **labels}), _served(serve_seeds, {"seed": np.array(seeds, np.int32), **labels})
    return float(np.max(np.abs(np.stack(both) - own)))


def _served(serve: Callable, given: dict[str, np.ndarray]) -> np.ndarray:
    """The one result of a signature in a SavedModel, given its arguments by name, in float64."""
    (result,) = serve(**{name: tf.constant(value) for name, value in given.items()}).values()
    return result.numpy().astype(np.float64)
