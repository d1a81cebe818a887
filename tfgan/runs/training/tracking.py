"""Trackers of experiments beside a run: its settings, scalars, sample pictures and the names of its checkpoints, told to wandb or MLflow.

Nothing leaves the machine unless the tracker's own environment variables say so, and no tracker ever stops a training.
"""

import importlib
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from tfgan.config.stored import Damaged, Unreadable, read_json
from tfgan.errors import first_line
from tfgan.paths.files import write_atomically
from tfgan.training.callbacks import Callback
from tfgan.training.kept import kept_checkpoints

logger = logging.getLogger(__name__)

FILE = "tracking.json"  # of a run: tracker -> the name by which it knows the run, by which a resume goes on there
MOST_TEXT = 6000  # characters of a setting that MLflow takes
MOST_PARAMS = 100  # settings that it takes at once


class Tracker(Protocol):
    """What a run tells; each is made from the run's folder, its settings, and the name by which it knew the run before, or ""."""

    name: str  # by which it knows the run

    def describe(self) -> str:
        """Where the records are, and how they are looked at."""
        ...

    def log(self, row: dict[str, float]) -> None: ...

    def picture(self, step: int, picture: Any) -> None: ...

    def end(self, checkpoints: list[str]) -> None: ...


class Wandb:
    """Weights & Biases: offline in RUN/wandb, unless WANDB_MODE says otherwise."""

    def __init__(self, folder: Path, settings: dict[str, Any], name: str):
        self.library = importlib.import_module("wandb")
        self.mode = os.environ.get("WANDB_MODE", "offline")
        known = {"id": name, "resume": "allow"} if name else {}
        self.run = self.library.init(
            project=os.environ.get("WANDB_PROJECT", "tfgan"),
            name=folder.name,
            dir=str(folder),
            config=settings,
            mode=self.mode,
            settings=self.library.Settings(silent=True, console="off"),
            **known,
        )
        self.name = self.run.id
        self.run.define_metric("*", step_metric="step")  # rows of a resume may have steps that were logged before

    def describe(self) -> str:
        return f"{self.run.dir} ({self.mode}; `wandb sync` uploads what is offline)"

    def log(self, row: dict[str, float]) -> None:
        self.run.log(dict(row))

    def picture(self, step: int, picture: Any) -> None:
        self.run.log({"step": step, "samples": self.library.Image(picture)})

    def end(self, checkpoints: list[str]) -> None:
        self.run.summary["checkpoints"] = checkpoints
        self.run.finish()


class MLflow:
    """MLflow: a database in RUN/mlflow.db with pictures in RUN/mlflow, unless MLFLOW_TRACKING_URI says otherwise."""

    def __init__(self, folder: Path, settings: dict[str, Any], name: str):
        library, self.entities = importlib.import_module("mlflow"), importlib.import_module("mlflow.entities")
        logging.getLogger("mlflow").setLevel(logging.WARNING)  # it tells each table of a new database
        logging.getLogger("alembic").setLevel(logging.WARNING)
        self.uri = os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(folder / 'mlflow.db').absolute()}"
        self.client = library.MlflowClient(self.uri)
        if not name:
            name = self.client.create_run(self._experiment(folder), run_name=folder.name).info.run_id
        self.name = name
        known = self.client.get_run(name).data.params
        new = [self.entities.Param(key, value[:MOST_TEXT]) for key, value in settings.items() if key not in known]
        for begin in range(0, len(new), MOST_PARAMS):
            self.client.log_batch(name, params=new[begin : begin + MOST_PARAMS])
        self.client.update_run(name, status="RUNNING")

    def _experiment(self, folder: Path) -> str:
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", "tfgan")
        known = self.client.get_experiment_by_name(name)
        place = None if "MLFLOW_TRACKING_URI" in os.environ else (folder / "mlflow").absolute().as_uri()
        return known.experiment_id if known else self.client.create_experiment(name, artifact_location=place)

    def describe(self) -> str:
        return f"{self.uri} (`mlflow ui --backend-store-uri {self.uri}` shows it)"

    def log(self, row: dict[str, float]) -> None:
        now = int(1000 * time.time())
        metrics = [self.entities.Metric(key, value, now, int(row["step"])) for key, value in row.items() if key != "step"]
        self.client.log_batch(self.name, metrics=metrics)

    def picture(self, step: int, picture: Any) -> None:
        self.client.log_image(self.name, picture, artifact_file=f"samples/{step:07d}.png")

    def end(self, checkpoints: list[str]) -> None:
        self.client.set_tag(self.name, "checkpoints", " ".join(checkpoints))
        self.client.set_terminated(self.name)


TRACKERS: dict[str, Callable[[Path, dict[str, Any], str], Tracker]] = {"wandb": Wandb, "mlflow": MLflow}


class Tracking(Callback):
    """Tells a tracker what a run does. Where that fails, it is said once, and the training goes on without.

    Args:
        kind: of `TRACKERS`, whose library is there.
        folder: of the run.
        settings: of the run, name -> text.
    """

    def __init__(self, kind: str, folder: Path, settings: dict[str, str]):
        self.kind, self.folder, self.settings = kind, folder, settings
        self.tracker: Tracker | None = None

    def on_train_begin(self, trainer, step: int):
        def begin():
            names = self._names()
            self.tracker = TRACKERS[self.kind](self.folder, self.settings, names.get(self.kind, ""))
            write_atomically(self.folder / FILE, json.dumps(names | {self.kind: self.tracker.name}) + "\n")
            logger.info(f"--track={self.kind}: {self.tracker.describe()}.")

        self._tell(begin)

    def _names(self) -> dict[str, str]:
        try:
            return dict(read_json(self.folder / FILE))
        except FileNotFoundError:
            return {}
        except (Damaged, Unreadable, TypeError, ValueError):
            logger.warning(f"{self.folder / FILE} is damaged: {self.kind} sees a new run.")
            return {}

    def on_log(self, trainer, row: dict[str, float]):
        if self.tracker:
            self._tell(self.tracker.log, {key: value for key, value in row.items() if isinstance(value, int | float)})

    def on_samples(self, trainer, step: int, made: Any) -> dict[str, float]:
        if self.tracker:
            self._tell(self.tracker.picture, step, made.picture)
        return {}

    def on_train_end(self, trainer, step: int):
        if self.tracker:
            self._tell(self.tracker.end, [f"ckpt-{kept.step}" for kept in kept_checkpoints(self.folder / "checkpoints")])

    def _tell(self, function: Callable, *arguments):
        try:
            function(*arguments)
        except Exception as error:  # whatever a library of others raises, hours of training are worth more
            self.tracker = None
            logger.warning(f"--track={self.kind} failed, and training goes on without it: {first_line(error)}")
