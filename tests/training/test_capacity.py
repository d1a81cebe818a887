"""Networks that cannot fit into the machine's memory are refused before any of it is taken, by the setting that makes them so large."""

import dataclasses
import json
import math
import resource

import pytest
import tensorflow as tf
import tiny_methods
from eager import running_eagerly

from tfgan.cli.main import main
from tfgan.config import as_flag
from tfgan.errors import UserError
from tfgan.methods import METHODS, method_class
from tfgan.training import capacity, machine
from tfgan.training.capacity import check_capacity, measure_need
from tfgan.training.machine import machine_memory


def tiny(name, **changes):
    """The class of a method, small settings of it, and what it learns from."""
    cls = method_class(name)
    known = {field.name for field in dataclasses.fields(cls.HParams)}
    settings = tiny_methods.TINY | tiny_methods.SETTINGS[name] | {"ema_decay": 0.9, "n_critic": 3}
    hparams = cls.HParams(**{key: value for key, value in settings.items() if key in known})
    return cls, hparams.unchecked(**changes), tiny_methods.data_spec(cls.batch_kind)


def size(variables):
    return sum(math.prod(variable.shape) * tf.as_dtype(variable.dtype).size for variable in variables)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_the_need_is_that_of_the_method_once_it_is_built(name):
    cls, hparams, spec = tiny(name)
    need, method = measure_need(cls, hparams, spec), cls(hparams, spec)
    assert need.networks == size(weight for network in method.networks.values() for weight in network.weights) > 0
    averages = size(weight for network in method.ema.values() for weight in network.weights)
    assert need.besides == averages + size(method.state.values())
    assert need.total(trained=False) == need.networks + need.besides and need.total(trained=True) == 3 * need.networks + need.besides


ABSURD = [
    ("pix2pix", "ngf", 2**16),
    ("pix2pix", "ndf", 2**16),
    ("cyclegan", "pool_size", 10**5),
    ("spade", "ngf", 2**16),
    ("stargan", "ndf", 2**16),
    ("dcgan", "ngf", 2**16),
    ("acgan", "ndf", 2**16),
    ("vaegan", "nef", 2**16),
    ("stylegan", "w_dim", 2**16),
    ("gan", "image_size", (2**14, 2**14)),
]


@pytest.mark.parametrize(("name", "setting", "value"), ABSURD)
def test_the_setting_that_is_too_large_is_named_before_memory_is_taken(name, setting, value, monkeypatch):
    monkeypatch.setattr(capacity, "machine_memory", lambda: 2**28)
    cls, hparams, spec = tiny(name)
    check_capacity(cls, hparams, spec, trained=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError) as error:
        check_capacity(cls, hparams.unchecked(**{setting: value}), spec, trained=True)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # kilobytes on Linux
    assert str(error.value).startswith(f"{as_flag(setting, value)} is too large for this machine, which has 0.2 GB of ")
    assert f" with {as_flag(setting, getattr(cls.HParams, setting))}. Use a smaller one, or a" in str(error.value)
    assert grown < 200_000


def test_what_fits_is_not_refused(monkeypatch):
    cls, hparams, spec = tiny("pix2pix", ngf=100)
    most = measure_need(cls, hparams, spec).total(trained=True)
    monkeypatch.setattr(capacity, "machine_memory", lambda: most)
    check_capacity(cls, hparams, spec, trained=True)
    monkeypatch.setattr(capacity, "machine_memory", lambda: most - 1)
    check_capacity(cls, hparams, spec, trained=False)
    with pytest.raises(UserError, match="--ngf=100 is too large"):
        check_capacity(cls, hparams, spec, trained=True)
    monkeypatch.setattr(capacity, "has_gpu", lambda: True)
    check_capacity(cls, hparams, spec, trained=True)


def test_defaults_and_smaller_networks_are_not_reckoned(monkeypatch):
    monkeypatch.setattr(capacity, "measure_need", lambda *_: pytest.fail("it takes time"))
    for name in METHODS:
        cls, hparams, spec = tiny(name)
        check_capacity(cls, cls.HParams(), spec, trained=True)
    check_capacity(*tiny("pix2pix"), trained=True)


def test_a_method_that_cannot_be_built_without_values_is_not_refused(monkeypatch):
    cls, hparams, spec = tiny("pix2pix", ngf=100)

    class Own(cls):
        def __init__(self, hparams, spec):
            super().__init__(hparams, spec)
            self.first = float(self.generator.weights[0].value.numpy()[0, 0, 0, 0])

    monkeypatch.setattr(capacity, "machine_memory", lambda: 0)
    assert measure_need(Own, hparams, spec) is None
    check_capacity(Own, hparams, spec, trained=True)
    assert Own(dataclasses.replace(hparams, ngf=4), spec).first


def test_the_machine_has_memory_within_the_limits_of_container_and_user(monkeypatch, tmp_path):
    whole = machine_memory()
    assert 2**28 < whole < 2**50
    (tmp_path / "max").write_text("max\n")
    (tmp_path / "some").write_text(f"{2**27}\n")
    monkeypatch.setattr(machine, "LIMITS", (tmp_path / "max", tmp_path / "missing"))
    assert machine_memory() >= whole
    monkeypatch.setattr(machine, "LIMITS", (tmp_path / "max", tmp_path / "some"))
    assert machine_memory() == 2**27
    monkeypatch.setattr(machine, "LIMITS", ())
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2**26, resource.RLIM_INFINITY))
    assert machine_memory() == 2**26


def test_a_received_run_with_absurd_sizes_is_refused_by_all_that_build_it(train, tmp_path, capsys):
    run = tmp_path / "run"
    assert train(run, "--epochs=1")[0] == 0
    config = json.loads((run / "config.json").read_text())
    config["hparams"]["ngf"] = 2**16
    (run / "config.json").write_text(json.dumps(config))
    image = run / "samples" / "inputs" / "source_0.png"
    for command in (
        ["translate", run, image, tmp_path / "out.png"],
        ["evaluate", run, "--metrics=l1", "--features="],
        ["export", run, f"--output={tmp_path / 'export'}"],
    ):
        capsys.readouterr()
        assert main([str(word) for word in command]) == 2
        said = capsys.readouterr().err.strip().splitlines()
        assert len(said) == 1 and said[0].startswith(f"error: {run / 'config.json'}: --ngf=65536 is too large for this machine")
    assert main(["report", str(run), f"--out={tmp_path / 'report.html'}"]) == 0
    assert not (tmp_path / "out.png").exists() and not (tmp_path / "export").exists()


def test_a_training_and_a_run_that_makes_images_of_noise_are_refused_too(train, tmp_path, capsys):
    code, output = train(tmp_path / "run", "--ngf=65536")
    assert code == 2 and "error: --ngf=65536 is too large for this machine, which has" in output
    assert not (tmp_path / "run" / "config.json").exists()
    run = tmp_path / "gan"
    small = ["--image_size=8", "--synthetic_images=4", "--batch_size=2", "--epochs=1", "--num_samples=1", "--notensorboard"]
    with running_eagerly():
        assert main(["train", "--method=gan", "--dataset=synthetic", *small, f"--workdir={run}"]) == 0
    config = json.loads((run / "config.json").read_text())
    for part in ("hparams", "spec"):
        config[part]["image_size"] = [2**14, 2**14]
    (run / "config.json").write_text(json.dumps(config))
    capsys.readouterr()
    assert main(["sample", str(run), str(tmp_path / "out.png")]) == 2
    assert f"error: {run / 'config.json'}: --image_size=16384 is too large for this machine, which has" in capsys.readouterr().err
