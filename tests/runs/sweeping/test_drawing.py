"""Which values trials try: new ones, free of contradictions, drawn alike by alike books, and better ones as trials go."""

import math

import pytest
from swept import recipe

from tfgan.errors import UserError
from tfgan.runs.sweeping.search import parse

optuna = pytest.importorskip("optuna")

from tfgan.runs.sweeping.drawing import distributions, draw  # noqa: E402


def drawn(words, count, value=lambda values: 0.0, direction="minimize", **settings):
    """The values of `count` trials one after the other, each told what `value` makes of it; fewer where none are left."""
    base = recipe(**settings)
    dimensions, trials = parse(words, base), []
    for _ in range(count):
        values = draw(trials, dimensions, base, direction)
        if values is None:
            break
        made = optuna.trial.create_trial(params=values, distributions=distributions(dimensions), value=value(values))
        trials.append(made)
    return [trial.params for trial in trials]


def test_the_first_trial_has_the_recipes_own_values_if_they_are_searched():
    assert drawn(("ngf=32|64", "dropout=0:0.6"), 1) == [{"ngf": "64", "dropout": 0.5}]
    assert drawn(("ngf=32|16", "dropout=0:0.6"), 1)[0]["ngf"] in ("16", "32")
    assert drawn(("dropout=0:0.4",), 1)[0]["dropout"] <= 0.4


def test_each_combination_is_drawn_once_and_none_that_contradicts_itself():
    values = drawn(("ema_decay=0|0.9|0.99", "ema_warmup=auto|off", "batch_size=1:2"), 99)
    assert len(values) == 10 == len({tuple(each.items()) for each in values})
    assert not any(each["ema_decay"] == "0" and each["ema_warmup"] == "off" for each in values)


def test_the_same_books_draw_the_same_and_another_seed_draws_others():
    words = ("learning_rate=log:1e-5:1e-3", "ngf=8|16")
    values = drawn(words, 4)
    assert values == drawn(words, 4) and len({each["learning_rate"] for each in values}) == 4
    assert all(float(f"{each['learning_rate']:.4g}") == each["learning_rate"] and 1e-5 <= each["learning_rate"] <= 1e-3 for each in values)


@pytest.mark.parametrize("direction, sign", [("minimize", 1), ("maximize", -1)])
def test_later_trials_are_near_the_best_values(direction, sign):
    def miss(values):
        return abs(math.log10(values["learning_rate"]) + 4.5)

    misses = [miss(values) for values in drawn(("learning_rate=log:1e-7:1e-2",), 30, lambda values: sign * miss(values), direction)]
    assert sum(each < 0.3 for each in misses[10:]) >= 7  # of 20, where draws at random would have 2


def test_a_search_of_contradictions_ends_in_words(monkeypatch):
    monkeypatch.setattr("tfgan.runs.sweeping.recipe.Recipe.refusal", lambda *_: "no")
    with pytest.raises(UserError, match="nearly all combinations contradict themselves"):
        drawn(("dropout=0.1:0.2",), 1)
    assert drawn(("ngf=8|16",), 1) == []
