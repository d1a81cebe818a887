"""The logs of a run as it goes: metrics.jsonl, TensorBoard files, and a line or bar on the terminal."""

import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from tfgan.config import write_atomically
from tfgan.config.scalars import tag
from tfgan.training.notebook import has_widgets, in_notebook
from tfgan.training.timeline import Timeline

logger = logging.getLogger(__name__)


class MetricLog:
    """The file `RUN/metrics.jsonl`: one JSON object a logged step, each step once, also after a kill.

    Args:
        path: of the file, which is made if it is not there.
        first_step: the step the run goes on from; rows of later steps, which will be done again, are dropped.
    """

    def __init__(self, path: Path, first_step: int):
        self.path = path
        rows = path.read_text().splitlines(keepends=True) if path.exists() else []
        write_atomically(path, "".join(row for row in rows if _step(row) <= first_step))

    def write(self, step: int, values: Mapping[str, float | str]):
        with self.path.open("a") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")


def _step(row: str) -> float:
    """The step of a row of metrics.jsonl; infinity for a row that a kill cut short."""
    try:
        return json.loads(row)["step"] if row.endswith("\n") else float("inf")
    except ValueError:
        return float("inf")


class TensorBoardLog:
    """The files in `RUN/tensorboard`: scalars, texts and pictures.

    Args:
        folder: RUN/tensorboard.
        first_step: the step the run goes on from; a resumed run tells TensorBoard to forget what came after it.
        domains: key of a batch -> name of what stands there, under which losses of one domain are shown.
    """

    def __init__(self, folder: Path, first_step: int, domains: Mapping[str, str] | None = None):
        self._domains = domains or {}
        if first_step:
            _write_restart(folder, first_step)
        self._writer = tf.summary.create_file_writer(str(folder))

    def scalars(self, step: int, values: dict[str, float]):
        """Writes scalars by their logged names, each behind its group, such as loss/generator; see `tfgan.config.scalars.tag`."""
        with self._writer.as_default(step):
            for name, value in values.items():
                tf.summary.scalar(tag(name, self._domains), value)

    def text(self, step: int, name: str, text: str):
        """Writes a text, in Markdown, under `name`."""
        with self._writer.as_default(step):
            tf.summary.text(name, text)

    def image(self, step: int, name: str, picture):
        """Writes a picture H×W×3 uint8 under `name`."""
        with self._writer.as_default(step):
            tf.summary.image(name, picture[None])

    def close(self):
        self._writer.close()


def _write_restart(folder: Path, step: int):
    # tf.summary has no such event; TensorBoard's own writer has.
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(folder), filename_suffix=".restart")
    writer.add_event(Event(step=step + 1, session_log=SessionLog(status=SessionLog.START)))
    writer.close()


class Progress:
    """A bar with epoch, losses, images a second and time left on a terminal and in a notebook; plain lines elsewhere.

    Args:
        first_step: the step the run goes on from.
        total: steps of the whole run.
        timeline: turns steps into epochs.
    """

    def __init__(self, first_step: int, total: int, timeline: Timeline):
        self.total, self.timeline = total, timeline
        self._bar: tqdm | None = None
        if in_notebook() and has_widgets():
            from tqdm.notebook import tqdm as notebook_tqdm

            self._bar = notebook_tqdm(total=total, initial=first_step, unit="step", smoothing=0.05)
        elif sys.stderr.isatty():
            self._bar = tqdm(total=total, initial=first_step, unit="step", dynamic_ncols=True, smoothing=0.05)

    def advance(self, steps: int):
        if self._bar is not None:
            self._bar.update(steps)

    def show(self, step: int, values: dict[str, float], seconds_left: float):
        """Shows logged scalars, of which the bar has room for the losses alone; `values` holds `images_per_second`."""
        epoch = f"epoch {self.timeline.epoch(step):.2f}"
        if self._bar is not None:
            losses = (f"{name.removesuffix('_loss')} {value:.3g}" for name, value in values.items() if name.endswith("_loss"))
            self._bar.set_description(epoch, refresh=False)
            self._bar.set_postfix_str("  ".join([f"{values['images_per_second']:.3g} images/s", *losses]))
        else:
            shown = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
            minutes, seconds = divmod(round(seconds_left), 60)
            logger.info(f"step {step}/{self.total}  {epoch}  {shown}  left {minutes // 60}:{minutes % 60:02d}:{seconds:02d}")

    def say(self, text: str):
        """Shows a line of text, which leaves the bar whole."""
        if self._bar is not None:
            self._bar.write(text)
        else:
            logger.info(text)

    def close(self):
        if self._bar is not None:
            self._bar.close()
