"""Every method of the registry at its smallest, on fixed noise: settings, batches, and a train step."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from replicas import ONE, strategy_over

from tfgan.config import Classes, DataSpec, Domain
from tfgan.methods import method_class
from tfgan.training.step import TrainStep

SIZE, BATCH = 16, 4

TINY = {"ngf": 4, "ndf": 4, "image_size": (SIZE, SIZE), "batch_size": BATCH}
SETTINGS = {
    "pix2pix": {"generator": "unet_16", "n_layers": 1},
    "cyclegan": {"generator": "resnet_1", "n_layers": 1, "pool_size": 4},
    "cut": {"generator": "resnet_1", "n_layers": 1, "num_patches": 16, "patch_units": 8},
    "stargan": {"n_layers": 2, "n_blocks": 1, "n_critic": 2},
    "spade": {"depth": 2, "n_layers": 2},
    "gan": {},
    "cgan": {},
    "dcgan": {},
    "acgan": {},
    "vaegan": {"nef": 4, "encoder_units": 8, "latent_dim": 8},
    "stylegan": {"latent_dim": 8, "w_dim": 8, "mapping_layers": 2, "channel_base": 32, "channel_max": 8, "progressive": False},
}

CLASSES = Classes("ids", (0, 1, 2), ("#000000", "#ff0000", "#00ff00"), ("wall", "door", "window"))
LABELS, PHOTO = Domain("labels", 1, "int32", "nearest", CLASSES), Domain("photo", 3)
NAMES = ("brick", "wood", "night")
SPECS = {
    "paired": {"domains": {"source": Domain("labels", 1), "target": PHOTO}},
    "unpaired": {"domains": {"source": Domain("day", 3), "target": Domain("night", 3)}},
    "semantic": {"domains": {"labels": LABELS, "image": PHOTO}},
    "attributes": {"domains": {"image": PHOTO}, "attribute_names": NAMES, "attribute_groups": (("brick", "wood"),)},
    "labeled": {"domains": {"image": PHOTO}, "class_names": ("brick", "wood", "stone")},
    "images": {"domains": {"image": PHOTO}},
}


def data_spec(kind):
    return DataSpec(kind=kind, image_size=(SIZE, SIZE), sizes={"train": 6, "validation": 2}, fingerprint="", **SPECS[kind])


def make_batch(kind, n=BATCH, seed=0):
    noise = np.random.default_rng(seed)
    batch = {}
    for key, domain in SPECS[kind]["domains"].items():
        shape = (n, SIZE, SIZE, domain.channels)
        is_map = domain.dtype == "int32"
        batch[key] = noise.integers(-1, 3, shape[:3]).astype(np.int32) if is_map else noise.uniform(-1, 1, shape).astype(np.float32)
    if kind == "attributes":
        brick, night = noise.integers(0, 2, (2, n))
        batch["mask"] = np.ones((n, 3), np.float32)
        batch["mask"][::3, 2] = 0.0
        batch["attributes"] = np.stack([brick, 1 - brick, night], axis=1).astype(np.float32) * batch["mask"]
    if kind == "labeled":
        batch["label"] = noise.integers(0, 3, n).astype(np.int32)
    return batch


def make_method(name, **changes):
    """A tiny method from fixed weights; settings that it does not know are left out."""
    keras.utils.set_random_seed(1)
    kind = method_class(name)
    known = {field.name for field in dataclasses.fields(kind.HParams)}
    settings = {key: value for key, value in (TINY | SETTINGS[name] | changes).items() if key in known}
    return kind(kind.HParams(**settings), data_spec(kind.batch_kind))


def frozen_network(channels=3, size=None):
    """A network of the user's: maps of the image's size, of half and of a quarter of it, with 2, 3 and 4 channels."""
    x = image = keras.Input((size, size, channels))
    for filters, strides in ((2, 1), (3, 2), (4, 2)):
        x = keras.layers.Conv2D(filters, 3, strides, "same", activation="tanh")(x)
    return keras.Model(image, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))


class Training:
    """A method and its train step."""

    def __init__(self, name, devices=ONE, *, precision="float32", xla=False, accumulate=1, batch_size=BATCH, halves=False, **changes):
        keras.config.set_dtype_policy(precision)
        strategy = strategy_over(devices)
        with strategy.scope():
            self.method = make_method(name, batch_size=batch_size, **changes)
            if changes.get("frozen_features"):
                self.method.see_with(frozen_network(), "the network")
        options = {"xla": xla, "loss_scaling": precision == "mixed_float16", "accumulate": accumulate}
        self.step = TrainStep(self.method, strategy, seed=0, **options)
        batch = make_batch(self.method.batch_kind, batch_size * self.method.batches_per_step)
        if halves:  # the second half of each batch is its first again
            again = np.arange(len(next(iter(batch.values())))).reshape(-1, 2, batch_size // 2)[:, [0, 0]].ravel()
            batch = {key: value[again] for key, value in batch.items()}

        def batches(context):
            return tf.data.Dataset.from_tensor_slices(batch).repeat().batch(batch_size // context.num_replicas_in_sync, drop_remainder=True)

        self.dataset = strategy.distribute_datasets_from_function(batches)
        self.iterator = iter(self.dataset)

    def run(self, count=1):
        """Does `count` steps; scalars of the last."""
        values = self.step.run(self.iterator, tf.constant(count)).numpy()
        return dict(zip(self.step.names, values, strict=True))


def weights(method):
    return {(name, v.path): v.numpy() for name, model in method.networks.items() for v in model.weights}


def moved(before, after):
    """The names of the weights that are not what they were."""
    return {key for key in before if np.any(before[key] != after[key])}
