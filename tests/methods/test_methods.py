"""Every method of the registry, at its smallest: settings, phases, one step, precisions, inference."""

import dataclasses
import functools
import json

import numpy as np
import pytest
import tensorflow as tf
from tiny_methods import SIZE, Training, make_batch, make_method, moved, weights

from tfgan.config import from_dict
from tfgan.errors import UserError
from tfgan.methods import METHODS, base, method_class
from tfgan.training import step

pytestmark = pytest.mark.usefixtures("eagerly")

METHOD = pytest.mark.parametrize("name", METHODS)


made = functools.cache(make_method)  # for tests that change nothing


@METHOD
def test_registry_entry(name):
    kind = method_class(name)
    assert issubclass(kind, base.Method) and METHODS[name].summary
    for field in dataclasses.fields(kind.HParams):
        assert field.metadata["help"], field.name
        assert not field.metadata["choices"] or field.default in field.metadata["choices"], field.name
    hparams = made(name).hparams
    assert from_dict(kind.HParams, json.loads(json.dumps(dataclasses.asdict(hparams)))) == hparams


@METHOD
def test_phases_name_networks_and_optimizers(name):
    method = made(name)
    optimizers = method.make_optimizers()
    phases = method.phases()
    for phase in phases:
        assert set(phase.trains) <= set(optimizers)
        assert {network for networks in phase.trains.values() for network in networks} <= set(method.networks)
    assert {phase.batch for phase in phases} == set(range(method.batches_per_step))
    assert {network for phase in phases for networks in phase.trains.values() for network in networks} == set(method.networks)


@METHOD
def test_each_phase_leaves_the_other_networks_still(name):
    training = Training(name)
    phases = training.step.phases
    for chosen in dict.fromkeys(phase.name for phase in phases):
        own = {network for phase in phases if phase.name == chosen for names in phase.trains.values() for network in names}
        if own == set(training.method.networks):
            continue  # a simultaneous update
        training.step.phases = [phase for phase in phases if phase.name == chosen]
        if training.method.batch_kind == "unpaired":  # what an earlier phase makes for this one
            fakes = {f"fake_{side}": images for side, images in make_batch("unpaired", seed=1).items()}
            dataset = tf.data.Dataset.from_tensors(make_batch("unpaired") | fakes).repeat()
            training.iterator = iter(training.step.strategy.experimental_distribute_dataset(dataset))
        before = weights(training.method)
        training.run()
        training.run()
        assert {network for network, _ in moved(before, weights(training.method))} == own


@functools.cache
def scalars_of_the_first_step(name):
    return Training(name).run()


@METHOD
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_precisions(name, precision, monkeypatch):
    monkeypatch.setattr(step, "INITIAL_LOSS_SCALE", 2.0**8)  # the usual one may first be halved, and an update left out
    training = Training(name, precision=precision)
    found = training.run()
    for scalar, value in scalars_of_the_first_step(name).items():
        assert found[scalar] == pytest.approx(value, rel=0.1, abs=0.1), scalar
    assert all(np.isfinite(values).all() for values in weights(training.method).values())


@METHOD
def test_translations_treat_each_image_alone(name):
    least = method_class(name).HParams.__dataclass_fields__["batch_size"].metadata["at_least"]  # 1, but for VAE-GAN
    method = make_method(name, batch_size=least, target_labels="sampled")
    before = weights(method)
    for signature in method.inference().values():
        if isinstance(signature, base.Generation):
            check_generation(signature)
            continue
        encoding = isinstance(signature, base.Encoding)
        size = signature.size[0] if encoding else max(SIZE, signature.minimum)
        noise = np.random.default_rng(0)
        if signature.source.dtype == "int32":
            images = noise.integers(-1, 3, (3, size, size)).astype(np.int32)
        else:
            images = noise.uniform(-1, 1, (3, size, size, signature.source.channels)).astype(np.float32)
        given = [] if encoding else [noise.uniform(0, 1, (3, length)).astype(np.float32) for length in signature.conditions.values()]
        together = signature.function(tf.constant(images), *given).numpy()
        if encoding:
            assert together.shape == (3, signature.length)
        else:
            assert size % signature.multiple == 0
            assert together.shape == (3, size, size, signature.target.channels) and np.abs(together).max() <= 1
            assert signature.input_key in method.spec.domains and (not signature.truth_key or signature.truth_key in method.spec.domains)
        np.testing.assert_array_equal(signature.function(tf.constant(images), *given), together)
        for n in range(3):
            alone = signature.function(tf.constant(images[n : n + 1]), *(values[n : n + 1] for values in given))
            np.testing.assert_allclose(alone, together[n : n + 1], atol=1e-5)
        if given:
            assert np.any(signature.function(tf.constant(images), *(1 - values for values in given)) != together)
    assert not moved(before, weights(method))


def check_generation(signature):
    noise = np.random.default_rng(0)
    latents = noise.normal(size=(3, signature.latent_dim)).astype(np.float32)
    labels = [np.array([0, 1, 2], np.int32)] if signature.class_names else []
    together = signature.function(latents, *labels).numpy()
    assert together.shape == (3, SIZE, SIZE, signature.image.channels) and np.abs(together).max() <= 1
    np.testing.assert_array_equal(signature.function(latents, *labels), together)
    for n in range(3):
        np.testing.assert_allclose(signature.function(latents[n : n + 1], *(x[n : n + 1] for x in labels))[0], together[n], atol=1e-4)
    assert np.abs(together[0] - signature.function(-latents, *labels).numpy()[0]).max() > 1e-6
    if labels:
        assert np.abs(together - signature.function(latents, labels[0][::-1].copy()).numpy()).max() > 1e-6


@METHOD
def test_sample_rows_show_inputs_and_results(name):
    method = made(name)
    if all(isinstance(signature, base.Generation) for signature in method.inference().values()):
        with pytest.raises(TypeError, match="does not translate"):  # nothing to show beside the samples
            method.sample_row({}, {})
        return
    example = {key: value[0] for key, value in make_batch(method.batch_kind).items()}

    def use(signature):
        return lambda given, **more: signature.function(given[None], *(np.asarray(v, np.float32)[None] for v in more.values()))[0].numpy()

    row = method.sample_row(example, {key: use(signature) for key, signature in method.inference().items()})
    samples = any(isinstance(signature, base.Generation) for signature in method.inference().values())  # which stand beside the row
    assert len(row) + samples >= 3 and all(image.shape[:2] == (SIZE, SIZE) for image in row.values())
    assert sum(any(image is value for value in example.values()) for image in row.values()) >= 1


def test_unknown_methods():
    with pytest.raises(UserError, match="--method=pix2pixx is unknown. Did you mean pix2pix?"):
        method_class("pix2pixx")
    with pytest.raises(UserError, match=r"--method=nothing is unknown\. There are: pix2pix"):
        method_class("nothing")


@METHOD
def test_results_are_those_of_the_averages(name):
    method = make_method(name, ema_decay=0.9, ema_warmup="off", style_encoder=True)
    assert method.ema and method.ema_decay == pytest.approx(0.9) and not method.ema_warmup
    signatures, noise = method.inference(), np.random.default_rng(0)

    def results():
        """Of the first signature, the one that makes images, and of the encoder where it has an average."""
        found = []
        for signature in [*signatures.values()][: 1 + ("encoder" in method.ema)]:
            given = {"latents": [1, getattr(signature, "latent_dim", 1)]} if isinstance(signature, base.Generation) else {}
            given |= {key: [1, length] for key, length in getattr(signature, "conditions", {}).items()}
            given = {key: tf.constant(np.random.default_rng(1).normal(size=shape), tf.float32) for key, shape in given.items()}
            if getattr(signature, "class_names", ()):
                given["labels"] = tf.constant([1])
            images = [] if isinstance(signature, base.Generation) else [make_batch(method.batch_kind)[first_key(method, signature)][:1]]
            found.append(signature.function(*map(tf.constant, images), **given).numpy())
        return found

    before = results()
    for network in method.ema:
        for weight in method.networks[network].weights:
            weight.assign(weight + 1.0)
    np.testing.assert_equal(results(), before)
    for average in method.ema.values():
        for weight in average.weights:
            weight.assign(weight + noise.uniform(0.1, 1, weight.shape))
    assert all(np.any(a != b) for a, b in zip(results(), before, strict=True))


def first_key(method, signature):
    return next(key for key, domain in method.spec.domains.items() if domain == signature.source)


@pytest.mark.parametrize("name, averages", [("cyclegan", "to_target to_source"), ("stargan", "generator"), ("spade", "generator encoder")])
def test_averages_of_translations(name, averages):
    """They begin as the networks do, which do so as without averages, and take a quarter of what those are after a step."""
    training, plain = Training(name, ema_decay=0.75, ema_warmup="off", style_encoder=True), make_method(name, style_encoder=True)
    method = training.method
    assert list(method.ema) == averages.split()
    for network, average in method.ema.items():
        np.testing.assert_equal(average.get_weights(), method.networks[network].get_weights())
        np.testing.assert_equal(average.get_weights(), plain.networks[network].get_weights())
        method.networks[network].set_weights([weight + 1 for weight in average.get_weights()])
    training.step._update_ema()
    for network, average in method.ema.items():
        for mean, first in zip(average.get_weights(), plain.networks[network].get_weights(), strict=True):
            np.testing.assert_allclose(mean, first + 0.25, atol=1e-5)
