"""What results of a run say of their origin, and what a command says of the files that it wrote or left as they were."""

import collections
import hashlib
from pathlib import Path
from typing import NamedTuple

from tfgan.inference.files import DONE, FAILED, KEPT, OTHER, PARTLY, Outcome
from tfgan.inference.origin import Origin
from tfgan.runs.opening import Run


class Written(NamedTuple):
    """The numbers of files that became a result, had the same one already, have another one that stays, failed, or became one in part."""

    done: int
    kept: int
    other: dict[str, int]  # what sets the results that stay apart from those that were asked for -> their number
    failed: int
    partly: int = 0  # of those that are done: the results lack frames, which could not be read

    @classmethod
    def of(cls, outcomes: list[Outcome]) -> "Written":
        kinds = collections.Counter(outcome.kind for outcome in outcomes)
        other = collections.Counter(outcome.text for outcome in outcomes if outcome.kind == OTHER)
        return cls(kinds[DONE] + kinds[PARTLY], kinds[KEPT], dict(other), kinds[FAILED], kinds[PARTLY])

    @property
    def exit_code(self) -> int:
        """1 if `describe` names anything that was asked for and is not there."""
        return 1 if self.failed or self.other or self.partly else 0

    def describe(self, output: Path | str) -> str:
        """What is said of the files in `output`, and what to do about those that stay."""
        kept = f", {self.kept} were there already (--overwrite replaces them)" if self.kept else ""
        partly = f", {self.partly} of them without all frames" if self.partly else ""
        lines = [f"{self.done} written to {output}{partly}{kept}" + (f", {self.failed} failed" if self.failed else "")]
        stay = "They stay: --overwrite replaces them, or name another folder."
        return "\n".join(lines + [f"{count} in {output} {why}. {stay}" for why, count in self.other.items()])


def origin_of(run: Run) -> Origin:
    """The run and its weights, as the results of a command state them; each kind of command adds what else they depend on."""
    sha = hashlib.sha256()
    for network in [*run.method.networks.values(), *run.method.ema.values()]:
        for variable in network.weights:
            sha.update(variable.numpy())
    return {"run": Path(run.folder).resolve().name, "step": run.step, "weights": sha.hexdigest()[:16]}
