"""Which attributes a result shall have: from the words of a flag, and for one image."""

import re

import numpy as np
import pytest

from tfgan.attributes import change_attributes, known_attributes, parse_changes
from tfgan.config import DataSpec
from tfgan.errors import UserError

HAIR, MOODS = ("Black_Hair", "Blond_Hair", "Brown_Hair"), ("angry", "happy")
FACES = (*HAIR, "Male", "Young")


def make_spec(names, groups=(), sets=()):
    return DataSpec("attributes", (8, 8), {}, {"train": 1}, "", attribute_names=names, attribute_groups=groups, attribute_sets=sets)


SPEC = make_spec(FACES, (HAIR,))
JOINED = make_spec((*FACES, *MOODS, "glasses"), (HAIR, MOODS), (FACES, (*MOODS, "glasses")))


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("Black_Hair,~Male", {"Black_Hair": True, "Male": False}),
        (" Young , ~ Male ,", {"Young": True, "Male": False}),
        ("~Black_Hair,~Blond_Hair", {"Black_Hair": False, "Blond_Hair": False}),
        ("Black_Hair,~Blond_Hair", {"Black_Hair": True, "Blond_Hair": False}),
        ("", {}),
    ],
)
def test_words_of_a_list(text, changes):
    assert parse_changes(text, SPEC) == changes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Yung", "there is no attribute 'Yung'. Did you mean Young? There are: Black_Hair, Blond_Hair, Brown_Hair, Male, Young."),
        ("~", "there is no attribute ''."),
        ("male", "there is no attribute 'male'. Did you mean Male?"),
        ("Male,~Male", "--set names Male twice."),
        ("Black_Hair,Male,Brown_Hair", "--set: Black_Hair and Brown_Hair exclude each other."),
    ],
)
def test_what_cannot_be_meant(text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        parse_changes(text, SPEC)


def test_changes_stay_in_one_of_joined_sets():
    assert parse_changes("angry,glasses", JOINED) == {"angry": True, "glasses": True}
    with pytest.raises(UserError, match="--set: Male, angry come from different data sets; change those of one at a time."):
        parse_changes("Male,angry", JOINED)


def changed(scores, changes, spec=SPEC):
    values = change_attributes(np.array(scores, np.float32), changes, spec)
    assert values.dtype == np.float32
    return values.tolist()


def test_without_changes_scores_are_rounded():
    assert changed([0.2, 0.7, 0.1, 0.51, 0.5], {}) == [0, 1, 0, 1, 0]


def test_independent_attributes_change_alone():
    assert changed([0, 1, 0, 0.9, 0.2], {"Male": False}) == [0, 1, 0, 0, 0]
    assert changed([0, 1, 0, 0.9, 0.2], {"Young": True}) == [0, 1, 0, 1, 1]


def test_of_a_group_the_wanted_one_replaces_the_others():
    assert changed([0, 1, 0, 1, 0], {"Black_Hair": True}) == [1, 0, 0, 1, 0]
    assert changed([0.4, 0.9, 0.9, 1, 0], {"Black_Hair": True, "Brown_Hair": False}) == [1, 0, 0, 1, 0]
    assert changed([0, 0, 0, 1, 0], {"Brown_Hair": True}) == [0, 0, 1, 1, 0]  # though the image has none


def test_of_a_group_the_best_that_is_not_unwanted_is_left():
    assert changed([0.3, 0.6, 0.1, 0, 0], {"Blond_Hair": False}) == [1, 0, 0, 0, 0]
    assert changed([0.3, 0.6, 0.1, 0, 0], {"Blond_Hair": False, "Black_Hair": False}) == [0, 0, 1, 0, 0]
    assert changed([0.3, 0.4, 0.3, 0, 0], {"Male": True}) == [0, 1, 0, 1, 0]  # one, although none is above 1/2


def test_none_of_a_group():
    assert changed([0.1, 0.2, 0.1, 1, 0], {"Young": True}) == [0, 0, 0, 1, 1]  # bald, and stays so
    assert changed([0.1, 0.2, 0.1, 1, 0], {"Black_Hair": False}) == [0, 0, 0, 1, 0]
    assert changed([0.3, 0.6, 0.1, 1, 0], dict.fromkeys(HAIR, False)) == [0, 0, 0, 1, 0]  # all unwanted


def test_attributes_of_other_sets_are_zero():
    scores = [0, 1, 0, 1, 1, 0.2, 0.8, 0.9]
    assert changed(scores, {"Male": False}, JOINED) == [0, 1, 0, 0, 1, 0, 0, 0]
    assert changed(scores, {"angry": True}, JOINED) == [0, 0, 0, 0, 0, 1, 0, 1]
    assert changed(scores, {"glasses": False}, JOINED) == [0, 0, 0, 0, 0, 0, 1, 0]


def test_the_scores_stay_as_they_are():
    scores = np.array([0.3, 0.6, 0.1, 1, 0], np.float32)
    change_attributes(scores, {"Black_Hair": True}, SPEC)
    np.testing.assert_array_equal(scores, np.array([0.3, 0.6, 0.1, 1, 0], np.float32))


@pytest.mark.parametrize(
    ("changes", "known"),
    [({"glasses": False}, "angry happy glasses"), ({"Male": True}, " ".join(FACES)), ({}, " ".join(FACES))],
)
def test_the_data_set_that_the_changed_attributes_are_from(changes, known):
    assert [name for name, one in zip(JOINED.attribute_names, known_attributes(changes, JOINED)) if one] == known.split()
    assert known_attributes(changes, SPEC).tolist() == [1.0] * 5
