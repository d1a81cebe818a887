"""Runs on a hub: what is sent and what is not, what is taken, and that nothing is trusted or lost on the way."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("huggingface_hub", reason="needs the extra hub")
from fake_hub import TOKEN, FakeHub

import tfgan
from tfgan.cli.main import main
from tfgan.errors import UserError
from tfgan.methods import method_class
from tfgan.runs.opening import read_config
from tfgan.runs.publishing import _stage_record
from tfgan.training.kept import find_checkpoint

KEPT = Path(__file__).parent / "kept_run" / "run"
NAME = "me/photos"


@pytest.fixture
def hub(monkeypatch, tmp_path):
    found = FakeHub()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    yield found
    found.close()


@pytest.fixture
def run(tmp_path):
    """A copy of a run, trained from a folder of somebody's."""
    folder = tmp_path / "mine"
    shutil.copytree(KEPT, folder)
    record = json.loads((folder / "config.json").read_text())
    record["data"]["data_dir"] = "/home/somebody/secret/faces"
    record["training"]["workdir"] = "/home/somebody/runs/mine"
    (folder / "config.json").write_text(json.dumps(record))
    for name in ("lock", "images.json", "notes.txt"):
        (folder / name).write_text("somebody's")
    return folder


def push(run, hub, **settings):
    return tfgan.hub.push(run, NAME, token=TOKEN, endpoint=hub.url, **settings)


def pull(folder, hub, **settings):
    return tfgan.hub.pull(NAME, folder, token=TOKEN, endpoint=hub.url, **settings)


def test_names_of_images_stay_here(hub, run):
    """The results of an evaluation list each validation image."""
    case = {"name": "somebody_42.png", "scores": {"l1": 0.5}, "images": {}}
    result = {"name": "a@4", "step": 4, "made": "", "stamp": {"n": 1}, "metrics": {"l1": {"value": 0.5}}, "warnings": [], "cases": [case]}
    (run / "evaluation.json").write_text(json.dumps({"results": [result]}))
    push(run, hub)
    sent = hub.repositories[NAME][-1]["evaluation.json"]
    assert b"somebody" not in sent and json.loads(sent)["results"][0]["metrics"] == result["metrics"]


def test_paths_in_the_settings_of_a_method_are_shortened(tmp_path):
    hparams = method_class("spade").HParams(image_size=(64, 64), vgg_weights="/home/somebody/vgg.h5")
    config = dataclasses.replace(read_config(KEPT), method="spade", hparams=hparams)
    (tmp_path / "run").mkdir(), (tmp_path / "part").mkdir()
    config.write(tmp_path / "run" / "config.json")
    _stage_record(config, tmp_path / "run", tmp_path / "part")
    assert json.loads((tmp_path / "part" / "config.json").read_text())["hparams"]["vgg_weights"] == "vgg.h5"


def test_there_and_back(hub, run, tmp_path, caplog):
    caplog.set_level("INFO")
    assert push(run, hub) == f"{hub.url}/{NAME}" and NAME in hub.private
    files = hub.repositories[NAME][-1]
    assert set(files) == {
        *(".gitattributes", "README.md", "config.json", "metrics.jsonl", "alarms.jsonl", "checkpoints/manifest.json"),
        *("checkpoints/ckpt-4.index", "checkpoints/ckpt-4.data-00000-of-00001", "samples/inputs/source_0.png"),
    }
    assert all(b"somebody" not in content for content in files.values())
    assert "for you alone" in caplog.text and "1 of them pictures" in caplog.text and "The card says no license" in caplog.text
    found = pull(tmp_path / "theirs", hub)
    assert found == tmp_path / "theirs" and not (found / ".cache").exists()
    assert (found / "MODEL_CARD.md").read_text().startswith("---\nlicense: unknown")
    assert find_checkpoint(found / "checkpoints", "last")[0].sums  # so that damage of it is seen
    picture = str(KEPT / "samples" / "inputs" / "source_0.png")
    ours, theirs = (np.asarray(tfgan.load(folder).translate(picture)) for folder in (KEPT, found))
    assert np.array_equal(ours, theirs)


def test_a_run_is_loaded_by_its_name_and_fetched_once(hub, run):
    push(run, hub)
    first = tfgan.hub.load(NAME, token=TOKEN, endpoint=hub.url)
    asked = len(hub.asked)
    again = tfgan.hub.load(NAME, token=TOKEN, endpoint=hub.url)
    assert first.step == again.step == 4 and first.folder == again.folder
    assert len(hub.asked) == asked + 1  # which commit is the newest
    push(run, hub, samples=False)
    other = tfgan.hub.load(NAME, token=TOKEN, endpoint=hub.url)
    assert other.folder != first.folder and not (other.folder / "samples").exists() and (first.folder / "samples").exists()
    old = tfgan.hub.load(NAME, revision=first.folder.name, token=TOKEN, endpoint=hub.url)
    assert old.folder == first.folder


def test_private_is_not_public(hub, run):
    push(run, hub, private=False)
    assert NAME not in hub.private
    with pytest.raises(UserError, match="is public"):
        push(run, hub)
    assert len(hub.repositories[NAME]) == 2  # made, and pushed once


def test_cards_that_somebody_has_written_in(hub, run, caplog):
    assert main(["report", str(run), "--card"]) == 0
    card = run / "MODEL_CARD.md"
    card.write_text(card.read_text().replace("license: unknown", "license: mit"))
    push(run, hub)
    assert b"license: mit" in hub.repositories[NAME][-1]["README.md"] and "no license" not in caplog.text
    hub.repositories[NAME][-1]["README.md"] += b"Written on the hub."
    push(run, hub)
    assert hub.repositories[NAME][-1]["README.md"].endswith(b"Written on the hub.") and "stays as it is" in caplog.text


def test_an_earlier_checkpoint_goes(hub, run):
    push(run, hub)
    files = hub.repositories[NAME][-1]
    for name in [name for name in files if "ckpt-4" in name]:
        files[name.replace("ckpt-4", "ckpt-2")] = files.pop(name)
    push(run, hub)
    assert sorted(name for name in hub.repositories[NAME][-1] if "ckpt" in name) == [
        *("checkpoints/ckpt-4.data-00000-of-00001", "checkpoints/ckpt-4.index")
    ]


def damaged(files, name, change):
    files[name] = change(files[name])


@pytest.mark.parametrize(
    "harm, said",
    [
        (lambda files: files.pop("config.json"), "no run of tfgan"),
        (lambda files: files.update({"config.json": b"{"}), "config.json"),
        (lambda files: files.pop("checkpoints/ckpt-4.index"), "index"),
        (lambda files: files.update({"checkpoints/ckpt-4.index": files["checkpoints/ckpt-4.index"] + b"x"}), "ckpt-4.index"),
        (
            lambda files: files.update(
                {"checkpoints/ckpt-4.data-00000-of-00001": files["checkpoints/ckpt-4.data-00000-of-00001"][:-1] + b"x"}
            ),
            "other bytes than were written",
        ),
        (lambda files: [files.pop(name) for name in list(files) if "checkpoints" in name], "no checkpoint"),
    ],
)
def test_what_is_damaged_is_not_taken(hub, run, tmp_path, harm, said):
    push(run, hub)
    harm(hub.repositories[NAME][-1])
    with pytest.raises(UserError, match="was not taken") as error:
        pull(tmp_path / "theirs", hub)
    assert said in str(error.value) and str(tmp_path) not in str(error.value)
    assert not (tmp_path / "theirs").exists() and not list(tmp_path.glob(".tfgan-*"))


def test_what_is_no_part_of_a_run_is_not_fetched(hub, run, tmp_path):
    push(run, hub)
    hub.repositories[NAME][-1] |= {"evil.py": b"x", "checkpoints/evil.py": b"x", "model.pkl": b"x"}
    found = pull(tmp_path / "theirs", hub)
    assert not [path for path in found.rglob("*") if "evil" in path.name or path.suffix == ".pkl"]


def test_a_folder_that_is_there_stays(hub, run, tmp_path):
    push(run, hub)
    with pytest.raises(UserError, match="exists, and is left as it is"):
        pull(run, hub)


@pytest.mark.parametrize(
    "ask, said",
    [
        (lambda hub, run: tfgan.hub.pull("me/nothing", endpoint=hub.url), "me/nothing is not on the hub"),
        (lambda hub, run: tfgan.hub.load("me/nothing", endpoint=hub.url), "hf auth login"),
        (lambda hub, run: tfgan.hub.pull("nothing", endpoint=hub.url), 'the form "user/name"'),
        (lambda hub, run: tfgan.hub.push(run, "../x/y", endpoint=hub.url), 'the form "user/name"'),
        (lambda hub, run: tfgan.hub.push(run, NAME, token="hf_wrong", endpoint=hub.url), "the hub refuses"),
        (lambda hub, run: tfgan.hub.push(run, NAME, checkpoint=3, token=TOKEN, endpoint=hub.url), "no checkpoint '3'"),
        (lambda hub, run: tfgan.hub.push(run / "samples", NAME, token=TOKEN, endpoint=hub.url), "config.json|is not a run|no run"),
        (lambda hub, run: tfgan.hub.pull(NAME, endpoint="http://127.0.0.1:9"), "cannot be reached"),
    ],
)
def test_refused_in_a_line(hub, run, ask, said, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=re.escape(said) if "|" not in said else said) as error:
        ask(hub, run)
    assert len(str(error.value).splitlines()) <= 2 and NAME not in hub.repositories
