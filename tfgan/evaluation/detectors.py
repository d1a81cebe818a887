"""Alarms of a training that goes wrong, from the rows of `RUN/metrics.jsonl` alone: a resumed run reads them again and knows what it knew.

Every alarm watches one measure over a stretch of rows. It is raised when nearly all of the stretch is bad, and said once; it is over when
most of the stretch is good again, and may then be raised anew.
"""

import dataclasses
import math
import statistics
from collections import deque
from collections.abc import Callable
from typing import Literal

from tfgan.config import Strings
from tfgan.methods.base import Gap

Row = dict[str, float]
"""Scalars by name, with `step` and `epoch`."""

WARM_UP_STEPS = 200  # a fresh discriminator beats a fresh generator, whose images are all alike, and caches fill
LOG_ROWS = 10  # a row is one batch, and batches differ: pix2pix' loss of D on facades jumps from 0.03 to 2.9 of its stalemate
PROBES = 5  # two steps each, beside the mean of hundreds: on a busy machine one may be fast by chance
SAMPLE_ROWS = 3  # means over all sample pictures, which change little from one to the next
STRETCH_STEPS = 200  # least length of a stretch, for runs that log every few steps
NEARLY_ALL, MOST = 0.9, 0.5  # shares of a stretch at which an alarm is raised, and above which it stays

# Twenty healthy runs of all methods touch 0.03 in single rows, but the second highest of any ten rows is 0.29 or more. Under cross-entropy
# 0.05 means right with a probability of 0.97: little gradient is left for the generator (Arjovsky and Bottou 2017, §2).
LEAST_DOUBT = 0.05
LEAST_DIVERSITY = 0.15  # healthy runs: 0.45 and more of real images'; a generator that ignores its input: near 0
LEAST_CORRELATION = -0.3  # healthy translations of photographs: 0.4 and more; a negative: near -1
MOST_CHECKERBOARD = 10.0  # dB above real images: ten times their power. Healthy runs: 10 in the first epoch, then at most 6
MOST_WAITING = 0.3  # share of the time: the training could be 1.4 times as fast

WORSE_VALIDATION = 1.02  # validation loss in its best one's, beyond the noise of a few images
BETTER_TRAINING = 0.9  # training loss in what it was then: a mean over one epoch's rows at batch size 1 is good to some 7 %
PATIENCE = 3  # validations that are taken together, so that one bad one is not enough
FRESH_SHARE = 0.01  # of the untrained weights in a moving average that is fit to be judged


@dataclasses.dataclass(frozen=True)
class Alarm:
    step: int
    epoch: float
    alarm: str  # its name
    message: str


@dataclasses.dataclass
class Limit:
    """An alarm that is bad where its measure is beyond a limit.

    Args:
        measure: row -> number, or None where the row does not say.
        beyond: "below" or "above" the limit.
        message: with {value}, the median of the stretch, and {limit}.
        rows: of one stretch; first_step: rows of earlier steps do not count.
    """

    name: str
    measure: Callable[[Row], float | None]
    beyond: str
    limit: float
    message: str
    rows: int
    first_step: int

    def __post_init__(self):
        self.stretch: deque[tuple[float, float]] = deque()  # step and value

    def judge(self, row: Row) -> str | Literal[False] | None:
        """The message if all is bad, False if all is well again, None if this row decides nothing."""
        value = self.measure(row)
        if value is None or row["step"] <= self.first_step:
            return None
        self.stretch.append((row["step"], value))
        # The shortest stretch of enough rows and steps: the second place would do as its beginning.
        while len(self.stretch) > self.rows and row["step"] - self.stretch[1][0] >= STRETCH_STEPS:
            self.stretch.popleft()
        if len(self.stretch) < self.rows or row["step"] - self.stretch[0][0] < STRETCH_STEPS:
            return None
        values = [value for _, value in self.stretch]
        bad = sum(value < self.limit if self.beyond == "below" else value > self.limit for value in values) / len(values)
        if bad >= NEARLY_ALL:
            return self.message.format(value=statistics.median(values), limit=self.limit)
        return None if bad > MOST else False


class Overfitting:
    """An alarm that is raised while a validation loss is worse than it was and the mean of its training losses goes on falling.

    Args:
        training: names of the training losses, of the same kind as the validation loss.
        validation: name of the validation loss in the rows.
    """

    name = "overfitting"

    def __init__(self, training: Strings, validation: str):
        self.training, self.validation = training, validation
        self.rows: list[float] = []  # training losses since the last validation
        self.history: list[tuple[float, float]] = []  # (validation loss, mean training loss before it)

    def judge(self, row: Row) -> str | Literal[False] | None:
        """The message if validation is worse and training better, False if all is well again, None if this row decides nothing."""
        if all(name in row for name in self.training):
            self.rows.append(statistics.mean(row[name] for name in self.training))
        if self.validation not in row or not self.rows:
            return None
        self.history.append((row[self.validation], statistics.mean(self.rows)))
        self.rows = []
        validations = [validation for validation, _ in self.history]
        best = min(validations)
        place = validations.index(best)
        since = self.history[place + 1 :]
        if not since or since[-1][0] < best * WORSE_VALIDATION:
            return False
        if len(since) < PATIENCE:
            return None
        worse = statistics.median(validation for validation, _ in since[-PATIENCE:])
        training_now = statistics.mean(loss for _, loss in since[-PATIENCE:])
        training_then = statistics.mean(loss for _, loss in self.history[max(place + 1 - PATIENCE, 0) : place + 1])
        if worse < best * WORSE_VALIDATION or training_now > training_then * BETTER_TRAINING:
            return None
        losses = self.training[0] if len(self.training) == 1 else f"the mean of {' and '.join(self.training)}"
        return (
            f"{self.validation} was {best:.4g} at best, {len(since)} validations ago, and is {worse:.4g} now, while {losses} fell "
            f"from {training_then:.4g} to {training_now:.4g} (alarm: validation {WORSE_VALIDATION - 1:.0%} worse, training "
            f"{1 - BETTER_TRAINING:.0%} better): what is learned now helps with the training images alone."
        )


def average_ready(decay: float) -> int:
    """Steps after which a moving average of weights has forgotten the fresh ones, but for 1 %: pictures made by it say nothing before.

    Args:
        decay: share of the average that a step keeps; outside of (0, 1) there is nothing to wait for, 0 steps.
    """
    return math.ceil(math.log(FRESH_SHARE) / math.log(decay)) if 0.0 < decay < 1.0 else 0


def detectors(doubt: Callable[[Row], dict[str, float]], decay: float = 0.0, gap: Gap | None = None) -> list[Limit | Overfitting]:
    """The detectors of all alarms that a training is watched for.

    Args:
        doubt: `Method.doubt`; decay: a step, of the moving average that makes the sample pictures.
        gap: `Method.gap`; without one nothing tells of overfitting.
    """
    of_samples = {"rows": SAMPLE_ROWS, "first_step": max(WARM_UP_STEPS, average_ready(decay))}
    return [
        Limit(
            "discriminator_saturated",
            lambda row: min(doubt(row).values(), default=None),
            "below",
            LEAST_DOUBT,
            "the discriminator tells real from generated images nearly always: its doubt is {value:.3f} (1: it cannot tell them, 0: it is "
            "sure; alarm below {limit:g}), so the generator learns little from it.",
            rows=LOG_ROWS,
            first_step=WARM_UP_STEPS,
        ),
        Limit(
            "collapse",
            lambda row: row.get("sample_diversity"),
            "below",
            LEAST_DIVERSITY,
            "sample pictures of different inputs or seeds are alike: their differences are {value:.2f} of those between real images "
            "(alarm below {limit:g}).",
            **of_samples,
        ),
        Limit(
            "color_inversion",
            lambda row: row.get("sample_correlation"),
            "below",
            LEAST_CORRELATION,
            "translations are light where their input is dark: the correlation of brightness is {value:.2f} (-1: a negative; alarm below "
            "{limit:g}).",
            **of_samples,
        ),
        Limit(
            "checkerboard",
            lambda row: row.get("sample_checkerboard"),
            "above",
            MOST_CHECKERBOARD,
            "sample pictures show a pattern that repeats every 2, 4 or 8 pixels, {value:.0f} dB stronger than in real images (alarm above "
            "{limit:g}).",
            **of_samples,
        ),
        Limit(
            "slow_input",
            lambda row: row.get("input_wait"),
            "above",
            MOST_WAITING,
            "training waits for its images {value:.0%} of the time (alarm above {limit:.0%}): they are read or decoded too slowly.",
            rows=PROBES,
            first_step=WARM_UP_STEPS,
        ),
        *([Overfitting(gap.training, f"val_{gap.validation}")] if gap else []),
    ]


class Watch:
    """Shows the rows of a run, in order, to its detectors, and knows which alarms are raised."""

    def __init__(self, detectors: list[Limit | Overfitting]):
        self.detectors = detectors
        self.raised: set[str] = set()

    def see(self, row: Row) -> list[Alarm]:
        """The alarms that a row raises, but none that was raised before and is not over yet."""
        alarms = []
        for detector in self.detectors:
            verdict = detector.judge(row)
            if verdict is False:
                self.raised.discard(detector.name)
            elif verdict and detector.name not in self.raised:
                self.raised.add(detector.name)
                alarms.append(Alarm(int(row["step"]), row["epoch"], detector.name, verdict))
        return alarms
