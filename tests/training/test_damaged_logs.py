"""Logs of a run that were damaged: set aside under another name, said in a line, and never in the way of the training."""

import json
import shutil

import pytest
from eager import running_eagerly

from tfgan.cli.main import main
from tfgan.config.rows import alarm_row, metrics_row
from tfgan.config.stored import LONGEST_LINE, read_lines
from tfgan.errors import UserError
from tfgan.training.logs import MetricLog, TensorBoardLog

ROWS = "".join(json.dumps({"step": step, "epoch": step / 4, "loss": value}) + "\n" for step, value in ((1, 0.5), (2, float("nan")), (3, 1)))
ALARM = {"step": 2, "epoch": 0.5, "alarm": "collapse", "message": "m", "flag": "--f"}
BAD = [
    b"{",
    b"7",
    b"null",
    b"[]",
    b"{}",
    b'{"step": "1"}',
    b'{"step": NaN}',
    b'{"step": -1}',
    b'{"step": 1, "step": 2}',
    b'{"step": 1, "loss": null}',
    b'{"step": 1, "loss": [1]}',
    b'{"step": 1, "loss": true}',
    b'{"step": 1' + b"0" * 400 + b"}",
    b'{"step": 1' + b"0" * 5000 + b"}",
    b"[" * 100_000,
    b"\xff\xfe\x00",
    b"x" * (LONGEST_LINE + 10),
    b"\0" * 4096,
]


@pytest.mark.parametrize("line", BAD, ids=[repr(line[:20]) for line in BAD])
def test_a_bad_line_is_left_out_and_the_file_kept(tmp_path, capsys, line):
    path = tmp_path / "metrics.jsonl"
    first, rest = ROWS.encode().split(b"\n", 1)
    damaged = first + b"\n" + line + b"\n" + rest
    path.write_bytes(damaged)
    MetricLog(path, 3)
    assert path.read_text() == ROWS and (tmp_path / "metrics.damaged.jsonl").read_bytes() == damaged
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and "1 of 4 lines are damaged" in said and "kept as metrics.damaged.jsonl" in said


def test_what_a_kill_cut_short_is_no_damage(tmp_path, capsys):
    for end in ('{"step": 4, "lo', '{"step": 4}'):
        (tmp_path / "metrics.jsonl").write_text(ROWS + end)
        MetricLog(tmp_path / "metrics.jsonl", 4)
        assert (tmp_path / "metrics.jsonl").read_text() == ROWS
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.jsonl"] and not capsys.readouterr().out


def test_rows_that_will_be_done_again_are_dropped(tmp_path):
    (tmp_path / "metrics.jsonl").write_text(ROWS)
    log = MetricLog(tmp_path / "metrics.jsonl", 2)
    log.write(3, {"loss": 2.0})
    assert [row["step"] for row in read_lines(log.path, metrics_row).records] == [1, 2, 3]


def test_what_is_no_file_is_set_aside(tmp_path, capsys):
    path = tmp_path / "metrics.jsonl"
    path.mkdir()
    (path / "mine").write_text("x")
    MetricLog(path, 3).write(4, {"loss": 1.0})
    assert (tmp_path / "metrics.damaged.jsonl" / "mine").read_text() == "x"
    assert "it is a folder" in capsys.readouterr().out and path.read_text() == '{"step": 4, "loss": 1.0}\n'


@pytest.mark.parametrize("number, stays", [(13, False), (5, True), (116, True)])
def test_what_the_disk_does_not_give_is_not_called_damaged(tmp_path, monkeypatch, capsys, number, stays):
    """A network drive that does not answer says nothing of what the file holds; a file of others is set aside."""
    path = tmp_path / "metrics.jsonl"
    path.write_text(ROWS)

    def refuse(*_):
        raise OSError(number, "no")

    monkeypatch.setattr("tfgan.config.stored.os.open", refuse)
    if stays:
        with pytest.raises(UserError, match="cannot be read: no"):
            MetricLog(path, 3)
        assert path.read_text() == ROWS
    else:
        MetricLog(path, 3)
        assert (tmp_path / "metrics.damaged.jsonl").read_text() == ROWS and "cannot be read" in capsys.readouterr().out


def test_alarms_are_checked_as_such(tmp_path):
    path = tmp_path / "alarms.jsonl"
    wrong = [ALARM | {"epoch": None}, ALARM | {"message": 7}, {"step": 2}]
    path.write_text("".join(json.dumps(alarm) + "\n" for alarm in (ALARM, *wrong)))
    MetricLog(path, 3, alarm_row)
    assert path.read_text() == json.dumps(ALARM) + "\n" and (tmp_path / "alarms.damaged.jsonl").is_file()


def test_a_tensorboard_that_is_a_file(tmp_path, capsys):
    (tmp_path / "tensorboard").write_text("x")
    TensorBoardLog(tmp_path / "tensorboard", 3).close()
    assert (tmp_path / "tensorboard.damaged").read_text() == "x" and any((tmp_path / "tensorboard").iterdir())
    assert "kept as tensorboard.damaged" in capsys.readouterr().out


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    """A run of one epoch."""
    run = tmp_path_factory.mktemp("trained") / "run"
    with running_eagerly():
        assert main(["train", *tiny, f"--workdir={run}", "--epochs=1"]) == 0
    return run


@pytest.mark.parametrize("content", ["[" * 99_999, '{"step": 4, "row": [1]}', None])
def test_a_resumed_run_with_all_logs_damaged(trained, train, tmp_path, content):
    """Training goes on, and says what it set aside; the run's history has what was whole."""
    run = shutil.copytree(trained, tmp_path / "run")
    for name in ("metrics.jsonl", "alarms.jsonl"):
        with (run / name).open("a") as file:
            file.write("{junk}\n")
    if content is None:
        (run / "postponed.json").mkdir()
    else:
        (run / "postponed.json").write_text(content)
    code, output = train(run, "--epochs=2")
    assert code == 0 and "Traceback" not in output, output
    for name in ("metrics.damaged.jsonl", "alarms.damaged.jsonl", "postponed.damaged.json"):
        assert (run / name).exists() and name in output, output
    assert [row["step"] for row in read_lines(run / "metrics.jsonl", metrics_row).records] == list(range(1, 9))
