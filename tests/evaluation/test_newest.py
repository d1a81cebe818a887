"""What several evaluations of one run say together."""

from tfgan.evaluation.newest import newest_values


def entry(step, count, cases=(), warnings=(), **values):
    return {
        "name": f"a@{step}",
        "step": step,
        "made": f"after {count}",
        "stamp": {"real": count},
        "metrics": {name: {"value": value} for name, value in values.items()},
        "warnings": list(warnings),
        "cases": list(cases),
    }


def test_each_metric_has_its_newest_value_and_that_entry_s_stamp():
    full = entry(40, 400, [{"name": "1.jpg"}], ["few"], l1=0.5, psnr=20.0, swd=9.0)
    found = newest_values([entry(20, 400, l1=0.9, fid=3.0), full, entry(40, 4, warnings=["very few", "few"], swd=7.0)])
    assert found["metrics"] == {"swd": {"value": 7.0}, "l1": {"value": 0.5}, "psnr": {"value": 20.0}}
    assert [(part["stamp"], list(part["metrics"])) for part in found["parts"]] == [({"real": 4}, ["swd"]), ({"real": 400}, ["l1", "psnr"])]
    assert (found["name"], found["step"], found["made"]) == ("a@40", 40, "after 4")
    assert found["warnings"] == ["very few", "few"] and found["cases"] == [{"name": "1.jpg"}]


def test_other_checkpoints_say_nothing():
    found = newest_values([entry(40, 400, [{"name": "1.jpg"}], l1=0.5), entry(20, 4, swd=7.0)])
    assert list(found["metrics"]) == ["swd"] and found["cases"] == [] and len(found["parts"]) == 1


def test_what_was_measured_anew_in_full_leaves_nothing_of_the_old():
    found = newest_values([entry(40, 400, [{"name": "old"}], ["old"], l1=0.5), entry(40, 300, [{"name": "new"}], l1=0.4)])
    assert found["cases"] == [{"name": "new"}] and found["warnings"] == [] and [part["made"] for part in found["parts"]] == ["after 300"]
