"""A frozen network as a part of a run: the user's own file, or one that is trained on the data; copied, resumed without it, exported."""

import hashlib
import json
import shutil

import keras
import numpy as np
import pytest
from run_state import newest_tensors
from tiny_methods import data_spec, frozen_network

from tfgan.config import DataConfig, RunConfig, TrainConfig
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.runs.evaluation import own_features
from tfgan.runs.opening import open_run
from tfgan.runs.training.frozen import find_frozen, tried_frozen

PROJECTED = ("--discriminator=projected", "--discriminator_scales=3", "--perceptual_weight=1")


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    keras.utils.set_random_seed(3)
    file = tmp_path_factory.mktemp("network") / "net.keras"
    frozen_network().save(file)
    return file


def record(run):
    return json.loads((run / "config.json").read_text())


def test_a_run_keeps_its_network(train, network, tmp_path):
    given, run, unbroken = tmp_path / "mine.keras", tmp_path / "run", tmp_path / "unbroken"
    shutil.copy(network, given)
    flags = (*PROJECTED, f"--frozen_features={given}", "--steps=1", "--log_every=1")
    assert train(run, *flags)[0] == train(unbroken, *flags[:-2], "--steps=2", "--log_every=1")[0] == 0
    copy = run / "features.keras"
    assert copy.read_bytes() == network.read_bytes()
    assert record(run)["frozen"] == {"features.keras": hashlib.sha256(network.read_bytes()).hexdigest()}

    given.write_bytes(b"other")  # the run goes on with its copy, bit by bit as the unbroken one
    code, output = train(run, *flags[:-2], "--steps=2", "--log_every=1")
    assert code == 0 and f"{given} has changed since the run began, which goes on with its copy" in output
    expected, found = newest_tensors(unbroken), newest_tensors(run)
    assert expected.keys() == found.keys() and any("projection" in name for name in found)
    assert all(np.array_equal(expected[name], found[name]) for name in expected)

    code, output = train(run, *PROJECTED, f"--frozen_features={tmp_path / 'none.keras'}", "--steps=3")
    assert code == 2 and f"none.keras is no file, and not what the run {run} began with: go on with --frozen_features={given}" in output
    copy.write_bytes(b"")
    code, output = train(run, *PROJECTED, f"--frozen_features={given}", "--steps=3")
    assert code == 2 and f"{copy}, the frozen network with which the run began, is damaged: put back a copy, or name" in output
    code, output = train(run, *PROJECTED, f"--frozen_features={network}", "--steps=2")  # another path, and the same bytes
    assert code == 0 and "features.keras is not the run's frozen network: it is kept as features.damaged.keras" in output
    assert copy.read_bytes() == network.read_bytes()

    whole = (run / "config.json").read_text()
    (run / "config.json").write_text(json.dumps(record(run) | {"frozen": {}}))
    code, output = train(run, *PROJECTED, f"--frozen_features={network}", "--steps=3")
    assert code == 2 and "frozen must have one entry, as hparams.frozen_features says" in output
    (run / "config.json").write_text(whole)

    copy.unlink()  # results need none of it
    given.unlink()
    assert open_run(str(run)).method.networks.keys() == {"generator", "discriminator"}


@pytest.mark.parametrize(
    "flags, message",
    [
        (("--frozen_features=absent.keras",), "--frozen_features=absent.keras does not exist: use own, or"),
        (("--frozen_features={text}",), "--frozen_features={text} cannot be loaded: "),
        (("--frozen_features={network}", "--discriminator_scales=4"), "--frozen_features={network} has maps of 3 sizes"),
    ],
)
def test_networks_that_cannot_be_used(train, network, tmp_path, flags, message):
    (text := tmp_path / "text.keras").write_text("text")
    names = {"text": text, "network": network}
    code, output = train(tmp_path / "run", *PROJECTED, *(flag.format(**names) for flag in flags))
    error = output.strip().splitlines()[-1]
    assert code == 2 and message.format(**names) in error, output
    assert not (tmp_path / "run" / "config.json").exists()


@pytest.mark.slow
def test_own_features_of_pairs_are_a_segmenters(train, tmp_path, monkeypatch):
    """It is trained once, for all runs on the data, and is not the one that measures, whose seed is 0."""
    trained = []

    def briefly(*arguments, steps, seed):
        trained.append((steps, seed))
        return train_segmenter(*arguments, steps=1, seed=seed)

    train_segmenter = own_features.train_segmenter
    monkeypatch.setattr(own_features, "train_segmenter", briefly)
    flags = ("--direction=BtoA", "--perceptual_weight=1", "--frozen_features=own", "--image_size=32", "--steps=1")
    for name in ("first", "second"):
        assert train(tmp_path / name, *flags)[0] == 0
    assert trained == [(1000, 1)]
    shapes = [tuple(maps.shape[1:]) for maps in keras.models.load_model(tmp_path / "first" / "features.keras", safe_mode=True).outputs]
    assert shapes == [(32, 32, 16), (16, 16, 32), (8, 8, 64), (4, 4, 128)]
    (kept,) = (tmp_path / "evaluators").iterdir()
    assert kept.name.startswith("features-")


@pytest.mark.slow
def test_own_features_without_pairs_tell_the_domains_apart(train, tmp_path, monkeypatch):
    seen = []

    def briefly(images, labels, count, **settings):
        seen.append((images.shape, labels.tolist(), count))
        return train_classifier(images, labels, count, epochs=1)

    train_classifier = own_features.train_classifier
    monkeypatch.setattr(own_features, "train_classifier", briefly)
    flags = ("--method=cut", "--generator=resnet_1", "--num_patches=8", "--patch_units=4", "--image_size=32", "--steps=1")
    code, output = train(tmp_path / "run", *flags, "--discriminator=projected", "--frozen_features=own")
    assert code == 0, output
    assert seen == [((16, 32, 32, 3), [0] * 8 + [1] * 8, 2)]
    assert record(tmp_path / "run")["hparams"]["discriminator_scales"] == 4


def test_own_features_are_not_for_a_cluster(tmp_path):
    hparams = method_class("cut").HParams(discriminator="projected", frozen_features="own")
    config = RunConfig("cut", DataConfig(), TrainConfig(workdir=str(tmp_path / "run")), hparams, data_spec("unpaired"), {})
    with pytest.raises(UserError, match="name the features.keras of a run that one machine has begun with it"):
        find_frozen(config, None, cluster=True)


def test_a_probe_tries_a_network_like_that_which_would_be_trained(tmp_path):
    hparams = method_class("pix2pix").HParams(discriminator="projected", frozen_features="own")
    net = tried_frozen(hparams, data_spec("paired")).load()
    assert [tuple(maps.shape[1:]) for maps in net.outputs] == [(16, 16, 16), (8, 8, 32), (4, 4, 64), (2, 2, 128)]
    assert not list(tmp_path.iterdir()) and tried_frozen(method_class("pix2pix").HParams(), data_spec("paired")) is None
