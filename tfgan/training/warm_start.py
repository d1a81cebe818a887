"""The start of a run from another run's weights, also where its networks have other sizes: what fits is taken, and all else is said."""

import itertools
import math
import re
from collections.abc import Iterator
from typing import NamedTuple

import keras
import numpy as np

from tfgan.methods.base import Method
from tfgan.training.channels import Channels, Parts
from tfgan.training.units import Unit, units_of, weights_of

MOST_LINES = 10  # of a network in the log

UNSEEN = ("architecture", "skip_activation", "padding_side", "num_upsampling_layers")
"""Settings by which weights of equal shapes make other images."""


class Start(NamedTuple):
    """What a run took over: how many weights, wholly or in part, and lines of text that say which."""

    taken: int
    lines: list[str]


def copy_weights(source: Method, target: Method) -> Start:
    """Copies the weights of equally named networks, as far as they fit; the rest stays as initialized.

    Networks of one structure are matched layer by layer. Of others the first layers are, as long as they are alike, and then the last ones,
    so that a deeper U-Net gets a flatter one's outer levels. Where layers have other numbers of channels the channels that both have are
    taken, of inputs that were joined those of each part.

    Where `source` has moving averages of a network's weights, those are copied; averages of `target` begin with what was copied.
    """
    taken, lines = 0, []
    averages = {name: model for name, model in source.ema.items() if name in target.networks}
    for name, network in target.networks.items():
        origin = averages.get(name, source.networks.get(name))
        if origin is None:
            lines.append(f"{name}: not in the other run")
            continue
        copied = _Copied(origin, network)
        taken += len(copied.whole) + len(copied.part)
        lines += [f"{name}: {line}" for line in copied.lines()]
    for name, average in target.ema.items():
        average.set_weights(target.networks[name].get_weights())
    for name in UNSEEN:
        there, here = getattr(source.hparams, name, None), getattr(target.hparams, name, None)
        if there != here and None not in (there, here):
            lines.append(f"--{name}={here}, and {there} in the other run: the same weights make other images here")
    return Start(taken, lines)


class _Copied:
    """The weights of one network that were copied: ids of those that were wholly and in part, and of the layers that were not."""

    def __init__(self, source: keras.Model, target: keras.Model):
        self.target, self.ours, self.theirs = target, units_of(target), units_of(source)
        self.whole: set[int] = set()
        self.part: dict[int, str] = {}  # id of a weight -> both shapes
        self.channels = Channels(source), Channels(target)
        self.pairs = self._aligned()
        for place, other in self.pairs.items():
            self._copy(self.theirs[other], self.ours[place])

    def _aligned(self) -> dict[int, int]:
        """The place of a layer -> that of the other run's layer that stands where it stands."""
        here, there = len(self.ours), len(self.theirs)
        if here == there:
            return {place: place for place in range(here) if self._alike(place, place)}
        names = [{unit[0].name: place for place, unit in enumerate(units)} for units in (self.ours, self.theirs)]
        if all(_is_named(unit[0]) for unit in (*self.ours, *self.theirs)):
            pairs = {place: names[1][name] for name, place in names[0].items() if name in names[1]}
            return {place: other for place, other in pairs.items() if self._alike(place, other)}
        if getattr(self.target, "grows_at_its_input", False):
            return {0: 0} | self._from_end(1)
        first, last = (self._widths(place, axis) for place, axis in ((0, 1), (-1, 0)))
        begin = self._from_begin(min(here, there))
        end = self._from_end(0, last)
        inside = self._from_begin(min(here, there) - len(end))
        return max(begin | self._from_end(len(begin), first), inside | end, key=self._fitting)

    def _from_begin(self, most: int) -> dict[int, int]:
        """The first layers, `most` of them, as far as those of both are alike."""
        return {place: place for place in itertools.takewhile(lambda place: self._alike(place, place), range(most))}

    def _from_end(self, begin: int, widths: tuple[int, int] | None = None) -> dict[int, int]:
        """The last layers, as far as those of both are alike, but for the first `begin`.

        With `widths`, numbers of channels of both, all channels must be in their ratio: others are of another level of the network.
        """
        here, there, found = len(self.ours), len(self.theirs), {}
        for place in range(1, min(here, there) - begin + 1):
            axes = (0, 1) if place > 1 else (0,)  # the last result is the image, or a logit
            pairs = [self._widths(-place, axis) for axis in axes]
            other_level = widths and any(ours * widths[1] != theirs * widths[0] for ours, theirs in pairs)
            if other_level or not self._alike(here - place, there - place):
                break
            found[here - place] = there - place
        return found

    def _widths(self, place: int, axis: int) -> tuple[int, int]:
        """The channels of a layer here and there: what it gets for axis 0, what it gives for axis 1."""
        ours, theirs = (_kernel(units[place]).shape[_axes(units[place][0])[axis]] for units in (self.ours, self.theirs))
        return ours, theirs

    def _fitting(self, pairs: dict[int, int]) -> int:
        """How many numbers are in weights of equal shapes."""
        shapes = [
            tuple(weight.shape)
            for place, other in pairs.items()
            for theirs, weight in _matched(self.theirs[other], self.ours[place])
            if theirs.shape == weight.shape
        ]
        return sum(map(math.prod, shapes))

    def _alike(self, here: int, there: int) -> bool:
        """Whether two layers do the same to as many parts of channels."""
        ours, theirs = self.ours[here], self.theirs[there]
        return _kind(ours) == _kind(theirs) and len(self._parts(1, ours) or ()) == len(self._parts(0, theirs) or ())

    def _parts(self, which: int, unit: Unit) -> Parts:
        channels, shape = self.channels[which], _kernel(unit).shape
        if channels.seen:
            return channels.seen.get(id(unit[0]))
        return (shape[-2],) if len(shape) == 4 else None

    def _copy(self, theirs: Unit, ours: Unit):
        """Copies the weights of a layer, and what comes behind its kernel if that fits."""
        pixels = any(id(unit[0]) in channels.pixels for unit, channels in zip((theirs, ours), self.channels))
        parts, kernel = (self._parts(0, theirs), self._parts(1, ours)), _kernel(ours)
        for other, weight in sorted(_matched(theirs, ours), key=lambda pair: pair[1] is not kernel):
            if len(kernel.shape) > 1 and weight is not kernel and id(kernel) not in self.whole | self.part.keys():
                return
            if tuple(other.shape) == tuple(weight.shape):
                weight.assign(other)
                self.whole.add(id(weight))
            elif pixels or not self._may_be_cut(weight, ours):
                continue
            elif (value := _common(other, weight, ours[0], parts)) is not None:
                weight.assign(value)
                self.part[id(weight)] = f"{_size(other.shape)} -> {_size(weight.shape)}"

    def _may_be_cut(self, weight: keras.Variable, unit: Unit) -> bool:
        """Whether the axes of a weight are channels: those of kernels, and in a graph those by which results are scaled and shifted."""
        if len(weight.shape) == 1:
            return bool(self.channels[1].seen)
        return weight is _kernel(unit) and (len(weight.shape) == 4 or bool(self.channels[1].seen))

    def lines(self) -> list[str]:
        """How many weights were taken, and of which layers not all were."""
        count, whole, part = len(self.target.weights), len(self.whole), len(self.part)
        others = {"in part": part, "as drawn at random": count - whole - part}
        lines = [", ".join([f"{whole} of {count} weights taken", *(f"{number} {how}" for how, number in others.items() if number)])]
        numbered = {place: self._said(unit) for place, unit in enumerate(self.ours)}
        for said, places in itertools.groupby(numbered.items(), key=lambda item: item[1]):
            found = [place for place, _ in places]
            if said:
                lines.append(f"{_places(found)} of {len(self.ours)}: {said}")
        if len(lines) > MOST_LINES + 1:
            lines[MOST_LINES:] = [f"and {len(lines) - MOST_LINES} more such lines"]
        if left := [place for place in range(len(self.theirs)) if place not in self.pairs.values()]:
            lines.append(f"not used of the other run's: {', '.join(_places(run) for run in _runs(left))} of {len(self.theirs)}")
        return lines

    def _said(self, unit: Unit) -> str:
        weights = weights_of(unit)
        cut = [f"{weight.name} {self.part[id(weight)]}" for weight in weights if id(weight) in self.part]
        drawn = [weight.name for weight in weights if id(weight) not in self.whole | self.part.keys()]
        if len(drawn) == len(weights):
            return "as drawn at random"
        first = [f"the channels that both have, {cut[0]}{', …' * (len(cut) > 1)}"] if cut else []
        return "; ".join([*first, *([f"{', '.join(drawn)} as drawn at random"] if drawn else [])])


def _matched(theirs: Unit, ours: Unit) -> Iterator[tuple[keras.Variable, keras.Variable]]:
    """Pairs of weights of two layers, by their names within as many parts, or by the names of the parts where there are more of one."""
    layers = list(zip(theirs, ours))
    if len(theirs) != len(ours):
        named = {part.name: part for part in theirs}
        layers = [(named[part.name], part) for part in ours if part.name in named]
        layers = layers or [(theirs[0], ours[0])]
    for other, part in layers:
        there = {weight.path.rpartition("/")[2]: weight for weight in weights_of([other])}
        found = weights_of([part])
        names = [weight.path.rpartition("/")[2] for weight in found]
        if len(set(names)) < len(names):  # of layers inside of it
            yield from zip(weights_of([other]), found)
        else:
            yield from ((there[name], weight) for name, weight in zip(names, found) if name in there)


def _common(theirs: keras.Variable, ours: keras.Variable, layer, parts: tuple[Parts, Parts]) -> np.ndarray | None:
    """Our values with the other's for the channels that both have; None where they are no channels."""
    value, other = np.array(ours.numpy()), theirs.numpy()
    if value.ndim != other.ndim or value.ndim not in (1, 2, 4):
        return None
    if value.ndim == 1:
        count = min(len(value), len(other))
        value[:count] = other[:count]
        return value
    inputs, outputs = _axes(layer)
    value, other = np.moveaxis(value, (inputs, outputs), (-2, -1)), np.moveaxis(other, (inputs, outputs), (-2, -1))
    if value.shape[:-2] != other.shape[:-2]:
        return None
    before, now = parts
    if before is None or now is None:
        if value.shape[-2] != other.shape[-2]:
            return None
        before = now = (value.shape[-2],)
    count = min(value.shape[-1], other.shape[-1])
    from_there, from_here = (np.cumsum([0, *sizes]) for sizes in (before, now))
    for there, here, size in zip(from_there, from_here, map(min, before, now)):
        value[..., here : here + size, :count] = other[..., there : there + size, :count]
    return np.moveaxis(value, (-2, -1), (inputs, outputs))


def _kernel(unit: Unit) -> keras.Variable:
    return max(weights_of(unit[:1]), key=lambda weight: len(weight.shape))


def _axes(layer) -> tuple[int, int]:
    """The axes of a layer's kernel that its inputs and its outputs have."""
    return (-1, -2) if isinstance(layer, keras.layers.Conv2DTranspose) else (-2, -1)


def _kind(unit: Unit) -> tuple:
    """What a layer does, whatever its channels."""
    shape = tuple(_kernel(unit).shape)
    return type(unit[0]).__name__, len(shape), shape[:2] if len(shape) == 4 else (), getattr(unit[0], "strides", None)


def _is_named(part) -> bool:
    """Whether somebody named a layer; Keras calls it after its class, with a number that says nothing."""
    return re.sub(r"(_\d+)?$", "", part.name).replace("_", "") != type(part).__name__.lower()


def _runs(places: list[int]) -> list[list[int]]:
    """Numbers that follow each other, together."""
    runs = itertools.groupby(enumerate(places), key=lambda pair: pair[1] - pair[0])
    return [[place for _, place in run] for _, run in runs]


def _places(places: list[int]) -> str:
    """Places in a network as people count them, from 1."""
    return f"layer {places[0] + 1}" if len(places) == 1 else f"layers {places[0] + 1} to {places[-1] + 1}"


def _size(shape) -> str:
    return "×".join(map(str, shape))
