"""Finds settings of a method that make its images smaller and that it takes: sizes go with generators, layers and stages."""

import dataclasses
import itertools
import math
from collections.abc import Iterator
from typing import Any, TypeVar

from tfgan.config import Settings, Size, shell_flag
from tfgan.errors import UserError
from tfgan.methods.base import HParams

DEEP = 64  # pixels that a U-Net takes to one, from which it can do with a level less
LEAST_SIDE = 8  # pixels, of the longer side
NEAR, ENLARGED = 0.6, 1.25  # shares of the size that was asked for within which another is as good

H = TypeVar("H", bound=HParams)


def make_smaller(hparams: H, factor: float) -> H | None:
    """The settings with images of about 1/`factor` of the height and width; None if the method takes no smaller ones.

    The shape stays. A U-Net loses the levels that no longer fit, and other networks as few layers as they must; among such settings the
    size is the nearest one that the method takes.

    Args:
        factor: above 1.
    """
    wanted = max(hparams.image_size) / factor
    sizes = sorted(_sizes(hparams.image_size, ENLARGED * wanted), key=lambda size: abs(math.log(max(size) / wanted)))
    near = [size for size in sizes if max(size) >= NEAR * wanted]
    return _first_taken(hparams, near) or _first_taken(hparams, [size for size in sizes if size not in near])


def _first_taken(hparams: H, sizes: list[Size]) -> H | None:
    """The settings with the first of `sizes` that the method takes with the fewest steps from its present layers."""
    tried = [(size, steps, changes) for size in sizes for steps, changes in _changes(_choices(hparams, size))]
    for size, _, changes in sorted(tried, key=lambda entry: entry[1]):  # which keeps the order of sizes
        try:
            changed = dataclasses.replace(hparams, image_size=size, **changes)
            changed.loaded_size()
        except UserError:
            continue
        return changed
    return None


def _changes(choices: dict[str, list]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every choice of one value for each name, with the number of steps that it is from the first values of all."""
    for places in itertools.product(*(range(len(values)) for values in choices.values())):
        yield sum(places), {name: values[place] for (name, values), place in zip(choices.items(), places)}


def flags_between(old: Settings, new: Settings) -> str:
    """The flags, ready for a shell, that turn one record of settings into another of its class; "" if they are equal."""
    names = [field.name for field in dataclasses.fields(old) if getattr(old, field.name) != getattr(new, field.name)]
    return " ".join(shell_flag(name, getattr(new, name)) for name in names)


def flags_for_smaller(hparams: HParams, factor: float) -> str:
    """The flags of `make_smaller`, ready for a shell; "" if the method takes no smaller images."""
    smaller = make_smaller(hparams, factor)
    return flags_between(hparams, smaller) if smaller else ""


def _sizes(present: Size, most: float) -> list[Size]:
    """The sizes of the shape of `present` that are smaller, with a longer side of `most` pixels at most."""
    longest = max(present)
    sides = [side for side in range(LEAST_SIDE, longest) if side <= most]
    return [(round(present[0] * side / longest), round(present[1] * side / longest)) for side in sides]


def _choices(hparams: HParams, size: Size) -> dict[str, list]:
    """Name of each setting that depends on the size -> values to try, those nearest to the present one first."""
    power = 2 ** int(math.log2(max(min(size), 1)))  # the largest power of two that fits
    found: dict[str, list] = {}
    for field in dataclasses.fields(hparams):
        value: Any = getattr(hparams, field.name)
        if field.name == "generator":
            kind, _, number = value.partition("_")
            fits = kind not in ("unet", "encdec") or int(number) <= power
            found[field.name] = [value] if fits else [f"{kind}_{power}", *[f"{kind}_{power // 2}"] * (power >= DEEP)]
        elif field.name in ("n_layers", "depth", "scales"):
            found[field.name] = list(range(value, 0, -1)) or [value]
        elif field.name == "start_size":
            found[field.name] = [min(value, power)]
        elif field.name == "load_size":
            found[field.name] = [(0, 0)]
    return found
