"""Waiting for images, measured on a clock that tests set and on pipelines that sleep."""

import time

import pytest
import tensorflow as tf

from tfgan.training import pace
from tfgan.training.pace import PAUSED_STEPS, PROBE_EVERY, PROBED_STEPS, Pace


@pytest.fixture
def naps(monkeypatch):
    """The pauses that were asked for, which take no time."""
    found = []
    monkeypatch.setattr(time, "sleep", found.append)
    return found


def test_a_pause_of_three_usual_steps_every_300(naps):
    pace = Pace()
    pace.took(1, 60.0, True, False)  # the call that compiles
    pace.took(PROBE_EVERY - 1, 0.1 * (PROBE_EVERY - 1), False, False)
    assert not pace.pause(100) and pace.waiting() is None
    pace.took(1, 0.1, False, False)
    assert not pace.pause(PROBED_STEPS - 1)  # no room before the next log entry
    assert pace.pause(PROBED_STEPS) and naps == [pytest.approx(0.1 * PAUSED_STEPS)]
    pace.took(2, 0.08, False, True)
    assert not pace.pause(100)
    assert pace.waiting() == pytest.approx(0.6)  # 0.04 s instead of 0.1
    assert pace.waiting() is None  # told once


def test_a_step_that_takes_longer_after_a_pause_waits_for_nothing(naps):
    pace = Pace()
    pace.took(PROBE_EVERY, 30.0, False, False)
    pace.took(2, 0.5, False, True)
    assert pace.waiting() == 0.0


def test_another_stage_begins_anew(naps):
    pace = Pace()
    pace.took(PROBE_EVERY, 30.0, False, False)
    pace.took(2, 0.1, False, True)
    pace.took(1, 90.0, True, False)
    assert pace.waiting() is None and not pace.pause(100)
    pace.took(PROBE_EVERY, 300.0, False, False)
    assert pace.pause(100) and naps == [pytest.approx(PAUSED_STEPS)]


def test_pauses_take_one_percent():
    assert PAUSED_STEPS / (PROBE_EVERY + PROBED_STEPS) < 0.01


@pytest.mark.parametrize(("pipeline", "device", "waiting"), [(0.02, 0.002, 0.9), (0.02, 0.01, 0.5), (0.004, 0.02, 0.0)])
def test_of_a_pipeline_that_sleeps(pipeline, device, waiting, monkeypatch):
    """So many seconds a batch and a step; calls of three steps."""
    monkeypatch.setattr(pace, "PROBE_EVERY", 20)

    def slow(number):
        time.sleep(pipeline)
        return number

    batches = tf.data.Dataset.range(10_000).map(lambda n: tf.numpy_function(slow, [n], tf.int64)).prefetch(4)
    iterator, measured, found = iter(batches), Pace(), []
    for _ in range(25):
        probes = measured.pause(10)
        count, started = PROBED_STEPS if probes else 3, time.perf_counter()
        for _ in range(count):
            next(iterator)
            time.sleep(device)
        measured.took(count, time.perf_counter() - started, False, probes)
        found.append(measured.waiting())
    told = sorted(share for share in found if share is not None)
    assert len(told) >= 3 and told[len(told) // 2] == pytest.approx(waiting, abs=0.2)
