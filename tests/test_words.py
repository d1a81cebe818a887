"""Old words of settings: by flag, flag file, keyword and config.json they mean the present ones, and say so in one line."""

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import keras
import pytest

import tfgan
from tfgan.cli.flags import Flags
from tfgan.cli.main import main
from tfgan.config import Classes, DataConfig, DataSpec, Domain, RunConfig, TrainConfig, as_flag, from_dict, make_records, setting, words
from tfgan.config.verbs import CheckConfig, EvaluateConfig, ExportConfig, ReportConfig, SampleConfig, TranslateConfig
from tfgan.errors import UserError
from tfgan.methods import METHODS, method_class
from tfgan.methods.base import HParams, Method
from tfgan.networks import stylegan
from tfgan.runs.evaluation.metric_networks import Evaluators
from tfgan.runs.recipes import recipe_settings
from tfgan.runs.report import write_report

ROOT = Path(__file__).parents[1]
VERBS = (CheckConfig, TranslateConfig, SampleConfig, EvaluateConfig, ExportConfig, ReportConfig)
BESIDE = {"gp_weight": {"loss": "wgan_gp", "discriminator_norm": "none"}, "latent_dim": {"style_encoder": True}}
"""What a setting needs beside it to mean something, where the method has such settings."""
NOISE = ("gan", "cgan", "dcgan", "acgan", "stylegan")
WORDS = {  # of the first versions, and the methods that had them: none may be forgotten
    "average_decay": ("ema_decay", {"pix2pix", "vaegan", *NOISE}),
    "blocks": ("n_blocks", {"stargan"}),
    "kernel": ("kernel_size", {"dcgan"}),
    "latent": ("latent_dim", {"spade"}),
    "latents": ("latent_dim", {"vaegan", *NOISE}),
    "mixing": ("style_mixing_prob", {"stylegan"}),
    "penalty_weight": ("gp_weight", {"stargan", *NOISE}),
    "r1_every": ("r1_interval", {"stylegan"}),
    "r1_weight": ("r1_gamma", {"stylegan"}),
    "steps_per_call": ("steps_per_execution", {"pix2pix"}),  # and all others
    "width": ("w_dim", {"stylegan"}),
}


class Old(NamedTuple):
    """An old word of a setting, among the records that a command has."""

    method: str  # "" for the verbs that have none
    record: type
    field: dataclasses.Field
    word: str

    @property
    def records(self) -> list[type]:
        return [DataConfig, TrainConfig, method_class(self.method).HParams] if self.method else [self.record]

    @property
    def beside(self) -> dict:
        """Settings without which this one means nothing."""
        return {name: value for name, value in BESIDE.get(self.field.name, {}).items() if name in self.record.__dataclass_fields__}

    @property
    def value(self):
        """One that is allowed, and not the default."""
        default, most = self.field.default, self.field.metadata["at_most"]
        if self.field.metadata["choices"]:
            return next(choice for choice in self.field.metadata["choices"] if choice != default)
        if isinstance(default, float):
            return 0.25 if most is None or default != 0.25 else most
        return not default if isinstance(default, bool) else default + 1 if isinstance(default, int) else "other"


def places():
    """(method, record) of all settings; those of data and training once."""
    yield from (("", record) for record in VERBS)
    yield from (("pix2pix", record) for record in (DataConfig, TrainConfig))
    yield from ((name, method_class(name).HParams) for name in METHODS)


FIELDS = [(method, record, field) for method, record in places() for field in dataclasses.fields(record)]
NAMES = [Old(method, record, field, field.metadata["formerly"]) for method, record, field in FIELDS if field.metadata["formerly"]]
CHOICES = [Old(method, record, field, word) for method, record, field in FIELDS for word in field.metadata["old_choices"]]

by_name = pytest.mark.parametrize("old", NAMES, ids=lambda old: f"{old.method}-{old.word}")
by_choice = pytest.mark.parametrize("old", CHOICES, ids=lambda old: f"{old.record.__name__}-{old.word}")


@pytest.fixture(autouse=True)
def unsaid():
    """Lines that were said before this test are said again."""
    words.say_once.cache_clear()


@pytest.fixture
def said(capsys):
    """What was said since the last call, in lines."""
    return lambda: capsys.readouterr().out.splitlines()


def by_flags(old, *arguments):
    flags = Flags("usage: try")
    for record in old.records:
        flags.add_record("group", record)
    flags.parse(list(arguments))
    return [flags.record(record) for record in old.records]


def as_flags(settings):
    return [as_flag(name, value) for name, value in settings.items()]


def line(old):
    return f"--{old.word} is called --{old.field.name} now."


def test_the_first_words_are_all_still_taken():
    for word, (name, methods) in WORDS.items():
        assert {(old.method, old.field.name) for old in NAMES if old.word == word} >= {(method, name) for method in methods}
    assert {(old.record, old.word) for old in CHOICES} >= {(DataConfig, "colours"), (EvaluateConfig, "colours")}


def test_an_old_word_is_no_setting_of_the_same_command():
    for old in NAMES:
        assert all(old.word not in record.__dataclass_fields__ for record in old.records), old


@by_name
def test_old_flags(old, said, tmp_path):
    present = by_flags(old, *as_flags(old.beside | {old.field.name: old.value}))
    assert present != by_flags(old, *as_flags(old.beside)) and not said()
    assert by_flags(old, *as_flags(old.beside | {old.word: old.value})) == present and said() == [line(old)]
    words.say_once.cache_clear()
    flag, value = as_flag(old.word, old.value).split("=")
    assert by_flags(old, *as_flags(old.beside), flag, value) == present and said() == [line(old)]  # behind a space


@by_name
def test_old_words_in_flag_files(old, said, tmp_path):
    """Which of two places wins does not depend on the words: the command line beats a file, and a file those that it names."""
    present = by_flags(old, *as_flags(old.beside | {old.field.name: old.value}))
    default = {old.field.name: old.field.default}
    (tmp_path / "new.flags").write_text("\n".join(as_flags(old.beside | default)))
    (tmp_path / "old.flags").write_text("\n".join(["--flagfile=new.flags", as_flag(old.word, old.value)]))
    file = f"--flagfile={tmp_path / 'old.flags'}"
    assert by_flags(old, file) == present and said() == [line(old)]
    assert by_flags(old, f"--flagfile={tmp_path / 'new.flags'}", as_flag(old.word, old.value)) == present
    assert by_flags(old, file, as_flag(old.field.name, old.field.default)) == by_flags(old, *as_flags(old.beside))
    words.say_once.cache_clear()
    assert not said()
    texts = recipe_settings(str(tmp_path / "old.flags"))
    assert make_records(texts, {}, old.records) == present and said() == [line(old)]
    assert make_records(texts, default, old.records) == by_flags(old, *as_flags(old.beside))


@by_name
def test_old_keywords(old, said):
    present = make_records([], old.beside | {old.field.name: old.value}, old.records)
    assert not said()
    assert make_records([], old.beside | {old.word: old.value}, old.records) == present and said() == [line(old)]


def run_config(old, given):
    """A run with these settings, of one method or of settings of data or training."""
    records = dict(zip(("data", "training", "hparams"), make_records([], given, old.records)))
    spec = DataSpec("images", records["hparams"].image_size, {"image": Domain("photo", 3)}, {"train": 4}, "")
    return RunConfig(method=old.method, **records, spec=spec, versions={})


@pytest.mark.parametrize("old", [old for old in NAMES if old.method], ids=lambda old: f"{old.method}-{old.word}")
def test_old_keys_of_a_run(old, said, tmp_path):
    """The run of an earlier version goes on without a change, and is written in the present words."""
    path, now = tmp_path / "config.json", run_config(old, old.beside | {old.field.name: old.value})
    now.write(path)
    values = json.loads(path.read_text())
    part = next(part for part in ("data", "training", "hparams") if old.field.name in values[part])
    values[part][old.word] = values[part].pop(old.field.name)
    path.write_text(json.dumps(values))
    read = RunConfig.read(path, lambda name: method_class(name).HParams)
    assert read == now and read.differences(now) == [] and said() == [f"{path}: {line(old)}"]
    RunConfig.read(path, lambda name: method_class(name).HParams)
    assert not said()  # once is enough
    read.write(path)
    assert old.word not in json.loads(path.read_text())[part]
    values[part][old.field.name] = old.value
    path.write_text(json.dumps(values))
    with pytest.raises(UserError, match=f"--{old.word} is called --{old.field.name} now: give --{old.field.name} alone"):
        RunConfig.read(path, lambda name: method_class(name).HParams)


@by_name
def test_both_words_in_one_place_are_refused(old, tmp_path):
    both = old.beside | {old.word: old.value, old.field.name: old.value}
    (tmp_path / "both.flags").write_text("\n".join(as_flags(both)))
    message = f"--{old.word} is called --{old.field.name} now: give --{old.field.name} alone"
    for arguments in (as_flags(both), as_flags(both)[::-1], [f"--flagfile={tmp_path / 'both.flags'}"]):
        with pytest.raises(UserError, match=message):
            by_flags(old, *arguments)
    with pytest.raises(UserError, match=message):
        make_records([], both, old.records)
    with pytest.raises(UserError, match=message):
        make_records(recipe_settings(str(tmp_path / "both.flags")), {}, old.records)


@by_choice
def test_old_words_for_values(old, said):
    name, now = old.field.name, old.field.metadata["old_choices"][old.word]
    told = f"--{name}={old.word} is called --{name}={now} now."
    assert by_flags(old, f"--{name}={old.word}") == by_flags(old, f"--{name}={now}") and said() == [told]
    words.say_once.cache_clear()
    assert make_records([], {name: old.word}, old.records) == make_records([], {name: now}, old.records) and said() == [told]


def test_old_words_in_the_rest_of_a_run(said, tmp_path):
    """Of values, and of what was no setting: the kind of batches and the classes of a label map."""
    now = run_config(NAMES[0]._replace(method="pix2pix"), {"label_coding": "colors"})
    classes = Classes("colors", (255,), ("#0000ff",), ("sky",))
    now = dataclasses.replace(now, spec=dataclasses.replace(now.spec, kind="labeled", domains={"image": Domain("map", 3, classes=classes)}))
    path = tmp_path / "config.json"
    now.write(path)
    old = path.read_text().replace("colors", "colours").replace("labeled", "labelled")
    path.write_text(old.replace('"label_encoding": "colours"', '"label_encoding": "colors"'))  # which has one word alone
    assert RunConfig.read(path, lambda name: method_class(name).HParams) == now
    assert said() == [f"{path}: --label_coding=colours is called --label_coding=colors now."]


def test_a_run_with_many_old_words_says_one_line(said, tmp_path):
    """As each run of an earlier version has them, for settings at their defaults too."""
    path = tmp_path / "config.json"
    run_config(NAMES[0]._replace(method="stylegan"), {}).write(path)
    text = path.read_text()
    for word, (name, methods) in WORDS.items():
        text = text.replace(f'"{name}"', f'"{word}"') if "stylegan" in methods or word == "steps_per_call" else text
    path.write_text(text)
    RunConfig.read(path, lambda name: method_class(name).HParams)
    (one,) = said()
    assert one.startswith(f"{path}: --steps_per_call is called --steps_per_execution, --") and one.endswith(" now.")
    assert one.count("is called") == 8


def test_old_words_are_in_no_help_and_no_suggestion(capsys):
    for name in METHODS:
        assert main(["train", f"--method={name}", "--help"]) == 0
        shown = capsys.readouterr().out
        assert not {word for word in WORDS if re.search(rf"--(\[no\])?{word}\b", shown)}, name
    assert main(["train", "--average_decai=0.9"]) == 2
    assert "Did you mean" not in capsys.readouterr().err
    assert main(["train", "--ema_decai=0.9"]) == 2
    assert "Did you mean --ema_decay?" in capsys.readouterr().err
    with pytest.raises(UserError, match="r1_intervall is not a setting here. Did you mean r1_interval?"):
        tfgan.train("stylegan", r1_intervall=3)


@pytest.mark.parametrize("page", sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", *(ROOT / "flags").iterdir()]), ids=str)
def test_old_flags_are_on_no_page(page):
    assert not re.findall(rf"--(?:{'|'.join(WORDS)})\b", page.read_text())


def test_a_setting_may_take_an_old_word_over():
    """A class of one's own whose setting has the old name of another: it is that setting."""

    @dataclasses.dataclass(frozen=True)
    class Own(HParams):
        wide: int = setting(1, "width", formerly="width")
        width: int = setting(2, "something else")

    old = NAMES[0]._replace(method="", record=Own)
    assert by_flags(old, "--width=3") == [Own(width=3)] == make_records([], {"width": 3}, [Own])
    assert from_dict(Own, {"width": 3}) == Own(width=3)


def test_training_takes_old_keywords(monkeypatch, said, tmp_path):
    """Through the front door, up to where training begins."""
    given = []
    monkeypatch.setattr("tfgan.runs.training.train.train", lambda plan, callbacks: given.append(plan))
    monkeypatch.setattr("tfgan.api.training.load", lambda folder: folder)
    for name in ("average_decay", "ema_decay"):
        tfgan.train("dcgan", dataset="synthetic", workdir=tmp_path, **{name: 0.5})
    assert given[0].hparams == given[1].hparams and given[0].hparams.ema_decay == 0.5
    assert [line for line in said() if "called" in line] == ["--average_decay is called --ema_decay now."]


def test_the_line_is_seen_before_tensorflow_is_started():
    code = "import tfgan; tfgan.train('dcgan', average_decay=0.5, epochs=0)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "--average_decay is called --ema_decay now.\n" and "--epochs=0 must be at least 1" in done.stderr


def test_old_kinds_of_batches(said):
    assert tfgan.open_dataset("labelled", 8, synthetic_images=8).spec.kind == "labeled"
    assert said()[0] == "The kind of batches labelled is called labeled now."

    class OwnOfBefore(Method):
        batch_kind = "labelled"

    assert tfgan.methods.register(OwnOfBefore) == "OwnOfBefore" and OwnOfBefore.batch_kind == "labeled"


def test_networks_of_earlier_files_load():
    """Keras stores the arguments with which a network was made."""
    present = {"largest": 8, "channels": 3, "every_size": True, "channel_base": 16, "channel_max": 6}
    before = {"largest": 8, "channels": 3, "every_size": True, "base": 16, "most": 6}
    for kind, more, old in ((stylegan.Discriminator, {}, {}), (stylegan.Synthesis, {"w_dim": 5}, {"width": 5})):
        network = kind.from_config(before | old)
        assert isinstance(network, keras.Model) and present | more | {"name": network.name} == network.get_config()


def test_figures_of_label_maps_stay_comparable():
    """The stamp of an evaluation of version 0.1.0."""
    classes = Classes("colors", (0xFF0000, 0xFF), ("#ff0000", "#0000ff"), ("a", "b"))
    spec = SimpleNamespace(domains={"labels": Domain("labels", 3, classes=classes)})
    assert Evaluators._classes(SimpleNamespace(_label_maps=SimpleNamespace(spec=spec))) == "4fc9bfda3084"


def test_runs_of_two_versions_share_the_rows_of_a_report(tmp_path):
    for name, word in (("a", "average_decay"), ("b", "ema_decay")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps({"method": "dcgan", "hparams": {word: 0.875}}))
    out, _ = write_report([tmp_path / "a", tmp_path / "b"], ReportConfig(out=tmp_path / "report.html"))
    assert "ema_decay" in out.read_text() and "average_decay" not in out.read_text()
