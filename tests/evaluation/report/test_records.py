"""What the files of a run say, whole, damaged or missing."""

import json
import math

import pytest
from reported_run import ALARM, CONFIG, ROWS, write_alarms, write_evaluation, write_picture, write_run

from tfgan.errors import UserError
from tfgan.evaluation.report.records import epoch_at, read_run, tell_apart


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "a")


def test_a_run_as_it_is_written(folder):
    write_alarms(folder, ALARM)
    write_evaluation(folder)
    run = read_run(folder)
    assert run.config == CONFIG and run.rows == ROWS and run.notes == [] and run.missing == {}
    assert [(sample.unit, sample.number, sample.epoch) for sample in run.samples] == [("epoch", n, n) for n in (1, 2, 3, 4)]
    (alarm,) = run.alarms
    assert alarm._asdict() == ALARM
    older, newest = run.results
    assert (older.step, newest.step) == (20, 40)
    assert newest.metrics == {"l1": {"value": 0.25, "low": 0.125, "high": 0.5}, "photo.fid": {"value": 12.5, "real": 3.0}}
    assert len(newest.cases) == 10 and newest.cases[9].scores == {"l1": 9.0, "psnr": 18.0, "odd": -9.0} and newest.cases[5].images == {}
    assert newest.cases[9].images["truth"].resolve() == (folder / "evaluation" / "9_truth.png").resolve()


def test_what_is_missing_names_the_command(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    run = read_run(tmp_path)
    assert (run.rows, run.samples, run.alarms, run.results) == ([], [], None, [])
    assert set(run.missing) == {"curves", "samples", "alarms", "evaluation"}
    assert f"`tfgan evaluate {tmp_path}`" in run.missing["evaluation"] and "`tfgan train --health`" in run.missing["alarms"]


def test_a_watched_run_without_alarms_is_healthy(folder):
    assert read_run(folder).alarms == [] and "alarms" not in read_run(folder).missing


@pytest.mark.parametrize("content, message", [(None, "is not a run"), ("{", "is damaged"), ("[]", "a JSON object is expected")])
def test_what_is_no_run(tmp_path, content, message):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(UserError, match=message):
        read_run(tmp_path)


def test_lines_that_cannot_be_read_are_counted(folder):
    rows = ['{"step": 1, "loss": 2}', '{"step": NaN, "loss": 2}', '{"loss": 2}', "7", '{"step": 2, "loss": NaN, "name": "x", "on": true}']
    rows += ['{"step": 3, "loss": -Infinity, "huge": 1' + "0" * 400 + "}", '{"step": 4, "lo']
    (folder / "metrics.jsonl").write_text("\n".join(rows))
    write_alarms(folder, ALARM, {"step": 3})
    run = read_run(folder)
    assert [row["step"] for row in run.rows] == [1, 2, 3] and run.rows[0]["loss"] == 2
    assert math.isnan(run.rows[1]["loss"]) and run.rows[2] == {"step": 3, "loss": -math.inf} and set(run.rows[1]) == {"step", "loss"}
    assert len(run.alarms) == 1
    assert run.notes == ["metrics.jsonl: 4 of 7 lines could not be read.", "alarms.jsonl: 1 of 2 lines could not be read."]


def test_bytes_that_are_no_text_spoil_their_lines_alone(folder):
    (folder / "metrics.jsonl").write_bytes(b'{"step": 1, "loss": 2}\n\xff\n{"step": 2, "\xff": 3}\n')
    run = read_run(folder)
    assert run.rows == [{"step": 1, "loss": 2}] and "2 of 3 lines" in run.notes[0]


def test_rows_are_by_step_and_each_step_once(folder):
    rows = [{"step": 20, "loss": 1}, {"step": 10, "loss": 2}, {"step": 20, "loss": 3}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert read_run(folder).rows == [{"step": 10, "loss": 2}, {"step": 20, "loss": 3}]


def test_damaged_results_are_counted_and_the_others_shown(folder):
    write_evaluation(folder)
    values = json.loads((folder / "evaluation.json").read_text())
    whole = len(values["results"])
    values["results"] += [{"metrics": 3, "stamp": {}}, {"metrics": {}, "stamp": {}, "cases": [{}]}, 7]
    (folder / "evaluation.json").write_text(json.dumps(values))
    run = read_run(folder)
    assert len(run.results) == whole and run.notes == [f"evaluation.json: 3 of {whole + 3} results could not be read."]


@pytest.mark.parametrize("content", ["", "[]", '{"results": 7}', "[" * 99_999])
def test_a_damaged_evaluation_is_a_note(folder, content):
    (folder / "evaluation.json").write_text(content)
    run = read_run(folder)
    assert run.results == [] and "evaluation.json is damaged" in run.notes[0] and "tfgan evaluate" in run.notes[0]


def test_files_of_others_are_not_shown(folder, tmp_path):
    write_picture(tmp_path / "secret.png", 0)
    case = {"name": "x", "scores": {}, "images": {"input": "../secret.png", "truth": str(tmp_path / "secret.png"), "result": "b.png"}}
    write_evaluation(folder, cases=0)
    results = json.loads((folder / "evaluation.json").read_text())
    results["results"][-1]["cases"] = [case]
    (folder / "evaluation.json").write_text(json.dumps(results))
    assert set(read_run(folder).results[-1].cases[0].images) == {"result"}


def test_pictures_of_steps_and_epochs_are_in_the_order_of_training(folder):
    for step in (5, 25, 1000):
        write_picture(folder / "samples" / f"step_{step:08d}.png", step)
    write_picture(folder / "samples" / "sheet.png", 0)
    order = [(sample.unit, sample.number) for sample in read_run(folder).samples]
    assert order == [("step", 5), ("epoch", 1), ("epoch", 2), ("step", 25), ("epoch", 3), ("epoch", 4), ("step", 1000)]


@pytest.mark.parametrize("step, epoch", [(0, 0), (5, 0.5), (10, 1), (15, 2), (20, 3), (30, 5)])
def test_epochs_of_steps(step, epoch):
    """1 epoch in the first ten steps, 2 in the next."""
    assert epoch_at(step, [{"step": 10, "epoch": 1.0}, {"step": 20, "epoch": 3.0}]) == epoch


def test_without_a_log_the_epoch_of_a_step_is_not_known():
    assert epoch_at(5, []) is None and epoch_at(5, [{"step": 10}]) is None


def test_runs_are_told_apart(tmp_path):
    folders = [tmp_path / "x" / "a", tmp_path / "y" / "a", tmp_path / "y" / "b"]
    assert tell_apart(folders[:1]) == ["a"] and tell_apart(folders[1:]) == ["a", "b"]
    assert tell_apart(folders) == ["x/a", "y/a", "y/b"]
    with pytest.raises(UserError, match="named twice"):
        tell_apart([folders[0], folders[0] / ".." / "a"])


def test_links_out_of_a_run_are_not_read(folder, tmp_path):
    """A received run may hold links to anything on the machine of who reports it."""
    write_alarms(folder, ALARM)
    write_evaluation(folder)
    outside = tmp_path / "private"
    (folder / "samples").rename(outside)
    (folder / "samples").symlink_to(outside)
    for name in ("metrics.jsonl", "alarms.jsonl", "evaluation.json"):
        (folder / name).rename(outside / name)
        (folder / name).symlink_to(outside / name)
    run = read_run(folder)
    assert (run.rows, run.samples, run.alarms, run.results) == ([], [], [], [])
    for name in ("metrics.jsonl is a link", "alarms.jsonl is a link", "evaluation.json is a link", "samples: 4 of 4 are links"):
        assert [note for note in run.notes if name in note and "outside the run" in note], name
    (folder / "config.json").rename(outside / "config.json")
    (folder / "config.json").symlink_to(outside / "config.json")
    with pytest.raises(UserError, match="config.json is a link that leads outside the run: it is not read"):
        read_run(folder)


def test_links_inside_a_run_and_to_it_are_read(folder, tmp_path):
    (folder / "disk").mkdir()
    (folder / "samples").rename(folder / "disk" / "samples")
    (folder / "samples").symlink_to("disk/samples")
    (tmp_path / "link").symlink_to(folder)
    run = read_run(tmp_path / "link")
    assert len(run.samples) == 4 and run.rows == ROWS and run.notes == []


def test_single_pictures_that_lead_outside_are_left_out(folder, tmp_path):
    write_picture(tmp_path / "secret.png", 9)
    (folder / "samples/epoch_0002.png").unlink()
    (folder / "samples/epoch_0002.png").symlink_to(tmp_path / "secret.png")
    (folder / "samples/epoch_0009.png").symlink_to("epoch_0009.png")  # to itself
    run = read_run(folder)
    assert [sample.number for sample in run.samples] == [1, 3, 4]
    assert run.notes == ["samples: 1 of 5 are links that lead outside the run: they are not read."]
