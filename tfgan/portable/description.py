"""What an export says of itself, in `tfgan.json`: what its numbers mean, so that nobody has to ask the run."""

from collections.abc import Iterable
from typing import Any

from tfgan.config import DataSpec, Domain
from tfgan.data.preparation.ranges import range_of
from tfgan.inference import Signatures, samplers
from tfgan.instances import MOST, STRIDE
from tfgan.portable.graph import Function

FILE = "tfgan.json"
PRIORS = {"normal": "N(0, 1)", "uniform": "uniform in [-1, 1]"}
INSTANCES = (
    f"plus {STRIDE} × the number of the pixel's instance, from 0 to {MOST}: which number is all one, the function finds the edges between "
    "different ones"
)
COLORIZATION = {
    "L": "RGB, gray or in color: the function takes the lightness L of CIELAB (D65) of it, and passes over its colors",
    "ab": "RGB: the lightness of what was given, with colors that the network made (a and b of CIELAB); what sRGB does not have is clipped",
}
MEANINGS = {
    "attributes": "1 for each attribute that the result has, else 0, in the order of `attributes`",
    "mask": "1 for each attribute that is known, else 0",
    "latent": "a style: drawn from N(0, 1), or the vector of a photo",
    "truncation": "ψ, from 0 (the mean image) to 1 (full variety)",
    "styles": "what mapping gives, a style for each layer",
    "mapped_styles": "a style for each layer",
    "vectors": "as the network gives them",
    "translated_labels": "numbers of the classes, in the order of `classes` of the domain",
}
"""Name of an input or output -> what its values are, where that is the same for all functions."""


def describe(spec: DataSpec, signatures: Signatures, made: Iterable[Function]) -> dict[str, Any]:
    """What the images, labels and latents of a run are, and its functions, as JSON has it; nothing where the run has none.

    Classes and attributes are lists in the order of their numbers. Classes of a label map have the value and the color of their files.
    """
    described: dict[str, Any] = {"domains": {domain.name: values(domain) | _palette(domain) for domain in spec.domains.values()}}
    if spec.attribute_names:
        described |= {"attributes": list(spec.attribute_names), "attribute_groups": [list(group) for group in spec.attribute_groups]}
    for sampler in samplers(signatures).values():
        described["prior"] = {"latents": sampler.length, "drawn_from": PRIORS[sampler.generation.prior], "name": sampler.generation.prior}
        if sampler.class_names:
            described["class_names"] = list(sampler.class_names)
        if sampler.styles:
            described["truncation"] = sampler.styles.truncation
    return described | {"functions": {function.name: _function(function, described) for function in made}}


def values(domain: Domain) -> dict[str, Any]:
    """What the images of a domain are: channels, type, and the values that are -1 and 1 for the network."""
    if domain.is_map:
        found = {"channels": 0, "dtype": domain.dtype, "classes": list(domain.require_classes().names)}
        return found | ({"instances": INSTANCES} if domain.instances else {})
    ranges = domain.value_range or (range_of(domain),)
    found = {"channels": domain.channels, "dtype": domain.dtype, "range": [list(pair) for pair in ranges]}
    return found | ({"colorization": COLORIZATION[domain.lab]} if domain.lab else {})


def _palette(domain: Domain) -> dict[str, Any]:
    """The classes of a label map, also of one that the network sees as a picture: coding of the files, values and colors."""
    classes = domain.classes or domain.written
    if classes is None:
        return {}
    rows = [dict(zip(("name", "value", "color"), row)) for row in zip(classes.names, classes.values, classes.colors)]
    return {"coding": classes.coding, "palette": rows} | ({"ignored": classes.ignored} if classes.ignored >= 0 else {})


def _function(function: Function, described: dict[str, Any]) -> dict[str, Any]:
    kind = "[-1, 1]" if function.is_floats else "values of files"
    known = MEANINGS | {"latents": described.get("prior", {}).get("drawn_from", ""), "images": kind, "translated": kind, "generated": kind}
    known["labels"] = "numbers of the classes, from 0 on, in order" + ("; -1: none" if function.multiple else "")
    if function.source and function.source.instances:
        known["labels"] += f"; {INSTANCES}"
    takes = {
        spec.name: {"shape": spec.shape.as_list(), "dtype": spec.dtype.name, "values": known.get(spec.name, "")} for spec in function.inputs
    }
    sizes = {"height_and_width": {"multiple_of": function.multiple, "at_least": function.minimum}} if function.multiple else {}
    domains = {"from": function.source, "to": function.domain}
    named = {word: domain.name for word, domain in domains.items() if domain}
    return {**named, "takes": takes, "gives": {function.output: known.get(function.output, "")}, **sizes}
