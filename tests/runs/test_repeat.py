"""The command that repeats a run: given back to `tfgan train`, it has the run's settings, whatever they hold."""

import dataclasses
import json
import shlex
import subprocess

import pytest

from tfgan.cli import train
from tfgan.config import DataConfig, TrainConfig, as_text, from_text, idle_settings
from tfgan.methods import METHODS, method_class
from tfgan.runs.repeat import as_markdown, repeat

HARD = {
    "data": {
        "data_dir": """a b/it's "$HOME" `x` \\ & ;|*?!#~ é 猫/\n-- new line""",
        "domains": ("photo, old", 'the "labels"'),
        "direction": "photo, old_to_the labels",
        "label_names": ("", "a", "-b", "c=d", "multi\nline"),
        "skip_bad_files": True,
        "synthetic_images": 123456,
    },
    "training": {
        "workdir": "runs/it's mine",
        "seed": 2**31 - 1,
        "health": False,
        "tensorboard": True,
        "validate_every": 3,
        "best_metric": "l1",
    },
    "hparams": {"epochs": 2_000_000_001, "flip": False, "random_crop": True, "load_size": (70, 200)},
}
FLOATS = {"learning_rate": 1 / 3, "beta_1": 0.1 + 0.2, "beta_2": 0.999}


def recorded(method, data, training, hparams):
    """What config.json holds of a run, read back."""
    parts = {"data": data, "training": training, "hparams": hparams}
    return json.loads(json.dumps({"method": method} | {name: dataclasses.asdict(part) for name, part in parts.items()}))


def parsed(command, monkeypatch, capsys):
    """The method and the records that `tfgan train` makes of a command."""
    taken = []
    monkeypatch.setattr(train, "_train", lambda *arguments: taken.append(arguments) or 0)
    words = shlex.split(" ".join(command))
    assert words[:2] == ["tfgan", "train"] and train.run(words[2:]) == 0
    capsys.readouterr()
    return taken[0]


def test_no_command_trains_what_others_trained():
    config = recorded("pix2pix", DataConfig(), TrainConfig(), method_class("pix2pix").HParams()) | {"imported": {"net_G.pth": "00"}}
    found = repeat(config)
    assert not found.command and found.remark == "Others trained its weights (net_G.pth): `tfgan import` makes such a run of their files."
    assert repeat(config | {"imported": {}}).command and repeat(config | {"imported": [1]}).command


@pytest.mark.parametrize("method", METHODS)
def test_the_command_has_the_settings_of_the_run(method, monkeypatch, capsys):
    kind = method_class(method).HParams
    names = {field.name for field in dataclasses.fields(kind)}
    hparams = {"image_size": (64, 64)} | (HARD["hparams"] if method == "dcgan" else {})
    hparams |= {name: value for name, value in FLOATS.items() if name in names}
    idle = idle_settings(method_class(method).batch_kind)
    data = DataConfig(**{name: value for name, value in HARD["data"].items() if name not in idle})
    run = method, data, TrainConfig(**HARD["training"]), kind(**hparams)
    found = repeat(recorded(*run))
    assert parsed(found.command, monkeypatch, capsys) == run
    assert "another --workdir" in found.remark
    changed = {name for record in run[1:] for name, value in dataclasses.asdict(record).items() if value != getattr(type(record), name)}
    assert found.settings.keys() - {"method"} == changed and ("method" in found.settings) == (method != "pix2pix")


@pytest.mark.parametrize("method, given", [("pix2pix", {"image_size": 64}), ("cyclegan", {"epochs": 20}), ("spade", {"image_size": 128})])
def test_what_follows_from_other_settings_is_not_listed(method, given, monkeypatch, capsys):
    hparams = method_class(method).HParams(**given).settled()
    found = repeat(recorded(method, DataConfig(data_dir="x"), TrainConfig(workdir="w"), hparams))
    assert found.settings.keys() - {"method"} == {"data_dir", "workdir", *given}
    assert parsed(found.command, monkeypatch, capsys)[3].settled() == hparams


def test_a_shell_reads_the_words_as_they_were_meant():
    found = repeat(recorded("pix2pix", DataConfig(**HARD["data"]), TrainConfig(workdir="x"), method_class("pix2pix").HParams()))
    told = subprocess.run(["sh", "-c", f"printf '%s\\0' {' '.join(found.command)}"], capture_output=True, text=True, check=True)
    assert told.stdout.split("\0")[:-1] == shlex.split(" ".join(found.command))
    assert f"--data_dir={HARD['data']['data_dir']}" in told.stdout.split("\0")


def test_settings_with_their_defaults():
    hparams = method_class("pix2pix").HParams(l1_weight=10, upsampling="resize")
    found = repeat(recorded("pix2pix", DataConfig(data_dir="x", domains=("a", "b")), TrainConfig(workdir="w"), hparams))
    assert found.settings == {
        "data_dir": ("x", ""),
        "domains": ("a,b", ""),
        "workdir": ("w", ""),
        "l1_weight": ("10", "100"),
        "upsampling": ("resize", "deconv"),
    }
    assert found.command == ("tfgan", "train", "--method=pix2pix", "--data_dir=x", "--domains=a,b", "--workdir=w", *found.command[6:])
    text = as_markdown(found)
    assert "| l1_weight | 10 | 100 |" in text and "| data_dir | x | – |" in text and " ".join(found.command) in text


def test_runs_of_earlier_versions_have_a_command_of_present_words():
    config = recorded("pix2pix", DataConfig(data_dir="x"), TrainConfig(workdir="w"), method_class("pix2pix").HParams())
    config["hparams"] = {"average_decay": 0.5, "epochs": 3}
    config["training"] |= {"gpus": 0, "steps_per_call": 7}
    del config["training"]["steps_per_execution"]
    given = ("--data_dir=x", "--workdir=w", "--steps_per_execution=7", "--epochs=3", "--ema_decay=0.5", "--ema_warmup=off")
    assert repeat(config).command[3:] == given


@pytest.mark.parametrize(
    "change, remark",
    [
        ({"method": "Mine"}, "`tfgan.train`"),
        ({"data": {"dataset": "own:0123456789ab"}}, "A program gave the images"),
        ({"data": {"domains": [" a", "b"]}}, "--domains: names with white space around them"),
        ({"hparams": {"epochs": 0}}, "no command can repeat the run: hparams.epochs must be at least 1, not 0"),
        ({"hparams": {"load_size": [8, 8], "ema_warmup": "auto"}}, "This version would not train it so: --load_size=8x8 is smaller"),
        ({"hparams": []}, "hparams must be an object, not []"),
        ({"training": 3}, "training must be an object, not 3"),
    ],
)
def test_what_has_no_command_says_why(change, remark):
    config = recorded("pix2pix", DataConfig(), TrainConfig(workdir="w"), method_class("pix2pix").HParams())
    found = repeat(config | change)
    assert found.command == () and remark in found.remark


@pytest.mark.parametrize(
    "value, text",
    [
        (("a", "b"), "a,b"),
        ((), ""),
        (("",), '""'),
        (("a, b", 'c "d"'), '"a, b","c ""d"""'),
        ((256, 512), "256x512"),
        ((64, 64), "64"),
        (0.1, "0.1"),
        (100.0, "100"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-9, "1e-09"),
        (2**53 + 1, "9007199254740993"),
        (True, "true"),
        ("", ""),
    ],
)
def test_texts_of_values_are_read_back(value, text):
    hint = tuple[int, int] if value in ((256, 512), (64, 64)) else tuple[str, ...] if isinstance(value, tuple) else type(value)
    assert as_text(value) == text and from_text(hint, text) == value
