"""What the page of a run offers: a record of the ways to use its networks, and examples of them with the run's own results."""

import datetime
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

import tfgan
from tfgan.attributes import change_attributes, known_attributes
from tfgan.config import Domain
from tfgan.data.label_maps.results import is_coded, pixels_of_classes, to_classes
from tfgan.data.preparation.normalization import as_floats, normalize
from tfgan.errors import UserError
from tfgan.inference import Encoder, Sampler, Signatures, Translator
from tfgan.one_hot import as_map
from tfgan.portable.graph import Function, functions
from tfgan.runs.opening import Run
from tfgan.runs.results.scale import translation_fit
from tfgan.runs.training.pictures import stored_inputs

SHOWN_BY_BROWSERS = (1, 2, 3, 4)  # channels
MOST_CLASSES = 2**15 - 1  # what int16 holds
ROOM = 1.5  # times the difference that is found when a page is made, which another machine's rounding may reach
ROOM_LARGEST, ROOM_MEAN = 3.0, 0.5  # and so many steps of 255 more


class Example(NamedTuple):
    """Inputs of a function, and the run's own result."""

    function: str
    inputs: dict[str, np.ndarray]  # by name, for a batch of one
    shown: np.ndarray  # of the result: H×W×C uint8, or a map of classes H×W int16; or a vector float32


class Page(NamedTuple):
    """All of a run that its page shows.

    Attributes:
        ways: the ways to use the networks, as the page's script reads them.
        functions: of the networks, for a file.
        examples: of each way, and of its encoder if there is one.
        content: the arrays of the examples, one behind the other.
    """

    ways: list[dict[str, Any]]
    functions: list[Function]
    examples: list[list[Example]]
    content: bytes


class _Store:
    """Arrays one behind the other, each at an even place, as those of int16 need it."""

    def __init__(self):
        self.content = bytearray()

    def add(self, array: np.ndarray) -> list[int]:
        """Puts an array behind the others; its place and length in bytes."""
        self.content += b"\0" * (len(self.content) % 2)
        place, data = len(self.content), np.ascontiguousarray(array).tobytes()
        self.content += data
        return [place, len(data)]


def describe(run: Run, signatures: Signatures, most_examples: int) -> Page:
    """What the page of a run offers.

    Args:
        most_examples: of each translation.

    Raises:
        UserError: images that a browser cannot show, or no images of the run to begin with.
    """
    found = functions(signatures, run.config.hparams.image_size)
    store, ways, examples = _Store(), [], []
    for name, signature in signatures.items():
        if isinstance(signature, Translator):
            way, own = _translation(run, signatures, name, signature, store, most_examples)
        elif isinstance(signature, Sampler):
            way, own = _generation(name, signature, store)
            if encoder := _encoder(signatures):
                about, proof, _ = _encode(run, *encoder, store, 1)
                way["encode"], own = about, [*own, proof]
        else:
            continue
        ways.append(way)
        examples.append(own)
    names = {value for way in ways for value in _functions_of(way)}
    wanted = [function for group in found.values() for function in group if function.name in names]
    return Page(ways, wanted, examples, bytes(store.content))


def make_record(run: Run, page: Page, precision: str) -> dict[str, Any]:
    """What the page's script reads, but for its functions.

    Args:
        precision: of the networks, in words.
    """
    return {
        "method": run.config.method,
        "step": run.step,
        "precision": precision,
        "version": tfgan.__version__,
        "made": f"{datetime.date.today()}",
        "ways": page.ways,
    }


def subtitle(run: Run, page: Page) -> str:
    """What the page says below its title."""
    return f"{' and '.join(way['title'] for way in page.ways)}, by {run.config.method}"


def allowed(is_map: bool, largest: float, mean: float) -> dict[str, float]:
    """How far the page's results may be from the run's before it calls them wrong, where they were so far when it was made."""
    room = (0.02, 0.02) if is_map else (ROOM_LARGEST, ROOM_MEAN)
    return {"largest": float(ROOM * largest + room[0]), "mean": float(ROOM * mean + room[1])}


def _encoder(signatures: Signatures) -> tuple[str, Encoder] | None:
    """The run's way from pictures to vectors, and its name; None if there is none."""
    return next(((name, signature) for name, signature in signatures.items() if isinstance(signature, Encoder)), None)


def _encode(run: Run, name: str, encoder: Encoder, store: _Store, most: int) -> tuple[dict[str, Any], Example, list[np.ndarray]]:
    """What the page knows of an encoder, with the run's own vector of the first photo; and the run's photos, pixels at its size."""
    photos = [_eight_bits(as_floats(image, encoder.source)) for image in stored_inputs(run.folder, encoder)[:most]]
    photos = [_eight_bits(encoder.fit(_floats(photo)[None]).numpy()[0]) for photo in photos]
    if not photos:
        raise _no_images(run)
    given, places = _floats(photos[0])[None], [store.add(photo) for photo in photos]
    vector, encoding = encoder(given).numpy()[0], encoder.encoding
    about = {
        "function": f"{name}_floats",
        "size": list(encoding.size),
        "channels": encoder.source.channels,
        "crop": encoding.crop,
        "photos": places,
        "proof": {"input": places[0], "vector": vector.tolist()},
    }
    return about, Example(f"{name}_floats", {"images": given}, vector), photos


def _no_images(run: Run) -> UserError:
    return UserError(f"{run.folder}/samples/inputs has no images to begin with: the command that trained the run writes them again.")


def _functions_of(way: dict[str, Any]) -> Iterable[str]:
    yield from ["mapping", "synthesis"] if way.get("styles") else [way["function"]]
    yield from (way[part]["function"] for part in ("classify", "encode") if way.get(part))


def _refuse(domain: Domain):
    if domain.is_map:
        if len(domain.require_classes().values) > MOST_CLASSES:
            raise UserError(f"{domain.name} has more classes than a page can hold, {MOST_CLASSES}.")
    elif domain.channels not in SHOWN_BY_BROWSERS or domain.bands:
        raise UserError(
            f"{domain.name} has {domain.values}, which are bands and no picture: a browser cannot show them. Use `tfgan export`."
        )


def _side(domain: Domain) -> dict[str, Any]:
    """What the page knows of a domain: its name, channels, and classes with colors and names, if it is a label map."""
    side: dict[str, Any] = {"name": domain.name, "channels": domain.channels, "map": domain.is_map, "nearest": domain.resample == "nearest"}
    if not is_coded(domain):
        return side | {"classes": None}
    classes = domain.classes or domain.written
    assert classes is not None
    side["classes"] = [{"name": name, "color": color.lower()} for name, color in zip(classes.names, classes.colors)]
    if not domain.is_map:
        *pixels, none = normalize(pixels_of_classes(domain), domain).tolist()
        side |= {"none": none, "classes": [own | {"values": values} for own, values in zip(side["classes"], pixels)]}
    return side


def _translation(run: Run, signatures: Signatures, name: str, way: Translator, store: _Store, most: int) -> tuple[dict, list[Example]]:
    _refuse(way.source)
    _refuse(way.target)
    images = stored_inputs(run.folder, way)[:most]
    if not images:
        raise _no_images(run)
    spec, file = run.config.spec, _file(f"{run.folder.resolve().name}_{way.target.name}")
    record: dict[str, Any] = {
        "kind": "translate",
        "title": way.describe(),
        "function": f"{name}_floats",
        "file": file,
        "size": list(images[0].shape[:2]),
        "fit": translation_fit(run.config),
        "source": _side(way.source),
        "target": _side(way.target),
        "conditions": dict(way.lengths),
    }
    encoder: Encoder | None = None
    photos: list[np.ndarray] = []
    proofs: list[Example] = []
    if found := _encoder(signatures):
        encoder, is_style = found[1], "latent" in way.lengths
        about, proof, photos = _encode(run, *found, store, most if is_style else 1)
        record["encode" if is_style else "classify"], proofs = about, [proof]
    if "attributes" in way.lengths:
        record["attributes"] = {"names": spec.attribute_names, "groups": spec.attribute_groups, "sets": spec.attribute_sets}
    examples, record["examples"] = [], []
    for number, image in enumerate(images):
        given, shown = _source(image, way.source)
        conditions = _conditions(spec, way, encoder, given, photos[number : number + 1])
        made = way(given[None], **{key: vector[None] for key, vector in conditions.items()}).numpy()
        result = as_map(made).numpy()[0].astype(np.int16) if way.gives_maps else _eight_bits(made[0])
        key = "labels" if way.takes_maps else "images"
        inputs = {key: given[None], **{key: vector[None] for key, vector in conditions.items()}}
        examples.append(Example(f"{name}_floats", inputs, result))
        listed = {key: vector.tolist() for key, vector in conditions.items()}
        record["examples"].append({"input": store.add(shown), "output": store.add(result), **listed})
    return record, [*examples, *proofs]


def _source(image: np.ndarray, domain: Domain) -> tuple[np.ndarray, np.ndarray]:
    """An image as the network is given it, and as the page holds it: a map of classes H×W int16, or pixels H×W×C of 8 bits."""
    if not is_coded(domain):
        pixels = _eight_bits(normalize(image, domain))
        return _floats(pixels), pixels
    indices = to_classes(image, domain)
    given = indices.astype(np.int32) if domain.is_map else normalize(pixels_of_classes(domain)[indices], domain)
    return given, indices.astype(np.int16)


def _conditions(spec, way: Translator, encoder: Encoder | None, image: np.ndarray, photo: list[np.ndarray]) -> dict[str, np.ndarray]:
    """What the example's image is translated by: the attributes that it has, or the style of the photo that belongs to it."""
    known: dict[str, np.ndarray] = {}
    if "attributes" in way.lengths and encoder:
        scores = encoder(image[None]).numpy()[0]
        known = {"attributes": change_attributes(scores, {}, spec), "mask": known_attributes({}, spec)}
    elif "latent" in way.lengths:
        known["latent"] = encoder(_floats(photo[0])[None]).numpy()[0] if encoder and photo else np.zeros(way.lengths["latent"], np.float32)
    return {name: known[name].astype(np.float32) for name in way.lengths}


def _generation(name: str, sampler: Sampler, store: _Store) -> tuple[dict, list[Example]]:
    _refuse(sampler.target)
    latents = sampler.latents([0])
    labels = {"labels": np.zeros(1, np.int32)} if sampler.class_names else {}
    shown = _eight_bits(sampler(latents, **labels).numpy()[0])
    inputs: dict[str, np.ndarray] = {"latents": latents, **labels}
    record: dict[str, Any] = {
        "kind": "generate",
        "title": f"noise to {sampler.target.name}",
        "function": f"{name}_floats",
        "file": _file(sampler.target.name),
        "size": list(shown.shape[:2]),
        "target": _side(sampler.target),
        "length": sampler.length,
        "prior": sampler.generation.prior,
        "classes": list(sampler.class_names),
        "examples": [{"seed": 0, "label": 0, "output": store.add(shown)}],
    }
    if styles := sampler.styles:
        record["styles"] = {"layers": styles.layers, "width": styles.w_dim, "truncation": styles.truncation}
        mapped = styles.map(latents, styles.truncation).numpy()
        return record, [Example("synthesis", {"styles": mapped}, shown)]
    return record, [Example(f"{name}_floats", inputs, shown)]


def _eight_bits(floats: np.ndarray) -> np.ndarray:
    """Floats in [-1, 1] as uint8, as the page shows them: rounded to the nearest."""
    return np.clip(np.rint((np.asarray(floats, np.float32) + np.float32(1.0)) * np.float32(127.5)), 0, 255).astype(np.uint8)


def _floats(pixels: np.ndarray) -> np.ndarray:
    return pixels * np.float32(2.0 / 255.0) - np.float32(1.0)


def _file(name: str) -> str:
    """A name for files that a visitor saves: letters, digits, - and _ alone, as browsers and systems differ in the rest."""
    return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)[:80]
