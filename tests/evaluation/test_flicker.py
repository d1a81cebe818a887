"""Flicker: hand-computed values, and which frames follow on each other."""

import clips
import numpy as np
import pytest

from tfgan.cli.main import main
from tfgan.config import Domain
from tfgan.data.finding.sequences import clips_to_compare
from tfgan.data.reading import images
from tfgan.evaluation.comparison import Comparison
from tfgan.evaluation.flicker import changes
from tfgan.evaluation.measure import Tools, fitting, measure, obstacle

GRAY = Domain("image", 1)
STEP = 2 / 255  # of an 8-bit value, on [-1, 1]


def halves(left, right):
    """Frames N×4×4×1: the left half has the values `left`, the right half `right`."""
    found = np.zeros((len(left), 4, 4, 1), np.uint8)
    found[:, :, :2], found[:, :, 2:] = (np.array(values, np.uint8)[:, None, None, None] for values in (left, right))
    return found


def found(real, fake, clips=None):
    return list(changes(real, fake, np.zeros(len(real), int) if clips is None else np.array(clips), GRAY))


def test_only_what_keeps_still_counts():
    real = halves([100, 100, 101, 101], [0, 255, 0, 255])
    fake = halves([50, 60, 40, 40], [7, 90, 200, 3])
    assert np.allclose(found(real, fake), [(10 * STEP, 0), (20 * STEP, STEP), (0, 0)], atol=1e-6)


@pytest.mark.parametrize(("change", "counts"), [(0, True), (2, True), (3, False)])
def test_two_steps_are_still(change, counts):
    still = found(halves([100, 100 + change], [0, 200]), halves([10, 14], [0, 0]))
    assert still == ([pytest.approx((4 * STEP, change * STEP), abs=1e-6)] if counts else [])


def test_a_pixel_keeps_still_if_all_its_channels_do():
    real = np.zeros((2, 1, 2, 3), np.uint8)
    real[1, 0, 1, 2] = 9  # one channel of the second pixel
    fake = np.zeros((2, 1, 2, 3), np.uint8)
    fake[1, 0, 0], fake[1, 0, 1] = (3, 0, 0), 200
    assert np.allclose(list(changes(real, fake, np.zeros(2), Domain("image", 3))), [(STEP, 0)], atol=1e-6)


def test_clips_do_not_run_into_each_other():
    values = [10] * 4  # so that nothing but the clips' numbers tells where one ends
    fake = halves([0, 5, 200, 206], [0] * 4)
    assert np.allclose([change for change, _ in found(halves(values, values), fake, [0, 0, 1, 1])], [2.5 * STEP, 3 * STEP], atol=1e-6)


def comparison(real, fake, **more):
    return Comparison(GRAY, fake, real, matched=True, alone=False, names=tuple("abcdefgh"[: len(real)]), **more)


def test_the_figure_is_the_mean_of_all_changes_beside_that_of_the_real_frames():
    real, fake = halves([100, 100, 101, 255], [0, 255, 0, 200]), halves([50, 60, 40, 0], [7, 90, 200, 3])
    both = comparison(real, fake, clips=np.zeros(4, int))
    assert "flicker" in fitting(both) and "flicker" not in fitting(comparison(real, fake))
    measured = measure(both, ["flicker"], Tools())
    assert measured.values["flicker"].value == pytest.approx(15 * STEP) and measured.values["flicker"].real == pytest.approx(STEP / 2)
    assert "flicker is that of 2 of 3 changes of frames" in measured.warnings[0]
    moving = comparison(halves([0, 99], [0, 99]), halves([0, 0], [0, 0]), clips=np.zeros(2, int))
    assert obstacle(moving, "flicker", Tools()) == "between no two frames do 1% of the real pixels keep still"
    assert obstacle(both, "flicker", Tools()) == ""


def flickering(count=6):
    """A real clip that keeps still on the left and moves on the right, and a generated one that is 20 brighter in every other frame."""
    real = [np.full((24, 32, 3), 100, np.uint8) for _ in range(count)]
    for number, image in enumerate(real):
        image[:, 16:] = 40 * (number % 5)
    return real, [image + np.uint8(20 * (number % 2)) for number, image in enumerate(real)]


def test_videos_by_the_command(tmp_path, capsys):
    pytest.importorskip("av")
    real, fake = flickering()
    clips.write_clip(tmp_path / "source.mkv", real, codec="ffv1")
    clips.write_clip(tmp_path / "out.mkv", fake, codec="ffv1")
    out = tmp_path / "scores.json"
    sides = [f"--real={tmp_path / 'source.mkv'}", f"--fake={tmp_path / 'out.mkv'}"]
    assert main(["evaluate", *sides, "--features=", f"--out={out}"]) == 0
    import json

    (result,) = json.loads(out.read_text())["results"]
    assert result["metrics"]["flicker"]["value"] == pytest.approx(20 * STEP, abs=1.5 * STEP)
    assert result["metrics"]["flicker"]["real"] == pytest.approx(0, abs=STEP)
    assert result["metrics"]["l1"]["value"] == pytest.approx(10 * STEP, abs=STEP) and result["stamp"]["clips"] == 1
    assert main(["evaluate", *sides, "--features=", "--metrics=flicker", "--count=3"]) == 0
    assert "The first 3 of 6 frames are measured (--count)." in capsys.readouterr().out


def test_folders_of_frames_when_it_is_asked_for(tmp_path, capsys):
    real, _ = flickering(12)
    for number, image in enumerate(real):
        images.save(tmp_path / "real" / f"frame_{number}.png", image)
        images.save(tmp_path / "fake" / f"frame_{number}.png", np.full_like(image, 10 * number))  # 10 comes behind 9, not behind 1
    sides = [f"--real={tmp_path / 'real'}", f"--fake={tmp_path / 'fake'}", "--features="]
    assert main(["evaluate", *sides, "--metrics=flicker"]) == 0
    assert "flicker ↓  0.07843" in capsys.readouterr().out  # 10 of 255 steps, on [-1, 1]
    assert main(["evaluate", *sides, "--metrics=l1"]) == 0  # images of a folder are no frames unless somebody says so
    assert main(["evaluate", *sides]) == 0 and "flicker" not in capsys.readouterr().out


def names(real, fake, **options):
    found = clips_to_compare(str(real), str(fake), options.pop("count", 100), (), options.pop("in_order", False))
    return found and ([(a.file.name, a.frame, b.file.name, b.frame) for a, b in zip(found.real, found.fake)], found.clips, found.unpaired)


def test_a_video_beside_the_folder_of_its_frames(tmp_path):
    pytest.importorskip("av")
    clip = clips.write_clip(tmp_path / "a.mp4")
    for number in (1, 2, 3, 4, 5, 10):
        images.save(tmp_path / "frames" / f"{number}.png", clips.ramp(number))
    pairs, of, problem = names(clip, tmp_path / "frames")
    assert problem == "" and of == [0] * 6 and pairs[5] == ("a.mp4", 5, "10.png", 0)
    images.save(tmp_path / "frames/11.png", clips.ramp(0))
    assert names(clip, tmp_path / "frames")[2] == f"{'a.mp4'} has 6 frames and {tmp_path / 'frames'} 7"


def test_folders_of_videos_are_pairs_by_name(tmp_path):
    pytest.importorskip("av")
    for side, names_of_side in (("real", ("a.mp4", "b.mp4")), ("fake", ("a.mkv", "b.mkv"))):
        for number, name in enumerate(names_of_side):
            clips.write_clip(tmp_path / side / name, [clips.ramp(1)] * (2 + number))
    pairs, of, problem = names(tmp_path / "real", tmp_path / "fake")
    assert problem == "" and of == [0, 0, 1, 1, 1] and pairs[2] == ("b.mp4", 0, "b.mkv", 0)
    assert names(tmp_path / "real", tmp_path / "fake", count=3)[1] == [0, 0, 1]
    clips.write_clip(tmp_path / "real/c.mp4")
    assert "c.mp4 has no counterpart" in names(tmp_path / "real", tmp_path / "fake")[2]
    images.save(tmp_path / "one/x.png", clips.ramp(0))
    assert names(tmp_path / "one", tmp_path / "one") is None
