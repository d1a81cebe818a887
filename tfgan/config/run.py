"""The record of a run, RUN/config.json."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import tfgan
from tfgan.config.data import OWN, DataConfig
from tfgan.config.kinds import BATCH_KINDS
from tfgan.config.near import FROZEN, no_run
from tfgan.config.scale import Scale
from tfgan.config.schema import from_dict, nearest, shown, unknown_names
from tfgan.config.setting import as_text, differences
from tfgan.config.spec import DataSpec
from tfgan.config.stored import Damaged, read_json
from tfgan.config.training import TrainConfig
from tfgan.config.words import say_once, tell_old_words
from tfgan.errors import UserError
from tfgan.paths.files import write_atomically

FORMAT = 12
"""The version of the file. It rises with each setting that says what is learned and is new or gone, and with each check that takes less
than before: a program refuses files of higher ones, as it would make something else of them. Files of version 0 do not state it."""

LONGEST_NAME = 200  # characters, of a method
CURE = "Mend it there, or put back a copy of the file."


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
        frozen: of a run that learned with a network which was not trained: name of the copy in the run, of `FROZEN` -> its SHA-256.
        imported: of a run whose weights somebody else trained: name of each file that they were in -> its SHA-256; empty for all others.
    """

    method: str
    data: DataConfig
    training: TrainConfig
    hparams: Any
    spec: DataSpec
    versions: dict[str, str]
    hardware: dict[str, str] = dataclasses.field(default_factory=dict)  # what rounding depends on; empty in runs of older versions
    scale: dict[str, Scale] = dataclasses.field(default_factory=dict)
    imported: dict[str, str] = dataclasses.field(default_factory=dict)
    frozen: dict[str, str] = dataclasses.field(default_factory=dict)

    def write(self, path: Path):
        write_atomically(path, json.dumps(self.record(), indent=2) + "\n")

    def record(self) -> dict[str, Any]:
        """What config.json holds, as it is read back: lists for tuples."""
        return json.loads(json.dumps({"format": FORMAT} | dataclasses.asdict(self)))

    @classmethod
    def read(cls, path: Path, hparams_class) -> "RunConfig":
        """The record of a run, as `write` stored it. What a newer version has added to it without harm is passed over, and said.

        Args:
            path: the file, RUN/config.json.
            hparams_class: a function from the name of a method to the class of its hyper-parameters.

        Raises:
            UserError: there is no such file, it is damaged, or of a version that this one does not know.
        """
        values = read_record(path)
        kinds = {"data": DataConfig, "training": TrainConfig, "hparams": hparams_class(_method(path, values))}
        try:
            current = values.get("format", 0) == FORMAT
            made = {name: _part(values, name, kind, current) for name, kind in kinds.items()}
            tell_old_words(str(path), [(values[name], kind) for name, kind in kinds.items()])
            if current:
                _tell_unknown(path, values, kinds)
            others = {name: value for name, value in values.items() if name not in kinds}
            record = dataclasses.replace(from_dict(cls, {**others, "data": {}, "training": {}, "hparams": None}), **made)
            if values.get("format", 0) < 3 and BATCH_KINDS[record.spec.kind].fit == "squeeze":
                record = dataclasses.replace(record, data=record.data.unchecked(fit="auto"))  # it meant nothing for these images
            if problem := record.contradiction():
                raise UserError(problem)
            return record
        except UserError as error:
            raise Damaged(path, str(error).rstrip("."), CURE) from None

    def contradiction(self) -> str:
        """What is wrong with the record as a whole, as a clause that begins with the name of a field; "" if nothing is."""
        if not set(self.scale) <= set(self.spec.domains):
            return f"scale must be that of {' and '.join(self.spec.domains)}"
        if not set(self.frozen) <= set(FROZEN):
            return f"frozen must have the name {' or '.join(FROZEN)}"
        if getattr(self.hparams, "frozen_features", "") and len(self.frozen) != 1:
            return "frozen must have one entry, as hparams.frozen_features says"
        size = getattr(self.hparams, "image_size", self.spec.image_size)
        return "" if size == self.spec.image_size else f"spec.image_size must be hparams.image_size, {as_text(size)}"

    def differences(self, new: "RunConfig") -> list[str]:
        """Lines `name: old -> new` for what resuming this run as `new` would change of what is learned; empty if nothing.

        Operational settings (`tfgan.config.is_operational`) are passed over. The data set itself is compared only if no setting differs;
        which images it has is judged by `tfgan.runs.planning.growth`, as is what a program gives as arrays.
        """
        if self.method != new.method:
            return [f"method: {self.method!r} -> {new.method!r}"]
        before, now = (config.data.unchecked(fit=config.data.fit_written_out(config.spec.kind)) for config in (self, new))
        if before.dataset.startswith(OWN) and now.dataset.startswith(OWN):
            before = before.unchecked(dataset=now.dataset)
        lines = differences(before, now) + differences(self.training, new.training) + differences(self.hparams, new.hparams)
        return lines or self.data_differences(new)

    def data_differences(self, new: "RunConfig") -> list[str]:
        """Lines `name: old -> new` for what batches would hold that is not what the run has learned from, whichever images they are of."""
        lines = [line for line in differences(self.spec, new.spec) if not line.startswith("domains: ")]
        before, now = self.spec.domains, new.spec.domains
        if before.keys() != now.keys():
            return [f"domains: {', '.join(before)} -> {', '.join(now)}", *lines]
        for key, domain in before.items():
            found = differences(*(dataclasses.replace(known, classes=None) for known in (domain, now[key])))
            lines += [f"{line.partition(': ')[0]} of {domain.name}: {line.partition(': ')[2]}" for line in found]
            names = [list(known.classes.names) if known.classes else None for known in (domain, now[key])]
            if domain.classes != now[key].classes:
                lines.append(f"classes of {domain.name}: {names[0]} -> {names[1]}")
        return lines

    def rounding_differences(self, new: "RunConfig") -> list[str]:
        """Lines `name: old -> new` for what lets the same settings round otherwise: versions, devices, threads, kinds of CPU."""
        pairs = ((self.versions, new.versions), (self.hardware, new.hardware))
        return [f"{name}: {old[name]} -> {now[name]}" for old, now in pairs for name in now if old.get(name, now[name]) != now[name]]


def read_record(path: Path) -> dict[str, Any]:
    """The values in a RUN/config.json as JSON has them.

    Raises:
        UserError: there is no such file, it is damaged, or of a higher `FORMAT` than this version knows.
    """
    try:
        values = read_json(path)
    except FileNotFoundError:
        raise UserError(no_run(path.parent)) from None
    except Damaged as error:
        raise Damaged(path, error.problem, "Put back a copy of the file.") from None
    if not isinstance(values, dict):
        raise Damaged(path, "a JSON object is expected", "Put back a copy of the file.")
    form, versions = values.get("format", 0), values.get("versions")
    if type(form) is not int or not 0 <= form < 10**6:
        raise Damaged(path, f"format must be a whole number, {FORMAT} or less", CURE)
    if form > FORMAT:
        writer = f"tfgan {str(versions['tfgan'])[:20]}" if isinstance(versions, dict) and "tfgan" in versions else "another tfgan"
        raise UserError(
            f"{path} is of {writer} (format {form}), and this is tfgan {tfgan.__version__} (up to format {FORMAT}): "
            "update it with pip install -U tfgan."
        )
    return values


def _method(path: Path, values: dict[str, Any]) -> str:
    """The name of the method, of which nothing is known yet."""
    method = values.get("method")
    if not isinstance(method, str) or not method.isprintable() or not 0 < len(method) <= LONGEST_NAME:
        raise Damaged(path, f"method must be the name of a method, not {shown(method)}", CURE)
    return method


def _part(values: dict[str, Any], name: str, kind: type, current: bool):
    """The record of one part of the file; raises `UserError` if it is missing or does not fit.

    A program's own method may have gained settings since, with no version that would tell: these have their defaults.
    """
    if name not in values:
        raise UserError(f"{name} is missing")
    return from_dict(kind, values[name], name, whole=current and kind.__module__.partition(".")[0] == "tfgan")


def _tell_unknown(path: Path, values: dict[str, Any], kinds: dict[str, type]):
    """Says which values of a file of the present format are passed over, as those of a newer version that do not say what is learned."""
    tops = {"format", *(field.name for field in dataclasses.fields(RunConfig))}
    unknown = [name[:60] for name in values if name not in tops]
    for name, kind in {**kinds, "spec": DataSpec}.items():
        if isinstance(values.get(name), dict):
            known = [field.name for field in dataclasses.fields(kind)]
            unknown += [f"{name}.{other[:60]}{nearest(other, known)}" for other in unknown_names(kind, values[name])]
    if unknown:
        listed = ", ".join(unknown[:8]) + ", …" * (len(unknown) > 8)
        say_once(f"{path}: tfgan {tfgan.__version__} does not know, and ignores: {listed}. A newer tfgan does (pip install -U tfgan).")
