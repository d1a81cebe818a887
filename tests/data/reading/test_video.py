"""Videos are read frame by frame as they are meant to be seen, and any frame by its number is the one that a player shows there."""

import random
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import clips
import numpy as np
import pytest

from tfgan.data.reading import images
from tfgan.data.reading.codecs import video, video_frames
from tfgan.data.reading.comments import is_result, read_comment
from tfgan.errors import ReadFailed, UnreadableImage

av = pytest.importorskip("av")


def frames_of(path):
    with video.open_clip(path) as clip:
        return [part.pixels for part in clip.parts() if isinstance(part, video.Frame)]


def read(path, number):
    with video_frames.chosen_frame(number):
        return images.decode(path, "frames")


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mov", "libx264"), ("a.mkv", "ffv1"), ("a.webm", "libvpx-vp9"), ("a.avi", "mpeg4"), ("a.m4v", "mpeg4")],
)
def test_frames_are_those_of_the_file(tmp_path, name, codec):
    path = clips.write_clip(tmp_path / name, codec=codec)
    found = frames_of(path)
    assert len(found) == 6
    for number, image in enumerate(found):
        assert image.shape == (24, 32, 3) and image.dtype == np.uint8
        assert np.abs(image.astype(int) - clips.ramp(number)).mean() < 4
    info = images.probe(path, "frames")
    assert (info.height, info.width, info.channels, info.pages, info.dtype) == (24, 32, 3, 6, "uint8")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_clips_that_are_shorter_than_a_decoder_waits(tmp_path, count):
    path = clips.write_clip(tmp_path / "a.mp4", [clips.ramp(number) for number in range(count)])
    assert len(frames_of(path)) == images.probe(path).pages == count


@pytest.mark.parametrize("options", [{}, {"options": {"bf": "3", "g": "7"}}, {"options": {"g": "1000"}}])
@pytest.mark.parametrize("ending", ["mp4", "mkv", "avi"])
def test_any_frame_is_the_one_that_is_shown_there(tmp_path, options, ending):
    shown = [np.full((16, 16, 3), 2 * number, np.uint8) for number in range(120)]
    path = clips.write_clip(tmp_path / f"a.{ending}", shown, codec="mpeg4" if ending == "avi" else "libx264", **options)
    in_order = frames_of(path)
    numbers = list(range(120))
    with ThreadPoolExecutor(8) as pool:  # as the check before training asks
        assert all(np.array_equal(image, in_order[number]) for number, image in enumerate(pool.map(lambda n: read(path, n), numbers)))
    random.Random(0).shuffle(numbers)
    assert all(np.array_equal(read(path, number), in_order[number]) for number in numbers)


def test_more_clips_than_stay_open(tmp_path):
    paths = [
        clips.write_clip(tmp_path / f"{clip}.mp4", [np.full((16, 16, 3), 20 * clip + n, np.uint8) for n in range(4)]) for clip in range(9)
    ]
    jobs = [(clip, number) for number in range(4) for clip in range(9)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda job: read(paths[job[0]], job[1]).mean(), jobs))
    assert np.abs(np.array(found) - [20 * clip + number for clip, number in jobs]).max() < 3


def test_a_reader_that_others_have_closed_is_opened_anew(tmp_path, monkeypatch):
    """Threads that read other clips close the oldest, perhaps between the moments in which another one gets hold of it and of its lock."""
    path, of = clips.write_clip(tmp_path / "a.mp4"), video_frames._of
    images.decode(path, "first")

    def just_closed(path):
        monkeypatch.setattr(video_frames, "_of", of)
        found = video_frames._readers.pop(next(reversed(video_frames._readers)))
        found.close()
        return found

    monkeypatch.setattr(video_frames, "_of", just_closed)
    assert np.array_equal(read(path, 4), frames_of(path)[4])


def test_a_file_that_has_been_replaced_is_read_anew(tmp_path):
    path = clips.write_clip(tmp_path / "a.mp4", [np.full((16, 16, 3), 10, np.uint8)] * 3)
    assert read(path, 0).mean() < 20
    clips.write_clip(path, [np.full((16, 16, 3), 200, np.uint8)] * 2)
    assert read(path, 0).mean() > 180 and images.probe(path, "frames").pages == 2


def test_a_phones_clip_is_turned_upright(tmp_path):
    image = np.zeros((24, 32, 3), np.uint8)
    image[:12] = 200  # the upper half is bright; a quarter turn counterclockwise makes it the left one
    path = clips.write_clip(tmp_path / "a.mp4", [image] * 3, rotation=90)
    assert b"\0\0\0\0\xff\xff\0\0" in path.read_bytes()  # the matrix in the file says so: its first row is 0, -1
    found = frames_of(path)[0]
    assert found.shape == (32, 24, 3) and found[:, :10].min() > 150 and found[:, 14:].max() < 50
    assert (images.probe(path).height, images.probe(path).width) == (32, 24)


@pytest.mark.parametrize(("matrix", "rows"), [(1, 24), (6, 24), (2, 24), (2, 720)])
def test_colors_are_decoded_by_the_matrix_that_players_take(tmp_path, matrix, rows):
    """Green tells BT.601 from BT.709: decoded by the other one, it is off by 30 and more."""
    green = np.zeros((rows, 32, 3), np.uint8)
    green[..., 1] = 180
    true = 1 if matrix == 1 or rows == 720 else 5
    with av.open(str(tmp_path / "a.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, rows, "yuv420p"
        stream.codec_context.colorspace = matrix
        frame = av.VideoFrame.from_ndarray(green, "rgb24").reformat(format="yuv420p", dst_colorspace=true, dst_color_range=1)
        frame.pts = 0
        container.mux([*stream.encode(frame), *stream.encode(None)])
    assert np.abs(frames_of(tmp_path / "a.mp4")[0].astype(int) - green).mean() < 4


def test_gray_and_deep_clips(tmp_path):
    gray = clips.write_clip(tmp_path / "gray.mkv", codec="ffv1", pixels="gray")
    assert frames_of(gray)[2].shape == (24, 32, 1) and images.probe(gray).channels == 1
    deep = clips.write_clip(tmp_path / "deep.mkv", codec="ffv1", pixels="yuv420p10le", color_trc=18, colorspace=9)
    with video.open_clip(deep) as clip:
        assert [note.partition(",")[0] for note in clip.notes()] == ["is HDR (HLG)", "has 10 bits a color"]
    with video.open_clip(clips.write_clip(tmp_path / "plain.mp4")) as clip:
        assert clip.notes() == []


def test_several_frames_are_refused_until_somebody_says_what_they_are(tmp_path):
    path = clips.write_clip(tmp_path / "a.mp4")
    for pages in ("refuse", "channels"):
        with pytest.raises(UnreadableImage, match="MP4 video with 6 frames: take each as an image with --pages=frames"):
            images.load(path, pages)
    assert np.array_equal(images.decode(path, "first"), frames_of(path)[0])


def test_what_is_no_video_is_one_clear_error(tmp_path):
    whole = clips.write_clip(tmp_path / "a.mp4", sound="aac").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.mp4").write_text("no video at all " * 50)
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "list.mp4").write_text(f"ffconcat version 1.0\nfile {tmp_path / 'a.mp4'}\n")  # a playlist, which opens other files
    images.save(tmp_path / "picture.png", clips.ramp(0))
    (tmp_path / "picture.png").rename(tmp_path / "picture.mp4")  # of which FFmpeg would make a video of one frame
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=clips.SOUND_RATE, layout="mono")
        clips._add_tone(container, stream, 8000)
    says = {
        "cut": "damaged",
        "text": "damaged",
        "empty": "the file is empty",
        "list": "damaged",
        "picture": "damaged",
        "sound": "no video stream",
    }
    for name, reason in says.items():
        for look in (lambda path: images.probe(path, "frames"), frames_of):
            with pytest.raises(UnreadableImage, match=reason):
                look(tmp_path / f"{name}.mp4")
    with pytest.raises(ReadFailed):
        images.probe(tmp_path / "missing.mp4")


def cut_short(path, share):
    """A copy of an MKV, which is read from its begin on, without its end."""
    found = path.with_name("short.mkv")
    found.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    return found


def test_a_truncated_clip_is_read_as_far_as_it_goes_and_says_so(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (100, 24, 32, 3), np.uint8)
    path = clips.write_clip(tmp_path / "a.mkv", list(noise), codec="ffv1")
    with video.open_clip(cut_short(path, 0.5)) as clip:
        count = sum(isinstance(part, video.Frame) for part in clip.parts())
        assert 40 < count < 60 and clip.missing(count).startswith("ends after ") and "4.0 s" in clip.missing(count)
    with video.open_clip(path) as clip:
        assert clip.missing(sum(1 for _ in clip.parts())) == ""


def test_a_damaged_frame_is_an_error_of_its_own(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (6, 24, 32, 3), np.uint8)
    path = clips.write_clip(tmp_path / "a.avi", list(noise), codec="mjpeg", pixels="yuvj420p")
    content = bytearray(path.read_bytes())
    begins = [place for place in range(len(content)) if content[place : place + 3] == b"\xff\xd8\xff"]
    content[begins[2] : begins[3] - 8] = bytes(begins[3] - 8 - begins[2])
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match="frame 3 of 6 is damaged or missing"):
        read(path, 2)
    assert read(path, 3).shape == (24, 32, 3) and read(path, 1).shape == (24, 32, 3)
    with video.open_clip(path) as clip:
        count = sum(isinstance(part, video.Frame) for part in clip.parts())
        assert count == 5 and clip.missing(count) == "lacks 1 of its 6 frames, which are missing or damaged"


def test_frames_that_change_size_are_refused(tmp_path):
    """Two MJPEG streams, one behind the other, as cameras write them that change the mode."""
    parts = []
    for size in ((24, 32), (48, 32)):
        path = clips.write_clip(tmp_path / f"{size[0]}.mkv", codec="mjpeg", pixels="yuvj420p", size=size)
        with av.open(str(path)) as container:
            parts += [bytes(packet) for packet in container.demux(video=0) if packet.size]
    with av.open(str(tmp_path / "24.mkv")) as template, av.open(str(tmp_path / "both.mkv"), "w") as container:
        stream = container.add_stream_from_template(template.streams.video[0])
        for number, content in enumerate(parts):
            packet = av.Packet(content)
            packet.stream, packet.pts, packet.dts, packet.time_base = stream, 40 * number, 40 * number, Fraction(1, 1000)
            container.mux(packet)
    with pytest.raises(UnreadableImage, match="24×32 pixels at first, and 48×32 at 0.24 s"):
        frames_of(tmp_path / "both.mkv")


def test_comments_of_every_container(tmp_path):
    for ending in ("mp4", "mov", "mkv", "webm", "avi"):
        path = tmp_path / f"a.{ending}"
        with av.open(str(path), "w") as container:
            container.metadata["comment"] = '{"tfgan": {}}'
            stream = container.add_stream("libvpx-vp9" if ending == "webm" else "mpeg4", rate=25)
            stream.width, stream.height, stream.pix_fmt = 32, 24, "yuv420p"
            container.mux([*stream.encode(av.VideoFrame.from_ndarray(clips.ramp(0), "rgb24")), *stream.encode(None)])
        assert read_comment(path) == '{"tfgan": {}}' and is_result(path)
    assert read_comment(clips.write_clip(tmp_path / "b.mp4")) == ""
