"""Names of files that people would pair are pairs; where two ways are open, somebody must choose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfgan.data.finding.pair_names import EQUALLY, match_names, said_alike
from tfgan.errors import UserError

NUMBERS = range(12)


def names(*forms, numbers=NUMBERS):
    return [form.format(number) for form in forms for number in numbers]


def test_equal_names_whatever_their_ending():
    found = match_names(["a/2.png", "a/10.png", "b.c.jpg"], ["b.c.png", "a/2.bmp", "a/10.PNG"])
    assert found.pairs == [("a/2.png", "a/2.bmp"), ("a/10.png", "a/10.PNG"), ("b.c.jpg", "b.c.png")]
    assert found.words == EQUALLY and found.patterns == () and found.alone == ({}, {})


@pytest.mark.parametrize(
    "first, second, patterns",
    [
        ("city/city_{:06}_000019_leftImg8bit.png", "city/city_{:06}_000019_gtFine_labelIds.png", ("{}_leftImg8bit", "{}_gtFine_labelIds")),
        ("ADE_train_{:08}.jpg", "ADE_train_{:08}_seg.png", ("{}", "{}_seg")),
        ("0001TP_{:06}.png", "0001TP_{:06}_L.png", ("{}", "{}_L")),
        ("{}.png", "mask_{}.png", ("{}", "mask_{}")),
        ("img_{:03}.png", "mask_{:03}.png", ("img_{}", "mask_{}")),
        ("{}_real_B.png", "{}_fake_B.png", ("{}_real_B", "{}_fake_B")),
        ("photo_{:03}_rgb.png", "label_{:03}_gt.png", ("photo_{}_rgb", "label_{}_gt")),
        ("{}left.png", "{}label.png", ("{}left", "{}label")),
        ("{}.x.png", "{}.y.png", ("{}.x", "{}.y")),
        ("case {}.png", "case {}-mask.png", ("{}", "{}-mask")),
        ("{},x.png", "{},y.png", ("{},x", "{},y")),
    ],
)
def test_constant_parts(first, second, patterns):
    a, b = names(first), names(second)
    found = match_names(a, b)
    assert found.pairs == list(zip(a, b)) and found.patterns == patterns and found.alone == ({}, {}) and found.rivals == ()
    assert match_names(b, a).pairs == list(zip(b, a))
    given = match_names(a, b, patterns)
    assert given.pairs == found.pairs and match_names(a, b, patterns[::-1]).pairs == found.pairs  # which is A is no matter of names
    assert match_names(a, b, ("equal",)).pairs == []


@pytest.mark.parametrize(
    "first, second",
    [("Five.png", "five.png"), ("001.png", "1.png"), ("x y-1.png", "x_y_1.jpg"), ("\u00e9.png", "e\u0301.png"), ("1.jpg", "1.jpg.png")],
)
def test_names_that_are_said_alike(first, second):
    found = match_names(["other.png", first], [second, "other.jpg"])
    assert found.pairs == [("other.png", "other.jpg"), (first, second)] and f"such as {first} and {second}" in found.words
    assert match_names([first], [second], ("equal",)).pairs == []


def test_what_is_said_alike_twice_is_no_pair():
    found = match_names(["1.png", "001.png"], ["01.png"])
    assert found.pairs == [] and found.alone[0] == {"1.png": "1", "001.png": "001"}
    found = match_names(["1.png", "01.png"], ["1.jpg", "001.jpg"])  # which of them is meant by 1, nobody knows
    assert found.pairs == [("1.png", "1.jpg")] and found.alone == ({"01.png": "01"}, {"001.jpg": "001"})
    assert match_names(["a.png", "A.png"], ["a.jpg", "A.jpg"]).pairs == [("a.png", "a.jpg"), ("A.png", "A.jpg")]


def test_of_several_kinds_one_must_be_chosen():
    a, b = names("{}_photo.png"), names("{}_ids.png", "{}_color.png", "{}_inst.png")
    found = match_names(a, b)
    assert found.pairs == [] and set(found.rivals) == {("{}_photo", f"{{}}_{kind}") for kind in ("ids", "color", "inst")}
    chosen = match_names(a, b, ("{}_photo", "{}_ids"))
    assert chosen.pairs == list(zip(a, names("{}_ids.png"))) and set(chosen.alone[1].values()) == {None}


def test_an_equal_name_beats_a_constant_part():
    a, b = names("{}.png"), names("{}.png", "{}_color.png")
    found = match_names(a, b)
    assert found.pairs == [(name, name) for name in a] and found.alone[1]["3_color.png"] == "3_color"


def test_one_equal_name_among_many_others_is_an_accident():
    found = match_names(names("{}.png"), [*names("{}_seg.png"), "0.png"])
    assert len(found.pairs) == 12 and found.alone[1] == {"0.png": None}


def test_what_has_no_partner_is_told_by_the_name_that_it_would_have():
    found = match_names(names("{}.png", numbers=range(10)), names("m_{}.png", numbers=range(2, 12)))
    assert len(found.pairs) == 8 and found.alone == ({"0.png": "m_0", "1.png": "m_1"}, {"m_10.png": "10", "m_11.png": "11"})
    twice = match_names(["4.png"], ["4.png", "4.jpg"])
    assert twice.pairs == [] and twice.alone == ({"4.png": ""}, {"4.png": "", "4.jpg": ""})


@pytest.mark.parametrize(
    "first, second",
    [
        (["1_A.png"], ["1_B.png"]),  # of one name nobody knows what is constant
        (["a.png", "b.png"], ["c.png", "d.png"]),
        (names("n02381460_{}.jpg", numbers=range(0, 900, 7)), names("n02391049_{}.jpg", numbers=range(0, 900, 11))),
        (names("a/{}.png"), names("b/{}_x.png")),  # the folder is part of what is shared
        ([], ["1.png"]),
    ],
)
def test_others_are_no_pairs(first, second):
    found = match_names(first, second)
    assert found.pairs == [] and found.rivals == ()


def test_a_number_is_not_cut():
    """1 is no part of mask_11, though mask_1 is a beginning of it."""
    assert match_names(names("{}.png", numbers=range(20)), names("mask_{}.png", numbers=range(10, 20))).pairs == [
        (f"{number}.png", f"mask_{number}.png") for number in range(10, 20)
    ]


def test_a_number_is_not_cut_where_other_names_have_none():
    found = match_names(["a.png", "b.png", "c.png", "2.png"], ["v1a.png", "v1b.png", "v1c.png", "v12.png"])
    assert [a for a, _ in found.pairs] == ["a.png", "b.png", "c.png"] and list(found.alone[0]) == ["2.png"]


@pytest.mark.parametrize("given", [("{}",), ("{}", "x"), ("{}{}", "{}"), ("a/{}", "{}"), ("{}", "{}", "{}"), ("same",)])
def test_patterns_that_are_none(given):
    with pytest.raises(UserError, match="must be two patterns of names, for A and B"):
        match_names(["1.png"], ["1.png"], given)


def test_a_pattern_with_an_ending_tells_files_of_equal_names():
    assert match_names(["1.jpg", "1.png"], ["1_seg.png"], ("{}.jpg", "{}_seg.png")).pairs == [("1.jpg", "1_seg.png")]


NAME = st.text(st.sampled_from("ab019_-. é"), min_size=1, max_size=6)


@given(st.lists(NAME, unique=True, max_size=8), st.lists(NAME, unique=True, max_size=8))
def test_every_name_is_in_one_pair_or_alone(first, second):
    first, second = [f"{name}.png" for name in first], [f"{name}.png" for name in second]
    found = match_names(first, second)
    for side, given_names in enumerate((first, second)):
        paired = [pair[side] for pair in found.pairs]
        assert len(set(paired)) == len(paired) and sorted([*paired, *found.alone[side]]) == sorted(given_names)
    assert all((name, name) in found.pairs for name in set(first) & set(second)) or found.patterns or found.rivals


def test_said_alike_is_no_matter_of_order():
    assert said_alike("A  b--01.PNG") == said_alike("a_B-1.jpg") == "a_b_1"
