"""Where commands write: nothing of the user's is replaced, and what cannot be written is one line and exit code 1."""

import errno
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reported_run import write_run

from tfgan.app.runtime import Runtime
from tfgan.cli.main import main
from tfgan.config import Domain
from tfgan.config.verbs import TranslateConfig
from tfgan.errors import OutputError, UserError
from tfgan.paths import files, folders
from tfgan.runs import judging, pages
from tfgan.runs.judging import find_results
from tfgan.runs.opening import read_config

KEPT = Path(__file__).parents[1] / "kept_run" / "run"

pytestmark = pytest.mark.usefixtures("eagerly")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with `translates`, `images` and `classes`, runs of pix2pix, GAN and conditional GAN; of the last two one step each."""
    root = tmp_path_factory.mktemp("runs")
    shutil.copytree(KEPT, root / "translates")
    size = "--image_size=16 --batch_size=4 --synthetic_images=8 --steps=1 --num_samples=1 --notensorboard --precision=float32"
    for name, method in (("images", "gan"), ("classes", "cgan")):
        assert main(["train", f"--method={method}", *size.split(), f"--workdir={root / name}"]) == 0
    return root


def copy(source, target):
    """Of checkpoints, which are never written in place, a link: a hundred copies would be gigabytes."""
    (os.link if "/checkpoints/" in source else shutil.copy2)(source, target)


@pytest.fixture
def place(tmp_path, made, monkeypatch):
    """The working folder, with copies of the runs, photos, and a file where a folder would have to be."""
    for name in ("translates", "images", "classes"):
        shutil.copytree(made / name, tmp_path / name, copy_function=copy)
    write_run(tmp_path / "reported")
    (tmp_path / "reported/evaluation.json").write_text(json.dumps({"results": [RESULT]}))
    (tmp_path / "photos").mkdir()
    for name in ("a.png", "b.png"):
        Image.new("RGB", (16, 16), "teal").save(tmp_path / "photos" / name)
    (tmp_path / "file").write_text("precious")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tfgan.runs.results.app.find_runtime", lambda _: Runtime("const litert = {}, runtime = {};", b"\0asm"))  # no npm
    return tmp_path


RESULT = {"name": "a@1", "step": 1, "made": "", "stamp": {"n": 1}, "metrics": {"l1": {"value": 0.5}}, "warnings": [], "cases": []}

VERBS = {
    "sample": ["sample", "images", "{}", "--count=1"],
    "picture": ["sample", "images", "{}.png", "--count=1"],
    "sheet": ["sample", "images", "{}.png", "--sheet=samples", "--rows=1", "--columns=1"],
    "check": ["check", "photos", "--method=gan", "--image_size=16", "--noprobe", "--sheet={}.png"],
    "translate": ["translate", "translates", "photos", "{}"],
    "translated file": ["translate", "translates", "photos/a.png", "{}.png"],
    "export": ["export", "translates", "--output={}"],
    "evaluate": ["evaluate", "reported", "--stored", "--out={}.json"],
    "report": ["report", "reported", "--out={}.html"],
    "app": ["app", "translates", "{}.html"],
    "app, folder": ["app", "translates", "--out={}", "--folder"],
}


def command(verb, output, *flags):
    if verb.startswith("app"):
        pytest.importorskip("ai_edge_litert", reason="needs tfgan[litert] to compare a page with its run")
    return [word.format(output) for word in VERBS[verb]] + list(flags)


def state(folder):
    """Every path below a folder, with the content of files, of checkpoints when and where they were written, and the targets of links."""

    def content(path):
        if path.is_symlink():
            return os.readlink(path)
        found = path.stat()
        return (found.st_mtime_ns, found.st_ino) if "checkpoints" in path.parts else path.read_bytes() if path.is_file() else None

    return {path.relative_to(folder).as_posix(): content(path) for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    "output, reason",
    [("file/out", "file is no folder"), ("x" * 300, "File name too long"), ("gone/out", "gone is a broken link")],
)
def test_a_place_that_cannot_be_written_is_one_line(place, capfd, verb, output, reason):
    (place / "gone").symlink_to("nowhere")
    before = state(place)
    assert main(command(verb, output)) == 1
    error = capfd.readouterr().err.strip()
    assert "\n" not in error and output in error and reason in error, error
    assert state(place) == before


@pytest.mark.parametrize("verb", VERBS)
def test_a_folder_without_rights_is_one_line(place, capfd, monkeypatch, verb):
    monkeypatch.setattr(files.os, "access", lambda *_: False)  # root may write everywhere
    assert main(command(verb, "out")) == 1
    error = capfd.readouterr().err.strip()
    assert "\n" not in error and "out" in error and "cannot be written: Permission denied" in error


@pytest.mark.parametrize("verb", VERBS)
def test_a_disk_that_fills_up_is_one_line(place, capfd, monkeypatch, verb):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = set(state(place))
    monkeypatch.setattr(files.os, "replace", full)
    monkeypatch.setattr(folders.os, "rename", full)
    assert main(command(verb, "out")) == 1
    errors = [line for line in capfd.readouterr().err.splitlines() if "cannot be written" in line]
    assert len(errors) == 1 and "out" in errors[0] and "No space left on device. Make room" in errors[0]
    assert set(state(place)) - before <= {"out"}  # at most a folder that is empty
    assert not list(place.rglob("*.part"))


JUDGES = {
    "translate": (judging, "find_tasks"),
    "sheet": (judging, "read_by_samples"),
    "export": (judging, "judge_run"),
    "app": (pages, "judge_run"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_names_of_250_characters_work_and_home_is_a_folder(place, monkeypatch, verb):
    """Not called ~; and what a command names is judged once: a folder of many images takes its time."""
    name, calls = "n" * 245, []
    monkeypatch.setenv("HOME", str(place / "home"))
    if verb in JUDGES:
        judge = getattr(*JUDGES[verb])
        monkeypatch.setattr(*JUDGES[verb], lambda *given, **named: calls.append(given) or judge(*given, **named))
    assert main(command(verb, f"~/{name}")) == 0 and len(calls) == (verb in JUDGES)
    (made,) = (place / "home").iterdir()
    assert made.name.startswith(name) and not (place / "~").exists()


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("sample", "translate", "export")])
@pytest.mark.parametrize("target", ["file", "nowhere"])
def test_nothing_is_written_through_a_link(place, capsys, verb, target):
    (name,) = {word.format("out").split("=")[-1] for word in VERBS[verb] if "{}" in word}
    (place / name).symlink_to(target)
    before = state(place)
    overwrite = ["--overwrite"] if verb in ("picture", "sheet", "translated file") else []
    assert main(command(verb, "out", *overwrite)) in (1, 2)
    captured = capsys.readouterr()
    assert "out" in captured.err and ("is a link" in captured.err or "exists" in captured.err)
    assert state(place) == before


@pytest.mark.parametrize("verb", ["sample", "translate"])
def test_results_in_a_folder_replace_no_link(place, verb, capsys):
    (place / "out").mkdir()
    for name in ("seed000000.png", "a.png"):
        (place / "out" / name).symlink_to(place / "file")
    main(command(verb, "out", "--overwrite"))
    assert "is a link" in capsys.readouterr().err and (place / "file").read_text() == "precious"
    assert (place / "out/a.png").is_symlink() and (place / "out/seed000000.png").is_symlink()


@pytest.mark.parametrize("verb", ["sample", "translate"])
def test_a_link_to_a_folder_is_written_into(place, verb):
    (place / "disk").mkdir()
    (place / "out").symlink_to("disk")
    assert main(command(verb, "out")) == 0 and list((place / "disk").glob("*.png")) and (place / "out").is_symlink()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("part", ["checkpoints", "samples", "tensorboard/new", "evaluation"])
def test_a_run_keeps_its_own_folders(place, capsys, verb, part):
    """Those of any run, not of the one that is used alone."""
    before = state(place)
    assert main(command(verb, f"classes/{part}/out")) == 2
    assert "belongs to the run" in capsys.readouterr().err and state(place) == before


def test_results_may_stand_in_a_run_beside_its_own(place):
    assert main(command("translate", "translates/results")) == 0 and main(command("sample", "images/made")) == 0


def test_images_may_lie_in_home(place, monkeypatch):
    monkeypatch.setenv("HOME", str(place / "home"))
    shutil.copytree(place / "photos", place / "home/photos")
    assert main(["translate", "translates", "~/photos", "~/again"]) == 0
    assert len(list((place / "home/again").glob("*.png"))) == 2 and not (place / "~").exists()


def test_a_style_and_the_data_are_never_overwritten(place):
    config = read_config(place / "translates")
    for name in ("out", "data"):
        shutil.copytree(place / "photos", place / name)

    def find(overwrite=True, style="", data_dir=""):
        import dataclasses

        own = dataclasses.replace(config, data=dataclasses.replace(config.data, data_dir=data_dir))
        return find_results(own, "photos", "data" if data_dir else "out", TranslateConfig(overwrite=overwrite, style=style))

    with pytest.raises(UserError, match="out/a.png would overwrite --style"):
        find(style="out/a.png")
    (place / "style.png").symlink_to("out/b.png")
    with pytest.raises(UserError, match="out/b.png would overwrite --style"):
        find(style="style.png")
    with pytest.raises(UserError, match="data/a.png would overwrite the run's data"):
        find(data_dir=str(place / "data"))
    assert len(find(style="photos/a.png")) == len(find(False, "out/a.png")) == len(find(False, data_dir="data")) == 2


def test_results_in_the_data_folder_may_be_made_again(place):
    import dataclasses

    config = read_config(place / "translates")
    own = dataclasses.replace(config, data=dataclasses.replace(config.data, data_dir=str(place)))
    assert main(command("translate", "out")) == 0
    assert len(find_results(own, "photos", "out", TranslateConfig(overwrite=True))) == 2


def test_images_that_are_encoded_are_never_overwritten(place, capsys):
    for output, flags in (("photos/a.png", ["--sheet=reconstruction"]), ("photos/b.png", ["--sheet=edit", "--having=photos/b.png"])):
        images = [f"--images={'photos' if 'reconstruction' in flags[0] else 'photos/a.png'}", "--lacking=photos/a.png"]
        given = ["sample", "images", output, *flags, *(images[:1] if len(flags) == 1 else images), "--overwrite"]
        before = state(place)
        assert main(given) == 2
        assert f"{output} would overwrite one of --" in capsys.readouterr().err and state(place) == before


HOSTILE = ["", ".", "..", "/abs", "a/b", "..\\x", "a\0b", "a\nb", "x" * 300, "CON"]


def test_classes_never_lead_out_of_the_folder(place, capsys):
    config = json.loads((place / "classes/config.json").read_text())
    count = len(config["spec"]["class_names"])
    names = (HOSTILE + [f"\udcff{number}" for number in range(count)])[:count]
    config["spec"]["class_names"] = names
    (place / "classes/config.json").write_text(json.dumps(config))
    outside = set(state(place))
    assert main(["sample", "classes", "deep/out", f"--count={count}"]) == 0
    printed = capsys.readouterr().out
    new = set(state(place)) - outside
    made = sorted(Path(name) for name in new if name.endswith(".png"))
    assert len(made) == count and all(path.parts[:2] == ("deep", "out") and len(path.parts) == 4 for path in made)
    assert len({path.parent for path in made}) == count and "In paths, the class '' becomes _" in printed
    assert not Path("/abs").exists()
    assert main(["sample", "classes", "sheet.png"]) == 0 and main(["sample", "classes", "deep/out", f"--count={count}"]) == 0


def test_ordinary_classes_keep_their_folders(place):
    names = json.loads((place / "classes/config.json").read_text())["spec"]["class_names"]
    assert main(["sample", "classes", "out", f"--count={len(names)}"]) == 0
    assert sorted(path.name for path in (place / "out").iterdir()) == sorted(names)


def test_a_class_that_is_called_like_a_part_of_a_run(place, capsys):
    config = json.loads((place / "classes/config.json").read_text())
    config["spec"]["class_names"][0] = "checkpoints"
    (place / "classes/config.json").write_text(json.dumps(config))
    before = state(place)
    assert main(["sample", "classes", "images", "--count=1"]) == 2
    assert "belongs to the run" in capsys.readouterr().err and state(place) == before


def test_programs_get_an_output_error(place):
    import tfgan

    run = tfgan.load("translates")
    for write in (lambda: run.report("file/out.html"), lambda: run.export("file/out")):
        with pytest.raises(OutputError, match="file is no folder") as error:
            write()
        assert isinstance(error.value, OSError) and error.value.errno == errno.ENOTDIR


def test_an_evaluation_that_cannot_be_kept_is_told(place, capsys, monkeypatch):
    """What was measured is shown before the command ends."""
    from tfgan.evaluation import results

    def full(path, content):
        raise OutputError(path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    monkeypatch.setattr(results, "write_atomically", full)
    assert main(["evaluate", "images", "--metrics=swd", "--features=", "--count=4"]) == 1
    captured = capsys.readouterr()
    assert "swd" in captured.out and "evaluation.json cannot be written: No space left" in captured.err


def test_the_cases_of_domains_stay_in_the_run(place):
    from types import SimpleNamespace

    from tfgan.runs.evaluation.measuring import _cases

    picture = np.zeros((1, 8, 8, 3), np.uint8)
    run = SimpleNamespace(folder=place / "translates", step=4, config=None)
    comparison = SimpleNamespace(fake=picture, real=picture, inputs=picture, names=["a"], domain=Domain("photo", 3), shown=None)
    measured = SimpleNamespace(cases={"l1": np.zeros(1)})
    outside = set(state(place))
    for part in ("../../out", "..", "/abs", "x" * 300, "a\0b"):
        (case,) = _cases(run, part, comparison, measured, 1)
        assert all((run.folder / name).is_file() for name in case["images"].values())
    assert all(name.startswith("translates/evaluation") for name in set(state(place)) - outside)
    (case,) = _cases(run, "photo", comparison, measured, 1)
    assert case["images"]["input"] == "evaluation/4_photo_0000_input.png"  # as ever
