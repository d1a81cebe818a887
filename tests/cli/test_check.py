"""`tfgan check` from the command line: good data is left in peace; sheets, the probe, the command to paste, wrong use."""

import re
import resource
import shlex
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
import tiny_folders as tiny

from tfgan.cli.check_output import _duration
from tfgan.cli.main import main
from tfgan.data.synthetic import KINDS
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.methods.base import Stage
from tfgan.methods.cyclegan import CycleGAN
from tfgan.runs.training.probe import _time, _weight

OTHER_NOTES = {tiny.domains_without_splits: {("note", "no_validation")}, tiny.nested_images: {("note", "no_validation")}}
MAKERS = {make.__name__: make for makers in tiny.LAYOUTS.values() for make in makers}


@pytest.mark.parametrize("name", MAKERS)
def test_good_folders_are_left_in_peace(name, tmp_path):
    flags = MAKERS[name](tmp_path / "data")
    code, found, text = tiny.check(tmp_path / "data", "--noprobe", *flags)
    assert (code, found) == (0, {tiny.FEW} | OTHER_NOTES.get(MAKERS[name], set())), text


@pytest.mark.parametrize("kind", KINDS)
def test_the_built_in_set_is_left_in_peace(kind):
    method = {"paired": "pix2pix", "unpaired": "cyclegan", "labeled": "acgan", "attributes": "stargan", "semantic": "spade"}
    flags = tiny.UNET if kind == "paired" else ["--image_size=64", *["--depth=4"] * (kind == "semantic")]
    arguments = ["--dataset=synthetic", "--synthetic_images=100", f"--method={method.get(kind, 'dcgan')}", *flags]
    code, found, text = tiny.check("--noprobe", *arguments)
    assert (code, found - {tiny.FEW}) == (0, set()), text


def test_real_data_is_left_in_peace(test_data):
    code, found, text = tiny.check(test_data / "facades", "--noprobe", "--label_domains=B")
    assert (code, found) == (0, {("note", "doubtful_pairs")}) and "train/242.jpg\n" in text  # which has, indeed, another's labels
    assert tiny.check(test_data / "mnist", "--noprobe")[:2] == (0, {("note", "small_images")})  # 28 pixels, for ACGAN's 32


def test_layouts_and_the_methods_that_fit_them(tmp_path):
    fitting = {"paired": "pix2pix", "unpaired": "cyclegan", "labeled": "acgan", "attributes": "stargan", "images": "dcgan"}
    for kind, method in fitting.items():
        make = tiny.LAYOUTS[kind][0]
        flags = make(tmp_path / kind)
        code, _, text = tiny.check(tmp_path / kind, "--noprobe", *flags)
        assert code == 0 and text.startswith(f"{tmp_path / kind}, for {method}"), text
        assert f"tfgan train --method={method} --data_dir={tmp_path / kind}" in re.sub(r" \\\n +", " ", text)  # long paths wrap


def test_direction_is_said_and_shown(tmp_path):
    flags = tiny.two_folders(tmp_path / "data")
    for direction, words in (("zmap_to_photo", "zmap to photo"), ("AtoB", "photo to zmap")):
        sheet = tmp_path / f"{direction}.png"
        whole = ("--norandom_crop", "--noflip")
        _, _, text = tiny.check(tmp_path / "data", "--noprobe", *flags, *whole, f"--direction={direction}", f"--sheet={sheet}")
        assert text.splitlines()[0].endswith(f"for pix2pix, {words}") and f"Sheet {sheet}" in " ".join(text.split())
    there, back = (tiny.read(tmp_path / name).astype(int) for name in ("AtoB.png", "zmap_to_photo.png"))
    pictures = tiny.scenes("paired", "train")
    left, right = (slice(side, side + 128) for side in (8, 8 + 128 + 8))  # 64 pixels, shown twice as large
    for sheet, sides in ((there, "AB"), (back, "BA")):
        assert sheet.shape == (26 + 4 * (128 + 8), 8 + 2 * (128 + 8), 3)
        for columns, side in zip((left, right), sides):
            for row, number in enumerate((0, 6, 12, 18)):  # four of the 24, evenly spaced
                shown = sheet[26 + row * 136 :][:128, columns]
                np.testing.assert_array_equal(shown[::2, ::2], pictures[number][side])


def test_sheets_of_every_layout(tmp_path):
    titles = 26
    for kind, columns, rows in (("labeled", 3, 4), ("attributes", 2, 4), ("images", 10, 3), ("unpaired", 2, 4)):
        flags = tiny.LAYOUTS[kind][0](tmp_path / kind)
        sheet = tmp_path / f"{kind}.png"
        assert tiny.check(tmp_path / kind, "--noprobe", "--image_size=64", *flags, f"--sheet={sheet}")[0] == 0
        assert tiny.read(sheet).shape == (titles + rows * 136, 8 + columns * 136, 3), kind


def test_a_sheet_is_never_overwritten(tmp_path):
    flags = tiny.single_images(tmp_path / "data")
    (tmp_path / "sheet.png").write_text("mine")
    code, _, text = tiny.check(tmp_path / "data", "--noprobe", *flags, f"--sheet={tmp_path / 'sheet.png'}")
    assert code == 2 and "exists: use another name" in text and (tmp_path / "sheet.png").read_text() == "mine"


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "which data set? Name a folder, or --dataset=NAME"),
        (["nowhere"], "the data folder nowhere does not exist"),
        (["--dataset=facade"], "--dataset=facade is unknown. Did you mean facades?"),
        (["--dataset=synthetic", "--method=pix2px"], "--method=pix2px is unknown. Did you mean pix2pix?"),
        (["--dataset=synthetic", "--ngff=4"], "--ngff is unknown. Did you mean --ngf?"),
        ([".", "--pool_size=4"], "--pool_size is used with --method=cyclegan: it is a setting of cyclegan."),
        (["--dataset=synthetic", "--direction=up"], "--direction=up is neither AtoB nor BtoA"),
        (["--dataset=synthetic", "--attributes=a"], "--attributes has no effect"),
        (["--dataset=synthetic", "--sheet=sheet.txt"], "must name a picture, for example sheet.txt.png"),
        (["--dataset=synthetic", "--batch_size=0"], "--batch_size=0 must be at least 1"),
    ],
)
def test_wrong_use_ends_with_2(arguments, says, capsys):
    code, found, text = tiny.check(*arguments, "--noprobe", *["--synthetic_images=8"] * (len(arguments) > 1))
    assert code == 2 and not found and says in text


def test_one_folder_at_a_time(tmp_path):
    tiny.single_images(tmp_path / "data")
    code, _, text = tiny.check(tmp_path / "data", f"--data_dir={tmp_path / 'data'}")
    assert code == 2 and "one folder is checked at a time" in text


def test_help_lists_the_flags_of_a_method_that_is_named():
    assert "--ngf" not in tiny.check("--help")[2]
    code, _, text = tiny.check("--method=pix2pix", "--help")
    assert code == 0 and "--ngf" in text and "--[no]probe" in text and "--label_domains" in text


PROBED = [
    *("--dataset=synthetic", "--synthetic_images=40", "--method=pix2pix"),
    *("--generator=unet_16", "--image_size=16", "--ngf=4", "--ndf=4", "--n_layers=1"),
]


def test_prediction_and_command(monkeypatch, capsys):
    monkeypatch.setattr("tfgan.runs.training.probe._time", lambda step, intervals: (step(0), 2.0)[1])
    flags = [*PROBED, "--batch_size=3", "--epochs=5", "--noflip", "--precision=mixed_bfloat16", "--workdir=" + "a b " * 30]
    code, _, text = tiny.check(*flags)
    assert code == 0 and "pix2pix at 16×16, batch 3" in text
    assert "70 steps (5 epochs)" in text  # 40 images in batches of 3 are 14 steps
    assert "2.00 s a step" in text and "about 2 minutes" in text  # 70 × 2 s
    memory = float(re.search(r"([\d.]+) GB of memory", text)[1]) * 1e9
    assert 0.5 < memory / (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)) <= 1.1
    command = shlex.split(re.search(r"tfgan train.*?[^\\]$", text, re.DOTALL | re.MULTILINE)[0].replace("\\\n", " "))
    assert main([*command[1:], "--dry_run"]) == 0
    settings = set(capsys.readouterr().out.split())
    assert {
        "*batch_size=3",
        "*epochs=5",
        "*flip=false",
        "*precision=mixed_bfloat16",
        "*ngf=4",
        "*n_layers=1",
        "*image_size=16",
    } <= settings
    assert {"--method=pix2pix", "--noflip", "--image_size=16", "--workdir=" + "a b " * 30} <= set(command)
    assert not [word for word in command if "dropout" in word or "cache" in word]  # which have their defaults


def test_a_method_that_refuses_the_data_is_an_error(tmp_path, monkeypatch):
    def refuse(*_):
        raise UserError("nights are too dark: use brighter ones")

    flags = tiny.domains(tmp_path / "data")
    monkeypatch.setattr(CycleGAN, "__init__", refuse)
    code, found, text = tiny.check(tmp_path / "data", *flags)
    assert code == 1 and ("error", "method_refuses") in found and "nights are too dark" in text, text


def test_a_growing_method_is_weighed_by_its_pixels():
    stages = [Stage(0, 0, 16, 4), Stage(100, 1600, 16, 2), Stage(200, 3200, 8, 1)]
    # Batches of 16 at a quarter and half of the size cost 16/16 and 16/4 images, those of 8 at full size 8.
    assert _weight(stages, stages[2], 300) == pytest.approx(100 * (1 / 8) + 100 * (4 / 8) + 100)
    assert _weight(stages, stages[1], 150) == pytest.approx(100 * (1 / 4) + 50)


def test_a_step_is_timed_without_the_first(monkeypatch):
    clock, costs = [0.0], iter([100.0, 2.0, 4.0, 3.0, 9.0])
    monkeypatch.setattr("tfgan.runs.training.probe.time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def step(_):
        clock[0] += next(costs)

    assert _time(step) == 3.0  # the median of 2, 4 and 3


def test_what_not_every_step_does_counts_by_its_share(monkeypatch):
    """Steps of 2 s; every 4th takes 4 s more, every 6th 3 s more, every 8th 8 s more, beside the 4 s of a 4th."""
    clock = [0.0]
    monkeypatch.setattr("tfgan.runs.training.probe.time", SimpleNamespace(perf_counter=lambda: clock[0]))

    def step(number):
        clock[0] += 2.0 + sum(more for interval, more in {4: 4.0, 6: 3.0, 8: 8.0}.items() if (number + 1) % interval == 0)

    assert _time(step, (8, 4, 6, 4)) == pytest.approx(2.0 + 4 / 4 + 3 / 6 + 8 / 8)


def test_intervals_are_those_of_what_is_in_use():
    def intervals(name, **settings):
        return method_class(name).HParams(**settings).intervals

    assert intervals("pix2pix", norm="instance", first_bias=False, r1_gamma=1.0, r1_interval=16) == (16,)
    assert intervals("pix2pix", norm="instance", first_bias=False, r1_gamma=1.0) == intervals("pix2pix") == ()
    stylegan2 = {"architecture": "stylegan2", "progressive": False}
    assert intervals("stylegan", **stylegan2, r1_interval=16, path_length_interval=4) == (16, 4)
    assert intervals("stylegan", r1_interval=16) == (16,)


def test_a_slow_step_is_timed_once(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("tfgan.runs.training.probe.time", SimpleNamespace(perf_counter=lambda: clock[0]))
    steps = []

    def step(_):
        steps.append(clock[0])
        clock[0] += 30.0

    assert _time(step) == 30.0 and len(steps) == 2


def test_out_of_memory_is_an_error_with_a_cure(monkeypatch):
    def fail(*arguments):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating")

    monkeypatch.setattr("tfgan.runs.training.probe.predict", fail)
    smaller = "--image_size=8 --generator=unet_8 or --precision=mixed_bfloat16"
    cures = {1: f"use {smaller}", 9: f"use --batch_size=4 or {smaller}", 4: f"use --accumulate=2 or --batch_size=2 or {smaller}"}
    for flags, cure in (([f"--batch_size={size}"], cure) for size, cure in cures.items()):
        code, found, text = tiny.check(*PROBED, *flags)
        assert code == 1 and ("error", "out_of_memory") in found and cure in " ".join(text.split())


def test_errors_keep_the_probe_from_starting(tmp_path, monkeypatch):
    monkeypatch.setattr("tfgan.runs.training.probe.predict", lambda *arguments: pytest.fail("tried"))
    flags = tiny.side_by_side(tmp_path / "data")
    (tmp_path / "data/train/1.png").write_bytes(b"")
    code, _, text = tiny.check(tmp_path / "data", *flags)
    assert code == 1 and "Training would fail" in text and "tfgan train" not in text


@pytest.mark.parametrize(
    "seconds, words", [(42, "42 seconds"), (100, "2 minutes"), (3700, "1 h 2 min"), (90000, "1 d 1 h"), (60, "1 minute")]
)
def test_durations(seconds, words):
    assert _duration(seconds) == words


def test_recipes_can_be_checked():
    code, _, text = tiny.check("--flagfile=quickstart.flags", "--dataset=synthetic", "--synthetic_images=24", "--noprobe")
    assert code == 0 and "for pix2pix, labels to photo" in text and "--batch_size=4" in text


def test_settings_that_do_not_suit_are_found(tmp_path, monkeypatch):
    """Crops of a corner, and a precision that this machine has no hardware for."""
    monkeypatch.setattr("tfgan.training.hardware.cpu_flags", set)
    monkeypatch.setattr("tfgan.training.hardware.has_gpu", lambda: False)
    flags = tiny.two_folders(tmp_path / "data")
    code, found, text = tiny.check(tmp_path / "data", "--noprobe", *flags, "--load_size=286", "--precision=mixed_bfloat16")
    assert code == 0 and {("warning", "small_crops"), ("warning", "slow_precision")} <= found
    said = " ".join(text.split())
    assert "4.5 times as large" in said and "use --load_size=0" in said and "a new run with --precision=auto takes float32" in said
    _, found, _ = tiny.check(tmp_path / "data", "--noprobe", *flags)
    assert not {("warning", "small_crops"), ("warning", "slow_precision")} & found
