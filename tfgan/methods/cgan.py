"""CGAN: conditional generative adversarial nets (Mirza and Osindero 2014), with the perceptrons that its many ports to MNIST use."""

import dataclasses
from typing import TypeAlias

from tfgan.config import setting
from tfgan.lazy import networks
from tfgan.methods import noise


@dataclasses.dataclass(frozen=True)
class HParams(noise.HParams):
    batch_norm: str = noise.batch_norm_setting()
    dropout: float = setting(0.4, "dropout rate in the discriminator", at_least=0.0, at_most=0.99)


class CGAN(noise.NoiseMethod):
    """CGAN: a generator and a discriminator that are perceptrons and see the class, beside the noise and beside the image."""

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "labeled"

    def build_generator(self):
        h = self.hparams
        norm = noise.BATCH_NORMS[h.batch_norm]
        return networks.mlp.mlp_generator(h.latent_dim, h.image_size, self.image.channels, batch_norm=norm, classes=len(self.class_names))

    def build_discriminator(self):
        h = self.hparams
        return networks.mlp.conditional_mlp_discriminator(h.image_size, self.image.channels, len(self.class_names), dropout=h.dropout)
