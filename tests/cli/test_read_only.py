"""Data and runs of others, which can be read and not be written to: results go elsewhere, and what cannot is one line.

Permissions do not stop the superuser: without the capability that lets it pass them it is a user like any other.
"""

import contextlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY
from eager import running_eagerly
from PIL import Image

ROOT = Path(__file__).parents[2]
DATA = ["--data_dir=data", "--domains=photo,labels", "--label_domains=labels", "--direction=labels_to_photo"]
SMALL = [flag for flag in TINY if not flag.startswith("--synthetic")]
TRAIN = ["train", *DATA, *SMALL]

COMMANDS = {
    "check": ["check", *DATA, *SMALL, "--noprobe"],
    "check, sheet in the data": ["check", *DATA, *SMALL, "--noprobe", "--sheet=data/sheet.png"],
    "train on it": [*TRAIN, "--steps=1", "--workdir=mine"],
    "train": [*TRAIN, "--steps=4", "--workdir=run"],
    "train in it": [*TRAIN, "--steps=1", "--workdir=run/new"],
    "translate": ["translate", "run", "data/val/labels", "out"],
    "translate into the data": ["translate", "run", "data/val/labels", "data/out"],
    "evaluate": ["evaluate", "run", "--metrics=l1", "--features="],
    "evaluate, out": ["evaluate", "run", "--metrics=l1,fid", "--features=own", "--segmenter_steps=1", "--out=scores.json"],
    "report": ["report", "run"],
    "report, out": ["report", "run", "--out=report.html"],
    "app": ["app", "run"],
    "export": ["export", "run"],
    "export, output": ["export", "run", "--output=exported"],
}


def work():
    """In a process of its own: freezes the data and the run in the current folder, and prints what each command said."""
    from tfgan.cli.main import main

    found = {}
    for folder in ("data", "run"):
        for path in [Path(folder), *Path(folder).rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
    Path().chmod(0o755)
    for name, words in COMMANDS.items():
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), running_eagerly():
            code = main(words)
        found[name] = code, out.getvalue()
    Path("said.json").write_text(json.dumps(found))


def without_privileges(command):
    """The command as one that permissions hold for."""
    if os.geteuid():
        return command
    if not shutil.which("setpriv"):
        pytest.skip("the superuser needs setpriv to be held by permissions")
    return ["setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override", *command]


def state(folder):
    return {path: (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()) for path in sorted(folder.rglob("*"))}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """Name of a command -> its exit code and what it said; nothing in the run and in the data has changed."""
    from tfgan.cli.main import main

    place = tmp_path_factory.mktemp("shared")
    draw = np.random.default_rng(0)
    for name in ("train/photo", "train/labels", "val/photo", "val/labels"):
        (place / "data" / name).mkdir(parents=True)
        for number in range(4):
            image = draw.integers(3, size=(18, 18)) if "labels" in name else draw.integers(256, size=(18, 18, 3))
            Image.fromarray(image.astype(np.uint8)).save(place / "data" / name / f"{number}.png")
    with pytest.MonkeyPatch.context() as patch, running_eagerly():
        patch.chdir(place)
        assert main([*TRAIN, "--steps=2", "--workdir=run"]) == 0
    before = state(place)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "tests")]), "HOME": str(place / "nowhere")}
    command = [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_read_only import work; work()",
    ]
    done = subprocess.run(without_privileges(command), cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    after = state(place)
    assert {path: after.get(path) for path in before} == before
    yield json.loads((place / "said.json").read_text()), place
    for path in [place, *place.rglob("*")]:
        path.chmod(0o755)


@pytest.mark.parametrize("name", [name for name in COMMANDS if "," not in name and name not in ("check", "train on it", "translate")])
def test_what_cannot_be_written_is_one_line(said, name):
    code, text = said[0][name]
    last = text.strip().splitlines()[-1]
    assert code == (2 if name.startswith("train") else 1), text
    assert "cannot be written" in last and "Permission denied" in last and "Choose another place." in last
    assert "Traceback" not in text


@pytest.mark.parametrize(
    "name, result",
    [
        ("check", None),
        ("train on it", "mine/config.json"),
        ("translate", "out/0.png"),
        ("evaluate, out", "scores.json"),
        ("report, out", "report.html"),
        ("export, output", "exported/saved_model.pb"),
    ],
)
def test_results_go_elsewhere(said, name, result):
    code, text = said[0][name]
    assert code == 0, text
    assert result is None or (said[1] / result).is_file()
    assert "Traceback" not in text and "mkdir" not in text


def test_an_evaluation_says_what_is_not_kept(said):
    text = said[0]["evaluate, out"][1]
    assert "run/evaluation" in text and "The result is not added to the run." in text
    assert {"l1", "fid"} <= json.loads((said[1] / "scores.json").read_text())["results"][0]["metrics"].keys()


def test_a_sheet_in_the_data_is_one_line(said):
    code, text = said[0]["check, sheet in the data"]
    assert code == 1 and "data/sheet.png cannot be written: Permission denied" in text
