"""Made-up curves of trainings that go wrong, just do not, or are noisy."""

import numpy as np
import pytest

from tfgan.evaluation import detectors as module
from tfgan.evaluation.detectors import Limit, Overfitting, Watch, average_ready, detectors
from tfgan.methods.base import Gap

RNG = np.random.default_rng(0)
NAMES = ["discriminator_saturated", "collapse", "color_inversion", "checkerboard", "slow_input", "overfitting"]
# measure -> (alarm, a value that is bad, one that is just not)
MEASURES = {
    "doubt": ("discriminator_saturated", 0.049, 0.051),
    "sample_diversity": ("collapse", 0.149, 0.151),
    "sample_correlation": ("color_inversion", -0.31, -0.29),
    "sample_checkerboard": ("checkerboard", 10.1, 9.9),
    "input_wait": ("slow_input", 0.31, 0.29),
}


def doubt(row):
    return {"discriminator": row["doubt"]} if "doubt" in row else {}


def raised(curve, scalar, every=50, first=0, decay=0.0):
    """(step, alarm) of a run whose `scalar` takes the values of `curve`, in a row every so many steps."""
    watch = Watch(detectors(doubt, decay))
    rows = [{"step": first + every * number, "epoch": number / 4, scalar: value} for number, value in enumerate(curve, start=1)]
    return [(alarm.step, alarm.alarm) for row in rows for alarm in watch.see(row)]


def rows_of(name):
    return {"discriminator_saturated": module.LOG_ROWS, "slow_input": module.PROBES}.get(name, module.SAMPLE_ROWS)


def test_all_alarms_are_there():
    assert [detector.name for detector in detectors(doubt, gap=Gap(("l1_loss",), "l1"))] == NAMES
    assert [detector.name for detector in detectors(doubt)] == NAMES[:-1]


@pytest.mark.parametrize("scalar", MEASURES)
class TestEachLimit:
    def test_a_bad_stretch_is_said_once_and_as_soon_as_it_is_long_enough(self, scalar):
        name, bad, _ = MEASURES[scalar]
        # Rows up to step 200 are the warm-up; then ten, or five probes, or three pictures over 200 steps at least.
        expected = 700 if rows_of(name) == 10 else 450
        assert raised([bad] * 40, scalar) == [(expected, name)]

    def test_quiet_just_beside_the_limit(self, scalar):
        _, _, good = MEASURES[scalar]
        assert raised([good] * 100, scalar) == []

    def test_one_bad_row_or_a_few_are_not_enough(self, scalar):
        name, bad, good = MEASURES[scalar]
        assert raised(([bad] * 2 + [good]) * 30, scalar) == []
        assert raised([good] * 10 + [bad] * (rows_of(name) - 2) + [good] * 20, scalar) == []

    def test_said_again_only_after_it_went_away(self, scalar):
        name, bad, good = MEASURES[scalar]
        steps = [step for step, _ in raised([bad] * 20 + [good] * 20 + [bad] * 20, scalar)]
        assert len(steps) == 2 and steps[0] < 1000 and steps[1] > 2000

    def test_it_does_not_flicker(self, scalar):
        """Now and then a good row: less than most of the stretch."""
        name, bad, good = MEASURES[scalar]
        assert len(raised([bad] * 20 + ([good] + [bad] * 4) * 20, scalar)) == 1

    def test_rows_of_the_warm_up_do_not_count(self, scalar):
        _, bad, good = MEASURES[scalar]
        assert raised([bad] * 200 + [good] * 100, scalar, every=1) == []

    def test_frequent_rows_make_no_shorter_stretch(self, scalar):
        name, bad, good = MEASURES[scalar]
        assert raised([good] * 300 + [bad] * 150 + [good] * 300, scalar, every=1) == []
        (step, _), *more = raised([good] * 300 + [bad] * 400, scalar, every=1)
        assert 450 < step <= 510 and not more

    def test_rows_without_the_measure_decide_nothing(self, scalar):
        name, bad, _ = MEASURES[scalar]
        watch = Watch(detectors(doubt))
        rows = [{"step": 50 * n, "epoch": 1.0, **({scalar: bad} if n % 2 else {"l1_loss": 0.1})} for n in range(1, 60)]
        assert [alarm.alarm for row in rows for alarm in watch.see(row)] == [name]


def test_the_message_has_the_measured_value_and_the_limit():
    watch = Watch(detectors(doubt))
    values = [0.01, 0.02, 0.03, 0.04, 0.9, 0.011, 0.012, 0.013, 0.014, 0.015]
    (alarm,) = [alarm for n, value in enumerate(values) for alarm in watch.see({"step": 250 + 50 * n, "epoch": 2.5, "doubt": value})]
    assert (alarm.step, alarm.epoch) == (700, 2.5)
    assert "its doubt is 0.014 " in alarm.message and "alarm below 0.05" in alarm.message  # (0.014 + 0.015) / 2, rounded to even
    watch = Watch(detectors(doubt))
    (alarm,) = [alarm for n in range(20) for alarm in watch.see({"step": 250 + 50 * n, "epoch": 1.0, "input_wait": 0.456})]
    assert "46% of the time (alarm above 30%)" in alarm.message


@pytest.mark.parametrize("side", [0, 1])
def test_one_of_two_discriminators_is_enough(side):
    watch = Watch(detectors(lambda row: dict(zip("ab", row["doubts"]))))
    doubts = [(0.5, 0.01), (0.01, 0.5)][side]
    assert sum(len(watch.see({"step": 250 + 50 * n, "epoch": 1.0, "doubts": doubts})) for n in range(20)) == 1


def test_quiet_on_noise_like_that_of_batch_size_1():
    """The loss of pix2pix' discriminator: log-normal around a third of its stalemate, single rows far below the limit."""
    noise = np.exp(RNG.normal(np.log(0.3), 1.0, 20_000))
    assert (noise < module.LEAST_DOUBT).mean() > 0.02
    assert raised(noise, "doubt") == []
    assert raised(RNG.normal(0.0, 0.3, 2000), "sample_correlation") == []
    assert raised(np.abs(RNG.normal(0.0, 0.15, 2000)), "input_wait") == []


def test_averages_are_judged_when_they_have_forgotten_the_fresh_weights():
    """DCGAN with --ema_decay=0.999 on digits: diversity climbs from 0.01 to 0.6 in 3500 steps, and nothing is wrong."""
    assert average_ready(0.0) == average_ready(1.0) == 0
    assert 0.999 ** average_ready(0.999) <= 0.01 < 0.999 ** (average_ready(0.999) - 1)
    climbing = [0.01, 0.02, 0.05, 0.09, 0.2, 0.4, 0.55, 0.62, 0.66, 0.68]
    assert raised(climbing, "sample_diversity", every=500) == [(1500, "collapse")]
    assert raised(climbing, "sample_diversity", every=500, decay=0.999) == []
    assert raised([0.01] * 20, "sample_diversity", every=500, decay=0.999) == [(6000, "collapse")]


def overfitting(training, validation, rows_each=5):
    """Validations at which it is raised, from 1 on; before each come some rows of the training loss."""
    watch, found = Watch([Overfitting(("l1_loss",), "val_l1")]), []
    for number, (train, val) in enumerate(zip(training, validation), start=1):
        rows = [{"step": number * 10 - 1, "epoch": number, "l1_loss": train}] * rows_each
        rows.append({"step": number * 10, "epoch": number, "val_l1": val})
        found += [number for row in rows for _ in watch.see(row)]
    return found


FALLING = [0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.08]


class TestOverfitting:
    def test_validation_worse_while_training_falls(self):
        assert overfitting(FALLING, [0.4, 0.36, 0.37, 0.38, 0.39, 0.4, 0.41, 0.42]) == [5]

    def test_quiet_while_validation_gets_better_or_stays(self):
        assert overfitting(FALLING, FALLING) == []
        assert overfitting(FALLING, [0.4] * 8) == []
        assert overfitting(FALLING, [0.4, 0.36, *[0.367] * 6]) == []  # 1.9 % worse

    def test_quiet_where_training_does_not_fall_either(self):
        """A learning rate too high, say: no overfitting."""
        assert overfitting([0.4, 0.3, *[0.32] * 6], [0.4, 0.36, *[0.45] * 6]) == []  # 8.6 % better than the mean until the best
        assert overfitting([0.4, 0.3, *[0.31] * 6], [0.4, 0.36, *[0.45] * 6]) == [5]  # 11 % better

    def test_one_bad_validation_is_not_enough(self):
        assert overfitting(FALLING, [0.4, 0.36, 0.36, 0.5, 0.36, 0.36, 0.5, 0.36]) == []
        assert overfitting(FALLING[:4], [0.4, 0.36, 0.5, 0.5]) == []

    def test_said_again_after_a_better_validation(self):
        training = np.geomspace(0.4, 0.04, 12)
        assert overfitting(training, [0.36, 0.4, 0.4, 0.4, 0.4, 0.3, 0.29, 0.28, 0.4, 0.4, 0.4, 0.4]) == [4, 11]

    def test_quiet_on_noise(self):
        for seed in range(20):
            rng = np.random.default_rng(seed)
            training = 0.36 + 0.03 * rng.normal(size=200) / np.sqrt(8)
            assert overfitting(training, 0.36 + 0.006 * rng.normal(size=200)) == []

    def test_validations_without_training_losses_decide_nothing(self):
        detector = Overfitting(("l1_loss",), "val_l1")
        assert [detector.judge({"step": n, "epoch": n, "val_l1": 0.1 * n}) for n in range(1, 9)] == [None] * 8

    def test_the_message_has_all_four_numbers(self):
        watch, detector = Watch([]), Overfitting(("l1_loss",), "val_l1")
        watch.detectors = [detector]
        rows = [{"l1_loss": t, "val_l1": v} for t, v in zip(FALLING, [0.4, 0.36, 0.37, 0.38, 0.39])]
        (alarm,) = [alarm for n, row in enumerate(rows) for alarm in watch.see({"step": n, "epoch": n, **row})]
        assert "val_l1 was 0.36 at best, 3 validations ago, and is 0.38 now" in alarm.message
        assert "l1_loss fell from 0.375 to 0.25" in alarm.message


def test_the_gap_of_several_losses_is_that_of_their_mean():
    """Of two ways, one gets better and the other worse: 0.2 and 0.2, then 0.1 and 0.22, 20 % less in the mean."""
    rows = [{"there": 0.2, "back": 0.2}, *[{"there": 0.1, "back": 0.22}] * 4]
    validations = [0.3, 0.31, 0.32, 0.33, 0.34]
    found = {}
    for names in (("there", "back"), ("back",)):
        watch = Watch(detectors(doubt, gap=Gap(names, "cycle_l1")))
        shown = [{"step": n, "epoch": n, **row, "val_cycle_l1": value} for n, (row, value) in enumerate(zip(rows, validations))]
        shown.insert(1, {"step": 0, "epoch": 0, "back": 9.0})  # where not all are logged, nothing is said
        found[names] = [alarm.message for row in shown for alarm in watch.see(row)]
    (message,) = found["there", "back"]
    assert "val_cycle_l1 was 0.3 at best" in message and "the mean of there and back fell from 0.2 to 0.16" in message
    assert found["back",] == []


def test_a_run_read_again_is_where_it_was():
    """Rows shown twice over, to a new watch after any of them: the alarms are those of the unbroken run."""
    curve = [0.5] * 8 + [0.01] * 20 + [0.5] * 20 + [0.01] * 20
    rows = [{"step": 50 * n, "epoch": n, "doubt": value} for n, value in enumerate(curve, start=1)]
    unbroken = Watch(detectors(doubt))
    expected = [alarm for row in rows for alarm in unbroken.see(row)]
    assert len(expected) == 2
    for stop in range(0, len(rows), 7):
        before, after = Watch(detectors(doubt)), Watch(detectors(doubt))
        first = [alarm for row in rows[:stop] for alarm in before.see(row)]
        again = [alarm for row in rows[:stop] for alarm in after.see(row)]
        assert again == first
        assert first + [alarm for row in rows[stop:] for alarm in after.see(row)] == expected


def test_a_value_at_the_limit_is_good():
    limit = Limit("a", lambda row: row["x"], "below", 0.5, "{value}", rows=2, first_step=0)
    assert [limit.judge({"step": 200 * n, "x": 0.5}) for n in (1, 2, 3)] == [None, False, False]
    limit = Limit("a", lambda row: row["x"], "above", 0.5, "{value}", rows=2, first_step=0)
    assert [limit.judge({"step": 200 * n, "x": 0.5}) for n in (1, 2, 3)] == [None, False, False]
