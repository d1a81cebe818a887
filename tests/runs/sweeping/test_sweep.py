"""Sweeps as a whole, by the command line: their books, how they go on, what ends trials, and what they leave."""

import contextlib
import json
import re
from pathlib import Path

import pytest
from swept import recipe

import tfgan
from tfgan.cli.main import main
from tfgan.config import DataConfig
from tfgan.errors import Diverged, TrainingFailed, UserError
from tfgan.runs.opening import read_config
from tfgan.runs.sweeping.search import parse
from tfgan.runs.training.train import Trained

optuna = pytest.importorskip("optuna")

from optuna.exceptions import StorageInternalError  # noqa: E402
from optuna.trial import TrialState  # noqa: E402

from tfgan.runs.sweeping import trial as trials  # noqa: E402
from tfgan.runs.sweeping.book import Book  # noqa: E402
from tfgan.runs.sweeping.summary import Row, best_of, ranked, table, trains_again  # noqa: E402

pytestmark = pytest.mark.usefixtures("eagerly")

SEARCH = "--search=learning_rate=log:1e-4:1e-2,ngf=2|4"
METRIC = ["--validate_every=1", "--best_metric=l1", "--validate_count=2"]
SHORT = ["--synthetic_images=2", "--epochs=1"]


def sweep(tiny, folder, *flags, capsys=None):
    code = main(["sweep", *tiny, *SHORT, *METRIC, f"--workdir={folder}", *flags])
    return code, capsys.readouterr() if capsys else None


@pytest.fixture(scope="module")
def swept(tmp_path_factory, tiny, eagerly):
    """A sweep of two trials of one step, the second by another command."""
    folder = tmp_path_factory.mktemp("sweep") / "s"
    assert sweep(tiny, folder, SEARCH, "--trials=1")[0] == 0
    assert sweep(tiny, folder, SEARCH, "--trials=2", "--log_every=2")[0] == 0
    return folder


def books(folder):
    """The trials in a sweep's database."""
    words = ("learning_rate=log:1e-4:1e-2", "ngf=2|4")
    return Book(folder, parse(words, recipe()), recipe(), "minimize", optuna.pruners.NopPruner())


def test_each_trial_is_a_run_of_its_own_settings(swept):
    known = books(swept).trials()
    assert [trial.state for trial in known] == [TrialState.COMPLETE] * 2
    for trial in known:
        run = swept / f"trial_{trial.number}"
        config, best = read_config(run), json.loads((run / "checkpoints" / "best.json").read_text())
        assert (config.hparams.learning_rate, str(config.hparams.ngf)) == (trial.params["learning_rate"], trial.params["ngf"])
        assert best["value"] == trial.value and "step 1/1" in (swept / f"trial_{trial.number}.log").read_text()
    assert known[0].params == {"learning_rate": 0.0002, "ngf": "4"}  # the recipe's own


def test_the_best_one_is_written_as_a_recipe(swept, tiny, capsys):
    best = min(books(swept).trials(), key=lambda trial: trial.value)
    text = (swept / "best.flags").read_text()
    assert text.startswith(f"# Trial {best.number}, the best of 2 of a sweep: l1 ") and "workdir" not in text
    assert main(["train", f"--flagfile={swept / 'best.flags'}", "--dry_run", f"--workdir={swept / 'again'}"]) == 0
    printed = capsys.readouterr().out.split()
    assert {f"*ngf={best.params['ngf']}", "*image_size=16", "*best_metric=l1", "method:", "pix2pix"} <= set(printed)
    (rate,) = (word for word in printed if "learning_rate=" in word)
    assert float(rate.partition("=")[2]) == best.params["learning_rate"]


def test_the_report_shows_all_trials(swept):
    page = (swept / "report.html").read_text()
    record = json.loads(re.search(r'id="record">(.*?)</script>', page, re.DOTALL)[1])
    known = sorted(books(swept).trials(), key=lambda trial: trial.value)
    assert [trial["number"] for trial in record["search"]["trials"]] == [trial.number for trial in known]
    assert record["search"]["best"] == known[0].number and record["runs"][0] == f"trial_{known[0].number}"
    assert record["search"]["names"] == ["learning_rate", "ngf"] and record["title"] == "sweep s"
    assert "ngf" in [name for name, _ in record["differing"]] or len({trial.params["ngf"] for trial in known}) == 1


def test_a_sweep_that_is_done_says_so_and_trains_nothing(swept, tiny, capsys):
    code, said = sweep(tiny, swept, SEARCH, "--trials=2", capsys=capsys)
    assert code == 0 and not re.search(r"trial \d \(", said.out) and len(books(swept).trials()) == 2
    lines = said.out.splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("trial "))
    assert [line.split()[3] for line in lines[head + 1 : head + 3]] == ["done"] * 2 and max(map(len, lines[head : head + 3])) <= 80


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--search=ngf=2|4"], "search: ['learning_rate=log:0.0001:0.01', 'ngf=2|4'] -> ['ngf=2|4']"),
        ([SEARCH, "--pruner=none"], "pruner: 'median' -> 'none'"),
        ([SEARCH, "--ndf=8"], "ndf: 4 -> 8"),
        ([SEARCH, "--epochs=2"], "epochs: 1 -> 2"),
        ([SEARCH, "--best_metric=psnr"], "best_metric: 'l1' -> 'psnr'"),
        ([SEARCH, "--synthetic_seed=1"], "synthetic_seed: 0 -> 1"),
    ],
)
def test_other_settings_than_the_sweeps_are_refused(swept, tiny, capsys, flags, message):
    code, said = sweep(tiny, swept, *flags, capsys=capsys)
    assert code == 2 and f"{swept} is a sweep with other settings:\n  {message}\nUse the old settings" in said.err


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "which settings are searched?"),
        ([SEARCH, "--best_metric="], "by which metric are trials compared? Give --validate_every=1 and --best_metric=NAME"),
        (["--search=image_size=16|32"], "changes the images by which trials are compared"),
        (["--search=init_from=|runs/nowhere"], "runs/nowhere is not a run: it is missing"),
        ([SEARCH, "--trials=0"], "--trials=0 must be at least 1"),
        ([SEARCH, "--pruner=meadian"], "use one of median, hyperband, none"),
        ([SEARCH, "--serch=1"], "--serch is unknown. Did you mean --search?"),
    ],
)
def test_what_is_refused_before_anything_is_made(tmp_path, tiny, capsys, flags, message):
    code, said = sweep(tiny, tmp_path / "s", *flags, capsys=capsys)
    assert code == 2 and message in said.err and not (tmp_path / "s").exists()


def test_a_metric_that_cannot_be_measured_is_refused_before_anything_is_made(tmp_path, capsys):
    small = ["--image_size=16", "--dataset=synthetic", "--synthetic_images=2", "--validate_every=1", "--batch_size=2", "--epochs=2"]
    asked = ["--method=gan", "--best_metric=ssim", "--search=learning_rate=1e-5:1e-3", f"--workdir={tmp_path / 's'}"]
    assert main(["sweep", *small, *asked]) == 2 and not (tmp_path / "s").exists()
    assert "--best_metric=ssim cannot be measured here; there are: swd" in capsys.readouterr().err


def test_folders_of_other_things_are_refused(swept, tmp_path, tiny, capsys, monkeypatch):
    code, said = sweep(tiny, swept / "trial_0", SEARCH, capsys=capsys)
    assert code == 2 and "trial_0 is a run: name a new folder for the sweep" in said.err
    (tmp_path / "notes.txt").touch()
    code, said = sweep(tiny, tmp_path, SEARCH, capsys=capsys)
    assert code == 2 and "holds other things (notes.txt)" in said.err
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"worker": ["a:1", "b:1"]}, "task": {"type": "worker", "index": 0}}))
    assert "does not work in a cluster" in sweep(tiny, tmp_path / "s", SEARCH, capsys=capsys)[1].err


def test_a_sweep_needs_optuna(tmp_path, tiny, capsys, monkeypatch):
    monkeypatch.setattr("tfgan.extras.find_spec", lambda name: None if name == "optuna" else name)
    code, said = sweep(tiny, tmp_path / "s", SEARCH, capsys=capsys)
    assert code == 2 and 'tfgan sweep needs optuna: pip install "tfgan[sweep]"' in said.err


def test_two_workers_take_different_trials_and_an_interrupted_one_goes_on(tmp_path):
    one, two = books(tmp_path), books(tmp_path)
    with contextlib.ExitStack() as first:
        claim = first.enter_context(one.next_trial(9))
        with two.next_trial(9) as other:
            assert (claim.trial.number, other.trial.number) == (0, 1) and claim.trial.params != other.trial.params
            two.note(other.trial, TrialState.COMPLETE, 1.0)
        with two.next_trial(2) as other:
            assert other is None  # there are as many as wanted, and 0 is being trained
    with two.next_trial(2) as again:  # its process has left it
        assert again.trial.number == 0 and again.trial.params == claim.trial.params
        two.note(again.trial, TrialState.FAIL, why="x")
    assert [(trial.number, trial.state) for trial in one.trials()] == [(0, TrialState.FAIL), (1, TrialState.COMPLETE)]


def test_a_kill_between_drawing_and_taking_loses_no_trial(tmp_path):
    book = books(tmp_path)
    book.study.enqueue_trial({"learning_rate": 0.005, "ngf": "2"})
    with book.next_trial(1) as claim:
        assert claim.trial.number == 0 and claim.trial.params == {"learning_rate": 0.005, "ngf": "2"}
        with book.next_trial(1) as none:
            assert none is None


def test_a_damaged_database_is_told(tmp_path):
    (tmp_path / "sweep.db").write_text("x" * 5000)
    with pytest.raises(UserError, match=r"sweep\.db is damaged: .*Put back a copy of it, or begin a new sweep") as error:
        books(tmp_path)
    assert "\n" not in str(error.value)


class Trainer:
    """What `Pruning` asks of a trainer."""

    total = 8


@pytest.fixture
def fake(monkeypatch):
    """A training that takes no time: it calls its callbacks as the trainer does, and keeps the best value. What is in the list is, trial by
    trial, what it raises, or the values of its two validations."""
    ends = []

    def train(plan, callbacks):
        end = ends.pop(0) if ends else [0.4, 0.3]
        if not isinstance(end, list):
            raise end
        folder = Path(plan.training.workdir) / "checkpoints"
        folder.mkdir(parents=True, exist_ok=True)
        for epoch, value in enumerate(end, 1):
            for callback in callbacks[1:]:
                callback.on_log(Trainer(), {"step": 4 * epoch, "epoch": float(epoch), "val_l1": value})
            record = {"metric": "l1", "value": min(end[:epoch]), "step": 4 * epoch, "name": f"best-{4 * epoch}"}
            (folder / "best.json").write_text(json.dumps(record))
            if any(callback.why_stop(Trainer(), 4 * epoch) for callback in callbacks[1:]):
                break
        return Trained(0, None)

    monkeypatch.setattr(trials, "train", train)
    monkeypatch.setattr(trials, "judge_metric", lambda plan: None)
    return ends


def test_what_cannot_be_trained_fails_and_the_sweep_goes_on(tmp_path, tiny, capsys, fake):
    fake += [Diverged("l1_loss was not finite in step 1. Try"), UserError("the method refuses"), MemoryError()]
    code, said = sweep(tiny, tmp_path, "--search=ngf=2|3|4|5", capsys=capsys)
    known = books_of(tmp_path)
    assert code == 1 and [trial.state.name for trial in known] == ["FAIL", "FAIL", "FAIL", "COMPLETE"]
    assert "There are 4 combinations of values: 4 trials are enough." in said.out
    assert "failed: l1_loss was not finite in step 1, ngf=4" in " ".join(said.out.split())
    assert "the method refuses" in said.out and "memory is used up" in said.out


def books_of(folder):
    return optuna.load_study(study_name="sweep", storage=f"sqlite:///{folder / 'sweep.db'}").trials


def test_what_is_no_matter_of_a_trial_stops_the_sweep_and_is_taken_up_again(tmp_path, tiny, capsys, fake):
    fake += [[0.2, 0.1], TrainingFailed("The disk is full")]
    code, said = sweep(tiny, tmp_path, "--search=ngf=2|4", capsys=capsys)
    assert code == 1 and "stopped: The disk is full" in said.err
    assert [trial.state.name for trial in books_of(tmp_path)] == ["COMPLETE", "RUNNING"]
    fake += [StorageInternalError("no")]
    code, said = sweep(tiny, tmp_path, "--search=ngf=2|4", capsys=capsys)
    assert code == 1 and f"{tmp_path / 'sweep.db'} cannot be written: no" in said.err
    fake += [KeyboardInterrupt()]
    assert sweep(tiny, tmp_path, "--search=ngf=2|4")[0] == 130
    code, said = sweep(tiny, tmp_path, "--search=ngf=2|4", capsys=capsys)
    assert code == 0 and [(trial.state.name, trial.value) for trial in books_of(tmp_path)] == [("COMPLETE", 0.1), ("COMPLETE", 0.3)]


def test_other_images_stop_the_sweep(swept, tiny, capsys, monkeypatch):
    monkeypatch.setattr("tfgan.runs.planning.growth.validated_by", lambda dataset: "other")
    code, said = sweep(tiny, swept, SEARCH, "--trials=3", capsys=capsys)
    assert code == 2 and "the images are not those that the sweep began with" in said.err and len(books(swept).trials()) == 2


def test_a_pruner_ends_what_is_worse_than_the_others(tmp_path):
    study = optuna.create_study(direction="minimize", pruner=optuna.pruners.MedianPruner(n_startup_trials=1))
    study.add_trial(optuna.trial.create_trial(value=0.1, intermediate_values={1: 0.3, 2: 0.1}))
    pruning = trials.Pruning(study.ask(), "l1")
    pruning.on_log(Trainer(), {"step": 4, "epoch": 1.0, "val_l1": 0.2})
    pruning.on_log(Trainer(), {"step": 6, "epoch": 1.5, "generator_loss": 9.0})
    assert pruning.why_stop(Trainer(), 4) == "" and not pruning.pruned
    pruning.on_log(Trainer(), {"step": 8, "epoch": 2.0, "val_l1": 0.15})
    assert pruning.why_stop(Trainer(), 8) == "" and not pruning.pruned  # it is at its end
    assert pruning.why_stop(Trainer(), 7) == "the pruner sees no use in it by its l1." and pruning.pruned
    assert study.trials[1].intermediate_values == {1: 0.2, 2: 0.15}


def test_a_pruned_trial_is_noted_and_is_no_candidate(tmp_path, tiny, capsys, fake, monkeypatch):
    monkeypatch.setattr(optuna.pruners.MedianPruner, "prune", lambda self, study, trial: trial.number == 1)
    fake += [[0.4, 0.3], [0.2, 0.1]]
    code, said = sweep(tiny, tmp_path, "--search=ngf=2|4", capsys=capsys)
    assert code == 0 and [trial.state.name for trial in books_of(tmp_path)] == ["COMPLETE", "PRUNED"]
    assert "pruned at epoch 1 with l1 0.2, ngf=2" in said.out and "trial 0 (1 of 2), 0:0" in said.out
    assert (tmp_path / "best.flags").read_text().startswith("# Trial 0, the best of 1 of a sweep: l1 0.3 at")


def rows(*given):
    return [Row(number, state, value, 2, {"ngf": "32"}, why, 1.0) for number, (state, value, why) in enumerate(given)]


def test_trials_are_ranked_and_a_table_fits_a_terminal():
    known = rows(("done", 0.3, ""), ("pruned", 0.1, ""), ("failed", None, "words " * 30), ("done", 0.2, ""), ("running", None, ""))
    assert [row.number for row in ranked(known, False)] == [3, 0, 1, 2, 4] and best_of(known, True).number == 0
    lines = table(known, "l1", False, 80).splitlines()
    assert max(map(len, lines)) <= 80 and lines[1].split() == ["3", "0.2", "2", "done", "ngf=32"]
    assert best_of(rows(("pruned", 0.1, "")), False) is None


def test_a_programs_own_images_are_trained_on_again_in_python(tmp_path):
    """No command line can name arrays; the Python call is as long as a path and quotes it."""
    of_arrays = recipe()._replace(data=DataConfig(dataset="own:1"))
    assert trains_again(Path("a b"), of_arrays) == "tfgan.train(recipe='a b/best.flags', data=…)"
    assert trains_again(Path("a b"), recipe()) == "tfgan train --flagfile='a b/best.flags'"


def test_from_python(swept, tmp_path, capsys):
    settings = {"image_size": 16, "generator": "unet_16", "ngf": 4, "ndf": 4, "n_layers": 1, "synthetic_images": 2, "batch_size": 2}
    quiet = {"epochs": 1, "validate_every": 1, "best_metric": "psnr", "tensorboard": False, "num_samples": 1, "validate_count": 2}
    made = tfgan.sweep(search={"flip": [True, False], "augment": "|color"}, trials=1, workdir=tmp_path / "s", **settings, **quiet)
    assert made.best.number == 0 and made.best.values == {"flip": "true", "augment": ""} and made.metric == "psnr"
    study = optuna.load_study(study_name="sweep", storage=f"sqlite:///{tmp_path / 's' / 'sweep.db'}")
    assert study.direction.name == "MAXIMIZE" and books(tmp_path).study.direction.name == "MINIMIZE"
    assert made.load().config.hparams.flip is True and "psnr" in repr(made) and (made.folder / "report.html").exists()
    assert f"  tfgan train --flagfile={made.folder / 'best.flags'}" in repr(made).splitlines()
    with pytest.raises(tfgan.UserError, match="sweep with other settings"):
        tfgan.sweep(search={"flip": [True, False]}, trials=1, workdir=tmp_path / "s", **settings, **quiet)
