"""Runs behind the server of `tfgan.serving`: their signatures as functions, and files through them as `translate` and `sample` do it."""

import contextlib
import dataclasses
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image, UnidentifiedImageError

from tfgan.app.build import served
from tfgan.config import Domain, Size
from tfgan.config.unused import hold
from tfgan.config.verbs import SampleConfig, ServeConfig, TranslateConfig
from tfgan.data.label_maps import maps as label_maps
from tfgan.data.label_maps.objects import read_instances
from tfgan.data.label_maps.results import as_written, encode_result, is_coded
from tfgan.data.preparation.normalization import held
from tfgan.data.reading import images
from tfgan.data.reading.formats import ARRAYS, PICTURES
from tfgan.data.reading.results import result_ending, why_unfit
from tfgan.errors import TooLarge, UnreadableImage, UserError
from tfgan.inference import Sampler, Translator, open_inference, samplers, translators
from tfgan.inference.claims import UNKNOWN, claimed_pixels
from tfgan.inference.export import make_signatures
from tfgan.inference.origin import as_comment
from tfgan.inference.passage import Passage
from tfgan.inference.room import network_bytes
from tfgan.inference.sampler import BATCH
from tfgan.instances import packed
from tfgan.portable.graph import functions
from tfgan.runs.judging import refuse_instances
from tfgan.runs.opening import Run
from tfgan.runs.results.conditions import choose_translator, make_conditions
from tfgan.runs.results.latents import choose_classes, choose_sampler
from tfgan.runs.results.plain import plain_function
from tfgan.runs.results.refusals import in_words
from tfgan.runs.results.remote import make_page
from tfgan.runs.results.scale import choose_passage
from tfgan.runs.results.translate import origin_of_translation
from tfgan.runs.results.written import origin_of
from tfgan.serving.access import Access, is_loopback
from tfgan.serving.application import Server, make_application
from tfgan.serving.batching import Batcher
from tfgan.serving.metrics import Metrics
from tfgan.serving.model import Arrays, File, Function, Limits, Page, Refused, Tensor
from tfgan.serving.page import upload_page
from tfgan.serving.server import Serving, make_server
from tfgan.serving.tensors import count_pixels
from tfgan.training.machine import machine_memory

logger = logging.getLogger(__name__)

READ = {name: ending for ending, name in (PICTURES | ARRAYS).items() if ending not in ("jpeg", "tiff", "heif")}
"""The formats of files that are taken, as headers name them -> their ending. No volumes and rasters: those are for `tfgan translate`."""

MEDIA = {
    **{"jpg": "image/jpeg", "jpeg": "image/jpeg", "tif": "image/tiff", "tiff": "image/tiff", "heic": "image/heic"},
    **{ending: f"image/{ending}" for ending in ("png", "bmp", "gif", "webp", "avif")},
}

SHARE = 2  # of the machine's memory, one part is for the largest request


def make_serving(runs: Mapping[str, Run], settings: ServeConfig, token: str) -> Serving:
    """A server of runs, ready to run on a socket; all their functions are traced, so that no request waits for that.

    Args:
        runs: the name in addresses -> the run. One that is there twice is in memory once.
        settings: its limits. If a request of so many pixels would not fit into the machine's memory, fewer are let in, and a line says so.
        token: what requests must bring; "" for none, see `tfgan.runs.listening.find_token`.
    """
    settings = _fitting(runs, settings)
    limits = Limits(settings.max_bytes, settings.max_pixels, settings.queue, settings.timeout, settings.batch)
    metrics = Metrics()
    batcher = Batcher(limits, metrics.saw_call)
    with _many_traces():
        models = [Served(name, run, batcher, settings) for name, run in runs.items()]
        for model in models:
            model.warm()
    access = Access(is_loopback(settings.host), token)
    app = make_application(Server([*models], limits, batcher, metrics), access, upload_page, served)
    return make_server(app, settings.timeout)


@contextlib.contextmanager
def _many_traces() -> Iterator[None]:
    """A context in which TensorFlow does not take functions that are traced for each of several runs for a mistake in a loop."""

    def tell(record: logging.LogRecord) -> bool:
        return "triggered tf.function retracing" not in str(record.msg)

    tf.get_logger().addFilter(tell)
    try:
        yield
    finally:
        tf.get_logger().removeFilter(tell)


def _fitting(runs: Mapping[str, Run], settings: ServeConfig) -> ServeConfig:
    """The settings, with fewer pixels where a network's values for as many take more than a part of the machine's memory."""
    needed = [network_bytes(way) for run in runs.values() for way in translators(open_inference(run.method)).values()]
    most = machine_memory() // SHARE // max(needed, default=1)
    if settings.max_pixels <= most:
        return settings
    logger.warning(
        f"Requests have at most {most:,} pixels, not {settings.max_pixels:,} (--max_pixels): the network takes {max(needed):,} bytes "
        "for each."
    )
    return dataclasses.replace(settings, max_pixels=max(most, 1))


class Served:
    """A run as the server has it, see `tfgan.serving.model.Model`; its networks are called in the batcher's thread alone.

    Args:
        name: of its addresses, and in messages, which do not tell clients where it lies.
        run: with its weights.
        batcher: runs its functions.
        settings: of these, `max_pixels` counts.
    """

    def __init__(self, name: str, run: Run, batcher: Batcher, settings: ServeConfig):
        self.name, self.version, self._batcher, self._most = name, max(run.step, 1), batcher, settings.max_pixels
        self._origin = origin_of(run)
        self._run = run._replace(folder=Path(name))
        self._signatures = open_inference(run.method)
        for translator in translators(self._signatures).values():
            translator.max_pixels = settings.max_pixels
        self._page = self._make_page(run)
        self._claims = tf.function(claimed_pixels, input_signature=[tf.TensorSpec([], tf.string)])
        self.functions = {key: self._function(key, graph) for key, graph in make_signatures(self._signatures).items()}
        plain = [own for some in functions(self._signatures, None, None).values() for own in some if own.is_floats]
        size = run.config.hparams.image_size
        self.functions |= {own.name: plain_function(own, self._signatures, size) for own in plain}
        self._queued: dict[str, Any] = {
            key: Queued(signature, batcher) for key, signature in self._signatures.items() if not isinstance(signature, Sampler)
        }

    def _make_page(self, run: Run) -> Page | str:
        """What the page of the run asks for; or why it has none."""
        try:
            refuse_instances(run.config, str(run.folder), "a page")
            return make_page(self.name, run, self._signatures)
        except (UserError, UnreadableImage) as error:
            logger.warning(f"{self.name} has no live page at its server: {error}")
            return str(error).replace(str(run.folder), self.name)

    def page(self) -> Page:
        """See `tfgan.serving.model.Model`."""
        if isinstance(self._page, str):
            raise Refused(404, f"{self.name} has no live page: {self._page}")
        return self._page

    def _function(self, name: str, graph: tf.types.experimental.GenericFunction) -> Function:
        """A signature of the run's export, traced here and now."""
        concrete = graph.get_concrete_function()
        inputs = tuple(_tensor(spec.name, spec) for spec in graph.input_signature)
        outputs = tuple(_tensor(key, spec) for key, spec in concrete.structured_outputs.items())
        takes_files = inputs[0].dtype == "string"

        from_noise = inputs[0].name in ("latents", "seed")

        def run(*arrays: np.ndarray) -> Arrays:
            rows = BATCH if from_noise else len(arrays[0])  # images are translated one by one
            with in_words():
                parts = [graph(*(tf.constant(array[i : i + rows]) for array in arrays)) for i in range(0, len(arrays[0]), rows)]
            return [np.concatenate([part[spec.name].numpy() for part in parts]) for spec in outputs]

        def pixels(arrays: Arrays) -> int:
            if takes_files:
                return sum(self._claimed(content) for content in arrays[0])
            if from_noise:
                height, width = self._run.config.hparams.image_size
                return len(arrays[0]) * height * width
            return count_pixels(arrays[0])

        return Function(inputs, outputs, run, pixels, merges=not takes_files)

    def warm(self):
        """Calls each network once, at the size of training, so that no request waits for its graph and its memory."""
        image = (1, *self._run.config.hparams.image_size)

        def zeros(spec: tf.TensorSpec) -> np.ndarray:
            sizes = list(spec.shape)
            return np.zeros([size or known for size, known in zip(sizes, (*image, 1))], spec.dtype.as_numpy_dtype)

        for key, queued in self._queued.items():
            spec = self._signatures[key].pixel_spec
            pixels = zeros(spec)
            vectors = {name: np.zeros([1, length], np.float32) for name, length in getattr(queued, "lengths", {}).items()}
            queued.pixels(pixels, **vectors)
            queued(pixels if spec.dtype == tf.int32 else pixels.astype(np.float32), **vectors)
        if isinstance(self._page, Page):
            for function in self._page.functions.values():
                self._batcher.run(function, [np.zeros([int(size or 1) for size in spec.shape], spec.dtype) for spec in function.inputs])
        for sampler in samplers(self._signatures).values():
            sampler.latents([0])
        files = [np.array([_blank(way.source, image[1:])], object) for way in translators(self._signatures).values()]
        for function in self.functions.values():
            first, *others = function.inputs
            given = files[:1] if first.dtype == "string" else [zeros(tf.TensorSpec(first.shape, first.dtype))]
            self._batcher.run(function, [*given, *(zeros(tf.TensorSpec(spec.shape, spec.dtype)) for spec in others)])

    def _claimed(self, content: bytes) -> int:
        found = int(self._claims(tf.constant(content)))
        if found == UNKNOWN:
            raise Refused(
                400, f"image_bytes must be PNG, JPEG, GIF, BMP or WebP files with a whole header; one begins with {content[:8]!r}."
            )
        return found

    def describe(self) -> dict[str, Any]:
        spec = self._run.config.spec
        ways = [
            {"to": way.target.name, "from": way.source.name, "words": way.describe(), "conditions": list(way.lengths)}
            for way in translators(self._signatures).values()
        ]
        return {
            "name": self.name,
            "version": self.version,
            "method": self._run.config.method,
            "size": list(self._run.config.hparams.image_size),
            "ways": ways,
            "noise": bool(samplers(self._signatures)),
            "classes": list(spec.class_names) if samplers(self._signatures) else [],
            "attributes": list(spec.attribute_names),
            "attribute_groups": [list(group) for group in spec.attribute_groups],
            "truncation": next((sampler.styles.truncation for sampler in samplers(self._signatures).values() if sampler.styles), None),
            "style": "encode" in self._signatures and bool(ways),
            "instances": any(way.source.instances for way in translators(self._signatures).values()),
            "signatures": list(self.functions),
            "page": isinstance(self._page, Page),
        }

    def translate(self, content: bytes, beside: Mapping[str, bytes], options: Mapping[str, Any]) -> File:
        """As `tfgan translate` does it with a file: upright, in the run's channels, at the size of training, and back in its own."""
        chosen = {key: options[key] for key in ("to", "set", "seed", "size", "tile")}
        with in_words():
            settings = TranslateConfig(**chosen)
            way = choose_translator(self._signatures, settings.to)
            passage = choose_passage(self._run, way, settings)
            image, source = self._read(content, way.source)
            image, style = self._with_instances(image, way.source, beside.get("instances")), beside.get("style")
            size = image.shape[0], image.shape[1]
            self._bound_passage(passage, size)
            ending = _ending(options["format"], way.target, source)
            queued = next(self._queued[key] for key, signature in self._signatures.items() if signature is way)
            conditions = self._conditions(way, settings, style)
            made = passage.translate(queued, held(image, way.source), conditions)
            origin = origin_of_translation(self._origin, way, passage, settings)
            if style is not None:
                origin = {key: value for key, value in origin.items() if key != "seed"} | {"style": _digest(style)}
            origin["input"] = " ".join(_digest(part) for part in (content, beside.get("instances")) if part is not None)
            return self._written(made, way.target, ending, origin, passage.unlike_training(size))

    def _with_instances(self, labels: np.ndarray, domain: Domain, content: bytes | None) -> np.ndarray:
        """A label map with the instances in the bytes of its instance map, if the run was trained with such; others as they are."""
        if domain.instances and content is None:
            raise Refused(400, f'{self.name} was trained with instance maps: send that of the label map as "instances" of a form.')
        if not domain.instances and content is not None:
            raise Refused(400, f'{self.name} was trained without instance maps: leave "instances" out.')
        if content is None:
            return labels
        try:
            info = images.probe(content, domain.pages)
            self._bound(info.height * info.width, f"the instance map has {info.width}×{info.height} pixels, which")
            return packed(labels, read_instances(content, domain.pages, labels.shape))
        except TooLarge as error:
            raise Refused(413, f"the instance map: {error.reason}.") from None
        except UnreadableImage as error:
            raise Refused(400, f"the instance map: {error}.") from None

    def _conditions(self, way: Translator, settings: TranslateConfig, style: bytes | None) -> Callable:
        if style is None:
            return make_conditions(self._run, self._queued, way, settings)
        facts = {"attributes": "attributes" in way.lengths, "styles of photos": "latent" in way.lengths}
        hold(dataclasses.replace(settings, style="a photo"), facts, self.name)
        encode = self._queued["encode"]
        photo, _ = self._read(style, encode.source)
        latent = encode.pixels(photo[None]).numpy()[0]
        return lambda image: {"latent": latent}

    def sample(self, options: Mapping[str, Any]) -> File:
        """The image that `tfgan sample` makes of the seed, and of the class if the run has classes."""
        with in_words():
            psi = next(iter(SampleConfig(truncation=options["truncation"]).numbers("truncation")), None)
            sampler = choose_sampler(self._run, self._signatures, psi)
            if sampler.class_names and not options["label"]:
                raise UserError(f"label: say which class. There are: {', '.join(sampler.class_names)}.")
            labels = choose_classes(sampler, (options["label"],) if options["label"] else ())
            ending = _ending(options["format"], sampler.target, "png")
            made = self._made(options["seed"], labels, psi)
            own = {"truncation": sampler.styles.truncation} if sampler.styles else {}
            origin = self._origin | own | {"seed": options["seed"]} | ({"class": options["label"]} if labels else {})
            return self._written(made, sampler.target, ending, origin, "")

    def _made(self, seed: int, labels: list[int], truncation: float | None) -> np.ndarray:
        """The image of a seed, H×W×C; by another ψ than the run's own from the plain network, which takes one with each call."""
        if truncation is None:
            return self._batcher.run(self.functions["from_seed"], [np.array([number], np.int32) for number in (seed, *labels)])[0][0]
        name, sampler = next(iter(samplers(self._signatures).items()))
        floats = self._batcher.run(self.functions[f"{name}_floats"], [sampler.latents([seed]), np.array(truncation, np.float32)])[0]
        return sampler.to_pixels(floats).numpy()[0]

    def _read(self, content: bytes, domain: Domain) -> tuple[np.ndarray, str]:
        """The image in a file as a domain has it, and the ending of its format; its header is read before anything is unpacked."""
        try:
            info = images.probe(content, domain.pages)
        except TooLarge as error:
            raise Refused(413, f"the image: {error.reason}.") from None
        except UnreadableImage as error:
            if isinstance(error.__context__, UnidentifiedImageError):
                raise Refused(415, f"the image: not an image, or damaged from the start (accepted: {', '.join(READ)}).") from None
            bomb = isinstance(error.__context__, Image.DecompressionBombError)  # what Pillow calls a size beyond its own limit
            raise Refused(413 if bomb else 415, f"the image: {error}.") from None
        if info.format not in READ:
            raise Refused(415, f"the server takes no {info.format} files, only {', '.join(READ)}: `tfgan translate` reads them.")
        if info.pages > 1 and domain.pages.startswith("frames"):
            raise Refused(415, f"the file has {info.pages} pages, and the server takes one image at a time: `tfgan translate` takes all.")
        self._bound(info.height * info.width, f"the image has {info.width}×{info.height} pixels, which")
        if domain.classes is not None:
            found = label_maps.load(content, domain)
            return found[..., 0] if domain.is_map and found.ndim == 3 else found, READ[info.format]
        return images.read(content, domain, self._run.config.data.alpha), READ[info.format]

    def _bound_passage(self, passage: Passage, size: Size):
        """Raises `Refused` for an image of `size` that would be too large on its way through the network."""
        try:
            height, width = passage.at(size)
        except UserError as error:
            raise Refused(413, str(error)) from None
        self._bound(height * width, f"the image would go through the network with {width}×{height} pixels, which")

    def _bound(self, pixels: int, what: str):
        if pixels > self._most:
            raise Refused(413, f"{what} are {pixels:,}, and {self._most:,} are the most (--max_pixels).")

    def _written(self, pixels: np.ndarray, domain: Domain, ending: str, origin: Mapping[str, Any], note: str) -> File:
        comment = as_comment(dict(origin))
        if is_coded(domain):
            content = encode_result(pixels, domain, ending, comment)
        else:
            content = images.encode(pixels, ending, comment, as_written(domain).bands)
        return File(content, MEDIA.get(ending, "application/octet-stream"), f"the image {note}" if note else "")


class Queued:
    """A translator or an encoder whose network is called in the batcher's turn; all else is its own.

    Args:
        signature: the translator or encoder.
        batcher: whose turns are taken.
    """

    def __init__(self, signature, batcher: Batcher):
        self._signature, self._batcher = signature, batcher
        self._floats = self._function(signature)
        self._pixels = self._function(signature.pixels)
        self._names = list(getattr(signature, "lengths", {}))

    def __getattr__(self, name: str):
        return getattr(self._signature, name)

    def __call__(self, images, **conditions):
        """See `tfgan.inference.Translator` and `Encoder`."""
        return self._asked(self._floats, images, conditions)

    def pixels(self, images, **conditions):
        """See `tfgan.inference.Translator` and `Encoder`."""
        return self._asked(self._pixels, images, conditions)

    def _function(self, call) -> Function:
        def run(images: np.ndarray, *vectors: np.ndarray) -> Arrays:
            with in_words():
                return [call(tf.constant(images), **dict(zip(self._names, vectors))).numpy()]

        return Function((), (), run, lambda arrays: count_pixels(arrays[0]))

    def _asked(self, function: Function, images, conditions):
        vectors = [np.asarray(conditions[name], np.float32) for name in self._names]
        return tf.constant(self._batcher.run(function, [np.asarray(images), *vectors])[0])


def _tensor(name: str, spec: tf.TensorSpec) -> Tensor:
    dtype = "string" if spec.dtype == tf.string else spec.dtype.name
    return Tensor(name, dtype, tuple(spec.shape))


def _blank(domain: Domain, size: Size) -> bytes:
    """A file of one value of a domain."""
    if domain.classes is not None:
        return label_maps.encode(np.zeros(size, np.int32), domain.classes)
    return images.encode(np.zeros((*size, domain.channels), domain.dtype), "npy" if domain.bands else "png")


def _ending(wanted: str, target: Domain, source: str) -> str:
    """The ending of a result's format, without a dot: as `wanted`, or that of the input `source`, or one that can hold it."""
    ending = wanted.lower().removeprefix(".") or result_ending(target, source)
    if reason := why_unfit(ending, target):
        raise UserError(f"format: {reason}.")
    return ending


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
