"""`tfgan app`: where the page goes, and what is refused before TensorFlow starts."""

from pathlib import Path

import pytest

from tfgan import extras
from tfgan.app.build import Content, folder
from tfgan.app.runtime import Runtime
from tfgan.cli.main import main

RUNTIME = Runtime("const litert = 1;", b"\0asm")
RUN = str(Path(__file__).parents[1] / "kept_run" / "run")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(extras, "find_spec", lambda name: name)
    return tmp_path


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "Name one run"),
        ([RUN, "a.html", "b.html"], "Name one run"),
        ([RUN, "a.html", "--out=b.html"], "two names for the page"),
        (["none"], "none"),
        ([RUN, "mine.html"], "mine.html exists and is not a page of tfgan"),
        ([RUN, "folder"], "folder is a folder: name a file"),
        ([RUN, "folder", "--folder"], "is not only a page of tfgan"),
        ([RUN, "mine.html", "--folder"], "is not only a page of tfgan"),
        ([RUN, "--quantize=int4"], "quantize"),
        ([RUN, "--checkpoint=999"], "999"),
        ([RUN, "out.html", "--runtime=folder"], "--runtime=folder: dist/index.js cannot be read"),
    ],
)
def test_what_cannot_be_is_one_line(here, capsys, arguments, message):
    (here / "mine.html").write_text("<p>mine")
    (here / "folder").mkdir()
    (here / "folder" / "mine.txt").write_text("mine")
    assert main(["app", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error and (here / "mine.html").read_text() == "<p>mine" and not (here / "out.html").exists()


@pytest.mark.parametrize("arguments", [["site", "--folder"], ["page.html"]])
def test_files_that_come_while_a_page_is_made_stay(here, monkeypatch, capsys, arguments):
    from tfgan.runs.results import app

    out, theirs = here / arguments[0], here / arguments[0]
    content = Content("run", "", {"ways": []}, b"model", b"")
    if arguments[1:]:
        out.mkdir()
        for name, data in folder(content, RUNTIME).items():
            (out / name).write_bytes(data)
        theirs = out / "mine.txt"

    def make(*_):
        theirs.write_text("mine")
        return content, {}

    monkeypatch.setattr(app, "make_content", make)
    monkeypatch.setattr(app, "find_runtime", lambda _: RUNTIME)
    code = main(["app", RUN, *arguments])
    kept = [path for path in here.rglob("*") if path.is_file() and path.read_bytes() == b"mine"]
    assert len(kept) == 1 and code == (0 if arguments[1:] else 2)
    assert "is not a page" in capsys.readouterr().err or arguments[1:]
    if arguments[1:]:  # and a page with a stranger's file in its folder is not made anew
        (out / "mine.txt").write_text("mine")
        assert main(["app", RUN, *arguments]) == 2 and (out / "mine.txt").is_file()
        assert "is not only a page of tfgan" in capsys.readouterr().err


def test_without_litert_the_cure_is_named(capsys, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    assert main(["app", RUN, "out.html"]) == 2
    assert 'pip install "tfgan[litert]"' in capsys.readouterr().err


def test_the_help(capsys):
    assert main(["app", "--help"]) == 0
    printed = capsys.readouterr().out
    assert "OUT.html" in printed and "--quantize" in printed and "--folder" in printed
