"""Curves: thinned, smoothed and grouped, against values by hand."""

import math

import numpy as np

from tfgan.evaluation.report import curves


def test_thinning_keeps_every_spike():
    """Two stretches of four: lowest and highest of each, and both ends. 2 points for each stretch."""
    values = np.array([0.0, 5.0, -5.0, 1.0, 2.0, 2.5, 9.0, 3.0])
    assert curves.thin(values, 4) == [0, 1, 2, 4, 6, 7]
    assert curves.thin(values, 8) == list(range(8))


def test_thinning_keeps_the_first_value_that_is_not_finite():
    values = np.array([1.0, math.nan, math.inf, 0.0, math.nan, math.nan, math.nan, math.nan])
    assert curves.thin(values, 4) == [0, 1, 3, 4, 7]


def test_thinning_of_a_long_curve():
    random = np.random.default_rng(0)
    values = random.normal(size=100_000)
    values[[12_345, 77_777]] = 50, -60
    kept = curves.thin(values, 2000)
    assert len(kept) <= 2002 and {0, 12_345, 77_777, 99_999} <= set(kept) and kept == sorted(set(kept))


def test_smoothing_by_hand():
    """A window of 3 halves the weight of the past: 4; (4/2 + 8) / (1/2 + 1) = 20/3; (4/4 + 8/2 + 1) / (7/4) = 24/7."""
    np.testing.assert_allclose(curves.smooth(np.array([4.0, 8.0, 1.0]), 3), [4, 20 / 3, 24 / 7])


def test_smoothing_leaves_out_what_is_not_finite():
    smoothed = curves.smooth(np.array([4.0, math.nan, 8.0, math.inf]), 3)
    np.testing.assert_allclose(smoothed, [4, math.nan, 20 / 3, math.inf])


def test_smoothing_begins_at_the_first_value_and_windows_grow_with_the_curve():
    np.testing.assert_allclose(curves.smooth(np.full(9, 2.5), 100), 2.5)
    assert [curves.smoothing_window(count) for count in (1, 125, 1000)] == [5, 5, 40]


def titles(groups):
    return {group["title"]: [(c["title"], [x["name"] for x in c["curves"]]) for c in group["charts"]] for group in groups}


def test_each_loss_of_one_run_has_a_chart_and_scores_of_a_kind_share_one():
    rows = [
        {"step": 1, "epoch": 0.5, "images_per_second": 9, "generator_loss": 30, "l1_loss": 0.3, "gradient_penalty": 1}
        | {"real_logit": 2, "fake_logit": -2, "class_accuracy": 0.5, "sample_diversity": 1, "val_l1": 3, "val_psnr": 4}
    ]
    found = titles(curves.charts([rows]))
    assert found == {
        "Losses": [(name, [name]) for name in ("generator_loss", "l1_loss", "gradient_penalty")],
        "Validation": [("val_l1", ["val_l1"]), ("val_psnr", ["val_psnr"])],
        "Scores": [("logits", ["real_logit", "fake_logit"]), ("class_accuracy", ["class_accuracy"])],
        "Measures of sample pictures": [("sample_diversity", ["sample_diversity"])],
        "Speed": [("images_per_second", ["images_per_second"])],
    }
    assert list(found) == ["Losses", "Validation", "Scores", "Measures of sample pictures", "Speed"]


def test_losses_of_a_domain_have_its_name():
    rows = [{"step": 1, "cycle_source_loss": 1, "gan_target_loss": 2, "generator_loss": 3}]
    labels, horses = ({"source": here, "target": there} for here, there in (("labels", "photo"), ("horse", "zebra")))
    assert titles(curves.charts([rows], [labels])) == {
        "Losses": [(name, [name]) for name in ("cycle_loss (labels)", "gan_loss (photo)", "generator_loss")]
    }
    assert titles(curves.charts([rows, rows], [labels, horses]))["Losses"] == [
        ("cycle_source_loss", ["cycle_loss (labels)", "cycle_loss (horse)"]),
        ("gan_target_loss", ["gan_loss (photo)", "gan_loss (zebra)"]),
        ("generator_loss", ["generator_loss", "generator_loss"]),
    ]


def test_several_runs_have_a_chart_for_each_scalar():
    (group,) = curves.charts([[{"step": 1, "a_loss": 1}, {"step": 2, "a_loss": 3}], [{"step": 5, "a_loss": 2, "b_loss": 4}]])
    shown = [(chart["title"], [(c["run"], c["steps"], c["values"]) for c in chart["curves"]]) for chart in group["charts"]]
    assert shown == [("a_loss", [(0, [1, 2], [1, 3]), (1, [5], [2])]), ("b_loss", [(1, [5], [4])])]


def test_a_curve_has_gaps_where_values_are_not_finite():
    rows = [{"step": 1, "epoch": 0.1, "x": 1 / 3}, {"step": 2, "epoch": 0.2, "x": math.nan}, {"step": 3, "x": -math.inf}]
    (curve,) = curves.make_curves(2, rows)
    assert curve == curves.Curve(2, "x", [1, 2, 3], [0.1, 0.2, None], [0.333333, None, None], [0.333333, None, None], 2)
