"""One thread runs the networks; calls of one function that wait with images of one shape become one call."""

import contextvars
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from tfgan.serving.model import Arrays, Function, Limits, Refused


class Ticket:
    """A request's leave to be worked on, until its time is over or its client has left.

    Args:
        seconds: from now on.
    """

    def __init__(self, seconds: float):
        self.seconds, self.deadline, self.left = seconds, time.monotonic() + seconds, False

    def check(self):
        """Raises `Refused` if nobody waits for the answer any more."""
        if self.left or time.monotonic() > self.deadline:
            raise Refused(504, f"the answer took longer than {self.seconds:g} seconds (--timeout): ask again later, or for less.")


current: contextvars.ContextVar[Ticket | None] = contextvars.ContextVar("ticket", default=None)
"""The ticket of the request that this thread works on."""


def check_current():
    """Raises `Refused` if nobody waits any more for the answer to the request that this thread works on."""
    if ticket := current.get():
        ticket.check()


@dataclass
class Job:
    function: Function
    arrays: Arrays
    pixels: int
    ticket: Ticket | None
    done: Future = field(default_factory=Future)

    @property
    def rows(self) -> int:
        return len(self.arrays[0])

    def fits(self, other: "Job") -> bool:
        """Whether both can be one call."""
        if self.function is not other.function or not self.function.merges:
            return False
        return all(one.shape[1:] == two.shape[1:] for one, two in zip(self.arrays, other.arrays))


class Batcher:
    """Runs functions one after the other, in the order in which they were asked for but for those that are merged with an earlier one.

    Rows keep their results: a function gives each row what it gives it alone. If a merged call is refused, each of its parts is called
    alone, so that nobody answers for another's rows.

    Args:
        limits: `batch` and `pixels` bound merged calls.
        observe: told the rows, the requests and the seconds of each call.
    """

    def __init__(self, limits: Limits, observe: Callable[[int, int, float], None] = lambda rows, requests, seconds: None):
        self._limits, self._observe = limits, observe
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="networks", daemon=True)
        self._thread.start()

    def __len__(self) -> int:
        return len(self._waiting)

    def run(self, function: Function, arrays: Arrays) -> Arrays:
        """The results of a function, in this thread's turn.

        Raises:
            Refused: the function refuses its input, its pixels are too many, or the time of the request is over.
        """
        pixels = function.pixels(arrays)
        if pixels > self._limits.pixels:
            raise Refused(413, f"the request is of {pixels:,} pixels, and {self._limits.pixels:,} are the most (--max_pixels).")
        job = Job(function, arrays, pixels, current.get())
        with self._changed:
            if self._ended:
                raise Refused(503, "the server ends.")
            self._waiting.append(job)
            self._changed.notify()
        return job.done.result()

    def close(self):
        """Ends the thread, once what waits is done."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join()

    def _work(self):
        while jobs := self._next():
            live = [job for job in jobs if self._is_wanted(job)]
            if live:
                self._call(live)

    def _next(self) -> list[Job]:
        """The first call that waits, and those that can be one with it; none once the thread is to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            if not self._waiting:
                return []
            jobs, rest = [self._waiting.popleft()], []
            rows, pixels = jobs[0].rows, jobs[0].pixels
            for job in self._waiting:
                if jobs[0].fits(job) and rows + job.rows <= self._limits.batch and pixels + job.pixels <= self._limits.pixels:
                    jobs.append(job)
                    rows, pixels = rows + job.rows, pixels + job.pixels
                else:
                    rest.append(job)
            self._waiting = deque(rest)
            return jobs

    def _is_wanted(self, job: Job) -> bool:
        try:
            if job.ticket:
                job.ticket.check()
        except Refused as error:
            job.done.set_exception(error)
            return False
        return True

    def _call(self, jobs: list[Job]):
        began = time.perf_counter()
        try:
            together = jobs[0].arrays if len(jobs) == 1 else [np.concatenate(parts) for parts in zip(*(job.arrays for job in jobs))]
            results = [np.asarray(result) for result in jobs[0].function.run(*together)]
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].done.set_exception(error)
            else:
                for job in jobs:
                    self._call([job])
            return
        self._observe(sum(job.rows for job in jobs), len(jobs), time.perf_counter() - began)
        begin = 0
        for job in jobs:
            job.done.set_result([result[begin : begin + job.rows] for result in results])
            begin += job.rows
