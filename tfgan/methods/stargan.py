"""StarGAN: one generator for many attributes, over one data set or several (Choi et al. 2018), as the authors' code trains it."""

import dataclasses
from typing import ClassVar, TypeAlias

from tfgan.attributes import change_attributes, known_attributes
from tfgan.config import Size, setting
from tfgan.config.unused import Table, Unused
from tfgan.errors import UserError
from tfgan.lazy import layers, networks, tf
from tfgan.losses import CRITIC_LOSSES, gradient_penalty, l1_loss
from tfgan.methods import adversarial, base
from tfgan.sizes import fitting_strides

MULTIPLE, MINIMUM = 4, 8  # of the generator's height and width
UNKNOWN = -1e9  # added to the logits of unknown attributes: a softmax over the others is left


@dataclasses.dataclass(frozen=True)
class HParams(adversarial.CriticHParams, base.AveragedHParams, base.AdamHParams):
    ties = ("reconstruction_weight",)
    unused: ClassVar[Table] = (
        Unused(
            ("identity_weight",),
            {"reconstruction_weight": (0.0,)},
            why="with --reconstruction_weight=0, of which it is a share",
            cure="leave it out, or give --reconstruction_weight",
        ),
    )

    epochs: int = setting(20, "total number of passes over the training images", operational=True, at_least=1)
    batch_size: int = setting(16, "images per update, over all replicas", at_least=1, at_most=2**16)
    image_size: Size = setting((128, 128), "size of the networks' training images: HEIGHTxWIDTH, or one number for both")
    random_crop: bool = setting(False, "resize to load_size and crop at random; if false, resize to image_size")
    learning_rate: float = setting(1e-4, "learning rate of the Adam optimizers", at_least=0.0)
    discriminator_learning_rate: float = setting(
        0.0, "learning rate of the discriminator's optimizer alone; 0: --learning_rate, as in the paper", at_least=0.0
    )
    lr_decay_epochs: float = base.lr_decay_setting(0.5)
    ngf: int = setting(64, "filters of the generator's first convolution", at_least=1, at_most=2**16)
    ndf: int = setting(64, "filters of the discriminator's first convolution", at_least=1, at_most=2**16)
    n_blocks: int = setting(6, "number of residual blocks of the generator", at_least=1, at_most=1000, formerly="blocks")
    n_layers: int = setting(
        0, "strided convolutions of the discriminator; 0: 6 from 128×128 on, fewer for smaller images", at_least=0, at_most=8
    )
    n_critic: int = setting(5, "updates of the discriminator per update of the generator, each on its own batch", at_least=1, at_most=1000)
    classification_weight: float = setting(1.0, "λ of both networks' attribute losses", at_least=0.0)
    reconstruction_weight: float = setting(10.0, "λ of the cycle loss: L1 between an image and its translation back", at_least=0.0)
    identity_weight: float = setting(
        0.0,
        "weight of the loss between an image and its translation to its own attributes, which keeps shapes, as a share of "
        "--reconstruction_weight; 0: no loss, as in the paper",
        at_least=0.0,
    )
    loss: str = setting(
        "wgan_gp",
        "adversarial loss; wgan_gp has a gradient penalty; rpgan judges in pairs, and is meant for R1 and R2",
        choices=tuple(CRITIC_LOSSES),
    )
    group_loss: str = setting(
        "softmax",
        "loss for attributes that exclude each other: one softmax, as the paper's for RaFD, or a sigmoid for each, as for CelebA",
        choices=("softmax", "sigmoid"),
    )
    target_labels: str = setting(
        "permuted",
        "target attributes of the generator: those of other images in the batch, or random ones",
        choices=("permuted", "sampled"),
    )

    def __post_init__(self):
        super().__post_init__()
        n_layers = self.effective()["n_layers"]
        least = max(MINIMUM, 2**n_layers)
        fits = all(size % MULTIPLE == 0 and size >= least for size in self.image_size)
        self.require_size(fits, f"StarGAN with --n_layers={n_layers}", f"multiples of {MULTIPLE}, from {least} on")
        if self.target_labels == "permuted" and self.batch_size == 1:
            raise UserError(
                "--target_labels=permuted takes the labels of other images in the batch, and --batch_size=1 has none: use a larger "
                "batch or sampled."
            )

    def effective(self):
        return super().effective() | {"n_layers": self.n_layers or fitting_strides(self.image_size)}


class StarGAN(adversarial.AdversarialMethod):
    """StarGAN: a generator (image, labels) -> image, and a discriminator that is a critic of images and tells their attributes.

    Labels are the attributes, 0 where they are not known. With several data sets, which know different ones, a one-hot vector behind
    them says whose labels they are (Choi et al. 2018, §3.3).
    """

    HParams: TypeAlias = HParams
    hparams: HParams
    batch_kind = "attributes"
    gap = base.Gap(("reconstruction_loss",), "cycle_l1")

    def __init__(self, hparams: HParams, spec):
        super().__init__(hparams, spec)
        hparams = self.hparams
        if not spec.attribute_names:
            raise UserError("StarGAN needs images with attributes: name a table of them with --attributes_file, or use a folder for each.")
        share = hparams.batch_size // tf.distribute.get_strategy().num_replicas_in_sync
        if hparams.target_labels == "permuted" and share == 1 < hparams.batch_size:
            raise UserError(
                f"--batch_size={hparams.batch_size} leaves one image a replica, and --target_labels=permuted no other image's labels: "
                "use a larger batch, fewer --gpus, or sampled."
            )
        self.loss = CRITIC_LOSSES[hparams.loss]
        self.image, self.names = spec.domains["image"], spec.attribute_names
        self.batches_per_step = hparams.n_critic
        self.sets = [[float(name in known) for name in self.names] for known in spec.attribute_sets]
        if len(self.sets) < 2:
            self.sets = []
        self.groups = [[self.names.index(name) for name in group] for group in spec.attribute_groups]
        self.softmax_groups = self.groups if hparams.group_loss == "softmax" else []
        in_softmax = {index for group in self.softmax_groups for index in group}
        self.sigmoids = [index for index in range(len(self.names)) if index not in in_softmax]
        self.generator = self._build_generator()
        self.discriminator = networks.stargan.stargan_discriminator(
            self.image.channels, len(self.names), hparams.image_size, ndf=hparams.ndf, n_layers=hparams.n_layers
        )
        self.networks = {"generator": self.generator, "discriminator": self.discriminator}
        self.keep_averages(generator=self._build_generator)

    def _build_generator(self):
        h, labels = self.hparams, len(self.names) + len(self.sets)
        return networks.stargan.stargan_generator(self.image.channels, labels, ngf=h.ngf, n_blocks=h.n_blocks)

    def make_optimizers(self):
        h = self.hparams
        judging = self.adam(h.n_critic, h.discriminator_learning_rate or h.learning_rate)
        return {"discriminator": judging, "generator": self.adam()}

    def phases(self):
        critic = [
            base.Phase("discriminator", self._discriminator_loss, {"discriminator": ("discriminator",)}, batch)
            for batch in range(self.hparams.n_critic)
        ]
        return [*critic, base.Phase("generator", self._generator_loss, {"generator": ("generator",)}, self.hparams.n_critic - 1)]

    def _discriminator_loss(self, batch, seed):
        h, images = self.hparams, batch["image"]
        fake = tf.stop_gradient(self.generator([images, self._labels(*self._targets(batch, seed))], training=True))

        def discriminate():
            return list(zip(self._judge(images, seed), self._judge(fake, seed)))

        outputs, penalties = adversarial.judged(self, discriminate, images, fake, layers.fold_in(seed, 3), lambda outputs: outputs[:1])
        (real_scores, fake_scores), (logits, _) = outputs
        adversary = self.loss.discriminator(real_scores, fake_scores)
        loss, scalars = adversarial.penalized(h, adversary, penalties)
        if h.loss == "wgan_gp":
            alpha = layers.uniform([tf.shape(images)[0], 1, 1, 1], layers.fold_in(seed, 1))
            scalars["gradient_penalty"] = gradient_penalty(lambda points: self._judge(points, seed)[0], images, fake, alpha)
            loss += h.gp_weight * scalars["gradient_penalty"]
        else:
            scalars["discriminator_gan_loss"] = adversary
        scalars["real_classification_loss"] = self.classification_loss(logits, batch["attributes"], batch["mask"])
        scalars |= {"real_score": self.loss.score(real_scores, fake_scores), "fake_score": self.loss.score(fake_scores, real_scores)}
        loss += h.classification_weight * scalars["real_classification_loss"]
        told, signs = self.watched((real_scores, fake_scores))
        return base.PhaseResult({"discriminator": loss}, scalars | told, signs)

    def _judge(self, images, seed):
        """The discriminator's scores and attribute logits for `images`, which DiffAugment changes first."""
        return self.discriminator(self.augment(images, layers.fold_in(seed, 2)), training=True)

    def _generator_loss(self, batch, seed):
        images, targets = batch["image"], self._targets(batch, seed)
        fake = self.generator([images, self._labels(*targets)], training=True)
        scores, logits = self._judge(fake, seed)
        opposite = adversarial.opposite(self.loss, lambda: self._judge(images, seed)[0])
        own = self._labels(batch["attributes"], batch["mask"])
        back = self.generator([fake, own], training=True)
        gan, classification = self.loss.generator(scores, opposite), self.classification_loss(logits, *targets)
        reconstruction = l1_loss(images, back)
        loss = gan + self.hparams.classification_weight * classification + self.hparams.reconstruction_weight * reconstruction
        scalars = {"gan_loss": gan, "fake_classification_loss": classification, "reconstruction_loss": reconstruction}
        if self.hparams.identity_weight:
            scalars["identity_loss"] = l1_loss(images, self.generator([images, own], training=True))
            loss += self.hparams.identity_weight * self.hparams.reconstruction_weight * scalars["identity_loss"]
        return base.PhaseResult({"generator": loss}, scalars)

    def classification_loss(self, logits, attributes, mask):
        """Cross-entropy of the known attributes, a float32 scalar: summed over attributes and groups, mean over the batch.

        Args:
            logits: b×n, n being the number of attributes.
            attributes: b×n, 0 or 1.
            mask: b×n, 1 where an attribute is known, else 0.
        """
        known = tf.nn.sigmoid_cross_entropy_with_logits(attributes, logits) * mask
        loss = tf.reduce_sum(tf.gather(known, tf.constant(self.sigmoids, tf.int32), axis=1), axis=1)
        for group in self.softmax_groups:
            of_group = [tf.gather(values, group, axis=1) for values in (attributes * mask, logits + UNKNOWN * (1.0 - mask))]
            loss -= tf.reduce_sum(of_group[0] * tf.nn.log_softmax(of_group[1]), axis=1)  # 0 for an image that has none of the group
        return tf.reduce_mean(loss)

    def doubt(self, scalars):
        return adversarial.doubt_by_losses(self.hparams.loss, scalars, {"discriminator_gan_loss": "discriminator_gan_loss"})

    def _targets(self, batch, seed):
        """Draws the attributes b×n that images are to get, and the mask b×n of known ones; both networks get equal ones for a batch."""
        attributes, mask = batch["attributes"], batch["mask"]
        seed = layers.fold_in(seed, 0)
        if self.hparams.target_labels == "permuted":
            order = tf.argsort(layers.uniform(tf.shape(attributes)[:1], seed))
            return tf.gather(attributes, order), tf.gather(mask, order)
        noise = layers.uniform(tf.shape(attributes), seed)
        columns = tf.unstack(tf.cast(noise < 0.5, tf.float32), axis=1)
        for group in self.groups:  # one of each group: independent bits would ask for hair of several colors
            chosen = tf.argmax(tf.gather(noise, group, axis=1), axis=1)
            for place, index in enumerate(group):
                columns[index] = tf.cast(chosen == place, tf.float32)
        return tf.stack(columns, axis=1) * mask, mask

    def _labels(self, attributes, mask):
        """The generator's label input, b×(n + number of data sets, if several): the known attributes, and whose they are, one-hot."""
        labels = attributes * mask
        if not self.sets:
            return labels
        known = tf.matmul(mask, tf.constant(self.sets), transpose_b=True)  # b × number of data sets
        known += 1e-3 * tf.reduce_mean(known, axis=0)  # an image of which nothing is known is of the same set as the others
        return tf.concat([labels, tf.one_hot(tf.argmax(known, axis=1), len(self.sets))], axis=1)

    def _translate(self, images, attributes, mask=None):
        mask = tf.ones_like(attributes) if mask is None else mask
        return self.averaged("generator")([tf.convert_to_tensor(images), self._labels(attributes, mask)], training=False)

    def _classify(self, images):
        """The probabilities N×n of the attributes of images N×H×W×C."""
        _, logits = self.discriminator(images, training=False)
        columns = tf.unstack(tf.sigmoid(logits), axis=1)
        for group in self.softmax_groups:
            for index, column in zip(group, tf.unstack(tf.nn.softmax(tf.gather(logits, group, axis=1)), axis=1)):
                columns[index] = column
        return tf.stack(columns, axis=1)

    def inference(self):
        """The signatures `translate` and `classify`.

        With several data sets `translate` takes a `mask`, too: 1 for each attribute of the set that the wanted ones are from.
        """
        count = len(self.names)
        return {
            "translate": base.Translation(
                self._translate,
                self.image,
                self.image,
                multiple=MULTIPLE,
                minimum=MINIMUM,
                input_key="image",
                conditions={"attributes": count} | ({"mask": count} if self.sets else {}),
            ),
            "classify": base.Encoding(self._classify, self.image, self.hparams.image_size, count, crop=True),
        }

    def sample_row(self, example, use):
        """Shows an image, then each attribute changed alone: one of a group replaces the others, an independent one is reversed."""
        image, attributes = example["image"], example["attributes"]
        row = {"input": image}
        for index, name in enumerate(self.names):
            exclusive = any(index in group for group in self.groups)
            changes = {name: exclusive or bool(attributes[index] < 0.5)}
            wanted = {"attributes": change_attributes(attributes, changes, self.spec)}
            if self.sets:
                wanted["mask"] = known_attributes(changes, self.spec)
            row[name if exclusive else f"{name} flipped"] = use["translate"](image, **wanted)
        return row
