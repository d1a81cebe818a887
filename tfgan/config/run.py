"""The record of a run, RUN/config.json."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from tfgan.config.data import DataConfig
from tfgan.config.near import no_run
from tfgan.config.scale import Scale
from tfgan.config.setting import differences, from_dict
from tfgan.config.spec import DataSpec
from tfgan.config.training import TrainConfig
from tfgan.config.words import tell_old_words
from tfgan.errors import UserError
from tfgan.paths.files import write_atomically


@dataclasses.dataclass(frozen=True)
class RunConfig:
    """All that a later command must know of a run.

    Attributes:
        method: name of the method.
        data: where the images came from and how they were read.
        training: how the run was carried out.
        hparams: an instance of the `HParams` of the method.
        spec: what the data set's batches held.
        versions: name -> version of what the run was made with: tfgan, TensorFlow, Keras, NumPy and Python.
        hardware: what the rounding of results depends on, by name; empty in runs of older versions.
        scale: key of a batch's images -> at what scale the run sees them; empty in runs of older versions.
    """

    method: str
    data: DataConfig
    training: TrainConfig
    hparams: Any
    spec: DataSpec
    versions: dict[str, str]
    hardware: dict[str, str] = dataclasses.field(default_factory=dict)  # what rounding depends on; empty in runs of older versions
    scale: dict[str, Scale] = dataclasses.field(default_factory=dict)

    def write(self, path: Path):
        write_atomically(path, json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    @classmethod
    def read(cls, path: Path, hparams_class) -> "RunConfig":
        """The record of a run, as `write` stored it.

        Args:
            path: the file, RUN/config.json.
            hparams_class: a function from the name of a method to the class of its hyper-parameters.

        Raises:
            UserError: there is no such file, or it is damaged.
        """
        try:
            values = json.loads(path.read_text())
        except (FileNotFoundError, NotADirectoryError):
            raise UserError(no_run(path.parent)) from None
        except ValueError as error:
            raise UserError(f"{path} is damaged: {error}") from None
        try:
            hparams_record = hparams_class(values["method"])
            records = {"data": DataConfig, "training": TrainConfig, "hparams": hparams_record}
            tell_old_words(str(path), [(values[name], record) for name, record in records.items()])
            hparams = from_dict(hparams_record, values.pop("hparams"))
            return dataclasses.replace(from_dict(cls, {**values, "hparams": None}), hparams=hparams)
        except (KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{path} is damaged: {error!r}") from None

    def differences(self, new: "RunConfig") -> list[str]:
        """Lines `name: old -> new` for what resuming this run as `new` would change of what is learned; empty if nothing.

        Operational settings (`tfgan.config.is_operational`) are passed over. The data set itself is compared only if no setting differs.
        """
        if self.method != new.method:
            return [f"method: {self.method!r} -> {new.method!r}"]
        lines = differences(self.data, new.data) + differences(self.training, new.training) + differences(self.hparams, new.hparams)
        return lines or differences(self.spec, new.spec)

    def rounding_differences(self, new: "RunConfig") -> list[str]:
        """Lines `name: old -> new` for what lets the same settings round otherwise: versions, devices, threads, kinds of CPU."""
        pairs = ((self.versions, new.versions), (self.hardware, new.hardware))
        return [f"{name}: {old[name]} -> {now[name]}" for old, now in pairs for name in now if old.get(name, now[name]) != now[name]]
