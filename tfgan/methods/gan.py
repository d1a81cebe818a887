"""GAN: generative adversarial nets (Goodfellow et al. 2014), with the perceptrons that its many ports to MNIST use."""

import dataclasses
from typing import TypeAlias

from tfgan.lazy import networks
from tfgan.methods import noise


@dataclasses.dataclass(frozen=True)
class HParams(noise.HParams):
    batch_norm: str = noise.batch_norm_setting()


class GAN(noise.NoiseMethod):
    """GAN: a generator and a discriminator that are perceptrons."""

    HParams: TypeAlias = HParams
    hparams: HParams

    def build_generator(self):
        h = self.hparams
        return networks.mlp.mlp_generator(h.latent_dim, h.image_size, self.image.channels, batch_norm=noise.BATCH_NORMS[h.batch_norm])

    def build_discriminator(self):
        return networks.mlp.mlp_discriminator(self.hparams.image_size, self.image.channels)
