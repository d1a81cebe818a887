"""Checks that no group of images, of one patient or scene, lies in two splits."""

from collections.abc import Mapping

from tfgan.config import Strings
from tfgan.data.checks.finding import WARNING, Finding, found_in


def check_groups(shared: Mapping[str, Strings | list[str]]) -> list[Finding]:
    """A finding on groups that lie in several splits, if there are any: what validates has been learned from.

    Args:
        shared: group -> these splits.
    """
    lines = [f"{name}: {', '.join(places)}" for name, places in shared.items()]
    problem = "{count} in several splits: networks are judged on what they learned from, and seem better than they are"
    cure = "keep all images of a group in one split; without folders val and test, --groups chooses groups that validate"
    return found_in(WARNING, "groups_in_two_splits", problem, cure, lines, "group")
