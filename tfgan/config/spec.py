"""Records of what a data set's batches hold: the domains of the images, their classes, and the names of labels and attributes."""

import dataclasses

from tfgan.config.kinds import OLD_KINDS
from tfgan.config.setting import Size, Strings
from tfgan.config.words import renamed

OLD_CODINGS = {"colours": "colors"}  # old spelling -> present one


@dataclasses.dataclass(frozen=True)
class Classes:
    """How the files of a label map name the classes; the i-th entry of each tuple belongs to class i."""

    coding: str = dataclasses.field(metadata=renamed(old_choices=OLD_CODINGS))
    """How a pixel's value names its class: ids (gray values), palette (indices of a palette PNG) or colors (0xRRGGBB)."""
    values: tuple[int, ...]
    colors: Strings = dataclasses.field(metadata=renamed(formerly="colours"))  # "#rrggbb", in which pictures show the class
    names: Strings
    ignored: int = -1  # the value of pixels that belong to no class, which are -1 in a batch; -1: there are none


@dataclasses.dataclass(frozen=True)
class Domain:
    """One kind of image in a data set: its name, channels and pixel type, how it is resized, and its classes if it is a label map."""

    name: str  # as the user calls it: photo, labels, horse
    channels: int  # 1 gray, 3 RGB, 4 RGBA
    dtype: str = "uint8"  # of the files: uint8 or uint16; "int32" marks a map of class indices, H×W without channels
    resample: str = "bicubic"  # or "nearest", for label maps
    classes: Classes | None = None  # of a label map whose pixels are read as classes

    def require_classes(self) -> Classes:
        """The classes of a domain that has them, as every one of dtype int32 does; raises `AssertionError` for any other."""
        assert self.classes is not None, f"{self.name} has no classes"
        return self.classes


@dataclasses.dataclass(frozen=True)
class DataSpec:
    """What a data set's batches hold: stated once, stored in the run, and all that a method knows of the data."""

    kind: str = dataclasses.field(metadata=renamed(old_choices=OLD_KINDS))  # of `tfgan.config.BATCH_KINDS`
    image_size: Size
    domains: dict[str, Domain]  # batch key -> domain
    sizes: dict[str, int]  # split -> number of images
    fingerprint: str  # of the training images' names, in order
    class_names: Strings = ()
    attribute_names: Strings = ()
    attribute_groups: tuple[Strings, ...] = ()  # names in one group exclude each other; all others are independent
    attribute_sets: tuple[Strings, ...] = ()  # names known in each of several joined data sets; empty for a single one
