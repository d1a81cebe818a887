"""The page of a run with the run itself behind it, on a server: what it offers, and the run's plain networks as functions."""

import json

from tfgan.config.verbs import AppConfig
from tfgan.inference import Signatures
from tfgan.runs.opening import Run
from tfgan.runs.results.page import allowed, describe, make_record, subtitle
from tfgan.runs.results.plain import plain_function
from tfgan.serving.model import Page


def make_page(name: str, run: Run, signatures: Signatures) -> Page:
    """What the page of a run asks its server for.

    Args:
        name: of the run, in its title.

    Raises:
        UserError: images that a browser cannot show, or no images of the run to begin with.
    """
    offered = describe(run, signatures, AppConfig.examples)
    for way in offered.ways:
        way["bound"] = allowed(way["target"]["map"], 0.0, 0.0)
    functions = {own.name: plain_function(own, signatures, run.config.hparams.image_size) for own in offered.functions}
    record = make_record(run, offered, "unconverted") | {
        "title": name,
        "subtitle": f"{subtitle(run, offered)}, on this server",
        "functions": {key: {"inputs": [tensor.name for tensor in own.inputs]} for key, own in functions.items()},
    }
    return Page(json.dumps(record, allow_nan=False).encode(), offered.content, functions)
