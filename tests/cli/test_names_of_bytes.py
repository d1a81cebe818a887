"""Names of files that are no UTF-8, as Latin-1 systems and old archives leave them: no verb stumbles over them."""

import contextlib
import hashlib
import io
import os
import shutil
import sys
from pathlib import Path

import pytest
from PIL import Image
from reported_run import write_run

from tfgan.cli.main import main
from tfgan.data.preparation.prepare import PreparedSource
from tfgan.inference.origin import read_origin

KEPT = Path(__file__).parents[1] / "kept_run" / "run"
ODD = os.fsdecode(b"caf\xe9")
SHOWN = "caf\\udce9"

pytestmark = [
    pytest.mark.usefixtures("eagerly"),
    pytest.mark.skipif(sys.platform != "linux", reason="other systems take only names in Unicode"),
]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        path = tmp_path / ODD / f"{ODD}{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("RGB", (16, 16), (60 * number, 0, 99)).save(path)
    return tmp_path


def tfgan(*arguments):
    """Exit code and output of a command, on a stream of UTF-8, which takes no such name."""
    taken = io.BytesIO()
    with contextlib.redirect_stdout(io.TextIOWrapper(taken, encoding="utf-8", errors="strict")) as stream:
        code = main(list(arguments))
        stream.flush()
    return code, taken.getvalue().decode()


def test_translate(place):
    (place / ODD / f"{ODD}-broken.png").write_bytes(b"no image")
    code, said = tfgan("translate", str(KEPT), ODD, f"out-{ODD}")
    assert code == 1 and f"4 written to out-{SHOWN}, 1 failed" in said
    results = sorted((place / f"out-{ODD}").iterdir())
    assert [path.name for path in results] == [f"{ODD}{number}.png" for number in range(4)] and read_origin(results[0])["step"] == 4
    code, said = tfgan("translate", str(KEPT), ODD, f"out-{ODD}")
    assert code == 1 and "4 were there already" in said


def test_check_and_train(place):
    (place / ODD / f"{ODD}-broken.png").write_bytes(b"no image")
    flags = ["--method=gan", "--image_size=16", "--batch_size=2", "--skip_bad_files"]
    code, said = tfgan("check", ODD, *flags, "--noprobe", f"--sheet={ODD}.png")
    assert code == 0 and SHOWN in said and (place / f"{ODD}.png").exists(), said
    more = ["--steps=1", "--num_samples=1", "--precision=float32", "--nohealth"]
    code, said = tfgan("train", ODD, *flags, *more, "--workdir=run")  # with TensorBoard, which is told the name
    assert code == 0 and SHOWN in said, said
    assert tfgan("report", "run")[0] == 0


def test_a_run_and_an_export(place, capsys):
    shutil.copytree(KEPT, place / ODD / "run")
    for command in (["export", str(KEPT), f"--output={ODD}/out"], ["sample", f"{ODD}/run", "out"], ["train", f"--workdir={ODD}/new"]):
        assert main([*command, "--dataset=synthetic"] if command[0] == "train" else command) == 2
        error = capsys.readouterr().err
        assert "is not UTF-8, and TensorFlow needs UTF-8 paths" in error and SHOWN in error


def test_report(place):
    write_run(place / ODD / "run")
    code, said = tfgan("report", f"{ODD}/run")
    assert code == 0 and (place / ODD / "run/report.html").exists() and SHOWN in said


def test_names_in_utf8_keep_their_fingerprint():
    """By which a run knows its data."""
    names = ["café", "b"]

    class Named(list):
        name = list.__getitem__

    assert PreparedSource.fingerprint(Named(names)) == hashlib.sha256("\n".join(names).encode()).hexdigest()[:16]
    assert PreparedSource.fingerprint(Named([ODD])) != PreparedSource.fingerprint(Named(["caf"]))
