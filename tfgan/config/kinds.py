"""The kinds of batches that methods learn from: one table of what tells them apart."""

from typing import NamedTuple

from tfgan.config.setting import Strings
from tfgan.config.words import say_once


class BatchKind(NamedTuple):
    """What a batch of one kind holds, and which settings of the data mean something for it."""

    keys: Strings  # of a batch, in order
    translates: Strings = ()  # of these, the image that is translated and the one that should come out; () if none is
    pairs: bool = False  # both images of an example belong together
    sides: bool = False  # of its images, either domain may be the source: which, `--direction` says
    joined: bool = False  # several sets may be joined, which take turns
    settings: Strings = ()  # of those in `SPECIFIC`, what means something here
    fit: str = "squeeze"  # what images of another shape than the network's undergo, where `--fit` does not say
    squares: bool = False  # these are central squares of images then
    few: int = 100  # training images, or pairs, below which networks learn them by heart: CMP façades have 400


_DOMAINS = ("domains", "direction", "label_domains", "tfds_source", "tfds_target", "fit")
_PAIRS = ("pair_names", "pairs_file")
_LABEL_MAPS = ("label_coding", "label_palette", "label_names", "ignore_label")

BATCH_KINDS = {
    "paired": BatchKind(
        ("source", "target"),
        ("source", "target"),
        pairs=True,
        sides=True,
        settings=(*_DOMAINS, *_PAIRS, *_LABEL_MAPS, "label_encoding", "colorize", "half"),
    ),
    "unpaired": BatchKind(("source", "target"), ("source", "target"), sides=True, settings=_DOMAINS),
    "semantic": BatchKind(("labels", "image"), ("labels", "image"), pairs=True, settings=(*_DOMAINS, *_PAIRS, *_LABEL_MAPS, "instances")),
    "attributes": BatchKind(
        ("image", "attributes", "mask"),
        joined=True,
        squares=True,
        settings=("attributes", "attribute_groups", "attributes_file", "extra_data_dirs", "fit"),
    ),
    "labeled": BatchKind(("image", "label"), settings=("label_names", "fit"), fit="crop", few=1000),  # images made from noise need more
    "images": BatchKind(("image",), settings=("half", "fit"), fit="crop", few=1000),
}
"""Name of a kind of batches, as `Method.batch_kind` and `DataSpec.kind` have it -> what such a batch holds."""

OLD_KINDS = {"labelled": "labeled"}
"""Old spelling of a kind's name -> the present one."""

SPECIFIC = {name for kind in BATCH_KINDS.values() for name in kind.settings}
"""Names of the settings of `DataConfig` that mean something for some kinds of batches alone."""

FROM_NOISE = ("labeled", "images")
"""Kinds of batches from which methods learn to make images from noise."""


def idle_settings(kind: str) -> set[str]:
    """The names of the settings of `DataConfig` that mean nothing for batches of `kind`."""
    return SPECIFIC - set(BATCH_KINDS[kind].settings)


def present_kind(kind: str) -> str:
    """The present spelling of a kind's name; an old spelling is also logged once, with the present one."""
    if kind in OLD_KINDS:
        say_once(f"The kind of batches {kind} is called {OLD_KINDS[kind]} now.")
    return OLD_KINDS.get(kind, kind)
