"""The logs of a run as it goes: metrics.jsonl, TensorBoard files, and a line or bar on the terminal."""

import json
import logging
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tqdm import tqdm

from tfgan.config.rows import metrics_row
from tfgan.config.scalars import tag
from tfgan.config.stored import Damaged, Lines, Unreadable, read_lines
from tfgan.paths.aside import damaged_name, set_aside
from tfgan.paths.files import is_there, write_atomically
from tfgan.terminal import columns, duration
from tfgan.training.notebook import has_widgets, in_notebook
from tfgan.training.timeline import Timeline

logger = logging.getLogger(__name__)

FIRST_LOSSES = 5.0  # seconds after which the first losses are shown, whenever the first row of the log is due
LEAST_BAR, MOST_BAR = 5, 30  # columns
SMOOTHING = 0.9  # of the images a second that a bar shows: the share that the last call of steps leaves to those before


class MetricLog:
    """The file `RUN/metrics.jsonl`: one JSON object a logged step, each step once, also after a kill.

    Lines of a log that a run goes on with and that hold no row are dropped, and the file as it was is kept beside it, which is said.

    Args:
        path: of the file, which is made if it is not there.
        first_step: the step the run goes on from; rows of later steps, which will be done again, are dropped.
        row: checks a line of it, as `tfgan.config.rows` does.

    Raises:
        UserError: the disk does not give the file just now.
    """

    def __init__(self, path: Path, first_step: int, row: Callable = metrics_row):
        self.path = path

        def step(values) -> float:
            row(values)
            return values["step"]

        found = _read_log(path, step)
        write_atomically(path, "".join(line for line, at in zip(found.texts, found.records) if at <= first_step))

    def write(self, step: int, values: Mapping[str, float | str]):
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")


def _read_log(path: Path, step: Callable[[Any], float]) -> Lines[float]:
    """The whole lines of a log with their steps; what is damaged is kept beside it, and told."""
    try:
        found = read_lines(path, step)
    except Damaged as error:
        logger.warning(f"{error} It is kept as {set_aside(path).name}, and a new one begins.")
        return Lines([], [], 0, False)
    except Unreadable as error:
        if not error.refused:  # what it holds may be whole
            raise
        logger.warning(f"{error} It is kept as {set_aside(path).name}, and a new one begins.")
        return Lines([], [], 0, False)
    if found.bad:
        kept = damaged_name(path)
        shutil.copyfile(path, kept)  # the rows that are whole stay, whenever this process is killed
        total = found.bad + len(found.texts)
        logger.warning(f"{path}: {found.bad} of {total} lines are damaged, and left out. The file as it was is kept as {kept.name}.")
    if found.texts and not found.texts[-1].endswith("\n"):  # a kill cut it after its last bracket: the step is done again
        return found._replace(texts=found.texts[:-1], records=found.records[:-1])
    return found


class TensorBoardLog:
    """The files in `RUN/tensorboard`: scalars, texts and pictures.

    Args:
        folder: RUN/tensorboard.
        first_step: the step the run goes on from; a resumed run tells TensorBoard to forget what came after it.
        domains: key of a batch -> name of what stands there, under which losses of one domain are shown.
    """

    def __init__(self, folder: Path, first_step: int, domains: Mapping[str, str] | None = None):
        self._domains = domains or {}
        if is_there(folder) and not folder.is_dir():
            logger.warning(f"{folder} is no folder: it is kept as {set_aside(folder).name}.")
        if first_step:
            _write_restart(folder, first_step)
        self._writer = tf.summary.create_file_writer(str(folder))

    def scalars(self, step: int, values: dict[str, float]):
        """Writes scalars by their logged names, each behind its group, such as loss/generator; see `tfgan.config.scalars.tag`."""
        with self._writer.as_default(step):
            for name, value in values.items():
                tf.summary.scalar(_utf8(tag(name, self._domains)), value)

    def text(self, step: int, name: str, text: str):
        """Writes a text, in Markdown, under `name`."""
        with self._writer.as_default(step):
            tf.summary.text(_utf8(name), _utf8(text))

    def image(self, step: int, name: str, picture):
        """Writes a picture H×W×3 uint8 under `name`."""
        with self._writer.as_default(step):
            tf.summary.image(name, picture[None])

    def close(self):
        self._writer.close()


def _utf8(text: str) -> str:
    """A text as TensorBoard takes it: bytes of file names that are no UTF-8 are escaped."""
    return text.encode(errors="backslashreplace").decode()


def _write_restart(folder: Path, step: int):
    # tf.summary has no such event; TensorBoard's own writer has.
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder), filename_suffix=".restart")
    writer.add_event(Event(step=step + 1, session_log=SessionLog(status=SessionLog.START)))
    writer.close()


class Progress:
    """A bar with epoch, time left, losses and images a second on a terminal and in a notebook; plain lines elsewhere.

    The time left is reckoned from steps that were not compiled, and not shown before there are any.

    Args:
        first_step: the step the run goes on from.
        total: steps of the whole run.
        timeline: turns steps into epochs.
    """

    def __init__(self, first_step: int, total: int, timeline: Timeline):
        self.total, self.timeline = total, timeline
        self._began, self._silent = time.perf_counter(), True
        self._rate: float | None = None  # images a second, smoothed
        self._bar: tqdm | None = None
        self._notebook = in_notebook() and has_widgets()
        if self._notebook:
            from tqdm.notebook import tqdm as notebook_tqdm

            self._bar = notebook_tqdm(total=total, initial=first_step, bar_format="{l_bar}{bar} the first step is being compiled")
        elif sys.stderr.isatty():
            form = f"{epochs(timeline, first_step, total)} {{bar}} the first step is being compiled"
            self._bar = tqdm(total=total, initial=first_step, dynamic_ncols=True, bar_format=form)

    def advance(self, step: int, steps: int, losses: dict[str, float], rate: float | None):
        """Notes that `steps` more steps are done, with `step` all in all; where no line of losses was shown yet, they are after seconds.

        Args:
            losses: the last step's scalars by name.
            rate: images a second; None where these steps tell nothing of it, as they were compiled.
        """
        if rate is not None:
            self._rate = rate if self._rate is None else SMOOTHING * self._rate + (1 - SMOOTHING) * rate
        if self._bar is None:
            if self._silent and time.perf_counter() - self._began > FIRST_LOSSES:
                self._line(step, losses)
            return
        left = self._left(step)
        if self._notebook:
            self._bar.bar_format = f"{{l_bar}}{{bar}} {{n_fmt}}/{{total_fmt}}{left and f', {left} left'}{{postfix}}"
        else:
            head = f"{epochs(self.timeline, step, self.total)} {step / self.total:3.0%}"
            times = [f" {left} left ", f"  {self._rate:.3g} img/s"] if left else []
            parts = [*times[:1], *(f" {loss}" for loss in short_losses(losses)), *times[1:]]
            self._bar.bar_format = fit(head, parts, columns(sys.stderr, 80))
        self._bar.update(steps)

    def _left(self, step: int) -> str:
        """The time that the steps after `step` take; "" as long as none was timed."""
        return duration((self.timeline.sample(self.total) - self.timeline.sample(step)) / self._rate) if self._rate else ""

    def show(self, step: int, values: dict[str, float]):
        """Shows logged scalars, of which a notebook's bar has room for the losses alone; `values` holds `images_per_second`."""
        if self._bar is None:
            self._line(step, values)
        elif self._notebook:
            self._bar.set_description(f"epoch {self.timeline.epoch(step):.2f}", refresh=False)
            self._bar.set_postfix_str("  ".join([f"{values['images_per_second']:.3g} images/s", *short_losses(values)]))

    def _line(self, step: int, values: dict[str, float]):
        shown = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        left = self._left(step)
        logger.info(f"step {step}/{self.total}  epoch {self.timeline.epoch(step):.2f}  {shown}{left and f'  left {left}'}")
        self._silent = False

    def say(self, text: str):
        """Shows a line of text, which leaves the bar whole."""
        if self._bar is not None:
            self._bar.write(text)
        else:
            logger.info(text)

    def close(self):
        if self._bar is not None:
            self._bar.close()


def epochs(timeline: Timeline, step: int, total: int) -> str:
    """How far a run has come, in epochs, or in steps where it has less than one."""
    whole = timeline.epoch(total)
    return f"epoch {timeline.epoch(step):.{1 if whole < 100 else 0}f}/{whole:g}" if whole >= 1 else f"step {step}/{total}"


def short_losses(values: Mapping[str, float]) -> list[str]:
    """Losses in few characters, those of discriminator and generator first and their parts of the game last: D 0.32, G 28, L1 0.26.

    Of a discriminator's loss its parts for each domain come after all else.
    """
    names = [name for name in values if name.endswith("_loss")]
    rank = {
        name: (name != "discriminator_loss", not name.startswith("generator"), name.startswith("discriminator_"), name.startswith("gan"))
        for name in names
    }
    found = []
    for name in sorted(names, key=lambda name: rank[name]):  # sorted keeps the order of equal ones
        words = name.removesuffix("_loss").replace("discriminator", "D").replace("generator", "G").replace("gan", "GAN")
        found.append(f"{words.replace('l1', 'L1').replace('_', ' ')} {_short(values[name])}")
    return found


def _short(value: float) -> str:
    return f"{value:.0f}" if 10 <= abs(value) < 1e6 else f"{value:#.2g}".rstrip(".")


def fit(head: str, parts: Sequence[str], width: int) -> str:
    """The form of a bar, as tqdm takes it, that fits a terminal of `width` columns.

    Args:
        head: what stands left of the bar.
        parts: what stands right of it with the blanks in between, the most important first; from the first one that has no room on they
            are left out.
    """
    room, tail = width - len(head) - LEAST_BAR - 2, ""  # a blank before the bar, and a column that stays free
    for part in parts:
        if len(part) > room:
            break
        room -= len(part)
        tail += part
    return f"{head} {{bar:{LEAST_BAR + min(max(room, 0), MOST_BAR - LEAST_BAR)}}}{tail}"
