"""Each page of a file as an example of its own."""

import clips
import numpy as np
import pytest
import tifffile
from eager import running_eagerly
from PIL import Image

from tfgan.cli.main import main
from tfgan.config import DataConfig, Domain, Part
from tfgan.data import open_sources
from tfgan.data.folders.stacked import read_stack
from tfgan.data.frames import page_of
from tfgan.data.groups import shared_groups
from tfgan.data.label_maps.maps import load as load_map
from tfgan.errors import UnreadableImage, UserError


def stack(path, first, count=3):
    """A TIFF of gray pages, each of one value, one more than that of the page before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pages = [Image.fromarray(np.full((6, 5), first + number, np.uint8)) for number in range(count)]
    pages[0].save(path, save_all=True, append_images=pages[1:])


def opened(folder, kind="paired", **settings):
    return open_sources(DataConfig(data_dir=str(folder), pages="frames", **settings), kind, (16, 16))["train"]


def test_pages_of_pairs_go_together(tmp_path):
    for number in range(2):
        stack(tmp_path / "train/a" / f"{number}.tif", 10 * number)
        stack(tmp_path / "train/b" / f"{number}.tif", 100 + 10 * number)
    (source,) = opened(tmp_path)
    assert [source.name(index) for index in range(6)] == [f"{file}.tif#{page}" for file in (0, 1) for page in (1, 2, 3)]
    for index, value in enumerate((0, 1, 2, 10, 11, 12)):
        example = source.load(index)
        assert {key: image.shape for key, image in example.items()} == {"A": (6, 5, 1), "B": (6, 5, 1)}
        assert (example["A"].max(), example["B"].max()) == (value, 100 + value)
    assert len({source.content(index) for index in range(6)}) == 6 and source.paths(4)[0].name == "1.tif"


def test_files_of_one_page_and_of_several_may_mix(tmp_path):
    stack(tmp_path / "train/0.tif", 0, 1)
    stack(tmp_path / "train/1.tif", 10, 2)
    (source,) = opened(tmp_path, "images")
    assert [source.load(index)["image"].max() for index in range(len(source))] == [0, 10, 11]


def test_colors_of_pages_stay_together(tmp_path):
    pages = [Image.new("RGB", (5, 6), (number, 10 + number, 20 + number)) for number in range(3)]
    (tmp_path / "train").mkdir()
    pages[0].save(tmp_path / "train/0.tif", save_all=True, append_images=pages[1:])
    (source,) = opened(tmp_path, "images")
    assert [source.load(index)["image"][0, 0].tolist() for index in range(3)] == [[n, 10 + n, 20 + n] for n in range(3)]


def test_parts_of_stacked_files_give_a_page_each():
    stacked = np.arange(6)[None, None]  # two pages of a part of one channel, then two of a part of two
    domain = Domain("t1+t2", 3, bands=True, parts=(Part("t1", 1, "uint8"), Part("t2", 2, "uint8")))
    assert [page_of(stacked, page, domain).tolist() for page in (0, 1)] == [[[[0, 2, 3]]], [[[1, 4, 5]]]]


def test_pairs_of_different_numbers_of_pages_are_refused(tmp_path):
    stack(tmp_path / "train/a/0.tif", 0, 3)
    stack(tmp_path / "train/b/0.tif", 0, 2)
    (source,) = opened(tmp_path)
    with pytest.raises(UnreadableImage, match="as many pages: train/a/0.tif has 3 and train/b/0.tif has 2"):
        source.load(0)


def test_damaged_files_are_met_when_they_are_loaded(tmp_path):
    stack(tmp_path / "train/0.tif", 0)
    (tmp_path / "train/1.tif").write_bytes((tmp_path / "train/0.tif").read_bytes()[:40])
    (source,) = opened(tmp_path, "images")
    assert len(source) == 4
    with pytest.raises(UnreadableImage, match="damaged"):
        source.load(3)


def write_volumes(folder, labels, dtype):
    """CT and labels of 6×5×3 voxels, as NIfTI with an affine of their own."""
    nibabel = pytest.importorskip("nibabel")
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    for name, values in (("ct", np.arange(90).reshape(6, 5, 3).astype(np.int16) - 20), ("seg", np.asarray(labels, dtype))):
        (folder / "train" / name).mkdir(parents=True, exist_ok=True)
        nibabel.Nifti1Image(values, affine).to_filename(folder / "train" / name / "p1.nii.gz")


@pytest.mark.parametrize("dtype", ["uint8", "int16", "float32"])
@pytest.mark.parametrize("axis", [0, 2])
def test_slices_of_label_volumes_are_maps_of_classes(tmp_path, dtype, axis):
    labels = np.arange(90).reshape(6, 5, 3) % 4 * 5
    write_volumes(tmp_path, labels, dtype)
    settings = {"label_domains": ("seg",), "direction": "seg_to_ct", "value_range": ("ct:-20:100",), "axis": axis}
    (source,) = opened(tmp_path, "semantic", **settings)
    assert len(source) == labels.shape[axis] and source.name(1) == "p1.nii.gz#2"
    assert source.domains["labels"].classes.values == (0, 5, 10, 15)
    for index in range(len(source)):
        np.testing.assert_array_equal(source.load(index)["labels"], labels.take(index, axis) // 5)
    (mapped,) = opened(tmp_path, "paired", label_encoding="onehot", **settings)
    np.testing.assert_array_equal(mapped.load(2)["B"], labels.take(2, axis) // 5)
    (painted,) = opened(tmp_path, "paired", label_coding="ids", **settings)
    assert painted.load(2)["B"].shape == (*labels.take(2, axis).shape, 3)


@pytest.mark.parametrize(
    "values, says", [(np.full((6, 5, 3), -1), "int16 values from -1 to -1"), (np.full((6, 5, 3), 0.5), "from 0.5 to 0.5")]
)
def test_values_that_are_no_ids(tmp_path, values, says):
    write_volumes(tmp_path, values, "int16" if values.min() < 0 else "float32")
    with pytest.raises(UserError, match=f"{says}; ids of classes are whole numbers from 0 to 65535"):
        opened(tmp_path, "semantic", label_domains=("seg",), direction="seg_to_ct", value_range=("ct:-20:100",))


def test_pages_of_tiff_are_maps_of_classes(tmp_path):
    for name in ("labels", "photo"):
        (tmp_path / "train" / name).mkdir(parents=True)
        maps = [Image.fromarray((np.arange(30, dtype=np.uint8).reshape(6, 5) + page) % 3) for page in range(2)]
        maps[0].save(tmp_path / "train" / name / "0.tif", save_all=True, append_images=maps[1:])
    (source,) = opened(tmp_path, "semantic", label_domains=("labels",), direction="labels_to_photo")
    assert [source.load(page)["labels"][0].tolist() for page in (0, 1)] == [[0, 1, 2, 0, 1], [1, 2, 0, 1, 2]]


PALETTE = np.zeros((3, 256), np.uint16)
PALETTE[:, [3, 5]] = 65535  # 2 is black, and 3 and 5 are both white: only indices tell them apart


def with_palette(path, *pages):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path) as writer:
        for page in pages:
            writer.write(page, photometric="palette", colormap=PALETTE, compression="zlib", metadata=None)


def test_pages_with_a_palette_are_read_by_their_indices(tmp_path):
    maps = [np.full((6, 5), 2, np.uint8) for _ in range(3)]
    for number, page in enumerate(maps):
        page[:3], page[number, 0] = 3, 5
    with_palette(tmp_path / "train/labels/a.tif", *maps)
    stack(tmp_path / "train/photo/a.tif", 0)
    Image.fromarray(maps[1]).save(tmp_path / "train/photo/b.png")
    indexed = Image.fromarray(maps[1], "P")
    indexed.putpalette((PALETTE.T // 257).astype(np.uint8).tobytes())
    indexed.save(tmp_path / "train/labels/b.png")
    settings = {"domains": ("labels", "photo"), "label_domains": ("labels",), "direction": "labels_to_photo"}
    (source,) = opened(tmp_path, "semantic", **settings)
    domain = source.domains["labels"]
    assert domain.classes.coding == "palette" and domain.classes.values == (2, 3, 5) and len(source) == 4
    expected = [np.searchsorted([2, 3, 5], page) for page in (*maps, maps[1])]
    for index, wanted in enumerate(expected):
        np.testing.assert_array_equal(source.load(index)["labels"], wanted)
    np.testing.assert_array_equal(load_map(tmp_path / "train/labels/a.tif", domain), np.stack(expected[:3], axis=-1))
    np.testing.assert_array_equal(load_map(tmp_path / "train/labels/b.png", domain), expected[3][..., None])
    (by_color,) = opened(tmp_path, "semantic", **settings, label_coding="colors")
    assert by_color.domains["labels"].classes.colors == ("#000000", "#ffffff")


@pytest.mark.parametrize("palette", [True, False])
def test_pages_of_a_label_map_are_no_channels(palette, tmp_path):
    pages = [np.full((6, 5), 1 + number, np.uint8) for number in range(3)]
    path = tmp_path / "train/labels/a.tif"
    path.parent.mkdir(parents=True)
    with_palette(path, *pages) if palette else tifffile.imwrite(path, np.stack(pages), photometric="minisblack", metadata=None)
    stack(tmp_path / "train/photo/a.tif", 0)
    with pytest.raises(UserError, match="a.tif: has 3 pages, and a label map is one: --pages=channels joins them; take --pages=frames"):
        open_sources(DataConfig(data_dir=str(tmp_path), pages="channels", direction="labels_to_photo"), "semantic", (16, 16))


def test_stacked_volumes_of_different_pages_are_told_once(tmp_path):
    for name, count in (("t1", 3), ("t2", 2), ("flair", 3)):
        stack(tmp_path / "train" / name / "0.tif", 0, count)
    (source,) = opened(tmp_path, domains=("t1+t2", "flair"))
    assert len(source) == 1
    with pytest.raises(
        UnreadableImage, match="^files that belong together .* train/t1/0.tif has 3 and train/t2/0.tif has 2 and train/flair/0.tif has 3$"
    ):
        source.load(0)
    with pytest.raises(UnreadableImage, match="files that are stacked must have as many pages: .*t1/0.tif has 3 and .*t2/0.tif has 2"):
        read_stack([tmp_path / "train" / part / "0.tif" for part in ("t1", "t2")], source.domains["A"], "composite")


def still(value, count=6):
    """Frames of one gray each, one more than that of the frame before."""
    return [np.full((16, 16, 3), value + number, np.uint8) for number in range(count)]


def test_frames_of_two_videos_are_pairs(tmp_path):
    pytest.importorskip("av")
    for number in range(2):
        clips.write_clip(tmp_path / f"train/a/{number}.mkv", still(40 * number), codec="ffv1", pixels="bgr0")
        clips.write_clip(tmp_path / f"train/b/{number}.mkv", still(100 + 40 * number), codec="ffv1", pixels="bgr0")
    (source,) = opened(tmp_path)
    assert len(source) == 12 and source.name(7) == "1.mkv#2" and source.mark(7) == "#2" and source.paths(7)[1].name == "1.mkv"
    order = np.random.default_rng(0).permutation(12)
    for index in order:
        example, value = source.load(index), 40 * (index // 6) + index % 6
        assert {key: image.shape for key, image in example.items()} == {"A": (16, 16, 3), "B": (16, 16, 3)}
        assert (example["A"].min(), example["A"].max(), example["B"].max()) == (value, value, 100 + value)
    assert len({source.content(index) for index in range(12)}) == 12


def test_every_nth_frame(tmp_path):
    pytest.importorskip("av")
    clips.write_clip(tmp_path / "train/0.mkv", still(0, 7), codec="ffv1", pixels="bgr0")
    stack(tmp_path / "train/1.tif", 50, 4)
    (source,) = opened(tmp_path, "images", frame_step=3)
    assert [source.name(index) for index in range(len(source))] == [
        *(f"train/0.mkv#{page}" for page in (1, 4, 7)),
        "train/1.tif#1",
        "train/1.tif#4",
    ]
    assert [source.load(index)["image"].max() for index in range(len(source))] == [0, 3, 6, 50, 53]


def test_a_video_is_never_loaded_as_a_whole(tmp_path, monkeypatch):
    pytest.importorskip("av")
    from tfgan.data.reading.codecs import video_frames

    clips.write_clip(tmp_path / "train/0.mkv", still(0, 40), codec="ffv1", pixels="bgr0")
    (source,) = opened(tmp_path, "images")
    converted = []
    pixels_of = video_frames.Clip.pixels
    monkeypatch.setattr(video_frames.Clip, "pixels", lambda clip, frame: converted.append(frame.pts) or pixels_of(clip, frame))
    assert source.load(30)["image"].shape == (16, 16, 3) and len(converted) == 1


def test_sides_of_videos_side_by_side(tmp_path):
    pytest.importorskip("av")
    frames = [np.concatenate([image, 200 - image], axis=1) for image in still(10)]
    clips.write_clip(tmp_path / "train/0.mkv", frames, codec="ffv1", pixels="bgr0")
    (source,) = opened(tmp_path)
    example = source.load(4)
    assert (example["A"].max(), example["B"].max(), example["A"].shape) == (14, 186, (16, 16, 3))


def test_videos_of_different_lengths_are_no_pair(tmp_path):
    pytest.importorskip("av")
    clips.write_clip(tmp_path / "train/a/0.mp4", still(0, 3))
    clips.write_clip(tmp_path / "train/b/0.mp4", still(0, 4))
    (source,) = opened(tmp_path)
    with pytest.raises(UnreadableImage, match="as many pages: train/a/0.mp4 has 3 and train/b/0.mp4 has 4"):
        source.load(0)


def test_a_video_is_refused_until_somebody_says_what_it_is(tmp_path):
    pytest.importorskip("av")
    clips.write_clip(tmp_path / "train/0.mp4", still(0, 3))
    (source,) = open_sources(DataConfig(data_dir=str(tmp_path)), "images", (16, 16))["train"]
    with pytest.raises(UnreadableImage, match="MP4 video with 3 frames: take each as an image with --pages=frames"):
        source.load(0)
    with pytest.raises(UserError, match="--frame_step does nothing without --pages=frames"):
        DataConfig(data_dir=str(tmp_path), frame_step=2)


def test_frames_belong_to_the_group_of_their_file(tmp_path):
    pytest.importorskip("av")
    for split, name in (("train", "p1_a"), ("train", "p2_a"), ("val", "p1_b")):
        clips.write_clip(tmp_path / split / f"{name}.mp4", still(0, 3))
    settings = DataConfig(data_dir=str(tmp_path), pages="frames", groups="{}_*")
    assert shared_groups(open_sources(settings, "images", (16, 16)), settings) == {"p1": ["train", "val"]}
    by_ending = DataConfig(data_dir=str(tmp_path), pages="frames", groups="p*_{}")
    assert shared_groups(open_sources(by_ending, "images", (16, 16)), by_ending) == {}
    whole = DataConfig(data_dir=str(tmp_path), pages="frames", groups="{}")
    assert shared_groups(open_sources(whole, "images", (16, 16)), whole) == {}


def test_check_tells_of_frames(tmp_path, capsys):
    pytest.importorskip("av")
    coarse = np.random.default_rng(0).integers(30, 220, (6, 8, 3), np.uint8)
    scene = np.asarray(Image.fromarray(coarse).resize((96, 80), Image.Resampling.BICUBIC))
    shown = [scene // 2 + np.uint8(number) for number in range(16)]  # nearly alike, and not equal
    noise = np.random.default_rng(1).integers(0, 255, (6, 80, 96, 3), np.uint8)
    clips.write_clip(tmp_path / "train/still.mkv", shown, codec="ffv1", pixels="bgr0")
    clips.write_clip(tmp_path / "val/lively.mkv", list(noise), codec="ffv1", pixels="bgr0")
    flags = [f"--data_dir={tmp_path}", "--method=dcgan", "--pages=frames", "--image_size=16", "--noprobe"]
    main(["check", *flags])
    shown = " ".join(capsys.readouterr().out.split())
    assert "16 train, 6 val" in shown and "image 80×96, color" in shown and "1 MKV color of 16 frames" in shown
    assert "frames_alike: 15 of 20 frames are nearly the one before" in shown and "near_duplicates" not in shown
    main(["check", *flags, "--frame_step=8"])
    assert "2 train, 1 val" in capsys.readouterr().out


def test_check_says_what_to_do_about_files_of_several_pages(tmp_path, capsys):
    stack(tmp_path / "train/a.tif", 0)
    assert main(["check", f"--data_dir={tmp_path}", "--method=dcgan", "--image_size=16", "--noprobe"]) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "several_pages: 1 image that cannot be used" in shown and "→ say what their pages are, by one of these flags" in shown
    assert "repair" not in shown


def test_a_run_learns_from_a_video_and_goes_on(tmp_path, capsys):
    pytest.importorskip("av")
    for side in "ab":
        clips.write_clip(tmp_path / f"data/{side}/0.mp4", [clips.ramp(number) for number in range(6)])
    size = "--image_size=16 --generator=unet_16 --ngf=4 --ndf=4 --n_layers=1 --num_samples=1 --tensorboard=false --direction=a_to_b"
    command = ["train", "--method=pix2pix", f"--data_dir={tmp_path / 'data'}", *size.split(), f"--workdir={tmp_path / 'run'}"]
    with running_eagerly():
        assert main([*command, "--pages=frames", "--frame_step=2", "--epochs=1"]) == 0
        assert "3 images to train" in capsys.readouterr().out
        assert main([*command, "--pages=frames", "--frame_step=2", "--epochs=2"]) == 0
    capsys.readouterr()
    assert main([*command, "--pages=frames", "--frame_step=3", "--epochs=2"]) == 2
    assert "frame_step: 2 -> 3" in capsys.readouterr().err
