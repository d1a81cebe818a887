"""StyleGAN: a style-based generator architecture for generative adversarial networks (Karras et al. 2019), the first version, as the
authors' code trains it on FFHQ; and StyleGAN2, its second one (Karras et al. 2020)."""

import dataclasses
import functools
import math
from typing import ClassVar, TypeAlias

from tfgan.config import Size, Strings, setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.lazy import layers, networks, optimizers, tf
from tfgan.losses import path_lengths, squared_gradient
from tfgan.methods import adversarial, base, noise

MEAN_STYLE_DECAY = 0.995  # a step, of the w̄ toward which truncation pulls
HALF_LIFE = 10_000  # images in which the generator's average forgets half, by default
LEARNING_RATES = ((512, 3e-3), (256, 2e-3), (128, 1.5e-3), (0, 1e-3))  # from which size on
LEARNING_RATE_2 = 2e-3  # of StyleGAN2 at all sizes
PATH_LENGTH_DECAY = 0.01  # of the mean path length, at each regularization
GROWING = ("start_size", "stable_images", "fade_images", "stage_batch_sizes")
PATH_LENGTH = ("path_length_weight", "path_length_interval", "path_length_shrink")


@dataclasses.dataclass(frozen=True)
class HParams(noise.HParams):
    idle = ("updates",)
    unused: ClassVar[Table] = (
        Unused(idle, why="with StyleGAN, whose discriminator learns first"),
        Unused(
            ("lr_constant_epochs", "lr_decay_epochs", "lr_policy", "lr_warmup_epochs"),
            {"learning_rate": (0.0,)},
            why="with --learning_rate=0, which follows the size alone",
        ),
        Unused(("drift_weight",), {"loss": lambda loss: loss != "wgan_gp"}),
        Unused(("truncation_layers",), {"truncation": (1.0,)}, said=True),
        Unused(GROWING, {"progressive": (False,)}),
        Unused(GROWING, {"architecture": ("stylegan2",)}, why="with --architecture=stylegan2, whose networks do not grow"),
        Unused(
            ("progressive",), {"architecture": ("stylegan2",)}, why="with --architecture=stylegan2, whose networks never grow", said=True
        ),
        Unused(PATH_LENGTH, {"architecture": ("stylegan",)}, cure="give --architecture=stylegan2, or leave it out"),
        Unused(PATH_LENGTH[1:], {"architecture": ("stylegan2",), "path_length_weight": (0.0,)}, why="without --path_length_weight"),
    )
    epochs: int = setting(357, "total number of passes over the training images", operational=True, at_least=1)
    batch_size: int = setting(32, "images per update, over all replicas", at_least=1, at_most=2**16)
    image_size: Size = setting((256, 256), "height and width of the images, a power of two")
    flip: bool = setting(True, "flip half of the training images left to right")
    latent_dim: int = setting(512, "length of the noise vector", at_least=1, at_most=2**16, formerly="latents")
    learning_rate: float = setting(
        0.0,
        "learning rate of the Adam optimizers; 0: 0.001 up to 64 pixels, more for larger images, or 0.002 with --architecture=stylegan2",
        at_least=0.0,
    )
    beta_1: float = setting(0.0, "Adam's β₁: decay of the mean gradient", at_least=0.0, at_most=0.9999)
    beta_2: float = setting(0.99, "Adam's β₂: decay of the mean squared gradient", at_least=0.0, at_most=0.999999)
    ema_decay: float = setting(
        -1.0,
        "decay per step of the generator's moving average, which makes all results; -1: a half-life of 10,000 images; 0: no average",
        at_least=-1.0,
        at_most=0.999999,
        formerly="average_decay",
    )
    architecture: str = setting(
        "stylegan",
        "stylegan, or stylegan2: weight demodulation instead of norms, output skips and residual blocks instead of growing, and penalties "
        "that are updates of their own (Karras et al. 2020; there --r1_interval=16, --channel_base=16384 is configuration F)",
        choices=("stylegan", "stylegan2"),
    )
    w_dim: int = setting(512, "length of the style vector w", at_least=1, at_most=2**16, formerly="width")
    mapping_layers: int = setting(8, "number of layers between noise and style", at_least=1, at_most=1000)
    channel_base: int = setting(
        8192, "a layer of r×r pixels has channel_base / 2^(log2 r - 1) channels, at most channel_max", at_least=1, at_most=2**16
    )
    channel_max: int = setting(512, "maximum number of channels of a layer", at_least=1, at_most=2**16)
    r1_gamma: float = setting(10.0, "γ of the R1 penalty; not with --loss=wgan_gp, which has its own", at_least=0.0, formerly="r1_weight")
    r1_interval: int = adversarial.r1_interval_setting(formerly="r1_every")
    path_length_weight: float = setting(
        2.0, "with stylegan2: weight of the regularization of path lengths, of how far images go with their styles; 0: none", at_least=0.0
    )
    path_length_interval: int = setting(
        4, "with stylegan2: steps between regularizations of path lengths, whose weight is multiplied by this number", at_least=1
    )
    path_length_shrink: int = setting(2, "with stylegan2: path lengths are of batches so many times smaller", at_least=1)
    drift_weight: float = setting(1e-3, "with --loss=wgan_gp: weight of the mean squared output for real images", at_least=0.0)
    style_mixing_prob: float = setting(
        0.9, "probability that the images of a step mix two styles", at_least=0.0, at_most=1.0, formerly="mixing"
    )
    truncation: float = setting(0.7, "ψ of results: 1 full variety, 0 the mean image", operational=True)
    truncation_layers: int = setting(8, "number of first layers that are truncated", operational=True, at_least=0)
    progressive: bool = setting(True, "progressive growing: begin with small images and double their size, layer by layer")
    start_size: int = setting(8, "size of the first images, a power of two", at_least=4)
    stable_images: int = setting(600_000, "number of images of one size before the next size fades in", at_least=1)
    fade_images: int = setting(600_000, "number of images over which a size fades in", at_least=0)
    stage_batch_sizes: Strings = setting((), "batch sizes for smaller images, as SIZE:BATCH: 8:256,16:128; otherwise batch_size")

    def __post_init__(self):
        super().__post_init__()
        size = self.image_size[0]
        fits = size == self.image_size[1] and not size & (size - 1) and size >= 8
        self.require_size(fits, "StyleGAN", "8, 16, 32, 64, … and the same for both")
        if -1 < self.ema_decay < 0:
            raise UserError(f"--ema_decay={self.ema_decay:g} must be -1, or from 0 on.")
        if self.grows and (self.start_size & (self.start_size - 1) or self.start_size > size):
            raise UserError(f"--start_size={self.start_size} must be a power of two, and at most --image_size={size}.")
        self.batch_sizes()

    @property
    def grows(self) -> bool:
        """Whether the images become larger in the course of training."""
        return self.progressive and self.architecture == "stylegan"

    @property
    def lazy_penalties(self) -> dict[str, float]:
        """Those of `penalties` that are updates of their own: StyleGAN2's, where not every step has them."""
        return self.penalties if self.architecture == "stylegan2" and self.r1_interval > 1 else {}

    @property
    def lazy_path_length(self) -> bool:
        """Whether there is a regularization of path lengths, which is an update of its own."""
        return self.architecture == "stylegan2" and self.path_length_weight > 0

    @property
    def intervals(self) -> tuple[int, ...]:
        return (*super().intervals, self.path_length_interval) if self.lazy_path_length else super().intervals

    def sizes(self) -> list[int]:
        """Height and width of the images in pixels, stage by stage."""
        size = self.image_size[0]
        first = self.start_size if self.grows else size
        return [first << i for i in range(int(math.log2(size // first)) + 1)]

    def batch_sizes(self) -> list[int]:
        given = {}
        for word in self.stage_batch_sizes:
            size, _, batch = word.partition(":")
            known = [self.start_size << doublings for doublings in range(16)]  # those beyond image_size are of larger images
            if not (size.isdecimal() and batch.isdecimal() and int(batch) and int(size) in known):
                sizes = ", ".join(map(str, self.sizes()))
                raise UserError(f"--stage_batch_sizes={word}: use SIZE:BATCH, such as {self.start_size}:128, with sizes of {sizes}.")
            given[int(size)] = int(batch)
        return [given.get(size, self.batch_size) for size in self.sizes()]


class StyleGAN(noise.NoiseMethod):
    """StyleGAN: a mapping z -> w, a synthesis of images from a w for each layer, and a discriminator; all grow with the images.

    StyleGAN2's do not grow. Its penalties are phases of their own, in which the optimizers of generator and discriminator do one update
    more (lazy regularization, Karras et al. 2020, §3.1).
    """

    HParams: TypeAlias = HParams
    hparams: HParams
    former_state = ("steps",)

    def build_networks(self):
        h, size, channels = self.hparams, self.hparams.image_size[0], self.image.channels
        kind = getattr(networks, h.architecture)
        widths = {"channel_base": h.channel_base, "channel_max": h.channel_max}
        growing = widths | ({"every_size": h.progressive} if h.architecture == "stylegan" else {})
        self.layers = networks.stylegan.layer_count(size)

        def build_generator():
            synthesis = kind.Synthesis(size, channels, w_dim=h.w_dim, name="synthesis", **growing)
            return {"mapping": networks.stylegan.mapping(h.latent_dim, h.w_dim, h.mapping_layers), "synthesis": synthesis}

        self.discriminator = kind.Discriminator(size, channels, name="discriminator", **growing)
        self.networks = build_generator() | {"discriminator": self.discriminator}
        if h.ema_decay:
            self.ema, self.ema_warmup = build_generator(), h.ema_warmup == "on"
        self.state |= {"mean_style": base.variable(tf.zeros([h.w_dim])), "images_seen": base.variable(tf.zeros([], tf.int64))}
        if h.lazy_path_length:
            self.state["path_length_mean"] = base.variable(tf.zeros([]))
        self.enter(self.stages()[0])

    def stages(self):
        """The stages of training (Karras et al. 2018, §2), one for each size: all but the first fade in, then stay, the last to the end."""
        h, stages, step, image = self.hparams, [], 0, 0
        for number, (size, batch) in enumerate(zip(h.sizes(), h.batch_sizes())):
            stages.append(base.Stage(step, image, batch, h.image_size[0] // size))
            count = math.ceil((h.stable_images + h.fade_images * (number > 0)) / (batch * h.n_critic))
            step, image = step + count, image + count * batch * h.n_critic
        return stages

    def enter(self, stage):
        super().enter(stage)
        decay = 0.5 ** (self.hparams.batch_size / HALF_LIFE) if self.hparams.ema_decay < 0 else self.hparams.ema_decay
        self.ema_decay = decay ** (stage.batch_size * self.hparams.n_critic / self.hparams.batch_size)

    @property
    def size(self) -> int:
        """Height and width of the present stage's images in pixels."""
        return self.hparams.image_size[0] // self.stage.shrink

    def alpha(self):
        """The share to which the present size has faded in, a float32 scalar from 0 to 1; None where nothing fades."""
        if self.size == self.hparams.sizes()[0] or not self.hparams.fade_images:
            return None
        seen = tf.cast(self.state["images_seen"] - self.stage.first_image, tf.float32)
        return tf.clip_by_value(seen / self.hparams.fade_images, 0.0, 1.0)

    def make_optimizers(self):
        """Makes the two optimizers, which losses of one network share.

        Where one does k + 1 updates in k steps, its learning rate is multiplied by c = k / (k + 1), and its β are raised to the power c
        (Karras et al. 2020, appendix B).
        """
        h = self.hparams
        made = {
            "discriminator": self._optimizer(h.n_critic, h.r1_interval if h.lazy_penalties else 0),
            "generator": self._optimizer(1, h.path_length_interval if h.lazy_path_length else 0),
        }
        shared = {"discriminator_penalty": "discriminator"} if h.lazy_penalties else {}
        shared |= {"path_length": "generator"} if h.lazy_path_length else {}
        return made | {loss: made[name] for loss, name in shared.items()}

    def _optimizer(self, updates, interval):
        """An Adam optimizer of networks with so many updates in a step, and in every `interval`-th one as many more; 0: in none."""
        h, share = self.hparams, interval / (interval + 1) if interval else 1.0
        if h.learning_rate:
            made = self.adam(updates / share, h.learning_rate * share)
        else:
            made = optimizers.FusedAdam(optimizers.AtTracing(lambda: self._learning_rate() * share), epsilon=1e-8)
        made.beta_1, made.beta_2 = h.beta_1**share, h.beta_2**share
        return made

    def phases(self):
        """Those of all methods that make images from noise; behind each update the penalties that are an update of their own."""
        h, found = self.hparams, []
        for phase in super().phases():
            if phase.name == "generator":
                phase = phase._replace(trains={"generator": ("mapping", "synthesis")})
            found.append(phase)
            if phase.name == "discriminator" and h.lazy_penalties:
                found.append(self._lazy("discriminator_penalty", self._penalty, phase, h.r1_interval))
            if phase.name == "generator" and h.lazy_path_length:
                found.append(self._lazy("path_length", self._path_length_loss, phase, h.path_length_interval))
        return found

    def _lazy(self, name, losses, after, interval):
        """The phase `name`, which updates what the phase before it does, in every `interval`-th step."""
        (trained,) = after.trains.values()
        return base.Phase(name, losses, {name: trained}, after.batch, gate=lambda scalars: {name: adversarial.due(self, interval)})

    def generate(self, batch, seed):
        fake, _ = self.generate_mixed(batch, seed)
        return fake, None

    def generate_mixed(self, batch, seed):
        """Makes as many images as the batch has, b×H×W×C; returns them and the w of their coarse layers, b×w_dim.

        In a share of the steps a second w stands in for the first from one layer on, one layer for all images (Karras et al. 2019, §3.1).
        """
        styles, w = self._mixed_styles(batch, seed)
        return self.networks["synthesis"](styles, size=self.size, alpha=self.alpha(), training=True), w

    def _mixed_styles(self, batch, seed):
        latents, _ = self.draw(batch, seed)
        w = self.networks["mapping"](latents, training=True)
        other = self.networks["mapping"](self.draw(batch, layers.fold_in(seed, 4))[0], training=True)
        count, draws = networks.stylegan.layer_count(self.size), layers.uniform([2], layers.fold_in(seed, 5))
        crossover = tf.where(draws[0] < self.hparams.style_mixing_prob, 1 + tf.cast(draws[1] * (count - 1), tf.int32), count)
        return tf.where((tf.range(self.layers) < crossover)[:, None], w[:, None], other[:, None]), w  # b × layers × w_dim

    def judge(self, images, labels, seed):
        images = self.augment(images, layers.fold_in(seed, 2))
        return self.discriminator(images, alpha=self.alpha(), training=True)

    def judge_both(self, real, real_labels, fake, fake_labels, seed):
        fake_logits = self.judge(fake, fake_labels, seed)  # first: the last bits of summed gradients depend on the order
        return self.judge(real, real_labels, seed), fake_logits

    def real_images(self, batch):
        """Real images b×H×W×C, as coarse as generated ones are while a size fades in."""
        alpha, images = self.alpha(), batch["image"]
        if alpha is None:
            return images
        coarse = layers.resizing.double(layers.resizing.halve(images))
        return coarse + alpha * (images - coarse)

    def regularization(self, penalty, real_logits):
        return super().regularization(penalty, real_logits) + self.hparams.drift_weight * tf.reduce_mean(tf.square(real_logits))

    def _generator_loss(self, batch, seed):
        fake, w = self.generate_mixed(batch, seed)
        logits, opposite = self.judge(fake, None, seed), self.opposite(batch, seed)
        scores = {"fake_score_before": self.loss.score(logits, opposite)}
        return base.PhaseResult({"generator": self.loss.generator(logits, opposite)}, scores, {"w": w})

    def judged(self, discriminate, real, fake, seed):
        return (discriminate(), {}) if self.hparams.lazy_penalties else super().judged(discriminate, real, fake, seed)

    def _penalty(self, batch, seed):
        """The penalties of the discriminator's gradient, in steps that have them; 0 in others."""
        h = self.hparams
        images = {"r1_penalty": lambda: self.real_images(batch), "r2_penalty": lambda: self.shown(batch, seed)[0]}

        def penalize():
            found = []
            with layers.ForwardPass(seed):
                for name in h.lazy_penalties:
                    shown = images[name]()
                    with tf.GradientTape() as tape:
                        tape.watch(shown)
                        logits = self.judge(shown, None, seed)
                    found.append(h.r1_interval * squared_gradient(tape, [[logits]], shown))
            return found

        values = tf.cond(adversarial.due(self, h.r1_interval), penalize, lambda: [tf.zeros([])] * len(h.lazy_penalties))
        penalties = dict(zip(h.lazy_penalties, values))
        loss = tf.add_n([0.5 * h.lazy_penalties[name] * penalty for name, penalty in penalties.items()])
        return base.PhaseResult({"discriminator_penalty": loss}, penalties)

    def _path_length_loss(self, batch, seed):
        """The mean squared distance of path lengths to their moving mean a, in steps that have it; 0 in others (§3.2 there).

        a is that of the steps before, of all replicas; the authors' is of this step's lengths to a hundredth.
        """
        h, count = self.hparams, tf.shape(batch["image"])[0]
        own, mean = layers.fold_in(seed, 8), tf.convert_to_tensor(self.state["path_length_mean"])

        def regularize():
            few = {"image": batch["image"][: tf.maximum(count // h.path_length_shrink, 1)]}
            with layers.ForwardPass(own):
                styles, _ = self._mixed_styles(few, own)
                shape = [tf.shape(styles)[0], self.size, self.size, self.image.channels]
                direction = layers.normal(shape, layers.fold_in(own, 9)) / self.size
                lengths = path_lengths(lambda styles: self.networks["synthesis"](styles, training=True), styles, direction)
            return h.path_length_interval * tf.reduce_mean(tf.square(lengths - mean)), tf.reduce_mean(lengths)

        is_due = adversarial.due(self, h.path_length_interval)
        penalty, length = tf.cond(is_due, regularize, lambda: (tf.zeros([]), tf.zeros([])))
        scalars = {"path_length": length, "path_length_mean": mean}
        return base.PhaseResult({"path_length": h.path_length_weight * penalty}, scalars, {"path_length": tf.fill([count], length)})

    def _learning_rate(self) -> float:
        """The learning rate that the authors have for the size of the present stage."""
        if self.hparams.architecture == "stylegan2":
            return LEARNING_RATE_2
        return next(rate for size, rate in LEARNING_RATES if self.size >= size)

    def exchange_outputs(self, outputs, seed):
        """Counts images, and lets w̄, the mean style, follow the w of this step, and a the path lengths; returns no outputs."""
        outputs = super().exchange_outputs(outputs, seed)
        if "path_length" in outputs:
            mean, is_due = self.state["path_length_mean"], adversarial.due(self, self.hparams.path_length_interval)
            moved = mean + PATH_LENGTH_DECAY * (tf.reduce_mean(outputs["path_length"]) - mean)
            mean.assign(tf.where(is_due, moved, mean))
        if "w" in outputs:
            self.state["images_seen"].assign_add(self.stage.batch_size * self.hparams.n_critic)
            mean = self.state["mean_style"]
            mean.assign(mean + (1.0 - MEAN_STYLE_DECAY) * (tf.reduce_mean(outputs["w"], axis=0) - mean))
        return {}

    def inference(self):
        h, networks = self.hparams, self.ema or self.networks

        def map_styles(latents, truncation, truncation_layers=h.truncation_layers):
            w = networks["mapping"](latents, training=False)[:, None]  # N × 1 × w_dim
            mean = tf.convert_to_tensor(self.state["mean_style"])
            truncated = mean + tf.cast(truncation, tf.float32) * (w - mean)
            return tf.where((tf.range(self.layers) < truncation_layers)[:, None], truncated, w)

        def synthesize(styles):
            images = networks["synthesis"](styles, size=self.size, alpha=self.alpha(), training=False)
            for _ in range(int(math.log2(self.stage.shrink))):
                images = layers.resizing.double(images)
            return tf.clip_by_value(images, -1.0, 1.0)

        styles = base.Styles(map_styles, synthesize, self.layers, h.w_dim, h.truncation, h.truncation_layers)

        def function(latents):
            return synthesize(map_styles(latents, h.truncation))

        return {"generate": base.Generation(function, self.image, h.latent_dim, prior=h.prior, styles=styles, see=self.see)}

    def see(self, images, labels=None):
        """As for other methods, of images b×H×W×C of the final size, which are as small as the present stage's when they are judged."""
        for _ in range(int(math.log2(self.stage.shrink))):
            images = layers.resizing.halve(images)
        judge = functools.partial(self.discriminator, images, alpha=self.alpha(), training=False)
        return networks.activations.activations(self.discriminator, judge)
