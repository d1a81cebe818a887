"""Advice is taken as it is printed: commands, flags and cures of odd folders must be accepted by training."""

import re
import shlex

import numpy as np
import pytest
import tiny_folders as tiny
from eager import running_eagerly

from tfgan.cli.check_output import command
from tfgan.cli.main import main
from tfgan.cli.train import USAGE
from tfgan.cli.wanted import training_flags
from tfgan.config import DataConfig, TrainConfig
from tfgan.data import open_dataset
from tfgan.errors import UserError, did_you_mean_path
from tfgan.methods import METHODS, method_class
from tfgan.runs.planning.check import advise
from tfgan.runs.planning.smaller import flags_for_smaller, make_smaller
from tfgan.runs.training.probe import Prediction
from tfgan.runs.training.quicker import LONG, LOOK, NIGHT, _fewer_epochs, cures_for_memory, quicker

ODD = """it's a "$HOME" of 100 %, `ls`"""  # a name that a shell would take apart


def photo(size, seed, channels=3):
    """A picture H×W×C uint8 of soft colors."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (5, 5, channels), np.uint8)
    return np.asarray(tiny.Image.fromarray(coarse).resize(size[::-1], tiny.Image.Resampling.BICUBIC))


def areas(size, seed, colors=5):
    """A picture H×W×3 uint8 of large areas of few colors."""
    random = np.random.default_rng(seed)
    palette = np.random.default_rng(0).integers(0, 256, (colors, 3), np.uint8)
    return palette[random.integers(0, colors, (4, 4))].repeat(-(-size[0] // 4), 0).repeat(-(-size[1] // 4), 1)[: size[0], : size[1]]


def folder_of(*names_and_pictures):
    """A function that fills a folder: pairs of a name with {} for a number, and what makes the picture of a number."""

    def fill(folder, count=6):
        for name, make in names_and_pictures:
            for number in range(count):
                tiny.save(folder / name.format(number), make(number))

    return fill


def of_every_type(number):
    picture = photo((40, 48), number, 4)
    kinds = [picture[..., :3], picture[..., 0], picture, picture[..., 1].astype(np.uint16) * 257, picture[..., 0] > 128, picture[..., :3]]
    return kinds[number % len(kinds)]


FOLDERS = {
    "maps of 125×127": (
        folder_of(("train/B/{}.png", lambda n: areas((125, 127), n)), ("train/A/{}.png", lambda n: photo((125, 127), n))),
        [],
    ),
    "halves of 126×130": (folder_of(("train/{}.png", lambda n: np.concatenate([photo((126, 130), n), areas((126, 130), n)], 1))), []),
    "drawings": (folder_of(("train/x, y/{}.png", lambda n: areas((64, 60), n, 2)), ("train/z/{}.png", lambda n: photo((64, 60), n))), []),
    "two sizes": (folder_of(("trainA/{}.png", lambda n: photo((130, 125), n)), ("trainB/b{}.png", lambda n: photo((60, 70), n + 9))), []),
    "tiny": (folder_of(("{}.png", lambda n: photo((20, 20), n))), []),
    "tiny pairs": (folder_of(("train/a/{}.png", lambda n: photo((20, 20), n)), ("train/b/{}.png", lambda n: photo((20, 20), n + 9))), []),
    "huge": (folder_of(("train/{}.jpg", lambda n: photo((900, 1400), n))), ["--method=stylegan"]),
    "many types": (folder_of(("{}.png", of_every_type)), ["--method=vaegan"]),
    "nested": (folder_of(("a/b/c/{}.png", lambda n: photo((90, 70), n))), []),
    "classes": (
        folder_of(
            *((f"{name}/{own}-{{}}.png", lambda n, own=own: photo((31, 33), n + own)) for own, name in ((0, "x y"), (9, "z"), (20, "$")))
        ),
        [],
    ),
    "pairs for cyclegan": (folder_of(("train/{}.png", lambda n: photo((100, 200), n))), ["--method=cyclegan"]),
}


def commands(text):
    """The words of each command of training that is printed."""
    lines = re.sub(r" \\\n *", " ", text).splitlines()
    return [shlex.split(line)[1:] for line in lines if line.strip().startswith("tfgan train")]


def taken(words):
    """The data set that a command trains on, opened with its settings; raises `UserError` if training would refuse them."""
    assert words[0] == "train" and main([*words, "--dry_run"]) == 0
    method = next(word for word in words if word.startswith("--method=")).partition("=")[2]
    flags, cls = training_flags(USAGE, method), method_class(method)
    assert flags.parse(words[1:], positional=None) == []
    hparams = flags.record(cls.HParams)
    return open_dataset(flags.record(DataConfig), cls.batch_kind, hparams.image_size, hparams.loaded_size())


@pytest.mark.parametrize("name", FOLDERS)
def test_what_check_prints_is_accepted(name, tmp_path, monkeypatch):
    fill, flags = FOLDERS[name]
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / ODD)
    code, _, text = tiny.check(ODD, "--noprobe", *flags)
    assert code == 0, text
    for words in (found := commands(text)):
        taken(words)
    assert found
    for cure in re.findall(r"use ((?:--[\w=.]+\s+)*--[\w=.]+)(?=,\s+or larger)", text):
        size = taken([*found[0], *cure.split()]).image_size
        assert min(size) <= 128  # which all domains fill
    assert len(set(re.findall(r"--image_size=\S+", text.replace(",", " ")))) <= 1  # one size for all domains


def test_images_that_are_too_small_have_a_cure(tmp_path):
    for name, expected in (
        ("maps of 125×127", "--image_size=128"),
        ("tiny pairs", "--image_size=16 --n_layers=2"),
        ("two sizes", "--image_size=60"),
    ):
        FOLDERS[name][0](tmp_path / name)
        text = " ".join(tiny.check(tmp_path / name, "--noprobe")[2].split())
        assert f"use {expected}, or larger images" in text, text


def test_a_few_small_images_do_not_make_all_small(tmp_path):
    folder_of(("{}.png", lambda n: photo((64, 64) if n else (12, 12), n)))(tmp_path, 24)
    _, found, text = tiny.check(tmp_path, "--noprobe")
    assert ("warning", "small_images") in found and "use larger images, or leave these out" in text and "use --image_size" not in text


def test_label_maps_are_translated_into_photos_and_the_other_way_is_said(tmp_path):
    FOLDERS["halves of 126×130"][0](tmp_path / "data")
    code, found, text = tiny.check(tmp_path / "data", "--noprobe")
    assert code == 0 and ("note", "looks_like_labels") in found and text.splitlines()[0].endswith("for pix2pix, labels to photo")
    there, back = (dict(word.lstrip("-").split("=") for word in words[1:]) for words in commands(text))
    assert there["direction"] == "labels_to_photo" and back["direction"] == "photo_to_labels"
    assert there["domains"] == back["domains"] == "photo,labels" and there["label_domains"] == "labels"
    # SPADE takes the maps for its input as well, and what was said stays.
    assert tiny.check(tmp_path / "data", "--noprobe", "--method=spade")[0] == 0
    _, _, text = tiny.check(tmp_path / "data", "--noprobe", "--direction=AtoB", "--label_domains=")
    assert text.splitlines()[0].endswith(", A to B") and len(commands(text)) == 1


def test_pairs_of_photos_have_both_commands(tmp_path):
    FOLDERS["tiny pairs"][0](tmp_path / "data")
    assert [words[-1] for words in commands(tiny.check(tmp_path / "data", "--noprobe")[2])] == ["--direction=a_to_b", "--direction=b_to_a"]


def test_train_takes_a_folder_as_check_proposes_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, flag in (
        ("halves of 126×130", "*direction=labels_to_photo"),
        ("classes", "method: acgan, as"),
        ("two sizes", "method: cyclegan, as"),
    ):
        FOLDERS[name][0](tmp_path / name)
        assert main(["train", name, "--dry_run"]) == 0
        assert flag in capsys.readouterr().out
    assert main(["train", "classes", "--dry_run", "--method=dcgan", "--ngf", "8"]) == 0
    assert {"method: dcgan", "*ngf=8"} <= set(re.split(r"\n|  ", capsys.readouterr().out))
    assert main(["train", "--dry_run", "--ngf", "8", "--data_dir", "classes"]) == 0  # as it ever was
    assert {"method: pix2pix", "*data_dir=classes"} <= set(re.split(r"\n| +(?=\*)|  ", capsys.readouterr().out))
    assert main(["train", "classes", "--data_dir=classes"]) == 2
    assert "one folder is trained on at a time" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "asked", "fitting"),
    [("classes", "pix2pix", "acgan"), ("two sizes", "pix2pix", "cyclegan"), ("tiny", "stargan", "dcgan"), ("nested", "cyclegan", "dcgan")],
)
def test_a_wrong_layout_names_check_and_the_method_that_fits(name, asked, fitting, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    FOLDERS[name][0](tmp_path / ODD)
    data, kind = DataConfig(data_dir=ODD), method_class(asked).batch_kind
    if name != "two sizes":  # which is laid out as pairs, whose names do not agree
        with pytest.raises(UserError):
            open_dataset(data, kind, (16, 16), (16, 16))
    advice = advise(data, kind)
    assert f"--method={fitting}: " in advice
    (command,) = re.findall("`(tfgan check .*)` says more", advice)
    assert shlex.split(command) == ["tfgan", "check", ODD]
    _, found, text = tiny.check(ODD, "--noprobe", f"--method={asked}")
    assert ("error", "refused") not in found or f"has the layout of --method={fitting}: " in " ".join(text.split())


def test_training_says_which_pictures_it_passes_over(tmp_path, capsys):
    FOLDERS["tiny"][0](tmp_path)
    (tmp_path / "more.CR2").write_bytes(b"")
    assert open_dataset(DataConfig(data_dir=str(tmp_path)), "images", (16, 16), (16, 16)).spec.sizes["train"] == 6
    assert f"{tmp_path}: 1 of its files is camera raw: develop them to TIFF" in capsys.readouterr().out


def test_two_folders_of_equal_names_may_be_pairs(tmp_path):
    """With splits or without."""
    folder_of(("in/{}.png", lambda n: photo((16, 16), n)), ("out/{}.png", lambda n: photo((16, 16), n + 9)))(tmp_path)
    assert open_dataset(DataConfig(data_dir=str(tmp_path)), "paired", (16, 16), (16, 16)).spec.sizes["train"] == 6
    (tmp_path / "train").mkdir()
    for name in ("in", "out"):
        (tmp_path / name).rename(tmp_path / "train" / name)
    assert open_dataset(DataConfig(data_dir=str(tmp_path)), "paired", (16, 16), (16, 16)).spec.sizes["train"] == 6


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [1.6, 2.048, 3.0, 12.8])
def test_smaller_settings_are_ones_that_the_method_takes(method, factor):
    hparams = method_class(method).HParams()
    words = flags_for_smaller(hparams, factor)
    if max(hparams.image_size) / factor < 8:
        assert not words
        return
    flags = training_flags(USAGE, method)
    flags.parse(shlex.split(words))
    found = flags.record(method_class(method).HParams)
    assert found.loaded_size() and 0.45 <= max(found.image_size) * factor / max(hparams.image_size) <= 1.5
    assert found == make_smaller(hparams, factor)


@pytest.mark.parametrize("method", METHODS)
def test_settings_for_a_look_and_a_night_are_ones_that_the_method_takes(method):
    hparams, training = method_class(method).HParams(), TrainConfig(workdir="runs/mine")

    def takes(total, steps=80_000):
        return lambda changed=None: Prediction("", total / steps, 1, 0, steps, 200.0, total)

    assert list(quicker(training, hparams, takes(LONG)(), takes(1))) == []
    assert [found.night for found in quicker(training, hparams, takes(NIGHT)(), takes(LOOK / 2))] == [False]
    for total in (2 * NIGHT, 40 * NIGHT, 1e4 * NIGHT):
        for found, limit in zip(quicker(training, hparams, takes(total)(), takes(0.9 * total)), (LOOK, NIGHT), strict=True):
            flags = training_flags(USAGE, method)
            flags.parse(shlex.split(command(method, [found.training, found.hparams]).replace("\\\n", " "))[2:])
            assert flags.record(method_class(method).HParams) == found.hparams
            assert flags.record(TrainConfig) == found.training
            assert found.total <= limit and found.night == (limit == NIGHT)
            assert found.training.workdir == ("runs/mine_night" if found.night else "runs/mine_look")
            if found.hparams.epochs == 1 or found.training.steps:
                assert found.training.steps <= 80_000 * limit / (0.9 * total) + 1
            else:
                assert found.hparams.epochs / hparams.epochs * 0.9 * total <= limit
    for flag in re.findall(r"--\S+", cures_for_memory(training, hparams)):
        assert flag.startswith(
            ("--accumulate=2", "--batch_size", "--image_size", "--generator", "--n_layers", "--depth", "--scales", "--start_size", "--prec")
        )


def test_a_command_names_no_data_set_that_its_folder_beats():
    assert command("pix2pix", [DataConfig(dataset="facades", data_dir="mine")]) == "  tfgan train --method=pix2pix --data_dir=mine"
    assert command("pix2pix", [DataConfig(dataset="facades")]) == "  tfgan train --method=pix2pix --dataset=facades"


def test_a_look_has_narrower_networks_which_a_run_to_start_from_forbids():
    hparams, takes = method_class("cyclegan").HParams(), Prediction("", 1.0, 1, 0, 1, 1.0, 2 * NIGHT)
    tried = []

    def probe(changed):
        tried.append(changed)
        return takes._replace(total=LOOK)

    list(quicker(TrainConfig(workdir="r"), hparams, takes, probe))
    list(quicker(TrainConfig(workdir="r", init_from="runs/old"), hparams, takes, probe))
    assert [(found.ngf, found.ndf) for found in tried] == [(32, 32), (64, 64), (64, 64), (64, 64)]
    assert tried[0].image_size < tried[1].image_size < hparams.image_size


@pytest.mark.parametrize(
    "given, expected", [({}, (5, 5)), ({"lr_constant_epochs": 100, "lr_decay_epochs": 300}, (2, 8)), ({"lr_decay_epochs": 0}, (10, 0))]
)
def test_fewer_epochs_keep_the_share_in_which_the_learning_rate_falls(given, expected):
    hparams = method_class("cyclegan").HParams(**given)
    assert _fewer_epochs(hparams, 10).schedule() == expected


def test_a_missing_path_suggests_one(tmp_path):
    (tmp_path / "runs" / "facades").mkdir(parents=True)
    assert did_you_mean_path(tmp_path / "run" / "facade") == f" Did you mean {tmp_path / 'runs' / 'facades'}?"
    assert did_you_mean_path(tmp_path / "runs" / "Facades") == f" Did you mean {tmp_path / 'runs' / 'facades'}?"
    assert did_you_mean_path(tmp_path / "zzz" / "facades") == did_you_mean_path(tmp_path / "runs" / "xyz") == ""


def test_a_run_that_is_none_suggests_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("facades", "maps"):
        (tmp_path / "runs" / name / "checkpoints").mkdir(parents=True)
        (tmp_path / "runs" / name / "config.json").write_text("{}")
    for folder, said in (
        ("runs/facade", "runs/facade is not a run: it is missing. Did you mean runs/facades?"),
        ("facades", "facades is not a run: it is missing. Did you mean runs/facades?"),
        ("facade", "facade is not a run: it is missing. Did you mean runs/facades?"),
        ("runs", "runs is not a run: it has no config.json. It holds runs: runs/facades, runs/maps."),
        ("runs/maps/checkpoints", "it has no config.json. Did you mean runs/maps?"),
        ("runs/maps/config.json", "it is a file. Did you mean runs/maps?"),
        ("xyz", "xyz is not a run: it is missing. A run is the --workdir of `tfgan train`."),
    ):
        for words in (["report", folder], ["evaluate", folder, "--features="], ["sample", folder, "out"]):
            assert main(words) == 2
            assert said in capsys.readouterr().err


def test_check_refuses_what_train_refuses(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    data = ["--dataset=synthetic", "--synthetic_images=8", "--method=gan", "--image_size=8"]
    for flag in ("--validate_every=1 --features=absent.keras", "--best_metric=ssim", "--batch_size=0", "--direction=up", "--load_size=4"):
        errors = []
        for verb in ("check", "train"):
            assert main([verb, *data, *flag.split(), *["--noprobe"] * (verb == "check"), f"--workdir={tmp_path / 'run'}"]) == 2
            errors.append(capsys.readouterr().err)
        assert errors[0] == errors[1] != ""
    with running_eagerly():
        assert main(["train", *data, "--batch_size=4", "--steps=1", "--notensorboard", "--workdir=run"]) == 0
    capsys.readouterr()
    for flags in (["--init_from=absent", "--workdir=new"], ["--latent_dim=9", "--batch_size=4", "--workdir=run"]):
        assert main(["train", *data, *flags, "--steps=2"]) == 2
        error = capsys.readouterr().err.removeprefix("error: ")
        code, found, text = tiny.check(*data, *flags, "--noprobe")
        assert code == 1 and ("error", "run_refused") in found and " ".join(error.split()) in " ".join(text.split())
