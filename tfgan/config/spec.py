"""Records of what a data set's batches hold: the domains of the images, their classes, and the names of labels and attributes."""

import dataclasses
import itertools
import re

from tfgan.config.kinds import BATCH_KINDS, OLD_KINDS
from tfgan.config.setting import Size, Strings
from tfgan.config.words import recorded

OLD_CODINGS = {"colours": "colors"}  # old spelling -> present one
DTYPES = ("uint8", "uint16", "int16", "int32", "uint32", "float16", "float32")
"""Types of pixels that are read and written."""
MOST_CHANNELS = 64
PAGES = ("refuse", "first", "channels", "frames")
"""What becomes of a file of several pages: it is refused, its first page is taken, its pages are channels, or each is an image."""
AXIS = 2  # of a volume, along which its slices lie, which are its pages
READINGS = (*PAGES, *(f"{rule}:{axis}" for rule in PAGES[1:] for axis in range(AXIS)))
"""The same with the axis of volumes behind it, where that is another one than `AXIS`."""


def reading_of(rule: str, axis: int) -> str:
    """The one of `READINGS` by which files of several pages are read, for one of `PAGES` and an axis of volumes."""
    return rule if axis == AXIS or rule == "refuse" else f"{rule}:{axis}"


MAY_GROW = {"operational": True}
"""Metadata of fields that may become others when a run goes on, which `tfgan.runs.planning.growth` judges."""
BESIDE_IMAGES = {"attributes", "mask", "label"}  # keys of batches that are no images


@dataclasses.dataclass(frozen=True)
class Classes:
    """How the files of a label map name the classes; the i-th entry of each tuple belongs to class i."""

    coding: str = dataclasses.field(metadata=recorded(old_choices=OLD_CODINGS, choices=("ids", "palette", "colors")))
    """How a pixel's value names its class: ids (gray values), palette (indices of a palette PNG) or colors (0xRRGGBB)."""
    values: tuple[int, ...] = dataclasses.field(metadata=recorded(at_least=0, at_most=0xFFFFFF))
    colors: Strings = dataclasses.field(metadata=recorded(formerly="colours"))  # "#rrggbb", in which pictures show the class
    names: Strings
    ignored: int = dataclasses.field(default=-1, metadata=recorded(at_least=-1, at_most=0xFFFFFF))
    """The value of pixels that belong to no class, which are -1 in a batch; -1: there are none."""

    def contradiction(self) -> str:
        """What is wrong with the record as a whole, as a clause that begins with the name of a field; "" if nothing is."""
        counts = {len(self.values), len(self.colors), len(self.names)}
        if len(counts) > 1 or counts == {0}:
            return "values, colors and names must have an entry for each class"
        if len(set(self.values)) < len(self.values):
            return "values must be another for each class"
        wrong = next((color for color in self.colors if not re.fullmatch("#[0-9a-fA-F]{6}", color)), None)
        return "" if wrong is None else f"colors must be written #rrggbb, not {wrong[:20]!r}"


@dataclasses.dataclass(frozen=True)
class Part:
    """What one of several stacked files gives to the channels of a domain."""

    name: str  # of the folder it comes from
    channels: int = dataclasses.field(metadata=recorded(at_least=1, at_most=MOST_CHANNELS))
    dtype: str = dataclasses.field(metadata=recorded(choices=DTYPES))


@dataclasses.dataclass(frozen=True)
class Domain:
    """One kind of image in a data set: its name, channels and pixel type, how it is resized, and its classes if it is a label map."""

    name: str  # as the user calls it: photo, labels, horse
    channels: int = dataclasses.field(metadata=recorded(at_least=0, at_most=MOST_CHANNELS))  # 1 gray, 3 RGB, 4 RGBA, or bands
    dtype: str = dataclasses.field(default="uint8", metadata=recorded(choices=DTYPES))
    """Of the files' pixels; without `bands`, "int32" marks a map of class indices, H×W without channels."""
    resample: str = dataclasses.field(default="bicubic", metadata=recorded(choices=("bicubic", "nearest")))  # nearest: label maps
    classes: Classes | None = None  # of a label map whose pixels are read as classes
    written: Classes | None = dataclasses.field(default=None, compare=False)
    """Of a label map that is learned as a picture: the values that its files hold, and that results have."""
    bands: bool = False
    """Whether the channels are measured data, all of which are kept as they are: neither colors nor transparency."""
    pages: str = dataclasses.field(default="first", compare=False, metadata=recorded(choices=READINGS))
    """What becomes of files of several pages; records are compared by the settings pages and axis."""
    value_range: tuple[tuple[float, float], ...] = ()
    """The values that become -1 and 1: one pair for all channels, or one for each; empty: the whole range of an unsigned type."""
    parts: tuple[Part, ...] = ()
    """Of a domain whose images are several files stacked, in the order of the channels; empty for all others."""
    shown: tuple[int, ...] = dataclasses.field(default=(), compare=False, metadata=recorded(at_least=0, at_most=MOST_CHANNELS - 1))
    """Which bands pictures show, from 0, as gray or as red, green and blue; empty: the first ones."""
    lab: str = dataclasses.field(default="", metadata=recorded(choices=("", "L", "ab")))
    """Which part of its colors networks see, where these are RGB pictures that are seen in CIELAB; "" for all others."""
    instances: str = ""
    """Of a map of classes whose pixels tell instances, too (`tfgan.instances`): where these are found, as the setting has it."""
    format: str = dataclasses.field(default="", compare=False)
    """The ending of most files, as "tif"; empty in records of earlier versions, and for data without files."""

    def pieces(self) -> list[tuple[Part, slice]]:
        """Its parts, or itself as the only one, and which channels are each one's."""
        found, begin = [], 0
        for part in self.parts or (Part(self.name, self.channels, self.dtype),):
            found.append((part, slice(begin, begin + part.channels)))
            begin += part.channels
        return found

    @property
    def held_as(self) -> str:
        """The type of its images on their way to the networks: that of the files, or float32 in [-1, 1] where it has a range."""
        return "float32" if self.value_range else self.dtype

    @property
    def values(self) -> str:
        """How many values of which type a pixel has, in words."""
        return f"{self.channels} channel{'s' * (self.channels != 1)} of {self.dtype}"

    @property
    def is_map(self) -> bool:
        """Whether its arrays are class indices H×W int32, without channels."""
        return self.dtype == "int32" and not self.bands

    def require_classes(self) -> Classes:
        """The classes of a domain that has them, as every one of dtype int32 does; raises `AssertionError` for any other."""
        assert self.classes is not None, f"{self.name} has no classes"
        return self.classes

    def contradiction(self) -> str:
        """What is wrong with the record as a whole, as a clause that begins with the name of a field; "" if nothing is."""
        if self.channels > 4 and not self.bands:
            return f"channels must be from 0 to 4 for pictures, not {self.channels}"
        if len(self.shown) not in (0, 1, 3) or max(self.shown, default=0) >= max(self.channels, 1):
            return f"shown must be one or three of its {self.channels} channels"
        if self.parts and sum(part.channels for part in self.parts) != self.channels:
            return f"parts must have {self.channels} channels together"
        if self.value_range and (len(self.value_range) not in (1, self.channels) or any(len(pair) != 2 for pair in self.value_range)):
            return "value_range must have two values, or two for each channel"
        if any(not low < high for low, high in self.value_range):
            return "value_range must begin below where it ends"
        if self.is_map and self.classes is None:
            return "classes must be there for dtype int32, or bands"
        if self.instances and not self.is_map:
            return "instances must be empty for what is no map of classes"
        if self.lab and (self.channels != 3 or self.bands or self.dtype not in ("uint8", "uint16")):
            return "lab must be empty for what are no pictures in red, green and blue"
        if self.classes is not None:
            return "" if self.is_map or self.dtype == "uint8" else f"dtype must be uint8 or int32 for classes, not {self.dtype}"
        if not self.value_range and self.dtype not in ("uint8", "uint16"):
            return f"value_range must be there for dtype {self.dtype}"
        return ""


@dataclasses.dataclass(frozen=True)
class DataState:
    """The training images from a step of the run on, until the next state begins."""

    step: int = dataclasses.field(metadata=recorded(at_least=0, at_most=2**53))
    images: int = dataclasses.field(metadata=recorded(at_least=1, at_most=2**53))  # in an epoch
    fingerprint: str  # of their names, in order
    content: str = ""  # a hash of what they hold; empty: not known


@dataclasses.dataclass(frozen=True)
class DataSpec:
    """What a data set's batches hold: stated once, stored in the run, and all that a method knows of the data."""

    kind: str = dataclasses.field(metadata=recorded(old_choices=OLD_KINDS, choices=tuple(BATCH_KINDS)))
    image_size: Size
    domains: dict[str, Domain]  # batch key -> domain
    sizes: dict[str, int] = dataclasses.field(metadata=MAY_GROW)  # split -> number of images
    fingerprint: str = dataclasses.field(metadata=MAY_GROW)  # of the training images' names, in order
    class_names: Strings = ()
    attribute_names: Strings = ()
    attribute_groups: tuple[Strings, ...] = ()  # names in one group exclude each other; all others are independent
    attribute_sets: tuple[Strings, ...] = ()  # names known in each of several joined data sets; empty for a single one
    states: tuple[DataState, ...] = dataclasses.field(default=(), metadata=MAY_GROW)
    """Which training images a run has learned from, and from which step on each; empty outside runs, and in those of earlier versions."""

    def growth(self) -> list[tuple[int, int]]:
        """(step, images in an epoch from there on) of each time when the training images became others after the run began."""
        return [(state.step, state.images) for state in self.states[1:]]

    def first_images(self) -> int:
        """The number of training images in an epoch when the run began."""
        return self.states[0].images if self.states else self.sizes["train"]

    def learned_from(self, step: int | None = None) -> str:
        """What training images the run has learned from until `step`, by default to this day, in words."""
        if not self.fingerprint:
            return "images that are not known"
        states = [state for state in self.states if step is None or state.step < max(step, 1)]
        if len(states) < 2:
            return f"{states[0].images if states else self.sizes['train']:,} images"
        parts = [f"{before.images:,} images to step {after.step:,}" for before, after in itertools.pairwise(states)]
        return ", ".join([*parts, f"{states[-1].images:,} from there on"])

    def contradiction(self) -> str:
        """What is wrong with the record as a whole, as a clause that begins with the name of a field; "" if nothing is."""
        keys = [key for key in BATCH_KINDS[self.kind].keys if key not in BESIDE_IMAGES]
        if set(self.domains) != set(keys):
            return f"domains must be {' and '.join(keys)}, those of {self.kind} batches"
        known = bool(self.fingerprint)  # unlike the images of weights that somebody else trained
        if self.sizes.get("train", 0) < known or min(self.sizes.values(), default=0) < 0:
            return "sizes must be the images of each split, one for training at least"
        steps = [state.step for state in self.states]
        if steps and (steps[0] or sorted(set(steps)) != steps or self.states[-1].fingerprint != self.fingerprint):
            return "states must begin at step 0, rise, and end with the fingerprint of the spec"
        for name in ("attribute_groups", "attribute_sets"):
            if not set(self.attribute_names).issuperset(word for words in getattr(self, name) for word in words):
                return f"{name} must hold names in attribute_names"
        return ""
