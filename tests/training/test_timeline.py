import pytest

from tfgan.methods.base import Stage
from tfgan.training.timeline import Interval, Timeline

ONE = Timeline([Stage(0, 0, 4)], images=10)  # 3 steps an epoch
GROWING = Timeline([Stage(0, 0, 8), Stage(5, 40, 4), Stage(12, 68, 2)], images=24)  # 3, 6 and 12 steps an epoch
MORE = Timeline([Stage(0, 0, 4)], images=10, growth=[(4, 20)])  # 3 steps an epoch, and 5 from step 4 on


def test_an_epoch_is_a_whole_number_of_steps():
    assert [ONE.epoch(step) for step in (0, 3, 6)] == [0, 1, 2] and ONE.epoch(4) == pytest.approx(4 / 3)
    assert [ONE.step(epochs) for epochs in range(4)] == [0, 3, 6, 9]
    assert [ONE.whole_epoch(step) for step in range(5)] == [0, None, None, 1, None]
    assert Timeline([Stage(0, 0, 4)], 10, batches_per_step=2).step(3) == 6


def test_stages():
    assert [GROWING.stages.index(GROWING.stage(step)) for step in (0, 4, 5, 11, 12, 99)] == [0, 0, 1, 1, 2, 2]
    assert [GROWING.next_stage(step) for step in (0, 4, 5, 11, 12)] == [5, 5, 12, 12, None]
    assert [GROWING.sample(step) for step in (0, 5, 6, 12, 13)] == [0, 40, 44, 68, 70]


def test_epochs_of_stages():
    """5/3 epochs in the first stage, 7/6 in the second, the rest in the third; an epoch ends with the first step that completes it."""
    assert GROWING.epoch(5) == pytest.approx(5 / 3) and GROWING.epoch(12) == pytest.approx(17 / 6)
    assert GROWING.epoch(14) == pytest.approx(3)
    assert [GROWING.step(epochs) for epochs in range(6)] == [0, 3, 7, 14, 26, 38]
    assert [step for step in range(1, 40) if GROWING.whole_epoch(step) is not None] == [3, 7, 14, 26, 38]
    for step in range(60):
        assert GROWING.epoch(step + 1) > GROWING.epoch(step)


def test_epochs_become_longer_where_the_images_become_more():
    """3 steps an epoch until step 4, and 5 then; in the middle of the second stage 6 steps become 8."""
    assert [MORE.epoch(step) for step in (0, 3, 4)] == [0, 1, pytest.approx(4 / 3)] and MORE.epoch(9) == pytest.approx(7 / 3)
    assert [MORE.step(epochs) for epochs in range(4)] == [0, 3, 8, 13]
    both = Timeline(GROWING.stages, 24, growth=[(8, 32)])
    assert [both.epoch(step) for step in range(9)] == [GROWING.epoch(step) for step in range(9)]
    assert both.epoch(12) - both.epoch(8) == pytest.approx(4 / 8) and both.epoch(28) - both.epoch(12) == pytest.approx(1)
    again = Timeline([Stage(0, 0, 4)], 10, growth=[(4, 20), (4 + 5, 8)])
    assert again.epoch(9) == pytest.approx(7 / 3) and again.epoch(11) == pytest.approx(10 / 3)


@pytest.mark.parametrize("timeline", [ONE, GROWING, MORE])
@pytest.mark.parametrize("interval", [Interval(4), Interval(1), Interval(1, "epochs"), Interval(2, "epochs")])
def test_next_finds_all_that_is_due(timeline, interval):
    if interval.unit == "steps":
        due = [step for step in range(1, 40) if step % interval.count == 0]
    else:
        due = [timeline.step(epochs) for epochs in range(interval.count, 20, interval.count) if timeline.step(epochs) < 40]
    assert len(due) > 1 and [step for step in range(40) if timeline.due(interval, step)] == due
    assert [timeline.next(interval, step) for step in range(due[-1])] == [min(d for d in due if d > step) for step in range(due[-1])]


def test_an_interval_of_none_is_never():
    assert ONE.next(Interval(0), 5) is None and not any(ONE.due(Interval(0, "epochs"), step) for step in range(9))


def test_large_runs_are_exact():
    """No rounding: 200 epochs of 50,000 images, and 25 million images in FFHQ's stages."""
    assert Timeline([Stage(0, 0, 64)], 50_000).step(200) == 200 * 782
    stages = [Stage(0, 0, 128), Stage(4688, 600_064, 64), Stage(23_438, 1_800_064, 32)]
    timeline = Timeline(stages, 70_000)
    for epochs in range(1, 350):
        step = timeline.step(epochs)
        assert timeline.epoch(step) >= epochs - 1e-6 > timeline.epoch(step - 1) - 1e-6 and timeline.whole_epoch(step) == epochs
