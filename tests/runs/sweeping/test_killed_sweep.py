"""A sweep whose process is killed in the middle of a trial, and that goes on in two others at one time."""

import json
import re
import time

import pytest
from eager import EAGERLY

from tfgan.cli.main import main
from tfgan.runs.planning.lock import read_owner

optuna = pytest.importorskip("optuna")

FLAGS = ["--synthetic_images=2", "--epochs=8", "--validate_every=2", "--checkpoint_every=1", "--keep_checkpoints=1", "--validate_count=2"]
SWEEP = ["--best_metric=l1", "--sample_every=1000", "--pruner=none", "--search=learning_rate=log:1e-4:1e-2", "--trials=2"]


def rows(run):
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_a_killed_sweep_goes_on_in_two_processes_without_a_trial_lost_or_done_twice(tiny, start_tfgan, tmp_path, capsys, eagerly):
    command = ["sweep", *tiny, *FLAGS, *SWEEP, f"--workdir={tmp_path}"]
    killed = start_tfgan(*command, prelude=EAGERLY)
    begin = time.monotonic()
    while not (tmp_path / "trial_0" / "checkpoints" / "ckpt-2.index").exists():
        assert time.monotonic() < begin + 300 and killed.poll() is None
        time.sleep(0.02)
    killed.kill()
    killed.wait()
    before = [row["step"] for row in rows(tmp_path / "trial_0")]
    assert 2 <= before[-1] < 8
    other, begin = start_tfgan(*command, prelude=EAGERLY), time.monotonic()
    while read_owner(tmp_path / "trial_0" / "lock").pid != other.pid:
        assert time.monotonic() < begin + 300 and other.poll() is None
        time.sleep(0.02)
    assert main(command) == 0
    said = [capsys.readouterr().out, other.communicate(timeout=600)[0]]
    assert other.returncode == 0, said
    trials = optuna.load_study(study_name="sweep", storage=f"sqlite:///{tmp_path / 'sweep.db'}").trials
    assert [(trial.number, trial.state.name) for trial in trials] == [(0, "COMPLETE"), (1, "COMPLETE")]
    assert sorted(re.findall(r"^trial (\d) \(", "".join(said), re.MULTILINE)) == ["0", "1"] and "trial 0 (" in said[1]
    for trial in trials:
        logged = rows(tmp_path / f"trial_{trial.number}")
        assert [row["step"] for row in logged] == list(range(1, 9))
        values = {round(row["epoch"]): row["val_l1"] for row in logged if "val_l1" in row}
        assert trial.intermediate_values == pytest.approx(values) and trial.value == pytest.approx(min(values.values()))
        log = (tmp_path / f"trial_{trial.number}.log").read_text()
        resumed = re.findall(r"Resuming \S+ from step (\d+)", log)
        assert bool(resumed) == (trial.number == 0) and all(2 <= int(step) <= before[-1] for step in resumed)
    best = min(trials, key=lambda trial: trial.value)
    assert (tmp_path / "best.flags").read_text().startswith(f"# Trial {best.number}, the best of 2 ")
