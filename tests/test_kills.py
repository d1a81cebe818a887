"""A few kills of `python -m benchmarks.kills`, in places where a file is half written or two of them do not fit each other."""

import json
import shutil

import pytest

from benchmarks import kills, same_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return kills.train_unbroken(tmp_path_factory.mktemp("kills") / "unbroken")


def test_a_run_that_is_killed_ends_as_one_that_is_not(unbroken, tmp_path):
    """Before its first checkpoint is whole, in the middle of a row, and as it saves and retires others."""
    places = [f"event={unbroken.writes // 4}", "row=3", f"event={unbroken.writes // 3}"]
    result = kills.train_killed(tmp_path / "run", unbroken, places)
    assert result == kills.Result(["event", "row", "event"], [])
    assert "| before a write | 2 |" in kills.table([result]) and "1 of 1 runs ended as the unbroken one." in kills.table([result])


def test_differences_are_seen(unbroken, tmp_path):
    other = shutil.copytree(unbroken.folder, tmp_path / "other")
    assert not same_run.differences(other, unbroken.folder) and not kills.leftovers(other)
    log = (other / "metrics.jsonl").read_text().splitlines(keepends=True)
    (other / "metrics.jsonl").write_text("".join([*log[:-1], json.dumps(json.loads(log[-1]) | {"l1_loss": 0.0}) + "\n"]))
    newest, older = (other / "checkpoints" / f"ckpt-{step}.index" for step in (6, 4))
    (other / "samples" / "epoch_0002.png").unlink()
    (other / ".config.json.1.part").touch()
    for path in (other / "checkpoints").glob("ckpt-4.*"):
        shutil.copy(path, path.with_name(path.name.replace("-4", "-6")))
    older.unlink()
    lines = same_run.differences(other, unbroken.folder)
    assert {"checkpoints/ckpt-4: missing", "checkpoints/ckpt-6: step/.ATTRIBUTES/VARIABLE_VALUE"} <= set(lines) and newest.exists()
    assert {"metrics.jsonl has other rows", "samples/epoch_0002.png is another"} <= set(lines)
    assert kills.leftovers(other) == [".config.json.1.part is left over"]
