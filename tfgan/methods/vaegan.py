"""VAE-GAN: an autoencoder whose measure of similarity is learned by a discriminator (Larsen et al. 2016)."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, NamedTuple, TypeAlias

from tfgan.config import Size, setting
from tfgan.config.unused import Table, Unused, given
from tfgan.errors import UserError
from tfgan.lazy import keras, layers, networks, optimizers, tf
from tfgan.losses import GAN_LOSSES, bce_on_real, bce_saturating, kl_divergence, l1_loss, squared_error
from tfgan.methods import adversarial, base, latents

DECODER_LOSSES = {"saturating": bce_saturating, "non_saturating": bce_on_real}
DECAY_DIGITS = 6  # of a factor an epoch that follows from one for all epochs
EQUILIBRIUM = 0.68  # the cross-entropy of an undecided discriminator, ln 2, as the paper's code rounds it


@dataclasses.dataclass(frozen=True)
class HParams(adversarial.AdversarialHParams, base.AveragedHParams):
    ties = ("similarity_weight",)
    unused: ClassVar[Table] = (
        Unused(("decoder_loss", "skip_margin"), {"loss": lambda loss: loss != "bce"}, why="with --loss={loss}, which is no cross-entropy"),
        Unused(("real_weight",), {"loss": lambda loss: GAN_LOSSES[loss].relative}, why="with --loss={loss}, which judges in pairs"),
        Unused(("lr_decay",), {"lr_end_factor": given}, why="with --lr_end_factor", cure="leave it out, or use --lr_end_factor=0"),
    )

    batch_size: int = setting(64, "images per step, over all replicas", at_least=2, at_most=2**16)
    image_size: Size = setting((64, 64), "size of the images, in multiples of 8: HEIGHTxWIDTH, or one number for both")
    random_crop: bool = setting(False, "resize to load_size and crop at random; if false, resize to image_size")
    latent_dim: int = setting(128, "length of the latent vector", at_least=1, at_most=2**16, formerly="latents")
    nef: int = setting(64, "filters of the encoder's first convolution", at_least=1, at_most=2**16)
    encoder_units: int = setting(2048, "units of the encoder's dense layer: 2048 in the paper, 1024 in its code", at_least=1, at_most=2**16)
    ngf: int = setting(32, "filters of the decoder's last layers", at_least=1, at_most=2**16)
    ndf: int = setting(32, "filters of the discriminator's first convolution", at_least=1, at_most=2**16)
    similarity_weight: float = setting(
        1e-5, "γ: weight of the feature similarity, a sum over all features, in the decoder's loss", at_least=0.0
    )
    prior_weight: float = setting(
        1.0,
        "β: weight of the latents' divergence from the prior in the encoder's loss; 1 in the paper; more brings the latents nearer to the "
        "prior that samples are drawn from, and costs reconstructions",
        at_least=0.0,
    )
    sample_from: str = setting(
        "prior",
        "what is decoded: prior: noise of N(0, 1), as in the paper; latents: noise of the normal distribution that has the mean and the "
        "covariance of the training images' latents",
        choices=("prior", "latents"),
    )
    convex: bool = setting(False, "weight the decoder's adversarial loss by 1 - γ, as in the paper's code, instead of 1")
    decoder_loss: str = setting(
        "saturating",
        "the decoder's part of --loss=bce: the discriminator's with the sign changed, or -ln D",
        choices=tuple(DECODER_LOSSES),
    )
    judge_reconstructions: bool = setting(True, "use reconstructions in the adversarial losses too, beside images made from noise")
    real_weight: float = setting(
        1.0,
        "weight of real images in the discriminator's loss; reconstructions and samples have 1 each; 3.9 in the paper's code for faces",
        at_least=0.0,
    )
    skip_margin: float = setting(
        0.0,
        f"pause the discriminator while a cross-entropy is this far below {EQUILIBRIUM}, and the decoder while one is this far above; 0.35 "
        "in the paper's code; 0: never",
        at_least=0.0,
    )
    learning_rate: float = setting(3e-4, "learning rate of the RMSProp optimizers", at_least=0.0)
    lr_decay: float = setting(1.0, "factor of the learning rate per epoch; 1: constant", at_least=0.0, at_most=1.0)
    lr_end_factor: float = setting(
        0.0,
        "instead of --lr_decay: the learning rate after all --epochs, as a share of the first; 0: not used",
        at_least=0.0,
        at_most=1.0,
    )
    discriminator_norm: str = setting("batch", "normalization in the discriminator", choices=("batch", "none"))

    def __post_init__(self):
        super().__post_init__()
        self.require_size(all(size % 8 == 0 and size >= 16 for size in self.image_size), "VAE-GAN", "multiples of 8, from 16 on")
        self.refuse_penalties(self.discriminator_norm == "batch", "--discriminator_norm=none")
        if self.convex and self.similarity_weight > 1:
            raise UserError(f"--convex needs --similarity_weight between 0 and 1; found {self.similarity_weight:g}.")

        if self.sample_from == "latents" and self.latent_dim > latents.LONGEST:
            raise UserError(f"--sample_from=latents needs --latent_dim up to {latents.LONGEST}; found {self.latent_dim}.")

    def effective(self):
        values = super().effective()
        if self.lr_end_factor:
            values |= {"lr_decay": round(self.lr_end_factor ** (1 / self.epochs), DECAY_DIGITS), "lr_end_factor": 0.0}
        return values


class Pass(NamedTuple):
    """The networks' outputs for a batch in training."""

    mean: tf.Tensor  # N×d, of the latents
    log_variance: tf.Tensor
    reconstruction: tf.Tensor  # N×H×W×C
    features: list[tf.Tensor]  # N×h×w×f, of images and of their reconstructions
    logits: list[tf.Tensor]  # N×1, of images, of their reconstructions and of samples
    penalties: dict[str, tf.Tensor]  # of the discriminator's gradient at images, and at all that is made of which it judges


class VAEGAN(adversarial.AdversarialMethod):
    """VAE-GAN: an encoder image -> latents, a decoder latents -> image, and a discriminator that also says how alike two images are."""

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "images"
    gap = base.Gap(("l1_loss",), "l1")

    def __init__(self, hparams: HParams, spec):
        super().__init__(hparams, spec)
        hparams = self.hparams
        self.image = spec.domains["image"]
        self.encoder, self.decoder = self._build_encoder(), self._build_decoder()
        self.discriminator = networks.vaegan.vaegan_discriminator(
            hparams.image_size, self.image.channels, ndf=hparams.ndf, norm=hparams.discriminator_norm
        )
        self.networks = {"encoder": self.encoder, "decoder": self.decoder, "discriminator": self.discriminator}
        self.keep_averages(encoder=self._build_encoder, decoder=self._build_decoder)
        if hparams.sample_from == "latents":
            self.state |= latents.first_state(hparams.latent_dim)
        self.loss = GAN_LOSSES[hparams.loss]
        if hparams.loss == "bce":
            self.loss = self.loss._replace(to_fool=DECODER_LOSSES[hparams.decoder_loss])

    def _build_encoder(self):
        h = self.hparams
        return networks.vaegan.vaegan_encoder(h.image_size, self.image.channels, h.latent_dim, nef=h.nef, units=h.encoder_units)

    def _build_decoder(self):
        return networks.vaegan.vaegan_decoder(self.hparams.image_size, self.image.channels, self.hparams.latent_dim, ngf=self.hparams.ngf)

    def make_optimizers(self):
        def rmsprop():
            schedule = keras.optimizers.schedules.ExponentialDecay(
                self.hparams.learning_rate, self.steps_per_epoch, self.hparams.lr_decay, staircase=True
            )
            # Keras adds epsilon under the root, the paper's code 1e-8 outside. Keras' 1e-7 would slow down all weights whose gradients
            # are below 3e-4, and with a small γ many are.
            return keras.optimizers.RMSprop(optimizers.ahead(schedule, self.ahead), rho=0.9, epsilon=1e-16)

        return {name: rmsprop() for name in self.networks}

    def phases(self):
        gate = self._gate if self.hparams.skip_margin else None
        return [
            base.Phase("all", self._losses, {name: (name,) for name in self.networks}, gate=gate),
            base.Phase("afterwards", self._score_afterwards, {}),
        ]

    def _forward(self, batch, seed) -> Pass:
        """Passes a batch through the networks, where what goes through together shares the statistics of batch norms.

        Together go latents encoded and drawn, since after training the decoder is given either; and images and their reconstructions, whose
        features are compared. Samples go by themselves: beside the two, the decoder learns to give samples extreme contrast, because that
        raises the variance that all features are divided by, and so brings the two nearer to each other. (The paper's code compares
        features in one pass, and judges all three in another.)
        """
        image = batch["image"]
        mean, log_variance = self.encoder(image, training=True)
        encoded = mean + tf.exp(0.5 * log_variance) * layers.normal(tf.shape(mean), layers.fold_in(seed, 0))
        drawn = layers.normal(tf.shape(mean), layers.fold_in(seed, 1))
        reconstruction, sample = tf.split(self.decoder(tf.concat([encoded, drawn], axis=0), training=True), 2)
        made = [reconstruction, sample]
        (features, logits), penalties = adversarial.judged(
            self,
            lambda: self._judge([image, *made], seed),
            image,
            made if self.hparams.judge_reconstructions else [sample],
            layers.fold_in(seed, 3),
            lambda outputs: outputs[1:],
        )
        return Pass(mean, log_variance, reconstruction, features, logits, penalties)

    def _judge(self, images, seed):
        """The features of the first two batches of images, the logits of all three; DiffAugment changes them alike first."""
        seen = [self.augment(batch, layers.fold_in(seed, 2)) for batch in images]
        features, logits = self.discriminator(tf.concat(seen[:2], axis=0), training=True)
        _, last_logits = self.discriminator(seen[2], training=True)
        return tf.split(features, 2), [*tf.split(logits, 2), last_logits]

    def _losses(self, batch, seed):
        """The losses of all three networks from one pass (Larsen et al. 2016, algorithm 1).

        The trainer gives each to its own network alone: so no similarity reaches the discriminator, which would make all images alike, and
        no adversarial loss the encoder.
        """
        h, made = self.hparams, self._forward(batch, seed)
        real, reconstruction, sample = made.logits
        judged = [reconstruction, sample] if h.judge_reconstructions else [sample]
        prior = tf.reduce_mean(kl_divergence(made.mean, made.log_variance))
        similarity = tf.reduce_mean(squared_error(*made.features))
        gan = tf.add_n([self.loss.generator(logits, tf.stop_gradient(real)) for logits in judged])
        adversary, told = self._discriminator_loss(real, judged)
        losses = {
            "encoder": h.prior_weight * prior + similarity,
            "decoder": h.similarity_weight * similarity + (1.0 - h.similarity_weight if h.convex else 1.0) * gan,
            "discriminator": adversarial.penalized(h, adversary, made.penalties)[0],
        }
        scalars = {
            "prior_loss": prior,
            "similarity_loss": similarity,
            "gan_loss": gan,
            "l1_loss": l1_loss(batch["image"], made.reconstruction),
            "real_score": self.loss.score(real, sample),
            "reconstruction_score": self.loss.score(reconstruction, real),
            "fake_score_before": self.loss.score(sample, real),
        }
        watched, outputs = self.watched((real, sample))
        if h.sample_from == "latents":
            outputs = outputs | {"mean": made.mean, "log_variance": made.log_variance}
        return base.PhaseResult(losses, scalars | told | made.penalties | watched, outputs)

    def exchange_outputs(self, outputs, seed):
        """Lets the distribution of latents follow those of this step, where samples are drawn from it; returns no outputs."""
        outputs = super().exchange_outputs(outputs, seed)
        if "mean" in outputs:
            latents.follow(self.state, outputs["mean"], outputs["log_variance"], self.step)
        return {}

    def _discriminator_loss(self, real, judged):
        """The discriminator's loss, and what is logged of it: cross-entropies, or a mean over the kinds of images that are judged."""
        if self.loss.on_fake is None:
            pairs = [self.loss.discriminator(real, logits) for logits in judged]
            return tf.add_n(pairs), {"discriminator_gan_loss": tf.add_n(pairs) / len(pairs)}
        on_real, on_fake = self.loss.on_real(real), [self.loss.on_fake(logits) for logits in judged]
        mean = tf.add_n(on_fake) / len(on_fake)
        is_entropy = self.hparams.loss == "bce"
        told = {"real_entropy": on_real, "fake_entropy": mean} if is_entropy else {"discriminator_gan_loss": on_real + mean}
        return self.hparams.real_weight * on_real + tf.add_n(on_fake), told

    def _gate(self, means):
        """Says which networks are updated, by the rule of the paper's code: the winner of the game waits; if both would, neither does."""
        entropies, margin = (means["real_entropy"], means["fake_entropy"]), self.hparams.skip_margin
        discriminator = tf.minimum(*entropies) >= EQUILIBRIUM - margin
        decoder = tf.maximum(*entropies) <= EQUILIBRIUM + margin
        both = discriminator == decoder
        return {"encoder": tf.constant(True), "decoder": decoder | both, "discriminator": discriminator | both}

    def _score_afterwards(self, batch, seed):
        """Scores images made from the step's noise once more, after the step."""
        real, _, sample = self._forward(batch, seed).logits
        return base.PhaseResult({}, {"fake_score_after": self.loss.score(sample, real)})

    def doubt(self, scalars):
        row = {"discriminator_gan_loss": scalars["real_entropy"] + scalars["fake_entropy"]} if "real_entropy" in scalars else scalars
        return adversarial.doubt_by_losses(self.hparams.loss, row, {"discriminator_gan_loss": "discriminator_gan_loss"})

    def inference(self):
        """The signatures: `generate`, noise to images, and `encode`, images to the noise that gives the mean of their latents.

        So what is encoded and then generated is a reconstruction. Noise is the latents themselves, unless samples are drawn from those of
        the training images.
        """
        encoder, decoder = (self.averaged(name) for name in ("encoder", "decoder"))
        size, length = self.hparams.image_size, self.hparams.latent_dim

        def generate(latents):
            return decoder(self._from_noise(latents), training=False)

        def encode(images):
            return self._to_noise(encoder(images, training=False)[0])

        def see(images):
            return networks.activations.activations(self.discriminator, lambda: self.discriminator(images, training=False))

        return {
            "generate": base.Generation(generate, self.image, length, see=see),
            "encode": base.Encoding(encode, self.image, size, length, crop=True),
        }

    def _from_noise(self, noise):
        return latents.from_noise(self.state, noise) if self.hparams.sample_from == "latents" else noise

    def _to_noise(self, encoded):
        return latents.to_noise(self.state, encoded) if self.hparams.sample_from == "latents" else encoded

    def sample_row(self, example, use):
        image = example["image"]
        return {self.image.name: image, "reconstruction": use["generate"](use["encode"](image))}
