"""DCGAN: deep convolutional generative adversarial networks (Radford et al. 2016)."""

import dataclasses
from typing import ClassVar, TypeAlias

from tfgan.config import Size, setting
from tfgan.config.unused import Table, Unused
from tfgan.lazy import networks
from tfgan.methods import noise
from tfgan.sizes import is_doubled

WIDTHS = {"paper": (128, 128), "tutorial": (64, 64), "upsampling": (64, 16)}  # architecture -> ngf, ndf


@dataclasses.dataclass(frozen=True)
class HParams(noise.HParams):
    unused: ClassVar[Table] = (
        Unused(("batch_norm",), {"architecture": ("paper", "tutorial")}),
        Unused(("kernel_size",), {"architecture": ("tutorial", "upsampling")}),
        Unused(("discriminator_norm",), {"architecture": ("tutorial",)}),
    )

    epochs: int = setting(25, "total number of passes over the training images", operational=True, at_least=1)
    batch_size: int = setting(128, "images per update, over all replicas", at_least=1, at_most=2**16)
    image_size: Size = setting((64, 64), "size of the images: HEIGHTxWIDTH, or one number for both")
    prior: str = setting("uniform", "distribution of the noise: N(0, 1), or uniform in [-1, 1]", choices=("normal", "uniform"))
    architecture: str = setting(
        "paper",
        "networks of the paper, of TensorFlow's tutorial (28 pixels), or of PyTorch ports, which resize and convolve (32 pixels)",
        choices=tuple(WIDTHS),
    )
    ngf: int = setting(
        0, "channels before the generator's last layer; 0: as in the architecture, 128 in the paper", at_least=0, at_most=2**16
    )
    ndf: int = setting(
        0, "channels of the discriminator's first layer; 0: as in the architecture, 128 in the paper", at_least=0, at_most=2**16
    )
    kernel_size: int = setting(5, "height and width of the kernels; compact ports use 4", at_least=2, at_most=64, formerly="kernel")
    discriminator_norm: str = setting("batch", "normalization in the discriminator", choices=("batch", "none"))
    batch_norm: str = noise.batch_norm_setting()

    def __post_init__(self):
        super().__post_init__()
        if self.architecture == "paper":
            self.require_size(is_doubled(self.image_size), "DCGAN", "4 to 7 pixels, doubled: 28, 32, 48, 64, 128, …")
        else:
            fits = all(size and size % 4 == 0 for size in self.image_size)
            self.require_size(fits, f"--architecture={self.architecture}", "multiples of 4")
        batch_norm = self.architecture != "tutorial" and self.discriminator_norm == "batch"
        self.refuse_penalties(batch_norm, "--discriminator_norm=none")

    def widths(self) -> tuple[int, int]:
        """The widths of the networks: ngf of the generator and ndf of the discriminator, or the architecture's own where they are 0."""
        ngf, ndf = WIDTHS[self.architecture]
        return self.ngf or ngf, self.ndf or ndf


class DCGAN(noise.NoiseMethod):
    """DCGAN: a generator of transposed convolutions and a discriminator of strided ones, or what `architecture` names."""

    HParams: TypeAlias = HParams
    hparams: HParams

    def build_generator(self):
        h = self.hparams
        shape, (ngf, _) = (h.latent_dim, h.image_size, self.image.channels), h.widths()
        if h.architecture == "tutorial":
            return networks.dcgan.tutorial_generator(*shape, ngf=ngf)
        if h.architecture == "upsampling":
            return networks.acgan.upsampling_generator(*shape, ngf=ngf, batch_norm=noise.BATCH_NORMS[h.batch_norm])
        return networks.dcgan.dcgan_generator(*shape, ngf=ngf, kernel_size=h.kernel_size)

    def build_discriminator(self):
        h = self.hparams
        shape, (_, ndf) = (h.image_size, self.image.channels), h.widths()
        if h.architecture == "tutorial":
            return networks.dcgan.tutorial_discriminator(*shape, ndf=ndf)
        if h.architecture == "upsampling":
            return networks.acgan.upsampling_discriminator(
                *shape, ndf=ndf, batch_norm=noise.BATCH_NORMS[h.batch_norm], norm=h.discriminator_norm
            )
        return networks.dcgan.dcgan_discriminator(*shape, ndf=ndf, kernel_size=h.kernel_size, norm=h.discriminator_norm)
