"""The built-in data set: small procedural façades, made from a seed without any file, in every kind of batch."""

import numpy as np

from tfgan.config import Classes, Domain, Size
from tfgan.data.label_maps.maps import pack, to_hex
from tfgan.data.label_maps.palettes import CMP_CLASSES, CMP_PALETTE
from tfgan.data.source import Source
from tfgan.data.synthetic.canvas import MATERIALS, choose_look
from tfgan.data.synthetic.paint import render
from tfgan.data.synthetic.scene import draw_labels, lay_out
from tfgan.errors import UserError

KINDS = ("paired", "unpaired", "labeled", "attributes", "semantic", "images")
SPLITS = ("train", "val", "test")

_PHOTO = Domain("photo", 3)
_COLORS = tuple(pack(CMP_PALETTE).tolist())
_CLASSES = Classes("colors", _COLORS, tuple(map(to_hex, _COLORS)), CMP_CLASSES)
_DOMAINS: dict[str, dict[str, Domain]] = {
    "paired": {"A": _PHOTO, "B": Domain("labels", 3, resample="nearest", written=_CLASSES)},
    "unpaired": {"A": Domain("day", 3), "B": Domain("night", 3)},
    "labeled": {"image": _PHOTO},
    "attributes": {"image": _PHOTO},
    "semantic": {"labels": Domain("labels", 1, "int32", "nearest", _CLASSES), "image": _PHOTO},
    "images": {"image": _PHOTO},
}


class SyntheticSource(Source):
    """The façades of one split, drawn when they are loaded; the example at an index is the same scene at every size.

    What `load` gives, by kind (H×W is `size`, photos are H×W×3 uint8):

    - paired: `A`, a photo; `B`, its label map, H×W×3 uint8 in the twelve colors of CMP Facades.
    - unpaired: `A`, a façade by day, or `B`, one by night, as `domain` says. A source holds one domain, so that a caller draws each
      at its own pace and length; no façade stands in both.
    - labeled: `image`; `label`, int32, the wall's material as an index in `class_names`.
    - attributes: `image`; `attributes`, float32 0 or 1 in the order of `attribute_names`; `mask`, float32 ones.
    - semantic: `labels`, H×W int32, indices in `tfgan.data.label_maps.palettes.CMP_CLASSES`; `image`, the photo.
    - images: `image`, a photo.

    Attributes:
        domains: image key -> what it holds.
        class_names: the materials, for kind labeled; else empty.
        attribute_names: for kind attributes: the materials, of which each façade has one, and the independent night, balconies and
            shop, each in half of the façades; else empty.
        attribute_groups: for kind attributes: the names that exclude each other, a tuple a group: the materials; else empty.

    Args:
        kind: kind of the batches, one of `KINDS`.
        split: "train", "val" or "test".
        count: number of images.
        size: height and width of the images, in pixels.
        seed: seed of all scenes.
        domain: "A" or "B" for unpaired images, "" for all other kinds.

    Raises:
        UserError: an image below 8×8 pixels, no images, or a negative seed.
        ValueError: an unknown kind, split or domain; a domain for a kind other than unpaired.
    """

    def __init__(self, kind: str, split: str, count: int, size: Size, seed: int = 0, domain: str = ""):
        _check(kind, split, count, size, seed, domain)
        self.kind, self.split, self.count, self.size, self.seed, self.domain = kind, split, count, size, seed, domain
        domains = _DOMAINS[kind]
        self.domains = {domain: domains[domain]} if domain else domains
        self.class_names = MATERIALS if kind == "labeled" else ()
        self.attribute_names = (*MATERIALS, "night", "balconies", "shop") if kind == "attributes" else ()
        self.attribute_groups = (MATERIALS,) if kind == "attributes" else ()

    def __len__(self) -> int:
        return self.count

    def name(self, index: int) -> str:
        return f"{index:05d}"

    def load(self, index: int) -> dict[str, np.ndarray]:
        if not 0 <= index < self.count:
            raise IndexError(f"index {index} of a set of {self.count} images")
        traits, layout, look = self._generators(index)
        material, (night, balconies, shop) = int(traits.integers(len(MATERIALS))), (traits.random(3) < 0.5).tolist()
        if self.kind != "attributes":
            night = self.domain == "B"
        scene = lay_out(layout, balconies, shop)
        photo = render(scene, choose_look(look, MATERIALS[material], night), self.size)
        match self.kind:
            case "paired":
                return {"A": photo, "B": CMP_PALETTE[draw_labels(scene, self.size)]}
            case "unpaired":
                return {self.domain: photo}
            case "semantic":
                return {"labels": draw_labels(scene, self.size), "image": photo}
            case "labeled":
                return {"image": photo, "label": np.array(material, np.int32)}
            case "attributes":
                attributes = np.zeros(len(self.attribute_names), np.float32)
                attributes[material] = 1
                attributes[len(MATERIALS) :] = night, balconies, shop
                return {"image": photo, "attributes": attributes, "mask": np.ones_like(attributes)}
        return {"image": photo}

    def _generators(self, index: int) -> list[np.random.Generator]:
        """Three random generators, for the traits, layout and look of one example; each seed, split, domain and index has its own."""
        seeds = np.random.SeedSequence([self.seed, SPLITS.index(self.split), int(self.domain == "B"), index]).spawn(3)
        return [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]


def _check(kind: str, split: str, count: int, size: Size, seed: int, domain: str):
    if kind not in KINDS or split not in SPLITS:
        raise ValueError(f"kind {kind!r} and split {split!r}; expected one of {KINDS} and one of {SPLITS}")
    if domain not in (("A", "B") if kind == "unpaired" else ("",)):
        raise ValueError(f"domain {domain!r} for kind {kind!r}; expected 'A' or 'B' for unpaired, and none for other kinds")
    if min(size) < 8:
        raise UserError(f"The synthetic set draws images of at least 8×8 pixels; found a size of {size[0]}×{size[1]}.")
    if count < 1:
        raise UserError(f"The synthetic set needs at least 1 image; found {count}. Raise --synthetic_images.")
    if seed < 0:
        raise UserError(f"--synthetic_seed must be 0 or more; found {seed}.")
