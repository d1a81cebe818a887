"""A model without a network, behind a real application: its functions can be held, and tell what they were called with."""

import threading

import numpy as np

from tfgan.serving.access import Access
from tfgan.serving.application import Server, make_application
from tfgan.serving.batching import Batcher
from tfgan.serving.metrics import Metrics
from tfgan.serving.model import File, Function, Limits, Page, Refused, Tensor

IMAGES = Tensor("images", "uint8", (None, None, None, 3))


def count(arrays):
    return int(np.prod(arrays[0].shape[:3]))


class Fake:
    """Images become their negatives; floats times `scale` [N, 1], or `by` more, which is one number for all; files become their bytes
    backwards; sevens are refused."""

    def __init__(self, name, batcher):
        self.name, self.version, self.batcher, self.calls = name, 7, batcher, []
        self.open = threading.Event()  # while it is not set, functions wait
        self.open.set()
        self.entered = threading.Event()
        files = Tensor("image_bytes", "string", (None,))
        self.functions = {
            "serving_default": Function((IMAGES,), (IMAGES,), self._negative, count),
            "scaled": Function(
                (IMAGES, Tensor("scale", "float32", (None, 1))),
                (Tensor("scaled", "float32", (None, None, None, 3)), Tensor("mean", "float32", (None,))),
                self._scaled,
                count,
            ),
            "shifted": Function(
                (IMAGES, Tensor("by", "float32", ())),
                (Tensor("shifted", "float32", (None, None, None, 3)),),
                lambda images, by: [images + by],
                count,
                merges=False,
            ),
            "serve_bytes": Function((files,), (files,), lambda files: [np.array([f[::-1] for f in files], object)], len, merges=False),
        }

    def _negative(self, images):
        self.calls.append(images.shape)
        self.entered.set()
        self.open.wait(10)
        if (images == 7).any():
            raise Refused(400, "no sevens.")
        if (images == 66).any():
            raise RuntimeError("a fault")
        return [255 - images]

    def _scaled(self, images, scale):
        result = images * scale[:, :, None, None]
        return [result.astype(np.float32), result.mean((1, 2, 3)).astype(np.float32)]

    def describe(self):
        return {"name": self.name, "ways": [], "noise": False}

    def page(self):
        if self.name != "one":
            raise Refused(404, f"{self.name} has no live page: no images.")
        inputs = Tensor("images", "float32", (1, 2, 2, 3)), Tensor("labels", "int32", (1,)), Tensor("scale", "float32", ())
        mixed = Function(inputs, (Tensor("mixed", "float32", (None,)),), lambda a, b, c: [a * c + b], count, merges=False)
        return Page(b'{"ways": []}', b"\1\2", {"mixed": mixed})

    def translate(self, content, beside, options):
        if content == b"wait":
            self.batcher.run(self.functions["serving_default"], [np.zeros([1, 2, 2, 3], np.uint8)])
        return File(content[::-1] + b"".join(beside.values()), "image/png", options["to"])

    def sample(self, options):
        return File(f"{options['seed']} {options['label']}{options['truncation']}".encode(), "image/png")


def make_fakes(limits=None, access=None, names=("one",), front=b"<p>a page</p>"):
    """An application with fakes of these names; returns it, the server and the first fake."""
    limits, access, metrics = limits or Limits(), access or Access(), Metrics()
    batcher = Batcher(limits, metrics.saw_call)
    models = [Fake(name, batcher) for name in names]
    server = Server(models, limits, batcher, metrics)
    return make_application(server, access, lambda: front, lambda: b"<p>a model's page</p>"), server, models[0]
