"""The attributes of images by name: some exclude each other, and to change one may change others."""

import numpy as np

from tfgan.config import DataSpec
from tfgan.errors import UserError, did_you_mean

Changes = dict[str, bool]
"""Name -> whether the result shall have it."""


def parse_changes(text: str, spec: DataSpec) -> Changes:
    """Reads changes of attributes from a list such as "Black_Hair,~Male", where ~ means without.

    Raises:
        UserError: an unknown name; one named twice; two that exclude each other; two of different data sets, as no image shows both.
    """
    changes: Changes = {}
    for word in filter(None, (word.strip() for word in text.split(","))):
        name, wanted = word.removeprefix("~").strip(), not word.startswith("~")
        if name not in spec.attribute_names:
            hint = did_you_mean(name, spec.attribute_names)
            raise UserError(f"--set: there is no attribute {name!r}.{hint} There are: {', '.join(spec.attribute_names)}.")
        if name in changes:
            raise UserError(f"--set names {name} twice.")
        changes[name] = wanted
    for group in spec.attribute_groups:
        both = [name for name in group if changes.get(name)]
        if len(both) > 1:
            raise UserError(f"--set: {' and '.join(both)} exclude each other.")
    if len({_home(name, spec) for name in changes}) > 1:
        raise UserError(f"--set: {', '.join(changes)} come from different data sets; change those of one at a time.")
    return changes


def change_attributes(scores: np.ndarray, changes: Changes, spec: DataSpec) -> np.ndarray:
    """The attributes, 0 or 1, of an image that is to have `changes` and otherwise what `scores` say.

    Where names exclude each other, one is set: the wanted one, or else the one of the highest score that is not unwanted; none if all
    are unwanted, or if none is wanted and the scores say that the image has none of them, as a bald head has no color of hair. Where
    several data sets were joined, all attributes of the others are 0, as in training.

    Args:
        scores: one for each of `spec.attribute_names`, from 0 to 1.
        changes: see `parse_changes`.
        spec: names the attributes, and says which exclude each other.

    Returns:
        A float32 array, one number for each of `spec.attribute_names`.
    """
    names = spec.attribute_names
    wanted = np.array([changes.get(name, score) for name, score in zip(names, scores)], np.float32)
    values = (wanted > 0.5).astype(np.float32)
    for group in spec.attribute_groups:
        places = [names.index(name) for name in group]
        rank = [2.0 if changes.get(name) else -1.0 if name in changes else scores[place] for name, place in zip(group, places)]
        values[places] = 0.0
        if max(rank) > 1.0 or (max(rank) >= 0.0 and np.sum(np.asarray(scores)[places]) >= 0.5):
            values[places[int(np.argmax(rank))]] = 1.0
    return values * known_attributes(changes, spec)


def known_attributes(changes: Changes, spec: DataSpec) -> np.ndarray:
    """A float32 array of 1 for each attribute of the data set that the changed ones are from, and 0 for those of sets joined with it."""
    if not spec.attribute_sets:
        return np.ones(len(spec.attribute_names), np.float32)
    home = spec.attribute_sets[_home(next(iter(changes), spec.attribute_names[0]), spec)]
    return np.array([name in home for name in spec.attribute_names], np.float32)


def _home(name: str, spec: DataSpec) -> int:
    """The number of the joined data set that knows the attribute, the first of them; 0 if none does."""
    return next((number for number, known in enumerate(spec.attribute_sets) if name in known), 0)
