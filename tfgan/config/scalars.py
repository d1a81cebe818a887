"""Names of logged scalars: which group each is of, and what it is called where a person reads it."""

import re
from collections.abc import Mapping

GROUPS = {
    "validation": re.compile(r"val_.*"),
    "speed": re.compile(r"images_per_second"),
    "rate": re.compile(r"learning_rate_.*"),
    "gradient": re.compile(r"grad_norm_.*"),
    "sample": re.compile(r"sample_.*"),
    "score": re.compile(r".*_(score|logit|accuracy|entropy)(_before|_after)?"),
    "loss": re.compile(r".*"),
}
"""Group -> names of its scalars; the first that fits counts."""

PREFIXES = {"validation": "val_", "rate": "learning_rate_", "gradient": "grad_norm_", "sample": "sample_"}
"""Group -> how the names of its scalars begin, where all do."""


def group_of(name: str) -> str:
    """The group of a scalar, a key of `GROUPS`."""
    return next(group for group, names in GROUPS.items() if names.fullmatch(name))


def under_domains(name: str, domains: Mapping[str, str]) -> str:
    """The name of a scalar with the domain that it is about: `cycle_target_loss` is `cycle_loss (photo)` where the target is photos.

    Args:
        name: as it is logged.
        domains: key of a batch, such as `source` and `target` -> name of what stands there.
    """
    words = name.split("_")
    found = [word for word in words if word in domains]
    if len(found) != 1 or len(words) == 1:
        return name
    words.remove(found[0])
    return f"{'_'.join(words)} ({domains[found[0]]})"


def tag(name: str, domains: Mapping[str, str]) -> str:
    """The name of a scalar in TensorBoard, behind its group: `loss/generator`, `loss/cycle (photo)`, `validation/l1`."""
    group = group_of(name)
    short = name.removeprefix(PREFIXES.get(group, ""))
    title, bracket, domain = under_domains(short, domains).partition(" (")
    return f"{group}/{title.removesuffix('_loss')}{bracket}{domain}"
