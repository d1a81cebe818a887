"""Makes a run of weights that somebody else trained."""

import dataclasses
import logging
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan.config import DataConfig, DataSpec, Domain, RunConfig, TrainConfig, as_flag, shell_flag
from tfgan.config.data import IMPORTED
from tfgan.data import check_settings, open_dataset
from tfgan.data.dataset import Dataset
from tfgan.data.label_maps.maps import listed
from tfgan.errors import OutputError, UserError
from tfgan.inference import open_inference
from tfgan.methods import method_class
from tfgan.methods.base import Method
from tfgan.one_hot import network_channels
from tfgan.paths.folders import new_folder
from tfgan.runs.importing.choosing import Choice, is_named
from tfgan.runs.training.pictures import Samples, store_input
from tfgan.runs.training.train import versions
from tfgan.training.capacity import check_capacity
from tfgan.training.given_weights import save_weights
from tfgan.training.manifest import sha256_of
from tfgan.training.strategy import networks_in
from tfgan.weights.slots import fill

logger = logging.getLogger(__name__)

_PLACES = ("dataset", "data_dir")  # of images
INPUTS = 4  # images that are made up where there are no data, for exports to be compared on


class Imported(NamedTuple):
    """A run that was made of weights.

    Attributes:
        folder: of the run.
        method: its name.
        networks: name of each network that was found -> what it is, and its file.
        guesses: what the files do not tell, a sentence each.
        flags: the settings by which a new run has the same networks, and reads its images in the same way, for a shell.
    """

    folder: Path
    method: str
    networks: dict[str, str]
    guesses: list[str]
    flags: list[str]


def import_run(path: Path, choice: Choice, data: DataConfig) -> Imported:
    """Makes a run of weights, once `tfgan.runs.importing.choosing.judge_import` has said which.

    Args:
        path: the folder of the run.
        data: where images are for which the weights were made, and how they are read; without any, what is set of names counts.

    Raises:
        UserError: tensors that do not fit the networks, or images that do not fit the weights.
        OutputError: the run cannot be written.
    """
    cls = method_class(choice.method)
    named = is_named(data)
    data = data if named else data.unchecked(dataset=IMPORTED)
    data = data.unchecked(direction=choice.direction or data.direction)
    check_settings(data, cls.batch_kind)
    hparams = cls.HParams(**choice.settings).settled()
    dataset = open_dataset(data, cls.batch_kind, hparams.image_size, hparams.loaded_size()) if named else None
    guesses = [*choice.guesses, *(_taken(dataset.spec, choice, data) if dataset else [])]
    spec = _fitting(dataset.spec, choice) if dataset else _spec(choice, cls.batch_kind, hparams.image_size)
    check_capacity(cls, hparams, spec, trained=False)
    with networks_in("float32"):
        method = cls(hparams, spec)
    for name, part in choice.networks.items():
        fill(part.path, method.networks[name], part.found.slots, part.weights)
    for name, average in method.ema.items():
        average.set_weights(method.networks[name].get_weights())
    record = RunConfig(
        choice.method,
        data,
        TrainConfig(workdir=str(path), precision="float32"),
        hparams,
        spec,
        versions(),
        scale=dataset.scale() if dataset else {},
        imported={part.path.name: sha256_of(part.path) for part in choice.networks.values()},
    )
    try:
        with new_folder(path) as folder:
            save_weights(folder / "checkpoints", method)
            record.write(folder / "config.json")
            _store_inputs(folder, method, spec, dataset)
    except tf.errors.OpError as error:  # what TensorFlow says of a disk
        raise OutputError(path, error) from error
    networks = {name: f"{part.found.words}, of {part.path.name}" for name, part in choice.networks.items()}
    flags = [as_flag(name, value) for name, value in choice.settings.items() if value != getattr(cls.HParams, name)]
    flags += [
        shell_flag(name, value)
        for name, value in dataclasses.asdict(data).items()
        if name not in _PLACES and value != getattr(DataConfig, name)
    ]
    return Imported(path, choice.method, networks, guesses, [f"--method={choice.method}", *flags])


def _spec(choice: Choice, kind: str, image_size) -> DataSpec:
    """What batches would hold, where nobody has named images."""
    sizes = {"train": 0, "validation": 0}
    names: dict[str, Any] = {"attribute_names": choice.attributes, "attribute_groups": choice.groups}
    return DataSpec(kind, image_size, choice.domains, sizes, "", **names)


def _fitting(spec: DataSpec, choice: Choice) -> DataSpec:
    """The data set's own record; raises `UserError` if its images are of other channels, classes or attributes than the networks'."""
    for key, domain in choice.domains.items():
        theirs, ours = network_channels(domain), network_channels(spec.domains[key])
        if theirs != ours:
            what = "classes" if domain.is_map else "channels"
            raise UserError(f"{spec.domains[key].name} has {ours} {what}, and the weights are of {theirs}: --data_dir does not fit them.")
    classes = spec.domains["labels"].require_classes() if choice.label_ids else None
    if classes and (classes.coding == "colors" or classes.values != choice.label_ids):
        raise UserError(
            f"--label_ids: {spec.domains['labels'].name} has its classes in another order, {listed(classes.values, 8)}, and each channel "
            "would be another class's. Leave --data_dir out: the run then takes maps of these ids."
        )
    if len(spec.attribute_names) != len(choice.attributes):
        raise UserError(
            f"The data have {len(spec.attribute_names)} attributes, and the weights are of {len(choice.attributes)} (--attributes)."
        )
    return spec


def _taken(spec: DataSpec, choice: Choice, data: DataConfig) -> list[str]:
    """What weights do not tell of the classes and attributes of a data set, whose order is taken for theirs."""
    taken = []
    if spec.attribute_names and not data.attributes:
        taken.append(f"Its attributes are taken for those of the data, in this order: {', '.join(spec.attribute_names)} (--attributes).")
    for domain in (domain for domain in spec.domains.values() if domain.is_map and not choice.label_ids):
        names = listed(domain.require_classes().names, 20)
        taken.append(f"Its channels of labels are taken for the classes of {domain.name}, in this order: {names} (--label_ids).")
    return taken


def _store_inputs(run: Path, method: Method, spec: DataSpec, dataset: Dataset | None):
    """Keeps some inputs in the run, for exports to be compared on: images of the data set, or made-up ones."""
    if dataset:
        Samples(method, open_inference(method), dataset, INPUTS, run).store_inputs()
        return
    rng = np.random.default_rng(0)
    for key, domain in spec.domains.items():
        for number in range(INPUTS):
            made = _patches(rng, spec.image_size, domain) if domain.is_map else _clouds(rng, spec.image_size, domain.channels)
            store_input(run / "samples", key, number, made, domain)


def _patches(rng, size, domain: Domain) -> np.ndarray:
    """A made-up map of class indices H×W int32, in rectangles."""
    few = rng.integers(0, len(domain.require_classes().values), (4, 4)).astype(np.int32)
    return few[np.arange(size[0])[:, None] * 4 // size[0], np.arange(size[1]) * 4 // size[1]]


def _clouds(rng, size, channels: int) -> np.ndarray:
    """A made-up image H×W×C uint8 of large and small spots."""
    total = sum(
        np.asarray(tf.image.resize(rng.normal(size=(side, side, channels)), size, "bicubic")) * side**-0.5 for side in (2, 4, 8, 16, 32)
    )
    return np.clip(127.5 + 100 * total, 0, 255).astype(np.uint8)
