"""GAN: generative adversarial nets (Goodfellow et al. 2014), with the perceptrons that its many ports to MNIST use."""

import dataclasses

from tfgan.config import setting
from tfgan.methods import noise
from tfgan.networks.mlp import mlp_discriminator, mlp_generator

BATCH_NORMS = {"momentum": {"momentum": 0.8}, "epsilon": {"epsilon": 0.8}}


@dataclasses.dataclass(frozen=True)
class HParams(noise.HParams):
    batch_norm: str = setting(
        "momentum",
        "what the 0.8 of the generator's batch norms means: as Keras' ancestor of the code reads it, or PyTorch's port",
        choices=tuple(BATCH_NORMS),
    )


class GAN(noise.NoiseMethod):
    """Perceptrons."""

    HParams = HParams

    def build_generator(self):
        hparams = self.hparams
        return mlp_generator(hparams.latents, hparams.image_size, self.image.channels, batch_norm=BATCH_NORMS[hparams.batch_norm])

    def build_discriminator(self):
        return mlp_discriminator(self.hparams.image_size, self.image.channels)
