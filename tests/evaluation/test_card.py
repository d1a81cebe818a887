"""The card of a run: what it says, what it keeps to itself, and that nobody's writing is lost."""

import json
import re

import pytest
from reported_run import ALARM, CONFIG, write_alarms, write_evaluation, write_run

from tfgan.cli.main import main

yaml = pytest.importorskip("yaml", reason="reads the front matter")


def card(folder):
    assert main(["report", str(folder), "--card"]) == 0
    text = (folder / "MODEL_CARD.md").read_text()
    _, head, body = text.split("---\n", 2)
    return yaml.safe_load(head), body


def section(body, title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", body, re.DOTALL | re.MULTILINE)[1]


def test_the_front_matter_is_what_the_hub_reads(tmp_path):
    folder = write_run(tmp_path / "a")
    write_evaluation(folder)
    head, body = card(folder)
    assert (head["license"], head["library_name"], head["pipeline_tag"]) == ("unknown", "tfgan", "image-to-image")
    assert {"tfgan", "pix2pix"} <= set(head["tags"]) and head["datasets"] == [] and head["metrics"] == ["l1", "photo.fid"]
    (index,) = head["model-index"]
    (result,) = index["results"]
    assert (index["name"], result["task"]["type"], result["dataset"]["name"]) == ("a", "image-to-image", "facades")
    assert {metric["type"]: metric["value"] for metric in result["metrics"]} == {"l1": 0.25, "photo.fid": 12.5}
    hub = pytest.importorskip("huggingface_hub", reason="the hub's own reader")
    data = hub.ModelCard(f"---\n{yaml.dump(head)}---\n").data
    assert [found.metric_value for found in data.eval_results] == [0.25, 12.5]


def test_weights_that_others_trained_are_not_called_ours(tmp_path):
    digest = "0123456789abcdef" * 4
    _, body = card(write_run(tmp_path / "a", CONFIG | {"imported": {"latest_net_G.pth": digest}}, rows=[]))
    assert "of weights that others trained, imported by tfgan 0.1.0." in body and "with tfgan" not in body
    assert "- what the weights learned from: **to be filled in**\n- data set that they were imported with: facades" in section(body, "Data")
    assert f"- weights of latest\\_net\\_G.pth, SHA-256 {digest}" in section(body, "Training") and "tfgan train" not in body
    said = section(body, "Limits")
    assert "Others trained its weights" in said and "It learned from" not in said and "No images were kept from training" not in said


def test_counts_measures_and_limits(tmp_path):
    folder = write_run(tmp_path / "a")
    write_evaluation(folder)
    write_alarms(folder, ALARM, ALARM | {"epoch": 3.0, "message": "All alike: 0.2."})
    _, body = card(folder)
    assert "20 train, 4 validation" in section(body, "Data")
    assert "| l1 | 0.25 | 0.125 to 0.5 | – | lower |" in body and "| photo.fid | 12.5 | – | 3 | lower |" in body
    assert '"hash": "abc"' in section(body, "Measures") and "2026-01-02" in body
    found = section(body, "Limits")
    for words in ("learned from 20 images", "judged on 4 images", "Alarm `collapse` in epoch 3: All alike: 0.2.", "plausible, not true"):
        assert words in found
    assert found.count("collapse") == 1 and section(body, "License").count("to be filled in") == 3
    assert "](samples/epoch_0004.png)" in body


def test_what_is_not_known_is_said(tmp_path):
    folder = write_run(tmp_path / "a", {"method": "pix2pix", "spec": {"sizes": {"train": 5000}}}, rows=[])
    head, body = card(folder)
    assert "model-index" not in head and head["metrics"] == []
    found = section(body, "Limits")
    assert "has not been evaluated" in found and "was not watched" in found and "No images were kept" in found
    assert "learned from" not in found


def test_images_from_noise(tmp_path):
    spec = {
        "kind": "labeled",
        "domains": {"image": {"name": "digit", "channels": 1}},
        "class_names": ["zero", "one"],
        "sizes": {"train": 1},
    }
    head, body = card(write_run(tmp_path / "a", CONFIG | {"method": "acgan", "spec": spec}))
    assert head["pipeline_tag"] == "unconditional-image-generation"
    assert "digit from noise" in body and "classes: zero, one" in body and "tfgan sample" in body


def test_paths_of_whoever_trained_stay_at_home(tmp_path):
    data = CONFIG["data"] | {"data_dir": "/home/somebody/secret project/faces", "dataset": ""}
    training = CONFIG["training"] | {"workdir": "/home/somebody/runs/a"}
    folder = write_run(tmp_path / "a", CONFIG | {"data": data, "training": training})
    assert main(["report", str(folder), "--card"]) == 0
    text = (folder / "MODEL_CARD.md").read_text()
    assert "faces" in text and "somebody" not in text and "secret" not in text and str(tmp_path) not in text


def test_names_of_a_received_run_are_text(tmp_path):
    wicked = "x\n---\n# <script>alert(1)</script> | `a` [b](http://c)"
    spec = {
        "kind": wicked,
        "domains": {"source": {"name": wicked}, "target": {"name": 5, "channels": wicked}},
        "sizes": {wicked: 3, "train": wicked},
    }
    folder = write_run(tmp_path / "a", {"method": wicked, "spec": spec, "versions": {wicked: wicked}, "data": {"dataset": wicked}})
    write_evaluation(folder)
    head, body = card(folder)
    assert wicked in head["tags"] and "<script>" not in body.replace("\\<script", "") and "\n# \\<" not in body
    assert body.count("\n# ") == 1 and not re.search(r"(?<!\\)\]\(http", body)


def test_what_somebody_wrote_is_kept(tmp_path, capsys):
    folder = write_run(tmp_path / "a")
    card(folder)
    write_evaluation(folder)
    assert "photo.fid" in card(folder)[1]  # made anew
    file = folder / "MODEL_CARD.md"
    filled = file.read_text().replace("license: unknown", "license: mit")
    file.write_text(filled)
    assert main(["report", str(folder), "--card"]) == 2
    assert file.read_text() == filled and "somebody has written in it" in capsys.readouterr().err
    assert main(["report", str(folder), "--card", f"--out={tmp_path / 'other.md'}"]) == 0
    assert "](a/samples/epoch_0004.png)" in (tmp_path / "other.md").read_text()
    file.write_text("mine")
    assert main(["report", str(folder), "--card"]) == 2 and file.read_text() == "mine"


@pytest.mark.parametrize("flags, said", [(["--images=3"], "--images does nothing"), (["again"], "--card is of one run")])
def test_what_the_card_does_not_take(tmp_path, flags, said, capsys):
    folder = write_run(tmp_path / "a")
    assert main(["report", str(folder), "--card", *flags]) == 2 and said in capsys.readouterr().err
    assert not (folder / "MODEL_CARD.md").exists()


def test_stamps_are_one_line_of_json(tmp_path):
    folder = write_run(tmp_path / "a")
    write_evaluation(folder)
    line = next(line for line in card(folder)[1].splitlines() if line.startswith("    {"))
    assert json.loads(line)["real"] == 10
