"""The measuring stick of settings: what studies learn from, the table's figures and marks, and a whole study at tiny sizes."""

import json
import os
import subprocess
import sys
import threading
import time

import keras
import numpy as np
import pytest
from PIL import Image

from benchmarks.quality import __main__ as quality
from benchmarks.quality import damaged, data, encoder, training
from benchmarks.quality.studies import STUDIES, TORCH
from benchmarks.quality.table import table
from tfgan.cli.main import main
from tfgan.evaluation.extractors import see


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Five training pairs and one to validate, photo left and labels right: pair n has photos of 10 + n and labels of 100 + n."""
    folder = tmp_path_factory.mktemp("whole")
    for split, count in (("train", 5), ("val", 1)):
        (folder / split).mkdir()
        for n in range(count):
            pixels = np.repeat(np.array([[[10 + n] * 3, [100 + n] * 3]], np.uint8), 4, axis=1).repeat(4, axis=0)
            Image.fromarray(pixels).save(folder / split / f"{n}.png")
    return folder


def colors(folder):
    return sorted(int(np.asarray(Image.open(file))[0, 0, 0]) for file in folder.iterdir())


def test_few_pairs_are_spread_over_all_and_validation_stays_whole(pairs, tmp_path):
    few = data.lay_out("pairs", str(pairs), tmp_path, pairs=2)
    assert sorted(file.name for file in (few / "train").iterdir()) == ["0.png", "2.png"]
    assert [file.name for file in (few / "val").iterdir()] == ["0.png"]
    assert data.lay_out("pairs", str(pairs), tmp_path) == pairs  # all of them are where they were


def test_unpaired_images_come_from_different_pairs(pairs, tmp_path):
    folder = data.lay_out("unpaired", str(pairs), tmp_path)
    assert colors(folder / "trainA") == [100, 102, 104] and colors(folder / "trainB") == [11, 13]
    assert colors(folder / "testA") == [100] and colors(folder / "testB") == [10]  # of validation pairs the truth is known


def test_what_was_half_made_is_made_again(pairs, tmp_path):
    (tmp_path / "unpaired.part" / "trainA").mkdir(parents=True)
    (tmp_path / "unpaired.part" / "trainA" / "stray.png").write_bytes(b"")
    assert "stray.png" not in os.listdir(data.lay_out("unpaired", str(pairs), tmp_path) / "trainA")


def test_marks_need_more_than_the_spread():
    """ssim is better when higher, l1 when lower; means of 2 ± 1.41 are beaten by more than the larger deviation, or not marked."""
    results = {
        name: [{"ssim": value, "l1": value, "seconds_per_image": 0.5, "megabytes": 100.4} for value in values]
        for name, values in {"paper": (1, 3), "near": (2, 4), "far": (9, 11), "wild": (0, 9), "once": (50,)}.items()
    }
    lines = table(results, ("ssim", "l1", "kid")).splitlines()
    assert lines[0] == "| | seeds | ssim ↑ | l1 ↓ | ms / image | MB |"  # nobody has kid
    assert lines[2] == "| paper | 2 | 2 ± 1.4 | 2 ± 1.4 | 500 | 100 |"
    assert lines[3] == "| near | 2 | 3 ± 1.4 | 3 ± 1.4 | 500 | 100 |"
    assert lines[4] == "| far | 2 | 10 ± 1.4 + | 10 ± 1.4 - | 500 | 100 |"
    assert lines[5] == "| wild | 2 | 4.5 ± 6.4 | 4.5 ± 6.4 | 500 | 100 |"
    assert lines[6] == "| once | 1 | 50 | 50 | 500 | 100 |"  # one seed has no spread


@pytest.mark.parametrize("study", STUDIES)
def test_every_setting_of_a_study_is_one_of_train(study):
    common = quality.schedule(2, 64, 0)
    for name, flags in STUDIES[study].settings.items():
        assert "," not in name  # --settings could not name it
        if name != TORCH:
            assert main(["train", "--dry_run", *flags, *common, "--data_dir=."]) == 0, name


def test_settings_that_do_not_exist_are_told(capsys):
    options, _ = quality.parse(["pairs", "--settings=papr"])
    with pytest.raises(SystemExit, match="papr is unknown. There are: paper"):
        quality.chosen({"paper": ()}, options)
    options, flags = quality.parse(["pairs", f"--torch_python={os.devnull}", "--setting=mine=--loss=hinge --ngf=8", "--", "--ndf=8"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality.subprocess, "run", lambda *_, **__: subprocess.CompletedProcess([], 1))
        assert quality.chosen({"paper": (), TORCH: ()}, options) == {"paper": (), "mine": ("--loss=hinge", "--ngf=8")}
    assert "has no PyTorch" in capsys.readouterr().out and flags == ["--ndf=8"]


def test_memory_is_that_of_the_command(tmp_path):
    """And not that of the process that starts it, such as this one."""
    sizes = [training._run([sys.executable, "-c", f"held = b'.' * {megabytes << 20}"], tmp_path / "log") for megabytes in (1, 101)]
    assert sizes[0] < 60 and 90 < sizes[1] - sizes[0] < 110


def test_a_command_that_fails_is_named(tmp_path):
    with pytest.raises(SystemExit, match=r"ended with 3: see .*log"):
        training._run([sys.executable, "-c", "import sys; print('why'); sys.exit(3)"], tmp_path / "log")
    assert (tmp_path / "log").read_text() == "why\n"


def test_runs_side_by_side_are_judged_one_by_one(tmp_path, monkeypatch):
    """Three trainings meet, or the barrier breaks; their figures stay with their settings and seeds."""
    meeting, judging = threading.Barrier(3), threading.Lock()

    class Judge:
        name = "first"

        def of_run(self, run):
            assert judging.acquire(blocking=False)
            time.sleep(0.05)
            judging.release()
            return {"ssim": {"slow": 0.25, "quick": 0.75}[run.name[:-2]] + int(run.name[-1])}

    def train(name, *_):
        meeting.wait(timeout=30)
        time.sleep(0.2 if name == "slow" else 0.0)
        return training.Trained(0.001, 100.0)

    monkeypatch.setattr(quality, "make_judge", lambda *_: Judge())
    monkeypatch.setattr(quality.data, "lay_out", lambda *_: tmp_path)
    monkeypatch.setattr(quality, "train", train)
    monkeypatch.setitem(STUDIES, "pairs", STUDIES["pairs"]._replace(settings={}))
    quality.main(["pairs", "--setting=slow=--ngf=4", "--setting=quick=--ngf=8", "--seeds=3", "--at_once=3", f"--workdir={tmp_path}"])
    lines = (tmp_path / "pairs" / "TABLE.md").read_text().splitlines()
    assert lines[-2:] == ["| slow | 3 | 1.25 ± 1 | 1 | 100 |", "| quick | 3 | 1.75 ± 1 | 1 | 100 |"] and "--at_once=3" in lines[3]


def test_another_judge_measures_what_is_there_without_training(tmp_path, monkeypatch):
    class Judge:
        def __init__(self, name, ssim):
            self.name, self.of_run = name, lambda run: {"ssim": ssim}

    def figures(judge):
        return quality.measured("paper", ("--ngf=4",), [], tmp_path / "paper_0", judge, sys.executable, [], threading.Lock())

    monkeypatch.setattr(quality, "train", lambda *_: training.Trained(0.5, 100.0))
    cost = {"seconds_per_image": 0.5, "megabytes": 100.0}
    assert figures(Judge("first", 0.25)) == {"ssim": 0.25, **cost}
    monkeypatch.setattr(quality, "train", None)  # which is not asked again
    assert figures(Judge("first", 0.75)) == {"ssim": 0.25, **cost}
    assert figures(Judge("second", 0.75)) == {"ssim": 0.75, **cost}


@pytest.mark.parametrize("partner, loss", [([0, 1], 0.013386), ([1, 0], 5.013386)])
def test_the_encoder_learns_to_find_the_other_view(partner, loss):
    """Of unit vectors at right angles, likeness is 1 / 0.2 = 5 or 0: log(e⁵ + 2) less the partner's likeness."""
    vectors = np.eye(2, 3, dtype=np.float32)
    assert float(encoder.contrastive_loss(vectors, vectors[partner])) == pytest.approx(loss, abs=1e-5)


def test_the_encoder_tells_photos_apart():
    """Other crops, mirrored and brightened, of eight fields of colors: each finds its own better than by chance, whose loss is log 15."""
    photos = np.random.default_rng(0).uniform(-1, 1, (8, 4, 4, 3)).astype(np.float32).repeat(4, axis=1).repeat(4, axis=2)
    views = 0.8 * photos + 0.2, photos[:, 2:14, 15:3:-1]

    def loss(network):
        found = np.stack([see(encoder.from_encoder(network), view, np.asarray).features for view in views])  # 2 × 8 × 256
        found -= found.mean(axis=(0, 1))
        return float(encoder.contrastive_loss(*(found / np.linalg.norm(found, axis=-1, keepdims=True))))

    keras.utils.set_random_seed(0)
    assert loss(encoder.build_encoder(3)) > 2.2 and loss(encoder.train_encoder(photos, steps=60)) < 1.5


def test_the_judge_is_tried_on_damaged_photos():
    """Every damage keeps shape and type; a checkerboard moves gray by 10 levels, and a photo without color has three equal channels."""
    photos = np.random.default_rng(0).integers(20, 230, (2, 8, 8, 3), np.uint8)
    found = damaged.damages(photos, photos[::-1])
    assert all(images.shape == photos.shape and images.dtype == np.uint8 for images in found.values())
    board = found["a checkerboard of ± 10 levels"].astype(int) - photos
    np.testing.assert_array_equal(np.abs(board), 10)
    assert (board[:, 0, 0] == -10).all() and (board[:, 0, 1] == 10).all()
    gray = found["without color"]
    assert (gray[..., :1] == gray).all() and np.abs(gray[..., 0] - photos @ [0.299, 0.587, 0.114]).max() <= 1
    assert (found["one photo for all"] == photos[0]).all()


TINY = ["--image_size=32", "--epochs=1", "--seeds=1", "--images=8", "--judge_steps=2"]
SMALL = ["--", "--ngf=4", "--ndf=4", "--n_layers=1"]


@pytest.mark.slow
def test_a_study_is_trained_measured_and_not_done_twice(tmp_path, capsys, monkeypatch):
    python = os.environ.get("TFGAN_TEST_TORCH_PYTHON", sys.executable)
    arguments = ["unpaired", "--settings=paper,CUT,PyTorch", *TINY, f"--workdir={tmp_path}", f"--torch_python={python}", *SMALL]
    quality.main(arguments)
    text = (tmp_path / "unpaired" / "TABLE.md").read_text()
    assert "photo pixel_accuracy ↑" in text and "labels pixel_accuracy ↑" in text and "| paper | 1 |" in text
    figures = json.loads((tmp_path / "unpaired" / "paper_0.json").read_text())["figures"]
    assert 0 <= figures["photo mean_iou"] <= 1 and figures["photo encoder fid"] > 0 and "labels encoder fid" not in figures
    assert figures["megabytes"] > 100 and figures["seconds_per_image"] > 0
    one_way = json.loads((tmp_path / "unpaired" / "CUT_0.json").read_text())["figures"]
    assert one_way["photo fid"] > 0 and one_way["photo encoder fid"] > 0 and not [name for name in one_way if name.startswith("labels")]
    monkeypatch.setattr(quality, "train", None)  # which is not asked again
    quality.main(arguments)
    assert (tmp_path / "unpaired" / "TABLE.md").read_text() == text


@pytest.mark.slow
def test_photos_from_noise_and_reconstructions_are_measured(tmp_path):
    narrow = ["--", "--nef=4", "--ngf=4", "--ndf=4", "--encoder_units=8", "--latent_dim=8", "--batch_size=4"]
    quality.main(["photos", "--settings=VAE-GAN + latents", *TINY, f"--workdir={tmp_path}", *narrow])
    figures = json.loads((tmp_path / "photos" / "VAE_GAN_latents_0.json").read_text())["figures"]
    assert figures["fid"] > 0 and 0 < figures["reconstruction l1"] < 2 and 0 <= figures["recall"] <= 1
    assert "reconstruction l1 ↓" in (tmp_path / "photos" / "TABLE.md").read_text()
