"""Alarms of real trainings, through the real command line in this process, and the flags that they suggest."""

import contextlib
import io
import json
import shutil
import types

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.cli.main import main
from tfgan.config import Classes, DataConfig, DataSpec, Domain, TrainConfig
from tfgan.evaluation import detectors
from tfgan.inference import Sampler, Translator
from tfgan.methods import METHODS, method_class
from tfgan.methods.gan import GAN
from tfgan.methods.noise import NoiseMethod
from tfgan.runs.training.alarms import Health
from tfgan.runs.training.cures import CURES, suggest
from tfgan.runs.training.pictures import Call, Made
from tfgan.training.pace import Pace

PHOTO, LABELS = Domain("photo", 3), Domain("labels", 3)
PICTURE = np.zeros([1, 1, 3], np.uint8)
SPEC = DataSpec("paired", (16, 16), {"source": PHOTO, "target": LABELS}, {"train": 8, "validation": 8}, "")
STUCK = [
    *("--method=gan", "--image_size=16", "--synthetic_images=16", "--batch_size=4", "--learning_rate=0.002", "--num_samples=3"),
    *("--log_every=2", "--sample_every=10", "--checkpoint_every=10"),
]


@pytest.fixture
def soon(monkeypatch):
    """Alarms after tens of steps instead of hundreds."""
    monkeypatch.setattr(detectors, "WARM_UP_STEPS", 10)
    monkeypatch.setattr(detectors, "STRETCH_STEPS", 10)


@pytest.fixture
def stuck_generator(monkeypatch):
    """It makes one gray image of all noise and never learns, against a discriminator that soon knows it."""
    make, build = NoiseMethod.make_optimizers, GAN.build_generator

    def build_gray(self):
        generator = build(self)
        last = [layer for layer in generator.layers if isinstance(layer, keras.layers.Dense)][-1]
        last.kernel.assign(tf.zeros_like(last.kernel))
        return generator

    monkeypatch.setattr(GAN, "build_generator", build_gray)
    monkeypatch.setattr(NoiseMethod, "make_optimizers", lambda self: make(self) | {"generator": self.hparams.adam(1, 0.0)})


def train(run, capsys, *flags):
    """Exit code and terminal of a run."""
    capsys.readouterr()
    code = main(["train", f"--workdir={run}", *map(str, flags)])
    return code, capsys.readouterr().out


def alarms(run):
    return [json.loads(line) for line in (run / "alarms.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def stuck(tmp_path_factory):
    """A folder with a run of `STUCK` of 60 steps, stopped after 40 and resumed; what it was after 40; and the terminal since then."""
    folder = tmp_path_factory.mktemp("stuck")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        soon.__wrapped__(patch)
        stuck_generator.__wrapped__(patch)
        assert main(["train", *STUCK, f"--workdir={folder / 'run'}", "--steps=40"]) == 0
        shutil.copytree(folder / "run", folder / "early")
        assert main(["train", *STUCK, f"--workdir={folder / 'run'}", "--steps=60"]) == 0
    (folder / "terminal").write_text(printed.getvalue())
    return folder


def test_a_stuck_generator_raises_both_alarms(stuck):
    found = alarms(stuck / "run")
    assert {alarm["alarm"] for alarm in found} >= {"discriminator_saturated", "collapse"}
    assert len({alarm["alarm"] for alarm in found}) == len(found)  # each said once
    for alarm in found:
        assert set(alarm) == {"step", "epoch", "alarm", "message", "flag"}
        assert alarm["epoch"] == alarm["step"] / 4 and alarm["flag"].startswith("--")


def test_every_alarm_is_said_once_with_its_flag(stuck):
    printed, found = (stuck / "terminal").read_text(), alarms(stuck / "run")
    for alarm in found:
        assert printed.count(f"step {alarm['step']}: ALARM {alarm['alarm']}: {alarm['message']} Try {alarm['flag']} in a new run.\n") == 1
    assert printed.count("ALARM") == len(found) >= 2


def test_tensorboard_shows_the_alarms(stuck):
    events = [e for path in (stuck / "run" / "tensorboard").iterdir() for e in tf.compat.v1.train.summary_iterator(str(path))]
    texts = {value.tag: value.tensor.string_val[0].decode() for e in events for value in e.summary.value if value.tag.startswith("alarms/")}
    for alarm in alarms(stuck / "run"):
        assert texts[f"alarms/{alarm['alarm']}"] == f"{alarm['message']} Try {alarm['flag']} in a new run."


def test_a_run_that_goes_back_to_its_checkpoint_keeps_each_line_once(stuck, soon, stuck_generator, tmp_path, capsys):
    """Killed after step 50, the last checkpoint being of step 40: rows and alarms from then on are written anew."""
    run = shutil.copytree(stuck / "early", tmp_path / "run")
    shutil.copy(stuck / "run" / "metrics.jsonl", run)
    later = [{"step": 44, "epoch": 11.0, "alarm": "checkerboard", "message": "gone", "flag": "--x"}]
    (run / "alarms.jsonl").write_text("".join(json.dumps(alarm) + "\n" for alarm in alarms(run) + later) + '{"step": 50, "ep')
    code, printed = train(run, capsys, *STUCK, "--steps=60")
    assert code == 0 and "from step 40" in printed
    assert [(a["step"], a["alarm"]) for a in alarms(run)] == [(a["step"], a["alarm"]) for a in alarms(stuck / "run")]
    before = {a["alarm"] for a in alarms(stuck / "early")}
    assert before and not any(f"ALARM {name}:" in printed for name in before)  # still on, and said already


def test_nohealth_watches_nothing(soon, stuck_generator, tmp_path, capsys):
    code, printed = train(tmp_path, capsys, *STUCK, "--steps=40", "--nohealth", "--notensorboard")
    assert code == 0 and "ALARM" not in printed and not (tmp_path / "alarms.jsonl").exists()
    assert "sample_diversity" not in (tmp_path / "metrics.jsonl").read_text()


def test_a_healthy_run_is_quiet(soon, tmp_path, tiny, capsys):
    """The quick start's method, small; alarms could come from the tenth step on."""
    flags = [
        *tiny,
        "--generator=unet_32",
        "--image_size=32",
        "--num_samples=3",
        "--sample_every=20",
        "--log_every=5",
        "--checkpoint_every=100",
    ]
    code, printed = train(tmp_path, capsys, *flags, "--steps=80", "--learning_rate=0.001")
    assert code == 0 and "ALARM" not in printed and (tmp_path / "alarms.jsonl").read_text() == ""
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert 0.15 < rows[-1]["sample_diversity"] < 2 and rows[-1]["sample_checkerboard"] < 10
    assert "sample_correlation" not in rows[-1]  # the truth is known


class Waiting(Pace):
    """Half of the time; remembers the calls."""

    calls: list = []

    def took(self, steps, seconds, compiles, probes):
        super().took(steps, seconds, compiles, probes)
        self.calls.append((steps, compiles, probes))

    def waiting(self):
        return 0.5 if super().waiting() is not None else None


def test_slow_input_is_probed_every_so_many_steps_and_said(soon, tmp_path, tiny, capsys, monkeypatch):
    monkeypatch.setattr("tfgan.training.trainer.Pace", Waiting)
    monkeypatch.setattr("tfgan.training.pace.PROBE_EVERY", 10)
    flags = ["--steps=90", "--sample_every=1000", "--checkpoint_every=100", "--log_every=5", "--steps_per_execution=3"]
    code, printed = train(tmp_path, capsys, *tiny, *flags)
    assert code == 0
    (alarm,) = alarms(tmp_path)
    assert alarm["alarm"] == "slow_input" and alarm["flag"] == "--cache=always"
    assert "50% of the time" in printed and "Try --cache=always." in printed  # without a new run
    assert [compiles for _, compiles, _ in Waiting.calls] == [True] + [False] * (len(Waiting.calls) - 1)
    steps, probed = np.cumsum([steps for steps, *_ in Waiting.calls]), [probes for *_, probes in Waiting.calls]
    assert {count for count, _, probes in Waiting.calls if probes} == {2} and steps[-1] == 90
    assert np.all(np.diff(steps[probed]) >= 10) and len(steps[probed]) >= 5
    assert "input_wait" not in (tmp_path / "metrics.jsonl").read_text()  # equal runs have equal rows


def fake_method(name, hparams=None, spec=SPEC):
    return types.SimpleNamespace(hparams=hparams or method_class(name).HParams(), spec=spec, gap=method_class(name).gap)


def can_raise(name, alarm):
    """Overfitting is told from distances to true images, or after the way there and back."""
    return alarm != "overfitting" or method_class(name).gap is not None


@pytest.mark.parametrize("name, alarm", [(name, alarm) for name in METHODS for alarm in CURES if can_raise(name, alarm)])
def test_every_suggestion_is_a_flag_of_the_method_that_it_accepts(name, alarm, capsys):
    flag, remark = suggest(alarm, 12.5, fake_method(name), DataConfig(), TrainConfig(validate_every=1))
    assert flag and f"Try {flag}" in remark
    validation = ["--validate_every=1"] if alarm == "overfitting" else []
    assert main(["train", f"--method={name}", flag, "--dry_run", *validation]) == 0
    shown = flag.removeprefix("--").removeprefix("no").partition("=")[0]
    assert f"*{shown}=" in capsys.readouterr().out  # it changes the setting


def test_every_detector_has_cures():
    assert set(CURES) == {detector.name for detector in detectors.detectors(lambda row: {}, gap=method_class("pix2pix").gap)}


@pytest.mark.parametrize(
    ("alarm", "name", "settings", "flag"),
    [
        ("discriminator_saturated", "pix2pix", {}, "--diffaugment=color,translation,cutout"),
        ("discriminator_saturated", "pix2pix", {"diffaugment": ("color",)}, "--ndf=32"),
        ("discriminator_saturated", "pix2pix", {"diffaugment": ("color",), "ndf": 1}, "--learning_rate=0.0001"),
        ("discriminator_saturated", "pix2pix", {"diffaugment": ("color",), "ndf": 1, "learning_rate": 0.0}, "--seed=1"),
        ("discriminator_saturated", "spade", {"diffaugment": ("color",)}, "--discriminator_learning_rate=0.0002"),
        ("discriminator_saturated", "cyclegan", {"diffaugment": ("color",)}, "--ndf=32"),
        ("discriminator_saturated", "vaegan", {}, "--skip_margin=0.35"),
        ("discriminator_saturated", "vaegan", {"skip_margin": 0.2}, "--diffaugment=color,translation,cutout"),
        ("collapse", "gan", {}, "--loss=wgan_gp"),
        ("collapse", "gan", {"loss": "wgan_gp"}, "--diffaugment=color,translation,cutout"),
        ("collapse", "gan", {"updates": "generator_first"}, "--loss=wgan_gp"),
        ("collapse", "dcgan", {}, "--diffaugment=color,translation,cutout"),  # its batch norm does not go with a penalty
        ("collapse", "dcgan", {"discriminator_norm": "none"}, "--loss=wgan_gp"),
        ("collapse", "pix2pix", {}, "--l1_weight=200"),
        ("collapse", "pix2pix", {"objective": "cgan"}, "--diffaugment=color,translation,cutout"),
        ("collapse", "pix2pix", {"bottleneck_norm": True, "batch_size": 4}, "--nobottleneck_norm"),
        ("collapse", "cyclegan", {}, "--cycle_weight=20"),
        ("collapse", "cut", {}, "--nce_weight=2"),
        ("collapse", "stargan", {}, "--reconstruction_weight=20"),
        ("collapse", "spade", {}, "--feature_weight=20"),
        ("collapse", "vaegan", {}, "--similarity_weight=2e-05"),
        ("color_inversion", "cyclegan", {}, "--identity_weight=1"),
        ("color_inversion", "cyclegan", {"identity_weight": 0.0}, "--identity_weight=0.5"),
        ("color_inversion", "stargan", {}, "--identity_weight=0.5"),
        ("checkerboard", "pix2pix", {}, "--upsampling=resize"),
        ("checkerboard", "pix2pix", {"upsampling": "resize"}, "--ema_decay=0.999"),
        ("checkerboard", "cut", {}, "--ema_decay=0.999"),  # a blur leaves none
        ("checkerboard", "cut", {"upsampling": "deconv"}, "--upsampling=resize"),
        ("checkerboard", "dcgan", {}, "--architecture=upsampling"),
        ("checkerboard", "dcgan", {"kernel_size": 4}, "--ema_decay=0.999"),  # which the other architecture does not take
        ("checkerboard", "stargan", {"ema_decay": 0.9}, "--learning_rate=5e-05"),
        ("overfitting", "spade", {}, "--best_metric=l1"),
        ("overfitting", "cyclegan", {}, "--best_metric=cycle_l1"),
        ("overfitting", "stargan", {}, "--best_metric=cycle_l1"),
    ],
)
def test_what_is_suggested(alarm, name, settings, flag):
    hparams = method_class(name).HParams(**settings)
    assert suggest(alarm, 12.5, fake_method(name, hparams), DataConfig(), TrainConfig(validate_every=1))[0] == flag


def test_suggestions_that_depend_on_data_and_other_settings():
    gray = DataSpec("unpaired", (16, 16), {"source": PHOTO, "target": Domain("ink", 1)}, {}, "")
    other = method_class("cyclegan").HParams(identity_weight=0.0)
    assert suggest("color_inversion", 1.0, fake_method("cyclegan", other, gray), DataConfig(), TrainConfig(seed=6))[0] == "--seed=7"
    best, augmented = TrainConfig(validate_every=1, best_metric="ssim"), method_class("pix2pix").HParams(diffaugment=("color",))
    assert suggest("overfitting", 1.0, fake_method("pix2pix"), DataConfig(), best)[0] == "--diffaugment=color,translation,cutout"
    assert suggest("overfitting", 12.9, fake_method("pix2pix", augmented), DataConfig(), best) == ("--epochs=12", " Try --epochs=12.")
    assert suggest("overfitting", 0.2, fake_method("pix2pix", augmented), DataConfig(), best)[0] == "--epochs=1"
    flag, remark = suggest("slow_input", 1.0, fake_method("pix2pix"), DataConfig(cache="always"), TrainConfig())
    assert flag == "" and "processor cores" in remark


class FakeDataset:
    """A spec and pictures, some of each class."""

    def __init__(self, spec, columns=None):
        self.spec, self.columns = spec, columns or {}

    def column(self, split, key, most):
        assert split == "validation"
        return self.columns[key][:most]


def watched(spec, columns=None):
    method = types.SimpleNamespace(doubt=lambda row: {}, ema_decay=0.0, ema_warmup=False, spec=spec, gap=None)
    return Health(method, FakeDataset(spec, columns), DataConfig(), TrainConfig(workdir="run"))


def signature(kind, **attributes):
    found = object.__new__(kind)
    for name, value in attributes.items():
        object.__setattr__(found, name, value)
    return found


def noise(seed, shape, scale=0.4):
    return (scale * np.random.default_rng(seed).normal(size=shape)).astype(np.float32)


class TestMeasure:
    def test_both_ways_of_an_unpaired_translation_and_not_the_way_back(self):
        x, y = noise(0, (4, 32, 32, 3)), noise(1, (4, 32, 32, 3), 0.2)
        spec = DataSpec("unpaired", (32, 32), {"source": PHOTO, "target": LABELS}, {}, "")
        signatures = {
            "to_y": signature(Translator, input_key="source", truth_key="", target=LABELS),
            "to_x": signature(Translator, input_key="target", truth_key="", target=PHOTO),
        }
        examples = [{"source": a, "target": b} for a, b in zip(x, y)]
        alike = np.zeros_like(x[0])
        calls = [  # to y: halves the contrast, to x: the negative; ways back: all alike
            [Call("to_y", e["source"], e["source"] / 2), Call("to_x", e["source"] / 2, alike), Call("to_x", e["target"], -e["target"])]
            for e in examples
        ]
        measured = watched(spec).measure(Made(signatures, examples, calls, {}, PICTURE))
        assert measured["sample_correlation"] == pytest.approx((1 - 1) / 2, abs=1e-6)
        # Beside real images of the target: 0.4 / 2 of 0.2, and 0.2 of 0.4.
        assert measured["sample_diversity"] == pytest.approx(0.5, rel=0.02)
        assert abs(measured["sample_checkerboard"]) < 8

    def test_a_paired_translation_stands_beside_its_truth(self):
        maps = np.zeros((3, 32, 32), np.int32)
        labels = Domain("labels", 1, "int32", "nearest", Classes("ids", (0, 1), ("#000000", "#ffffff"), ("a", "b")))
        spec = DataSpec("semantic", (32, 32), {"labels": labels, "image": PHOTO}, {}, "")
        truth = noise(0, (3, 32, 32, 3))
        signatures = {"translate": signature(Translator, input_key="labels", truth_key="image", target=PHOTO)}
        examples = [{"labels": m, "image": t} for m, t in zip(maps, truth)]
        calls = [[Call("translate", e["labels"], 0.3 * e["image"]), Call("translate", e["labels"], 0.1 * e["image"])] for e in examples]
        measured = watched(spec).measure(Made(signatures, examples, calls, {}, PICTURE))
        assert measured["sample_diversity"] == pytest.approx(0.1, rel=1e-5)  # the worst of two styles

    def test_a_paired_translation_may_be_a_negative(self):
        x = noise(0, (3, 32, 32, 3))
        signatures = {"translate": signature(Translator, input_key="source", truth_key="target", target=LABELS)}
        examples = [{"source": image, "target": -image} for image in x]
        calls = [[Call("translate", example["source"], example["target"])] for example in examples]
        measured = watched(SPEC).measure(Made(signatures, examples, calls, {}, PICTURE))
        assert measured == pytest.approx({"sample_diversity": 1.0, "sample_checkerboard": 0.0}, abs=1e-6)

    def test_grids_from_noise_stand_beside_real_images(self):
        domain = Domain("image", 3)
        spec = DataSpec("images", (32, 32), {"image": domain}, {}, "")
        real = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
        columns = {str(n): list(noise(n, (4, 32, 32, 3), 0.1)) for n in range(3)}
        signatures = {"generate": signature(Sampler, target=domain, class_names=())}
        measured = watched(spec, {"image": real}).measure(Made(signatures, [], [], {"generate": columns}, PICTURE))
        assert measured["sample_diversity"] == pytest.approx(0.1 / np.sqrt(1 / 3), rel=0.05)  # of uniform noise in [-1, 1]

    def test_classes_stand_beside_their_own(self):
        """Class 0 collapses: its images are alike, though not like those of class 1."""
        domain = Domain("image", 1)
        spec = DataSpec("labeled", (32, 32), {"image": domain}, {}, "", class_names=("0", "1"))
        labels = np.arange(20) % 2
        pixels = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 1), np.uint8)
        pixels[labels == 1] //= 4
        columns = {"0": list(noise(0, (4, 32, 32, 1), 0.02)), "1": list(noise(1, (4, 32, 32, 1), 0.14) + 1)}
        signatures = {"generate": signature(Sampler, target=domain, class_names=("0", "1"))}
        measured = watched(spec, {"image": pixels, "label": labels}).measure(Made(signatures, [], [], {"generate": columns}, PICTURE))
        assert measured["sample_diversity"] == pytest.approx(0.02 * np.sqrt(3), rel=0.05)
        columns["0"] = list(noise(0, (4, 32, 32, 1), 0.56))
        measured = watched(spec, {"image": pixels, "label": labels}).measure(Made(signatures, [], [], {"generate": columns}, PICTURE))
        assert measured["sample_diversity"] == pytest.approx(0.97, rel=0.05)  # 0.56 √3 and, a quarter as bright, 0.14 · 4 √3

    def test_too_little_to_measure_gives_no_scalars(self):
        x = noise(0, (1, 16, 16, 3))
        spec = DataSpec("paired", (16, 16), {"source": PHOTO, "target": LABELS}, {}, "")
        signatures = {"translate": signature(Translator, input_key="source", truth_key="target", target=LABELS)}
        made = Made(signatures, [{"source": x[0], "target": x[0]}], [[Call("translate", x[0], x[0])]], {}, PICTURE)
        assert watched(spec).measure(made) == {}
