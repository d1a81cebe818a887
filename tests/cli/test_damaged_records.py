"""A part of the campaign in benchmarks/damaged_records.py that takes seconds: damaged files of a run, and the verbs that read them."""

import pytest

from benchmarks.damaged_records import READ_BY, Outcome, any_bytes, attempt, damages, make_run, row


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("damages") / "run")


QUICK = {file: [verb for verb in verbs if verb in ("open", "report", "stored")] for file, verbs in READ_BY.items()}


@pytest.mark.parametrize("file, verb", [(file, verb) for file, verbs in QUICK.items() for verb in verbs])
def test_any_damage_ends_in_a_clear_line(whole, file, verb):
    for damage in any_bytes():
        found = attempt(whole, file, damage, verb)
        assert found.kind not in ("traceback", "hang"), found
        assert found.kind != "refused" or found.output.strip().count("\n") == 0, found


def test_every_wrong_type_in_the_record_is_refused(whole):
    """What passes is text for text, a number in its range, or a setting that has a default."""
    found = [attempt(whole, "config.json", damage, "open") for damage in damages(whole, "config.json")]
    passed = [outcome for outcome in found if outcome.kind != "refused"]
    assert not [outcome for outcome in passed if outcome.kind in ("traceback", "hang")]
    wrong = [outcome.damage for outcome in passed if outcome.damage.endswith(("= null", "= []", "= {}", "= [[null]]", "= NaN"))]
    lists = {"data.domains", "data.label_domains", "data.label_palette", "data.label_names", "data.attributes", "data.attribute_groups"}
    lists |= {"data.extra_data_dirs", "hparams.diffaugment", "hparams.freeze", "spec.class_names", "spec.attribute_names"}
    lists |= {
        "spec.attribute_groups",
        "spec.attribute_sets",
        "spec.states",
        "data.value_range",
        "data.show_bands",
        "data.pair_names",
        "data.augment",
    }
    lists |= {f"spec.domains.{key}.{name}" for key in ("source", "target") for name in ("value_range", "parts", "shown")}
    empty = {f"{name} = []" for name in lists} | {"versions = {}", "hardware = {}", "scale = {}", "imported = {}", "frozen = {}"}
    empty |= {f"spec.domains.{key}.{name} = null" for key in ("source", "target") for name in ("classes", "written")}
    assert set(wrong) <= empty


@pytest.mark.parametrize(
    "file, damage", [("tensorboard", "a pipe"), ("metrics.jsonl", "noise in the middle"), ("postponed.json", "brackets")]
)
def test_training_goes_on_and_says_what_it_set_aside(whole, file, damage):
    (do,) = [do for name, do in damages(whole, file) if name == damage]
    found = attempt(whole, file, (damage, do), "train")
    assert found.kind == "said" and found.code == 0, found


def test_the_whole_run_does_its_work(whole):
    for verb in ("open", "report", "stored", "train"):
        found = attempt(whole, "metrics.jsonl", ("none", lambda path: None), verb)
        assert found.kind == "done", found


def test_a_row_counts_what_ends_how():
    outcomes = [Outcome("a.json", "x", "report", code, text) for code, text in ((2, ""), (0, "is damaged"), (0, ""), (70, ""), (-1, ""))]
    assert row("all", 1000, [*outcomes, outcomes[0]]) == "| all | 1,000 | 6 | 2 | 1 | 1 | 1 | 1 |"
