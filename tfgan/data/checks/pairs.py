"""Checks pairs: halves that are none, partners that are mixed up, shifted, or the same image twice."""

import statistics
from collections.abc import Sequence

import numpy as np

from tfgan.data.checks.edges import CELLS, agreement, common_shift, standardized
from tfgan.data.checks.finding import NOTE, WARNING, Finding, found_in
from tfgan.data.checks.scan import Example

FEWEST = 8  # pairs from which agreement says anything
STRANGE, ALIKE = 1.0, 3.0  # median agreement of pairs below which they seem mixed up, and above which single ones can be judged
DOUBTFUL = 1.5  # agreement of one pair, among those that agree by `ALIKE`, below which it may be mixed up
BETTER = 2.5  # by how much a stranger then agrees better, who is doubtful too, if the two were exchanged
LEAST_SHIFT = 2  # cells, of `CELLS`
NARROW = 0.6  # width by height of halves below which files are rather single images


def check_pairs(examples: Sequence[Example], side_by_side: bool) -> list[Finding]:
    """Findings on pairs of images that can be loaded.

    Agreement is that of `tfgan.data.checks.edges`, in standard deviations of strangers. Over 400 façades of CMP pairs have a median of 5.7,
    1 in 100 less than 2.6, and, where some partners were exchanged for a trial, 9 of 10 of these were found and no other.

    Args:
        examples: what is known of the pairs of all splits.
        side_by_side: whether both images of a pair lie in one file.
    """
    if side_by_side and (narrow := _halves(examples)):
        return narrow
    findings = []
    twins = [example.name for example in examples if _same(example)]
    problem = "{count} with equal A and B"
    findings += found_in(
        WARNING, "identical_pairs", problem, "nothing can be learned of these: look for a folder copied twice", twins, "pair"
    )
    for split in dict.fromkeys(example.split for example in examples):
        findings += _alignment(split, [example for example in examples if example.split == split and not _same(example)])
    return findings


def _same(example: Example) -> bool:
    first, second = (picture.digest for picture in example.pictures.values())
    return first == second


def _halves(examples) -> list[Finding]:
    ratios = [picture.width / picture.height for example in examples for picture in list(example.pictures.values())[:1]]
    if not ratios or statistics.median(ratios) >= NARROW:
        return []
    problem = f"the halves of the files are narrow, {statistics.median(ratios):.2f} times as wide as high: are these single images?"
    cure = "a file of a pair holds two whole images side by side; for single images take a --method for images, such as dcgan"
    return [Finding(WARNING, "narrow_halves", problem, cure)]


def _alignment(split: str, examples: list[Example]) -> list[Finding]:
    seen = [(example.name, example.sketches) for example in examples if example.sketches and all(side.any() for side in example.sketches)]
    if len(seen) < FEWEST:
        return []
    a, b = (standardized(np.stack([sketches[side] for _, sketches in seen])) for side in (0, 1))
    shift = common_shift(a, b)
    if max(map(abs, shift)) >= LEAST_SHIFT and _median(agreement(a, np.roll(b, [-cells for cells in shift], axis=(2, 3)))) >= ALIKE:
        down, right = (f"{cells / CELLS:+.0%}" for cells in shift)
        problem = f"in {split} B lies {down} of the height below A, and {right} of the width to its right"
        return [Finding(WARNING, "shifted_pairs", problem, "crop both images of each pair in the same way")]
    scores = agreement(a, b)
    own = scores.diagonal()
    if np.median(own) < STRANGE:
        problem = f"the edges of A and B agree no better within the pairs of {split} than between different pairs: are the pairs mixed up?"
        return [Finding(WARNING, "mixed_up_pairs", problem, "look at --sheet=FILE.png; give the files of a pair one name")]
    return _single(scores, own, [name for name, _ in seen]) if np.median(own) >= ALIKE else []


def _single(scores: np.ndarray, own: np.ndarray, names: list[str]) -> list[Finding]:
    """Findings on single pairs that stand out, as their edges do not agree, among pairs that do."""
    doubtful = np.flatnonzero(own < DOUBTFUL)
    gains = scores[np.ix_(doubtful, doubtful)] - own[doubtful, None]
    exchanged = [names[at] for at, gain in zip(doubtful, gains) if gain.max() > BETTER]
    others = [names[at] for at in doubtful if names[at] not in exchanged]
    cure = "look at them; give the files of a pair one name"
    problem = "{count} whose A fits the B of another pair far better"
    findings = found_in(WARNING, "exchanged_partners", problem, cure, exchanged, "pair")
    return findings + found_in(NOTE, "doubtful_pairs", "{count} whose A and B hardly agree in their edges", "look at them", others, "pair")


def _median(scores: np.ndarray) -> float:
    return float(np.median(scores.diagonal()))
