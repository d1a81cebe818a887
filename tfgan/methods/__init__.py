"""The registry of methods. A method is one file beside this one and one line here; its module is imported when it is asked for."""

import importlib
from typing import NamedTuple

from tfgan.errors import UserError, did_you_mean


class Entry(NamedTuple):
    path: str  # module:class
    summary: str


METHODS = {
    "pix2pix": Entry("tfgan.methods.pix2pix:Pix2Pix", "image pairs to translation (Isola et al. 2017)"),
    "cyclegan": Entry("tfgan.methods.cyclegan:CycleGAN", "unpaired images of two domains, both ways (Zhu et al. 2017)"),
    "stargan": Entry("tfgan.methods.stargan:StarGAN", "images with attributes to other attributes (Choi et al. 2018)"),
    "spade": Entry("tfgan.methods.spade:Spade", "label maps to images, with styles (Park et al. 2019)"),
    "gan": Entry("tfgan.methods.gan:GAN", "images from noise by perceptrons (Goodfellow et al. 2014)"),
    "cgan": Entry("tfgan.methods.cgan:CGAN", "images of a class from noise by perceptrons (Mirza and Osindero 2014)"),
    "dcgan": Entry("tfgan.methods.dcgan:DCGAN", "images from noise by convolutions (Radford et al. 2016)"),
    "acgan": Entry("tfgan.methods.acgan:ACGAN", "images of a class from noise, judged by a classifier too (Odena et al. 2017)"),
    "vaegan": Entry("tfgan.methods.vaegan:VAEGAN", "images from noise and to latents and back (Larsen et al. 2016)"),
    "stylegan": Entry("tfgan.methods.stylegan:StyleGAN", "images from noise, style by style (Karras et al. 2019)"),
}


def method_class(name: str):
    """The `Method` class called `name`. Raises `UserError` for an unknown one."""
    if name not in METHODS:
        raise UserError(f"--method={name} is unknown.{did_you_mean(name, METHODS)} There are: {', '.join(METHODS)}.")
    module, _, attribute = METHODS[name].path.partition(":")
    return getattr(importlib.import_module(module), attribute)
