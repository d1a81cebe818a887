"""`tfgan report`: where the file goes, and what is never overwritten."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from reported_run import ALARM, write_alarms, write_run

from tfgan.cli.main import main
from tfgan.evaluation.report.page import MARK


def test_a_run_gets_its_report_and_gets_it_anew(tmp_path, capsys):
    folder = write_run(tmp_path / "a")
    assert main(["report", str(folder)]) == 0
    first = (folder / "report.html").read_bytes()
    assert re.fullmatch(rf"{re.escape(str(folder))}/report\.html: \d+\.\d MB\n", capsys.readouterr().out)
    write_alarms(folder, ALARM)
    assert main(["report", str(folder)]) == 0
    assert (folder / "report.html").read_bytes() != first and b"All alike" in (folder / "report.html").read_bytes()


def test_several_runs_get_one_report_here(tmp_path, monkeypatch):
    runs = [str(write_run(tmp_path / name)) for name in "ab"]
    monkeypatch.chdir(tmp_path)
    assert main(["report", *runs]) == 0 and b'"runs":["a","b"]' in (tmp_path / "report.html").read_bytes()
    assert main(["report", *runs, "--out=sub/c.html"]) == 0 and (tmp_path / "sub" / "c.html").exists()
    assert not (tmp_path / "a" / "report.html").exists()


def test_a_file_of_somebody_else_stays(tmp_path, capsys):
    folder = write_run(tmp_path / "a")
    (folder / "report.html").write_text("mine")
    assert main(["report", str(folder)]) == 2
    assert (folder / "report.html").read_text() == "mine" and "--out=FILE.html" in capsys.readouterr().err
    assert main(["report", str(folder), f"--out={folder}"]) == 2  # a folder is none of ours either
    assert main(["report", str(folder), f"--out={tmp_path / 'b.html'}"]) == 0


def test_fewer_pictures_make_a_smaller_file(tmp_path, capsys, monkeypatch):
    folder = write_run(tmp_path / "a")
    sizes = []
    for count in (0, 1, 9):
        assert main(["report", str(folder), f"--images={count}"]) == 0
        content = (folder / "report.html").read_bytes()
        assert content.count(b'"uri":') == min(count, 4)
        sizes.append(len(content))
    assert sizes == sorted(set(sizes))
    assert "smaller" not in capsys.readouterr().out
    monkeypatch.setattr("tfgan.cli.report.MAILABLE", 1000)
    assert main(["report", str(folder), "--images=8"]) == 0
    assert "--images=4" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "Name a run"),
        (["nowhere"], "nowhere is not a run: it is missing"),
        (["a", "a/../a"], "a is named twice"),
        (["a", "--images=-1"], "--images=-1 must be at least 0"),
        (["a", "--image=1"], "Did you mean --images"),
        (["a", "--out=a/config.json"], "--out=a/config.json belongs to the run"),
        (["a", "--out=a/samples/b.html"], "belongs to the run"),
        (["a", "--out=notes.html"], "is not a report of tfgan: choose another name with --out=FILE.html"),
        (["a", "--out=link.html"], "--out=link.html is a link, to notes.html"),
        (["a", "--out=a"], "--out=a is a folder"),
    ],
)
def test_what_is_refused(tmp_path, monkeypatch, capsys, arguments, message):
    write_run(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    quoting = f'<!doctype html>\n<html lang="en">\n<head>\n<title>How tfgan marks reports</title>{MARK}'
    Path("notes.html").write_text(quoting)
    Path("link.html").symlink_to("notes.html")
    assert main(["report", *arguments]) == 2
    assert Path("notes.html").read_text() == quoting
    assert message in capsys.readouterr().err and not (tmp_path / "a" / "report.html").exists()


def test_help(capsys):
    assert main(["report", "--help"]) == 0
    assert "--out" in (out := capsys.readouterr().out) and "--images" in out


def test_a_report_needs_no_tensorflow(tmp_path):
    folder = write_run(tmp_path / "a")
    code = f"import sys; from tfgan.cli.main import main; main(['report', {str(folder)!r}]); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
