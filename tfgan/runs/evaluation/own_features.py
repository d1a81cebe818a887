"""A network of a run's own data, for trainings that see images with a frozen one: trained first, or kept by a run or an evaluation."""

import logging
from pathlib import Path

import keras
import numpy as np

from tfgan.config import BATCH_KINDS, DataSpec, RunConfig, Size
from tfgan.config.verbs import EvaluateConfig
from tfgan.data import open_dataset
from tfgan.data.dataset import Dataset
from tfgan.data.preparation.normalization import as_floats
from tfgan.errors import UserError
from tfgan.evaluation.classifier import train_classifier
from tfgan.evaluation.segmenter import build_segmenter, segmenter_size, train_segmenter
from tfgan.networks.features import CHANNELS, load_given, on_the_way_down, with_channels
from tfgan.runs.evaluation.metric_networks import ALL, Evaluators, kept_file, kept_network, shrunk

logger = logging.getLogger(__name__)

STEPS, EPOCHS = 1000, 12  # of the trainings of a segmenter and of a classifier
SEED = 1  # of the segmenter; that of evaluations is drawn from 0, so that no run learns from the very network that measures it


def own_features(folder: Path, config: RunConfig) -> keras.Model:
    """The network of --frozen_features=own: images N×H×W×C in [-1, 1] of the size that it was trained on -> its maps, from fine to coarse.

    Where one side of the pairs are label maps it is a segmenter like that of `tfgan evaluate`, which reads them in the photos, otherwise a
    classifier that tells the two domains apart. It is trained here, unless it is kept beside the run.

    Args:
        folder: of the run.
        config: the run's record.

    Raises:
        UserError: data of which no such network can be trained.
    """
    maps = Evaluators(folder, config, EvaluateConfig(features="own"), None).maps
    if maps is None:
        return _maps_of(_domain_classifier(folder, config), shrunk(config.spec.image_size))
    return _maps_of(_segmenter(folder, config, maps), maps.spec.image_size)


def untrained_features(spec: DataSpec) -> keras.Model:
    """A network that takes as long as that of `own_features`, or longer, and has learned nothing: to tell the time of a training."""
    return _maps_of(build_segmenter(3, 1), segmenter_size(spec.image_size))


def _maps_of(net: keras.Model, size: Size) -> keras.Model:
    """The maps of a network that sees images of one size."""
    image = keras.Input((*size, net.inputs[0].shape[-1]))
    return keras.Model(image, keras.Model(net.inputs[0], on_the_way_down(net, size))(image), name="own_features")


def _segmenter(folder: Path, config: RunConfig, maps: Dataset) -> keras.Model:
    """A segmenter of the data set of label maps, by its training images."""

    def make(path: Path) -> keras.Model:
        logger.info(f"Training a segmenter on {maps.spec.sizes['train']} real photos and their label maps, once: {path}")
        photos = as_floats(maps.column("train", "image", ALL), maps.spec.domains["image"])
        classes = len(maps.spec.domains["labels"].require_classes().names)
        return train_segmenter(photos, maps.column("train", "labels", ALL), classes, seed=SEED, steps=STEPS)

    training = {"steps": STEPS, "seed": SEED, "trained on": maps.content(("labels", "image"))}
    return kept_network(kept_file(folder, config.data.name, "features", maps, training), _load, make)


def _domain_classifier(folder: Path, config: RunConfig) -> keras.Model:
    """A classifier that tells the training images of the two domains apart, the source's being class 0."""
    spec, size = config.spec, shrunk(config.spec.image_size)
    for domain in spec.domains.values():
        if domain.is_map or domain.lab or domain.channels not in CHANNELS:
            raise UserError(
                "--frozen_features=own trains a network that tells both domains apart, or reads label maps in photos (--label_domains), of "
                f"images with 1, 3 or 4 channels, which {domain.name} are not: use the file of a Keras model."
            )
    dataset = open_dataset(config.data, spec.kind, size, size, spec.image_size)
    keys = BATCH_KINDS[spec.kind].keys

    def make(path: Path) -> keras.Model:
        logger.info(f"Training a classifier of {' and '.join(domain.name for domain in spec.domains.values())}, once: {path}")
        channels = max(min(domain.channels, 3) for domain in spec.domains.values())
        found = [as_floats(dataset.column("train", key, ALL), dataset.spec.domains[key]) for key in keys]
        images = [np.asarray(with_channels(images, channels)) for images in found]
        labels = np.repeat(np.arange(len(images)), [len(of_domain) for of_domain in images])
        return train_classifier(np.concatenate(images), labels, len(images), epochs=EPOCHS)

    training = {"epochs": EPOCHS, "trained on": dataset.content(keys)}
    return kept_network(kept_file(folder, config.data.name, "domains", dataset, training), _load, make)


def _load(file: str) -> keras.Model:
    return load_given("frozen_features", file)
