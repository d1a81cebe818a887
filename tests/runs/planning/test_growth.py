"""Data of a run that become more, or others: said in words, accepted or refused, recorded, and resumed exactly."""

import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from run_state import newest_tensors, rows

import tfgan
from tfgan.cli.main import main
from tfgan.config import DataConfig, DataSpec, Domain
from tfgan.config.spec import DataState
from tfgan.data.dataset import Dataset
from tfgan.data.own import ArraySource
from tfgan.data.preparation.prepare import fingerprint_of
from tfgan.errors import UserError
from tfgan.runs.opening import read_config
from tfgan.runs.planning.growth import compare, with_states

pytestmark = pytest.mark.usefixtures("eagerly")

FLAGS = ["--deterministic", "--log_every=1", "--domains=A,B"]


def add(folder, first, last, split="train"):
    """Pairs FIRST to LAST - 1, each of its own noise."""
    for side in "AB":
        (folder / split / side).mkdir(parents=True, exist_ok=True)
        for number in range(first, last):
            pixels = np.random.default_rng([number, ord(side)]).integers(0, 256, (16, 16, 3), np.uint8)
            Image.fromarray(pixels).save(folder / split / side / f"{number}.png")


def remove(folder, *numbers):
    for number in numbers:
        for side in "AB":
            (folder / "train" / side / f"{number}.png").unlink()


@pytest.fixture
def data(tmp_path):
    add(tmp_path / "data", 0, 6)
    return tmp_path / "data"


@pytest.fixture
def go_on(train, data, tmp_path):
    """(steps, *flags, run="run") -> exit code and output of a training of six pairs, three steps an epoch at first."""

    def go_on(steps, *flags, run="run"):
        return train(tmp_path / run, *FLAGS, f"--data_dir={data}", f"--steps={steps}", *flags)

    return go_on


@pytest.fixture(scope="module")
def of_four_steps(tiny, tmp_path_factory, eagerly):
    """A run of six pairs after four steps."""
    place = tmp_path_factory.mktemp("four")
    add(place / "data", 0, 6)
    assert main(["train", *tiny, *FLAGS, f"--data_dir={place / 'data'}", "--steps=4", f"--workdir={place / 'run'}"]) == 0
    return place / "run"


@pytest.fixture
def begun(of_four_steps, data, tmp_path):
    """The run in tmp_path is one of six pairs after four steps."""
    shutil.copytree(of_four_steps, tmp_path / "run")


def spec(*states):
    domains = {"source": Domain("a", 3), "target": Domain("b", 3)}
    return DataSpec("paired", (8, 8), domains, {"train": 9, "validation": 9}, "now", states=states)


def states(run):
    return [(state["step"], state["images"]) for state in json.loads((run / "config.json").read_text())["spec"]["states"]]


def contents(run):
    return {path.relative_to(run): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_more_images_are_refused_in_words_and_with_the_next_command(begun, go_on, data, tiny, tmp_path, capsys):
    add(data, 6, 9)
    before = contents(tmp_path / "run")
    code, output = go_on(8)
    assert code == 2 and contents(tmp_path / "run") == before
    assert "3 images more in train, 9 instead of 6 (6.png, 7.png, 8.png): epochs get longer" in output
    assert "Next: the same command with --accept_new_data continues with them from step 4" in output and "--init_from" in output
    assert "fingerprint" not in output and "old settings" not in output
    assert main(["check", *tiny, *FLAGS, f"--data_dir={data}", f"--workdir={tmp_path / 'run'}", "--noprobe"]) == 1
    assert "3 images more in train" in capsys.readouterr().out
    remove(data, 6, 7, 8)
    code, output = go_on(8)
    assert code == 0 and "from step 4" in output and states(tmp_path / "run") == [(0, 6)]


def test_a_grown_run_resumes_as_if_unbroken(begun, go_on, data, tmp_path):
    """Killed in the middle of the new data, twice; epochs are those of 6 images until step 4, of 9 since."""
    shutil.copytree(tmp_path / "run", tmp_path / "other")
    add(data, 6, 9)
    code, output = go_on(12, "--accept_new_data")
    assert code == 0 and "3 images more in train" in output and "used from step 4 on" in output, output
    for steps, flags in ((6, ["--accept_new_data"]), (9, []), (12, [])):
        code, output = go_on(steps, *flags, run="other")
        assert code == 0, output
    ours, theirs = newest_tensors(tmp_path / "other"), newest_tensors(tmp_path / "run")
    assert ours.keys() == theirs.keys() and all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    assert rows(tmp_path / "other") == rows(tmp_path / "run")
    assert states(tmp_path / "run") == states(tmp_path / "other") == [(0, 6), (4, 9)]
    epochs = {row["step"]: row["epoch"] for row in rows(tmp_path / "run")}
    assert epochs[3] == 1 and epochs[4] == pytest.approx(4 / 3) and epochs[9] == pytest.approx(4 / 3 + 1)
    assert not json.loads((tmp_path / "run" / "config.json").read_text())["training"]["accept_new_data"]


def test_new_images_are_learned_from(begun, go_on, data, tmp_path):
    """The weights are others than those of the same steps without them, and were the same before."""
    shutil.copytree(tmp_path / "run", tmp_path / "other")
    assert go_on(8, run="other")[0] == 0
    add(data, 6, 9)
    assert go_on(8, "--accept_new_data")[0] == 0
    assert rows(tmp_path / "run")[:4] == rows(tmp_path / "other")[:4] and rows(tmp_path / "run")[7] != rows(tmp_path / "other")[7]


def test_validation_data_may_come_and_go(go_on, data, tmp_path):
    assert go_on(4, "--validate_every=1", "--best_metric=l1")[0] == 0
    best = json.loads((tmp_path / "run/checkpoints/best.json").read_text())
    add(data, 10, 12, "val")
    code, output = go_on(6, "--validate_every=1", "--best_metric=l1")
    assert code == 0 and "from step 4" in output and "Validation: from now on with val, 2 images, instead of train." in output, output
    assert "The best checkpoint so far was chosen by other validation images" in output and states(tmp_path / "run") == [(0, 6)]
    now = json.loads((tmp_path / "run/checkpoints/best.json").read_text())
    assert now["step"] == 6 and now["images"] != best["images"]
    add(data, 12, 13, "val")
    (data / "val" / "A" / "10.png").write_bytes((data / "val" / "A" / "11.png").read_bytes())
    code, output = go_on(7)
    assert code == 0 and "Validation: 1 image more in val, 3 instead of 2 (12.png); 1 image of val with another content (10.png)." in output
    shutil.rmtree(data / "val")
    code, output = go_on(8)
    assert code == 0 and "Validation: from now on with train, 6 images, instead of val." in output


def test_images_that_are_gone_are_refused_also_with_the_flag(begun, go_on, data, tmp_path):
    remove(data, 1, 3)
    add(data, 6, 7)
    before = contents(tmp_path / "run")
    for flags in ([], ["--accept_new_data"]):
        code, output = go_on(8, *flags)
        assert code == 2 and "2 images gone from train (1.png, 3.png)" in output and "put them back" in output, output
        assert "1 image more in train (6.png)\n" in output and contents(tmp_path / "run") == before


def test_other_contents_and_names_are_accepted_by_the_flag(begun, go_on, data, tmp_path):
    (data / "train/B/2.png").write_bytes((data / "train/B/3.png").read_bytes())
    for side in "AB":
        (data / "train" / side / "5.png").rename(data / "train" / side / "9.png")
    code, output = go_on(8)
    assert (
        code == 2 and "1 image of train with another content (2.png)" in output and "1 image of train under another name (9.png)" in output
    )
    code, output = go_on(8, "--accept_new_data")
    assert code == 0 and states(tmp_path / "run") == [(0, 6), (4, 6)], output


def test_another_order_is_said(go_on, tmp_path):
    """As a version that sorts names in another way would find them."""
    assert go_on(2)[0] == 0
    run = tmp_path / "run"
    config, listed = (json.loads((run / name).read_text()) for name in ("config.json", "images.json"))
    turned = dict(reversed(listed["train"][0].items()))
    config["spec"]["fingerprint"] = config["spec"]["states"][0]["fingerprint"] = fingerprint_of(turned)
    (run / "config.json").write_text(json.dumps(config))
    (run / "images.json").write_text(json.dumps(listed | {"train": [turned]}))
    code, output = go_on(3)
    assert code == 2 and "the images of train in another order" in output and "--accept_new_data" in output
    assert go_on(3, "--accept_new_data")[0] == 0 and states(run) == [(0, 6), (2, 6)]


def test_a_run_of_an_earlier_version_goes_on(begun, go_on, data, tmp_path):
    """It kept no names and no states; how many images are more is known all the same."""
    run = tmp_path / "run"
    (run / "images.json").unlink()
    config = json.loads((run / "config.json").read_text())
    del config["spec"]["states"], config["training"]["accept_new_data"]
    (run / "config.json").write_text(json.dumps(config | {"format": 1}))
    shutil.copytree(run, tmp_path / "grown")
    assert go_on(6)[0] == 0 and states(run) == [(0, 6)] and (run / "images.json").exists()
    add(data, 6, 9)
    code, output = go_on(6, run="grown")
    assert code == 2 and "3 images more in train, 9 instead of 6: epochs get longer; no list of those was kept" in output, output
    code, output = go_on(6, "--accept_new_data", run="grown")
    assert code == 0 and states(tmp_path / "grown") == [(0, 6), (4, 9)]
    remove(data, 0, 1, 2)
    shutil.copytree(run, tmp_path / "fewer")
    (tmp_path / "fewer" / "images.json").write_text("{")
    code, output = go_on(8, "--accept_new_data", run="fewer")
    assert code == 2 and "images.json is damaged" in output and "the 6 images in train are not the 6 of before" in output


def test_a_damaged_list_is_set_aside(begun, go_on, tmp_path):
    for damage in ("{", "[]", '{"train": [{"a": 1}]}', '{"train": 7}', "{}"):
        (tmp_path / "run" / "images.json").write_text(damage)
        code, output = go_on(4)
        assert code == 0 and "images.json is damaged" in output and "kept as images.damaged" in output, output
    assert len(list((tmp_path / "run").glob("images.damaged*.json"))) == 5


@pytest.mark.parametrize(
    "step, found",
    [
        (0, [(0, "now")]),
        (2, [(0, "then"), (2, "now")]),  # the run went back to a checkpoint before the new images came
        (4, [(0, "then"), (4, "now")]),
        (6, [(0, "then"), (4, "now")]),
    ],
)
def test_a_state_that_was_never_learned_from_is_forgotten(step, found):
    now = SimpleNamespace(spec=spec(), listings={"train": [{"a": "1"}]})
    learned = with_states(now, spec(DataState(0, 6, "then"), DataState(4, 9, "now")), step)
    assert [(state.step, state.fingerprint) for state in learned.states] == found and not learned.contradiction()
    other = SimpleNamespace(spec=spec(), listings={"train": [{"a": "2"}]})
    assert [state.step for state in with_states(other, learned, 8).states] == [*(first for first, _ in found), 8]


def test_arrays_of_a_program_may_grow(tmp_path):
    rng = np.random.default_rng(0)
    images = {key: rng.integers(0, 256, (9, 16, 16, 3), np.uint8) for key in ("source", "target")}
    tiny = {"generator": "unet_16", "ngf": 2, "ndf": 2, "n_layers": 1, "image_size": 16, "batch_size": 2, "num_samples": 1}
    tiny |= {"tensorboard": False, "workdir": str(tmp_path / "run"), "precision": "float32"}

    def train(count, steps, **more):
        return tfgan.train("pix2pix", data={key: values[:count] for key, values in images.items()}, steps=steps, **tiny, **more)

    train(6, 4)
    with pytest.raises(UserError, match=r"3 images more in train, 9 instead of 6 \(000006, 000007, 000008\)"):
        train(9, 6)
    run = train(9, 6, accept_new_data=True)
    assert run.step == 6 and states(tmp_path / "run") == [(0, 6), (4, 9)]
    images["source"][0] = 0
    with pytest.raises(UserError, match=r"1 image of train with another content \(000000\)"):
        train(9, 8)


def test_domains_without_pairs_are_named(train, tmp_path):
    data, run = tmp_path / "data", tmp_path / "run"
    add(data, 0, 4)
    for side, name in (("A", "trainA"), ("B", "trainB")):
        (data / "train" / side).rename(data / name)
    (data / "train").rmdir()
    flags = ["--method=cyclegan", "--generator=resnet_1", f"--data_dir={data}", "--domains=day,night"]
    assert train(run, *flags, "--steps=2")[0] == 0
    shutil.copy(data / "trainB" / "0.png", data / "trainB" / "x.png")
    code, output = train(run, *flags, "--steps=4")
    assert code == 2 and "1 image more in train of night, 5 instead of 4 (x.png)" in output, output
    assert train(run, *flags, "--steps=4", "--accept_new_data")[0] == 0 and states(run) == [(0, 4), (2, 5)]


def test_evaluate_and_report_say_what_was_learned_from(begun, go_on, data, tmp_path, capsys):
    add(data, 6, 9)
    assert go_on(6, "--accept_new_data")[0] == 0
    run = tmp_path / "run"
    capsys.readouterr()
    assert main(["evaluate", str(run), "--metrics=l1", "--features=", "--count=2"]) == 0
    words = "6 images to step 4, 9 from there on"
    assert f"The run was trained on {words}." in capsys.readouterr().out
    assert json.loads((run / "evaluation.json").read_text())["results"][0]["learned from"] == words
    assert main(["report", str(run)]) == 0 and words in (run / "report.html").read_text()
    spec = read_config(run).spec
    assert (spec.learned_from(4), spec.learned_from(5)) == ("6 images", words)


def test_states_that_contradict_themselves_are_refused():
    first, now = DataState(0, 6, "then"), DataState(4, 9, "now")
    assert not spec(first, now).contradiction() and not spec().contradiction()
    for wrong in ([now], [now, first], [first], [first, now, now]):
        assert "states must begin at step 0" in spec(*wrong).contradiction()


def test_names_that_are_new_for_the_same_images():
    old = {"a": "1", "b": "1", "c": "2", "d": "", "e": "3"}
    change = compare(old, {"x": "1", "c": "9", "d": "7", "f": "", "g": "1", "h": "1"}, "train")
    assert (change.renamed, change.more, change.gone, change.other) == (["g", "x"], ["f", "h"], ["e"], ["c"])
    assert not compare(old, dict(old), "train")


def labeled(labels, names=None):
    """The list of the images of a set whose labels a program gives, under one name each where `names` says so."""
    source = ArraySource({"image": list(np.zeros((3, 8, 8, 3), np.uint8)), "label": np.int32(labels)}, {"image": Domain("image", 3)})
    source.class_names = ("cat", "dog")
    if names:
        source.name = names.__getitem__
    keys = {"image": "image", "label": "label"}
    return Dataset("labeled", {"train": [(source, keys)]}, (8, 8), (8, 8), DataConfig()).listings["train"][0]


def test_a_label_is_part_of_the_content():
    before, now = labeled([0, 1, 0]), labeled([0, 1, 1])
    assert compare(before, now, "train").other == ["000002"] and not compare(before, labeled([0, 1, 0]), "train")


def test_images_of_one_name_are_all_listed():
    assert list(labeled([0, 1, 0], ["a", "a", "b"])) == ["a", "a (1)", "b"]
