"""Videos through a translator: their times, their sound, one noise for all frames, and nothing half done."""

import errno
import itertools
import re
from fractions import Fraction

import clips
import numpy as np
import pytest

from tfgan.cli.main import main
from tfgan.config import Domain
from tfgan.data.finding.files import find_tasks
from tfgan.data.reading import images
from tfgan.data.reading.codecs import video
from tfgan.data.reading.results import why_unfit
from tfgan.errors import OutputError, UserError
from tfgan.inference.files import DONE, FAILED, KEPT, OTHER, PARTLY, Outcome, translate_files
from tfgan.inference.origin import read_origin
from tfgan.inference.passage import Passage
from tfgan.inference.translator import Translator
from tfgan.methods.base import Translation
from tfgan.runs.results.written import Written

av = pytest.importorskip("av")

FULL = Passage("full", clips.SIZE, clips.SIZE)


def translator(function=lambda x: x, conditions=None, channels=3):
    return Translator(Translation(function, Domain("a", 3), Domain("b", channels), 1, 1, conditions=conditions or {}))


def translate(source, output, made_by=None, conditions=lambda image: {}, form="", overwrite=False, **origin):
    """The outcomes, and what was said."""
    said = []
    tasks = find_tasks(str(source), str(output), form)
    found = translate_files(
        made_by or translator(), tasks, conditions, alpha="composite", overwrite=overwrite, passage=FULL, origin=origin, say=said.append
    )
    return [(outcome.kind, outcome.text) for _, outcome in found], said


@pytest.mark.parametrize(
    ("ending", "codec", "sound"),
    [
        ("mp4", "libx264", "aac"),
        ("mov", "libx264", "pcm_s16le"),
        ("mkv", "ffv1", "flac"),
        ("webm", "libvpx-vp9", ""),
        ("avi", "mpeg4", "mp2"),
    ],
)
def test_times_size_sound_and_colors_stay(tmp_path, ending, codec, sound):
    source = clips.write_clip(tmp_path / f"a.{ending}", codec=codec, sound=sound)
    result = tmp_path / "out" / f"a.{ending}"
    assert translate(source, result) == ([(DONE, "")], [])
    (before, times), (after, new_times) = clips.read_frames(source), clips.read_frames(result)
    assert len(after) == len(before) == 6 and after[0].shape == before[0].shape
    assert np.allclose(times, new_times, atol=0.001)
    assert max(np.abs(a.astype(int) - b).mean() for a, b in zip(before, after)) < 6
    assert clips.packets_of_sound(result) == clips.packets_of_sound(source)
    assert bool(sound) == (len(clips.packets_of_sound(source)) > 0)


def test_frames_come_at_the_times_of_their_sources(tmp_path):
    times = [0, 3003, 6006, 15015, 16000, 90000]  # a phone's, in ninety-thousandths of a second
    source = clips.write_clip(tmp_path / "a.mp4", times=times, base=Fraction(1, 90_000))
    translate(source, tmp_path / "b.mp4")
    assert clips.read_frames(tmp_path / "b.mp4")[1] == pytest.approx([time / 90_000 for time in times], abs=1e-6)
    with pytest.raises(AssertionError):
        assert clips.read_frames(tmp_path / "b.mp4")[1] == pytest.approx([number / 25 for number in range(6)], abs=1e-6)
    outcomes, _ = translate(source, tmp_path / "b.avi")
    assert outcomes == [(FAILED, "AVI files have one frame rate, and these frames come at varying times: name an .mp4 or .mkv")]
    assert not (tmp_path / "b.avi").exists()


def test_colors_keep_their_description(tmp_path):
    source = clips.write_clip(tmp_path / "a.mp4", colorspace=1, color_primaries=1, color_trc=1)
    translate(source, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (int(frame.colorspace), int(frame.color_primaries), int(frame.color_trc), int(frame.color_range)) == (1, 1, 1, 1)


def test_green_stays_green_through_both_matrices(tmp_path):
    green = np.zeros((24, 32, 3), np.uint8)
    green[..., 1] = 180
    for matrix in (1, 6):
        with av.open(str(tmp_path / "a.mkv"), "w") as container:
            stream = container.add_stream("ffv1", rate=25)
            stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
            stream.codec_context.colorspace = matrix
            frame = av.VideoFrame.from_ndarray(green, "rgb24").reformat(
                format="yuv420p", dst_colorspace=5 if matrix == 6 else 1, dst_color_range=1
            )
            container.mux([*stream.encode(frame), *stream.encode(None)])
        translate(tmp_path / "a.mkv", tmp_path / f"{matrix}.mp4")
        with video.open_clip(tmp_path / f"{matrix}.mp4") as clip:
            assert np.abs(next(clip.parts()).pixels.astype(int) - green).mean() < 4


def test_odd_sides_are_made_even_and_said(tmp_path):
    frames = [np.full((25, 33, 3), 40 * number, np.uint8) for number in range(4)]
    source = clips.write_clip(tmp_path / "a.mkv", frames, codec="ffv1")
    said = translate(source, tmp_path / "b.mp4")[1]
    assert said == [f"{source} gets 26×34 pixels, its last row or column twice: libx264 takes even sides only."]
    found = clips.read_frames(tmp_path / "b.mp4")[0]
    assert found[0].shape == (26, 34, 3) and abs(int(found[3][25, 33, 0]) - 120) < 4
    assert translate(source, tmp_path / "b.webm")[1] == [] and clips.read_frames(tmp_path / "b.webm")[0][0].shape == (25, 33, 3)


def test_a_phones_clip_is_translated_upright(tmp_path):
    image = np.zeros((24, 32, 3), np.uint8)
    image[:12] = 200
    translate(clips.write_clip(tmp_path / "a.mp4", [image] * 2, rotation=90), tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        frame = next(container.decode(video=0))
    assert frame.rotation == 0 and (frame.height, frame.width) == (32, 24)
    assert frame.to_ndarray(format="rgb24")[:, :10].min() > 150


def test_sound_that_a_container_does_not_take_is_left_out_and_said(tmp_path):
    source = clips.write_clip(tmp_path / "a.mp4", sound="aac")
    outcomes, said = translate(source, tmp_path / "b.webm")
    assert outcomes == [(DONE, "")] and said == [
        f"{source} loses its sound (aac), which WebM cannot hold as it is: name an .mkv to keep it."
    ]
    assert clips.packets_of_sound(tmp_path / "b.webm") == []
    assert translate(source, tmp_path / "b.mkv")[1] == []
    assert clips.packets_of_sound(tmp_path / "b.mkv") == clips.packets_of_sound(source)


def test_all_frames_are_translated_by_the_conditions_of_the_first(tmp_path):
    asked = itertools.count()
    made_by = translator(lambda x, value: x * 0 + value[:, None, None] / 10, {"value": 3})
    translate(clips.write_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4", made_by, lambda image: {"value": np.full(3, float(next(asked)))})
    found = clips.read_frames(tmp_path / "b.mp4")[0]
    assert next(asked) == 1 and max(np.abs(image.astype(int) - found[0]).max() for image in found) < 3


def test_gray_results(tmp_path):
    translate(clips.write_clip(tmp_path / "a.mp4"), tmp_path / "b.mp4", translator(lambda x: -x[..., :1], channels=1))
    found = clips.read_frames(tmp_path / "b.mp4")[0]
    assert np.abs(found[2][20].astype(int) - 235).max() < 4


def test_a_command_that_is_repeated_keeps_what_is_there(tmp_path):
    source, result = clips.write_clip(tmp_path / "a.mp4"), tmp_path / "out.mp4"
    assert translate(source, result, step=1)[0] == [(DONE, "")]
    before = result.read_bytes()
    assert read_origin(result)["step"] == 1 and read_origin(result)["input"]
    assert translate(source, result, step=1)[0] == [(KEPT, "")]
    assert translate(source, result, step=2)[0][0][0] == OTHER and result.read_bytes() == before
    clips.write_clip(source, [clips.ramp(3)] * 2)
    assert translate(source, result, step=1)[0] == [(OTHER, "have another input")] and result.read_bytes() == before
    assert translate(source, result, step=1, overwrite=True)[0] == [(DONE, "")]
    assert len(clips.read_frames(result)[0]) == 2


def test_what_fails_leaves_nothing(tmp_path, monkeypatch):
    source, calls = clips.write_clip(tmp_path / "a.mp4"), itertools.count()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/a.mp4").write_text("mine")

    def fail(*_, **__):
        if next(calls) == 3:
            raise UserError("no more")
        return np.zeros((24, 32, 3), np.uint8)

    monkeypatch.setattr(Passage, "translate", fail)
    assert translate(source, tmp_path / "out", overwrite=True)[0] == [(FAILED, "no more")]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.mp4"] and (tmp_path / "out/a.mp4").read_text() == "mine"


def test_a_full_disk_stops_all(tmp_path, monkeypatch):
    source = clips.write_clip(tmp_path / "a.mp4")

    def full(self, pixels, pts):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tfgan.data.reading.codecs.video_output.Recording.write", full)
    with pytest.raises(OutputError, match=r"b\.mp4 cannot be written: No space left on device"):
        translate(source, tmp_path / "b.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mp4"]


def test_a_real_disk_that_is_full(tmp_path):
    try:
        with open("/dev/full", "r+b"):
            pass
    except OSError:
        pytest.skip("no /dev/full")
    from tfgan.data.reading.codecs.video_output import Recording

    with (
        video.open_clip(clips.write_clip(tmp_path / "a.mp4")) as clip,
        open("/dev/full", "r+b", buffering=0) as file,
        pytest.raises(OSError) as raised,
    ):
        recording = Recording(_Unsized(file), tmp_path / "b.mp4", clip, "")
        recording.write(clips.ramp(0), 0)
        recording.finish()
    assert raised.value.errno == errno.ENOSPC


class _Unsized:
    """A device as a file that can be cut and sought in."""

    def __init__(self, file):
        self.write, self.at = file.write, 0

    def seek(self, place, whence=0):
        return place

    def tell(self):
        return 0

    def truncate(self):
        return 0


def test_damaged_clips_are_translated_as_far_as_they_go(tmp_path):
    noise = list(np.random.default_rng(0).integers(0, 255, (100, 24, 32, 3), np.uint8))
    whole = clips.write_clip(tmp_path / "a.mkv", noise, codec="ffv1")
    (tmp_path / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    outcomes, said = translate(tmp_path / "cut.mkv", tmp_path / "b.mkv")
    assert outcomes == [(PARTLY, "")] and len(said) == 1 and "ends after" in said[0] and "the others are translated" in said[0]
    written = Written.of([Outcome(*outcome) for outcome in outcomes])
    assert written.exit_code == 1 and written.describe("out") == "1 written to out, 1 of them without all frames"
    assert translate(tmp_path / "cut.mkv", tmp_path / "frames", form="png")[0] == [(PARTLY, "")]
    assert 40 < len(clips.read_frames(tmp_path / "b.mkv")[0]) < 60
    (tmp_path / "none.mp4").write_bytes(b"\0\0\0\x18ftypmp42" + bytes(300))
    kind, reason = translate(tmp_path / "none.mp4", tmp_path / "c.mp4")[0][0]
    assert kind == FAILED and "damaged" in reason and not (tmp_path / "c.mp4").exists()


def test_frames_into_a_folder_go_on_where_they_were_stopped(tmp_path):
    source, out = clips.write_clip(tmp_path / "a.mkv", codec="ffv1"), tmp_path / "out"
    assert translate(source, out, form="png", step=1)[0] == [(DONE, "")]
    names = [f"frame_{number:06d}.png" for number in range(1, 7)]
    assert sorted(path.name for path in (out / "a").iterdir()) == names
    assert np.array_equal(images.decode(out / "a" / names[3]), clips.read_frames(source)[0][3])
    (out / "a" / names[2]).unlink()
    kept = (out / "a" / names[0]).stat().st_mtime_ns
    assert translate(source, out, form="png", step=1)[0] == [(DONE, "")] and (out / "a" / names[0]).stat().st_mtime_ns == kept
    assert translate(source, out, form="png", step=1)[0] == [(KEPT, "")]
    assert translate(source, out, form="png", step=2)[0] == [(OTHER, "have another step (1, not 2)")]


def test_kinds_of_results_are_not_mixed_up(tmp_path):
    source = clips.write_clip(tmp_path / "in/a.mp4")
    images.save(tmp_path / "in/b.png", clips.ramp(0))
    with pytest.raises(UserError, match=r"c\.png would be one image, and .*a\.mp4 is a video: name a video, or a folder.*--format=png"):
        find_tasks(str(source), str(tmp_path / "c.png"))
    with pytest.raises(UserError, match=r"c\.mp4 would be a video, and .*b\.png is an image"):
        find_tasks(str(tmp_path / "in/b.png"), str(tmp_path / "c.mp4"))
    with pytest.raises(UserError, match=r"b\.mp4 would be a video, and .*b\.png is an image"):
        find_tasks(str(tmp_path / "in"), str(tmp_path / "out"), "mp4")
    with pytest.raises(UserError, match=r"c\.wmv would be video in another container, which is not written: name an \.mp4, or a folder"):
        find_tasks(str(source), str(tmp_path / "c.wmv"))
    with pytest.raises(UserError, match="is the name of one file"):
        find_tasks(str(tmp_path / "in"), str(tmp_path / "c.mp4"))
    tasks = find_tasks(str(tmp_path / "in"), str(tmp_path / "out"))
    assert [task.result.name for task in tasks] == ["a.mp4", "b.png"]
    assert [(task.result.name, task.frames) for task in find_tasks(str(tmp_path / "in"), str(tmp_path / "out"), "png")] == [
        ("a", "png"),
        ("b.png", ""),
    ]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (Domain("labels", 3, resample="nearest"), r"MP4 videos blur label maps, such as labels; write a folder of frames \(--format=png\)"),
        (Domain("depth", 1, "uint16"), r"hold colors of 8 bits, and depth has 1 channel of uint16; .*\(--format=png\)"),
        (Domain("ct", 1, "float32", bands=True), r"ct has 1 channel of float32; .*\(--format=tif\)"),
        (Domain("six", 6, "uint8", bands=True), r"six has 6 channels of uint8; .*\(--format=tif\)"),
        (Domain("photo", 3), "^$"),
        (Domain("gray", 1), "^$"),
    ],
)
def test_what_videos_cannot_hold_is_refused_with_a_cure(target, says):
    assert re.search(says, why_unfit("mp4", target))


def test_command(run, tmp_path, capsys):
    """The run makes labels, which a video would blur: refused before anything is made, with the cure that works."""
    source = clips.write_clip(tmp_path / "in/a.mp4", sound="aac")
    assert main(["translate", str(run), str(source), str(tmp_path / "out.mp4")]) == 2
    assert "MP4 videos blur label maps, such as labels; write a folder of frames (--format=png)" in capsys.readouterr().err
    images.save(tmp_path / "in/b.png", clips.ramp(0))
    assert main(["translate", str(run), str(tmp_path / "in"), str(tmp_path / "out"), "--format=png"]) == 0
    printed = capsys.readouterr().out
    assert "1 image and 1 video. " in printed and f"2 written to {tmp_path / 'out'}" in printed
    assert len(list((tmp_path / "out/a").iterdir())) == 6


def test_frames_of_one_picture_are_alike_though_dropout_stays_on(run, tmp_path):
    """The run has --inference_dropout: its mask is one for all frames."""
    source = clips.write_clip(tmp_path / "a.mkv", [clips.ramp(4)] * 4, codec="ffv1")
    assert main(["translate", str(run), str(source), str(tmp_path / "out"), "--format=png"]) == 0
    found = [images.decode(path) for path in sorted((tmp_path / "out/a").iterdir())]
    assert len(found) == 4 and all(np.array_equal(image, found[0]) for image in found) and len(np.unique(found[0])) > 1


def test_samples_are_no_videos(run, tmp_path, capsys):
    assert main(["sample", str(run), str(tmp_path / "a.mp4")]) == 2
    assert "would be a video, and samples are images" in capsys.readouterr().err


def test_without_the_package_one_line_says_what_to_install(tmp_path, monkeypatch):
    from tfgan.data.finding import files
    from tfgan.data.reading import formats

    monkeypatch.setattr(files, "UNREAD", {"mp4": formats.Unread("video", 'pip install "tfgan[video]", and they are read')})
    source = clips.write_clip(tmp_path / "a.mp4")
    with pytest.raises(UserError, match=r'a\.mp4 is video: pip install "tfgan\[video\]", and they are read\.'):
        find_tasks(str(source), str(tmp_path / "out"))
