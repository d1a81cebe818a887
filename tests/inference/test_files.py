import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tfgan.cli.main import main
from tfgan.config import Classes, Domain
from tfgan.data.finding.files import find_tasks
from tfgan.data.reading import images
from tfgan.errors import UserError
from tfgan.inference.files import DONE, KEPT, read_image, translate_files
from tfgan.inference.origin import read_origin
from tfgan.inference.passage import Passage
from tfgan.inference.translator import Translator
from tfgan.methods.base import Translation


def write(path, size=(4, 6), mode="RGB", value=60):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new(mode, size[::-1], value if mode in ("L", "I;16") else (value,) * len(mode))
    if path.suffix in (".npy", ".npz"):
        images.save(path, np.asarray(image))
    else:
        image.save(path)
    return path


@pytest.fixture
def photos(tmp_path):
    """photos/a.png, photos/b.jpg and photos/deep/er/a.png, beside files that are no images and hidden ones."""
    folder = tmp_path / "photos"
    for name in ("a.png", "b.jpg", "deep/er/a.png", ".hidden.png", ".cache/c.png"):
        write(folder / name)
    (folder / "notes.txt").write_text("no image")
    return folder


def results(tasks, folder):
    return [str(task.result.relative_to(folder)) for task in tasks]


def invert(channels=3, dtype="uint8", source_channels=3):
    def function(x):
        return -x[..., :1] if channels == 1 else -x

    return Translator(Translation(function, Domain("a", source_channels), Domain("b", channels, dtype), 1, 1))


FULL = Passage("full", (16, 16), (16, 16))


def translate(translator, tasks, conditions=lambda image: {}, *, alpha="composite", overwrite=False, passage=FULL, **origin):
    """What became of the tasks: "done" or "kept", or what is said of others and of failures."""
    outcomes = translate_files(translator, tasks, conditions, alpha=alpha, overwrite=overwrite, passage=passage, origin=origin)
    return [outcome.kind if outcome.kind in (DONE, KEPT) else outcome.text for _, outcome in outcomes]


def test_folder_keeps_relative_names_and_formats(photos, tmp_path):
    tasks = find_tasks(str(photos), str(tmp_path / "out"))
    assert results(tasks, tmp_path / "out") == ["a.png", "b.jpg", "deep/er/a.png"]
    assert [task.source for task in tasks] == [photos / "a.png", photos / "b.jpg", photos / "deep/er/a.png"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("photos/*.png", ["a.png"]),
        ("photos/**/*.png", ["a.png", "deep/er/a.png"]),
        ("photos/deep/*/a.png", ["er/a.png"]),
        ("*/b.*", ["photos/b.jpg"]),
    ],
)
def test_pattern_keeps_names_from_the_first_wildcard_on(photos, tmp_path, pattern, names, monkeypatch):
    assert results(find_tasks(str(tmp_path / pattern), str(tmp_path / "out")), tmp_path / "out") == names
    monkeypatch.chdir(tmp_path)
    assert results(find_tasks(pattern, "out"), "out") == names


def test_single_file_to_folder_or_name(photos, tmp_path):
    source = str(photos / "b.jpg")
    assert results(find_tasks(source, str(tmp_path / "out")), tmp_path) == ["out/b.jpg"]
    assert results(find_tasks(source, str(tmp_path / "new.png")), tmp_path) == ["new.png"]
    assert results(find_tasks(source, str(tmp_path / "out"), "webp"), tmp_path) == ["out/b.webp"]
    (tmp_path / "folder.png").mkdir()
    assert results(find_tasks(source, str(tmp_path / "folder.png")), tmp_path) == ["folder.png/b.jpg"]


def test_the_results_of_a_folder_are_no_file(photos, tmp_path):
    (tmp_path / "notes").write_text("mine")
    for source, output in ((photos, "out.png"), (photos / "*.png", "out.JPG"), (photos, "notes")):
        with pytest.raises(UserError, match="is the name of one file, .*: name a folder"):
            find_tasks(str(source), str(tmp_path / output))
    assert (tmp_path / "notes").read_text() == "mine" and not (tmp_path / "out.png").exists()


@pytest.mark.parametrize("form", ["png", ".PNG"])
def test_format_for_all(photos, tmp_path, form):
    assert results(find_tasks(str(photos), str(tmp_path), form), tmp_path) == ["a.png", "b.png", "deep/er/a.png"]


def test_results_inside_the_folder_are_not_translated_again(photos):
    out = photos / "out"
    write(out / "a.png")
    assert results(find_tasks(str(photos), str(out)), out) == ["a.png", "b.jpg", "deep/er/a.png"]
    assert results(find_tasks(str(photos / "**" / "a.png"), str(out)), out) == ["a.png", "deep/er/a.png"]


@pytest.mark.parametrize("source", ["photos", "photos/a.png", "photos/*.png", "photos/deep/.."])
def test_never_over_its_own_source(photos, tmp_path, source):
    with pytest.raises(UserError, match="overwrite its own source"):
        find_tasks(str(tmp_path / source), str(photos))


def test_never_over_another_source(photos, tmp_path):
    write(photos / "photos/a.png")
    with pytest.raises(UserError, match="another one"):
        find_tasks(str(photos), str(tmp_path))


def test_two_sources_of_one_result(photos, tmp_path):
    write(photos / "a.bmp")
    with pytest.raises(UserError, match=r"a\.bmp and .*a\.png would both become .*a\.webp"):
        find_tasks(str(photos), str(tmp_path / "out"), "webp")


def test_unknown_format_suggests_one(photos, tmp_path):
    with pytest.raises(UserError, match=r"--format=jpgg is unknown. Did you mean jpg\?"):
        find_tasks(str(photos), str(tmp_path / "out"), "jpgg")


@pytest.mark.parametrize("source", ["empty", "*.webp"])
def test_nothing_found(tmp_path, source):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"neither an image nor a folder or pattern with images \(bmp, gif, jpeg"):
        find_tasks(str(tmp_path / source), str(tmp_path / "out"))


@pytest.mark.parametrize(
    ("source", "hint"),
    [("photo", "photos"), ("Photos/a.png", "photos/a.png"), ("photos/deep/er/b.png", "photos/deep/er/a.png"), ("xyz", "")],
)
def test_what_is_missing_is_said_to_be_missing(photos, tmp_path, source, hint):
    with pytest.raises(UserError) as error:
        find_tasks(str(tmp_path / source), str(tmp_path / "out"))
    assert str(error.value) == f"{tmp_path / source} is missing." + (f" Did you mean {tmp_path / hint}?" if hint else "")


def test_formats_that_are_not_read_are_named(tmp_path):
    for name in ("a.NEF", "deep/b.nef", "c.psd"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(UserError, match=r"2 of its files are camera raw: develop them to TIFF, .* 1 of its files is Photoshop: save them"):
        find_tasks(str(tmp_path), str(tmp_path / "out"))


@pytest.mark.parametrize(("form", "exact"), [("png", True), ("jpg", False), ("bmp", True), ("tif", True), ("webp", False)])
def test_results_are_the_translation_in_the_sources_format(tmp_path, form, exact):
    source = write(tmp_path / f"a.{form}", value=60)
    tasks = find_tasks(str(source), str(tmp_path / "out"))
    assert translate(invert(), tasks) == ["done"]
    with Image.open(tmp_path / f"out/a.{form}") as result:
        assert result.format == {"png": "PNG", "jpg": "JPEG", "bmp": "BMP", "tif": "TIFF", "webp": "WEBP"}[form]
        np.testing.assert_allclose(np.asarray(result), np.full((4, 6, 3), 195), atol=0 if exact else 3)


def test_existing_files_stay_unless_overwrite(tmp_path):
    source, result = write(tmp_path / "a.png", value=60), write(tmp_path / "out/a.png", value=7)
    tasks = find_tasks(str(source), str(tmp_path / "out"))
    assert translate(invert(), tasks) == ["do not say what made them (an earlier version, or another program)"]
    assert images.decode(result)[0, 0, 0] == 7
    assert translate(invert(), tasks, overwrite=True) == ["done"]
    assert images.decode(result)[0, 0, 0] == 195


@pytest.mark.parametrize("form", images.WRITTEN)
def test_results_of_the_same_origin_are_kept_and_others_are_told_apart(tmp_path, form):
    source = write(tmp_path / f"a.{form}", value=60)
    tasks = find_tasks(str(source), str(tmp_path / "out"))
    way = {"run": "r", "weights": "ab", "step": 8, "way": "a to b", "size": "full"}
    assert translate(invert(), tasks, **way) == ["done"]
    before = tasks[0].result.read_bytes()
    assert translate(invert(), tasks, **way) == translate(invert(), tasks, **way | {"run": "renamed"}) == ["kept"]
    assert translate(invert(), tasks, **way | {"way": "b to a"}) == ["have another way (a to b, not b to a)"]
    assert translate(invert(), tasks, **way | {"step": 9, "weights": "cd"}) == ["have another step (8, not 9)"]
    assert translate(invert(), tasks, **way | {"weights": "cd"}) == ["have other weights"]
    assert translate(invert(), tasks, **way | {"run": "s", "weights": "cd"}) == ["were made by r at step 8"]
    assert translate(invert(), tasks, **way, set="night") == ["have another set (none, not night)"]
    write(source, value=90)
    assert translate(invert(), tasks, **way) == ["have another input"]
    assert tasks[0].result.read_bytes() == before
    assert read_origin(tasks[0].result) == {**way, "input": read_origin(tasks[0].result)["input"]}
    assert translate(invert(), tasks, overwrite=True, **way) == ["done"] and translate(invert(), tasks, **way) == ["kept"]


def test_results_can_be_translated_again(tmp_path):
    source = write(tmp_path / "a.bmp", value=60)
    assert translate(invert(), find_tasks(str(source), str(tmp_path / "one")), way="a to b") == ["done"]
    assert translate(invert(), find_tasks(str(tmp_path / "one"), str(tmp_path / "two")), way="b to a") == ["done"]
    np.testing.assert_array_equal(images.decode(tmp_path / "two/a.bmp"), images.decode(source))
    assert read_origin(tmp_path / "two/a.bmp")["way"] == "b to a"


@pytest.mark.parametrize(
    ("mode", "value", "expected"),
    [("L", 60, 195), ("RGBA", 60, 255 - (60 * 60 + 255 * 195 + 127) // 255), ("I;16", 257 * 60, 195), ("CMYK", 0, 0)],
)
def test_any_input_becomes_what_the_network_eats(tmp_path, mode, value, expected):
    source = write(tmp_path / ("a.jpg" if mode == "CMYK" else "a.png"), mode=mode, value=value)
    assert translate(invert(), find_tasks(str(source), str(tmp_path / "out"), "png")) == ["done"]
    result = images.decode(tmp_path / "out/a.png")
    assert result.shape == (4, 6, 3) and np.abs(result.astype(int) - expected).max() <= (1 if mode == "CMYK" else 0)


def test_alpha_may_be_dropped(tmp_path):
    source = write(tmp_path / "a.png", mode="RGBA", value=60)
    assert translate(invert(), find_tasks(str(source), str(tmp_path / "out")), alpha="drop") == ["done"]
    assert (images.decode(tmp_path / "out/a.png") == 195).all()


def test_gray_target(tmp_path):
    source = write(tmp_path / "a.png")
    assert translate(invert(channels=1), find_tasks(str(source), str(tmp_path / "out"))) == ["done"]
    assert images.decode(tmp_path / "out/a.png").shape == (4, 6, 1)


def test_16_bit_results_want_a_format_that_holds_them(tmp_path):
    source = write(tmp_path / "a.jpg")
    (problem,) = translate(invert(dtype="uint16"), find_tasks(str(source), str(tmp_path / "out")))
    assert "--format=png" in problem and not (tmp_path / "out/a.jpg").exists()
    assert translate(invert(dtype="uint16"), find_tasks(str(source), str(tmp_path / "out"), "png")) == ["done"]
    assert images.decode(tmp_path / "out/a.png").dtype == np.uint16


def test_what_fails_does_not_stop_the_others(photos, tmp_path):
    (photos / "aa.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    (tmp_path / "out").mkdir()
    (tmp_path / "out/deep").write_text("a file where a folder must be")
    outcomes = translate(invert(), find_tasks(str(photos), str(tmp_path / "out")))
    assert outcomes[0] == outcomes[2] == "done" and "damaged" in outcomes[1] and "out/deep" in outcomes[3]


@pytest.mark.parametrize(
    "error",
    [tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor"), MemoryError(), RuntimeError("std::bad_alloc")],
    ids=lambda error: type(error).__name__,
)
def test_full_memory_is_the_images_problem(error, tmp_path, monkeypatch):
    def no_memory(*_, **__):
        raise error

    monkeypatch.setattr(Passage, "translate", no_memory)
    tasks = find_tasks(str(write(tmp_path / "a.png")), str(tmp_path / "out"))
    assert translate(invert(), tasks) == ["4×6 pixels do not fit into memory: use a smaller --tile, or --size=trained"]


def test_command(run, photos, tmp_path, capsys):
    out = tmp_path / "out"
    (photos / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    assert main(["translate", str(run), str(photos), str(out)]) == 1
    printed = capsys.readouterr()
    assert f"photo to labels, {run} at step 8, 4 images. " in printed.out
    assert f"3 written to {out}, 1 failed" in printed.out and f"{photos / 'broken.jpg'}: " in printed.err
    sizes = {str(path.relative_to(out)): images.probe(path) for path in out.rglob("*.*")}
    assert {name: (info.height, info.width) for name, info in sizes.items()} == dict.fromkeys(["a.png", "b.png", "deep/er/a.png"], (4, 6))

    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    (photos / "broken.jpg").unlink()
    assert main(["translate", str(run), str(photos), str(out)]) == 0
    assert f"0 written to {out}, 3 were there already (--overwrite replaces them)" in capsys.readouterr().out
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}


def test_command_in_tiles_and_by_step(run, tmp_path, capsys):
    source = write(tmp_path / "a.png", size=(40, 24))
    flags = ["--tile=16", "--checkpoint=8", "--format=bmp"]
    assert main(["translate", str(run), str(source), str(tmp_path / "out"), *flags]) == 0
    assert images.probe(tmp_path / "out/a.bmp").height == 40


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tile=-1"], "--tile=-1 must be"),
        (["--checkpoint=9"], "no checkpoint '9'. There are: 8, last."),
        (["--checkpoint=best"], "no checkpoint 'best'"),
        (["--formt=png"], "--formt is unknown. Did you mean --format?"),
        (["--ngf=4"], "--ngf is unknown."),
        (["another"], "3 argument(s) without -- expected, found 4"),
    ],
)
def test_command_explains_what_is_wrong(run, photos, tmp_path, capsys, arguments, message):
    assert main(["translate", str(run), str(photos), str(tmp_path / "out"), *arguments]) == 2
    assert message in capsys.readouterr().err


def test_command_wants_a_run(photos, tmp_path, capsys):
    assert main(["translate", str(photos), str(photos), str(tmp_path / "out")]) == 2
    assert f"{photos} is not a run" in capsys.readouterr().err


IDS = Classes("ids", (0, 9), ("#ff0000", "#0000ff"), ("sky", "road"), 255)


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        (Domain("labels", 1, "int32", "nearest", IDS), [[0, 1, -1]]),
        (Domain("labels", 3, "uint8", "nearest", IDS), [[[255, 0, 0], [0, 0, 255], [0, 0, 0]]]),
    ],
    ids=["indices", "colors"],
)
def test_label_maps_are_read_by_their_classes(tmp_path, domain, expected):
    Image.fromarray(np.array([[0, 9, 255]], np.uint8)).save(tmp_path / "a.png")
    found = read_image([tmp_path / "a.png"], domain, "composite")
    assert found.dtype == domain.dtype and found.tolist() == expected


def test_unknown_labels_are_named(tmp_path):
    write(tmp_path / "a.png", mode="L", value=4)
    signature = Translation(lambda x: x[..., None] * 0.0, Domain("labels", 1, "int32", "nearest", IDS), Domain("b", 1), 1, 1)
    (problem,) = translate(Translator(signature), find_tasks(str(tmp_path / "a.png"), str(tmp_path / "out")))
    assert "label 4 is none of the classes' (known: 0, 9; ignored: 255)" in problem


def test_each_image_has_conditions_of_its_own(tmp_path):
    for name, value in (("a.png", 60), ("b.png", 200)):
        write(tmp_path / "in" / name, value=value)
    signature = Translation(lambda x, v: x * v[:, None, None], Domain("a", 3), Domain("b", 3), 1, 1, conditions={"signs": 3})

    def conditions(image):
        assert image.shape == (4, 6, 3) and image.dtype == np.uint8
        return {"signs": np.array([1.0, -1.0, 0.0]) * (1 if image[0, 0, 0] == 60 else -1)}

    assert translate(Translator(signature), find_tasks(str(tmp_path / "in"), str(tmp_path / "out")), conditions) == ["done", "done"]
    colors = [images.decode(tmp_path / "out" / name)[0, 0].tolist() for name in ("a.png", "b.png")]
    assert colors == [[60, 195, 128], [55, 200, 128]]


def test_a_volume_becomes_a_volume(tmp_path):
    nibabel = pytest.importorskip("nibabel", reason="NIfTI needs the extra medical")
    values, affine = np.random.default_rng(0).integers(-1000, 1000, (16, 12, 5), np.int16), np.diag([1.0, 2.0, 3.0, 1.0])
    nibabel.save(nibabel.Nifti1Image(values, affine), tmp_path / "a.nii.gz")
    for axis, pages in ((2, "refuse"), (2, "frames"), (0, "frames:0")):
        ct, mr = (Domain(name, 1, "int16", bands=True, pages=pages, value_range=((-1000.0, 1000.0),)) for name in ("ct", "mr"))
        translator = Translator(Translation(lambda x: -x, ct, mr, 1, 1))
        tasks = find_tasks(str(tmp_path / "a.nii.gz"), str(tmp_path / f"{axis}{pages[:6]}"))
        assert translate(translator, tasks, way="ct to mr") == ["done"] and translate(translator, tasks, way="ct to mr") == ["kept"]
        made = nibabel.load(tasks[0].result)
        assert np.abs(np.asanyarray(made.dataobj) + values).max() <= 1 and np.array_equal(made.affine, affine)
        assert tasks[0].result.name == "a.nii.gz" and made.get_data_dtype() == np.int16
    tasks = find_tasks(str(tmp_path / "a.nii.gz"), str(tmp_path / "png"), "png")
    assert "PNG files hold one page; write several as TIFF" in translate(translator, tasks)[0]


def test_pages_come_back_as_pages(tmp_path):
    pages = [Image.fromarray(np.full((16, 12), value, np.uint8)) for value in (10, 60, 200)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    translator = Translator(Translation(lambda x: -x, Domain("a", 1, pages="frames"), Domain("b", 1), 1, 1))
    (task,) = find_tasks(str(tmp_path / "a.tif"), str(tmp_path / "out"))
    assert translate(translator, [task], way="a to b") == ["done"] and translate(translator, [task], way="a to b") == ["kept"]
    assert images.decode(task.result, "frames")[0, 0].tolist() == [245, 195, 55]
