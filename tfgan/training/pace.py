"""The share of the time in which training waits for its images: the usual time of a step beside that of steps whose images are at hand."""

import time

PROBED_STEPS = 2  # the pipeline holds ready at least two batches
PAUSED_STEPS = 3  # in the time of three steps even a pipeline that is the bottleneck has made two steps' batches, in fits and starts too
PROBE_EVERY = 300  # steps, so that pauses take 1 % of the time at most; no time at all where the pipeline is the bottleneck


class Pace:
    """Measures how long training waits for its images, from outside, by calls of the compiled program, which end when the device is done.

    Clocks inside the program would not tell: it asks for batches long before a GPU gets to them, and batches come in bursts. A step that
    eats several batches may find too few at hand, and then seems to wait less than it does.
    """

    def __init__(self):
        self._steps, self._seconds = 0, 0.0  # of the calls since the last probe
        self._waiting: float | None = None

    def pause(self, room: int) -> bool:
        """Lets the pipeline run ahead for a moment, if it is time to and there is `room`, in steps, for a call of `PROBED_STEPS`.

        Returns:
            Whether there was a pause; the next call must then do `PROBED_STEPS`.
        """
        if self._steps < PROBE_EVERY or room < PROBED_STEPS:
            return False
        time.sleep(PAUSED_STEPS * self._seconds / self._steps)
        return True

    def took(self, steps: int, seconds: float, compiles: bool, probes: bool):
        """Takes note of a call of so many steps and seconds.

        Args:
            compiles: whether the call compiled, so that its time says nothing.
            probes: whether it came after a pause, and so found its images at hand.
        """
        if compiles:
            self._steps, self._seconds, self._waiting = 0, 0.0, None
        elif probes:
            free, usual = seconds / steps, self._seconds / self._steps
            self._steps, self._seconds, self._waiting = 0, 0.0, max(1.0 - free / usual, 0.0)
        else:
            self._steps, self._seconds = self._steps + steps, self._seconds + seconds

    def waiting(self) -> float | None:
        """The share of the time in which steps waited for images, 0 to 1; None if it was not measured since `waiting` was last asked."""
        waiting, self._waiting = self._waiting, None
        return waiting
