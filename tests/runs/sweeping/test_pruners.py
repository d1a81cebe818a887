"""Which trials end early, and when."""

import pytest
from swept import recipe

from tfgan.runs.sweeping.search import parse

optuna = pytest.importorskip("optuna")

from tfgan.runs.sweeping.pruners import longest, make_pruner, tell_idle  # noqa: E402


def ends(name, values, epochs=8, every=1):
    """The epoch of its last validation of each trial, one after the other, whose validations all have one value; less is better."""
    study, found = optuna.create_study(direction="minimize", pruner=make_pruner(name, epochs, every)), []
    for value in values:
        trial = study.ask()
        for epoch in range(every, epochs + 1, every):
            trial.report(value, epoch)
            if epoch < epochs and trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, value)
        found.append(epoch)
    return found


def test_the_median_ends_what_is_worse_after_five_trials_and_a_quarter_of_the_epochs():
    assert ends("median", [5, 4, 3, 2, 1, 3.5, 0.5, 2.5]) == [8, 8, 8, 8, 8, 2, 8, 8]
    assert ends("median", [5, 4, 3, 2, 1, 3.5], every=4) == [8] * 5 + [4]


def test_hyperband_ends_many_at_few_epochs_and_the_best_never():
    values = [(7 * number) % 20 + 1.0 for number in range(20)] + [0.0]
    found = ends("hyperband", values, epochs=9)
    assert {1, 9} <= set(found) and found[-1] == 9 and found.count(9) < 15


def test_none_ends_nothing():
    assert ends("none", [1, 2, 3, 4, 5, 6, 7]) == [8] * 7


def test_the_longest_trial_counts():
    words = {"epochs=4|9": 9, "epochs=4:20": 20, "steps=100|200": 20, "steps=100:200,batch_size=1|4": 80, "ngf=8|16": 200}
    assert {word: longest(recipe(), parse(tuple(word.split(",")), recipe()), 10) for word in words} == words


@pytest.mark.parametrize(
    "arguments, said",
    [
        (("median", 4, 4, 20), "--pruner=median ends no trial early, as each is validated once: lower --validate_every."),
        (("hyperband", 4, 8, 20), "--pruner=hyperband ends no trial early, as each is validated once: lower --validate_every."),
        (("median", 4, 1, 5), "--pruner=median ends none of 5 trials early: it compares with 5 that are done."),
        (("median", 4, 1, 6), ""),
        (("none", 4, 4, 5), ""),
        (("hyperband", 4, 1, 5), ""),
    ],
)
def test_a_pruner_that_ends_nothing_is_told(arguments, said, caplog):
    with caplog.at_level("INFO"):
        tell_idle(*arguments)
    assert [found.message for found in caplog.records] == [said] * bool(said)
