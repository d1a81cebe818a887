"""The registry of methods: a method is one file of this package and one line here, and its module is imported when it is asked for."""

from __future__ import annotations  # types of modules that are imported when they are needed

import importlib
from typing import TYPE_CHECKING, NamedTuple

from tfgan.config import present_kind
from tfgan.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from tfgan.methods.base import Method


class Entry(NamedTuple):
    path: str  # module:class
    summary: str


METHODS = {
    "pix2pix": Entry("tfgan.methods.pix2pix:Pix2Pix", "image pairs to translation (Isola et al. 2017)"),
    "cyclegan": Entry("tfgan.methods.cyclegan:CycleGAN", "unpaired images of two domains, both ways (Zhu et al. 2017)"),
    "cut": Entry("tfgan.methods.cut:CUT", "unpaired images of two domains, one way, by their patches (Park et al. 2020)"),
    "stargan": Entry("tfgan.methods.stargan:StarGAN", "images with attributes to other attributes (Choi et al. 2018)"),
    "spade": Entry("tfgan.methods.spade:Spade", "label maps to images, with styles (Park et al. 2019)"),
    "gan": Entry("tfgan.methods.gan:GAN", "images from noise by perceptrons (Goodfellow et al. 2014)"),
    "cgan": Entry("tfgan.methods.cgan:CGAN", "images of a class from noise by perceptrons (Mirza and Osindero 2014)"),
    "dcgan": Entry("tfgan.methods.dcgan:DCGAN", "images from noise by convolutions (Radford et al. 2016)"),
    "acgan": Entry("tfgan.methods.acgan:ACGAN", "images of a class from noise, judged by a classifier too (Odena et al. 2017)"),
    "vaegan": Entry("tfgan.methods.vaegan:VAEGAN", "images from noise and to latents and back (Larsen et al. 2016)"),
    "stylegan": Entry("tfgan.methods.stylegan:StyleGAN", "images from noise, style by style (Karras et al. 2019)"),
}


_own: dict[str, type[Method]] = {}


def methods_with(setting: str) -> list[str]:
    """The names of tfgan's methods that have a setting of this name."""
    return [name for name in METHODS if setting in method_class(name).HParams.__dataclass_fields__]


def register(cls: type) -> str:
    """Makes a `Method` class of your own known to this process by the name of the class, and returns that name.

    A run records the name alone: no code is run from a run's files, so that another process must know the class before it opens the run.

    Raises:
        UserError: a class that is no subclass of `Method`, or has the name of one of tfgan's methods.
    """
    from tfgan.methods.base import Method

    if not (isinstance(cls, type) and issubclass(cls, Method)):
        raise UserError(f"method={cls!r} must be a name, or a subclass of tfgan.methods.base.Method.")
    if cls.__name__ in METHODS:
        raise UserError(f"method={cls.__name__}: tfgan has a method of this name. Give your class another name.")
    cls.batch_kind = present_kind(cls.batch_kind)
    _own[cls.__name__] = cls
    return cls.__name__


def method_class(name: str) -> type[Method]:
    """The `Method` class called `name`, one of tfgan's or one that was registered.

    Raises:
        UserError: an unknown name.
    """
    if name in _own:
        return _own[name]
    if name not in METHODS:
        own = "" if name.islower() else f" If {name} is a class of your own, hand it over: tfgan.load(FOLDER, method={name})."
        raise UserError(f"--method={name} is unknown.{did_you_mean(name, METHODS)} There are: {', '.join(METHODS)}.{own}")
    module, _, attribute = METHODS[name].path.partition(":")
    return getattr(importlib.import_module(module), attribute)
