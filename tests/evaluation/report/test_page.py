"""The page: whole, safe from what a run says, and without any need of a network."""

import base64
import hashlib
import html.parser
import json
import math
import os
import re
import sys

import numpy as np
import pytest
from plotly.offline import get_plotlyjs
from reported_run import ALARM, CONFIG, write_alarms, write_evaluation, write_run

from tfgan.evaluation.report.page import is_report, render
from tfgan.evaluation.report.records import read_run


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "a")


class Page(html.parser.HTMLParser):
    """The elements of a page: (tag, attributes, text of scripts, styles and the title)."""

    def __init__(self, content: bytes):
        super().__init__(convert_charrefs=True)
        self.elements, self.inside = [], False
        self.feed(content.decode())

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        self.inside = True

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        if self.inside:
            self.elements[-1][2] += data

    def all(self, tag):
        return [(attributes, text) for name, attributes, text in self.elements if name == tag]

    def scripts(self):
        """The text of each script that runs."""
        return [text for attributes, text in self.all("script") if attributes.get("type") != "application/json"]

    def record(self):
        return json.loads(next(text for attributes, text in self.all("script") if attributes.get("id") == "record"))


HOSTILE = """</script><script>alert("1")</script><img src=x onerror='alert(2)'> & ]]> <!-- ${x} ☃ \u2028"""


@pytest.fixture
def hostile(tmp_path):
    """A run whose every text attacks."""
    config = CONFIG | {"method": HOSTILE, "data": {HOSTILE: HOSTILE, "dataset": HOSTILE}, "versions": {"x": "\ud800", HOSTILE: [HOSTILE]}}
    folder = write_run(tmp_path / "a&<b>'\"☃ $title", config, [{"step": 1, "epoch": 1, HOSTILE: 3.0, "val_<b>": 1}])
    write_alarms(folder, {name: HOSTILE if isinstance(value, str) else value for name, value in ALARM.items()})
    write_evaluation(folder, metrics={HOSTILE: {"value": 1.0}}, warnings=[HOSTILE], stamp={HOSTILE: HOSTILE}, made=HOSTILE)
    return folder


def test_hostile_texts_stay_texts(hostile):
    content = render([read_run(hostile)], 9)
    page, plain = Page(content), Page(render([read_run(write_run(hostile.parent / "plain"))], 9))
    assert [tag for tag, _, _ in page.elements] == [tag for tag, _, _ in plain.elements]
    assert page.all("title")[0][1] == "a&<b>'\"☃ $title – tfgan report"
    record = page.record()
    assert record["runs"] == [hostile.name] and ["method", [HOSTILE]] in record["facts"]
    assert record["alarms"][0][0]["message"] == HOSTILE and record["evaluation"]["about"][0]["warnings"] == [HOSTILE]
    assert record["groups"][0]["charts"][0]["curves"][0]["name"] == HOSTILE
    assert content.count(b"</script>") == 3


@pytest.mark.skipif(sys.platform != "linux", reason="needs file names that are no text")
def test_a_name_that_is_no_text(tmp_path):
    folder = write_run(tmp_path / os.fsdecode(b"run\xff"))
    assert Page(render([read_run(folder)], 0)).all("title")[0][1] == "run? – tfgan report"


def test_nothing_is_asked_of_the_network(folder):
    write_evaluation(folder)
    content = render([read_run(folder)], 9)
    page, own = Page(content), content.decode().replace(get_plotlyjs(), "")
    sources = [
        value for _, attributes, _ in page.elements for name, value in attributes.items() if name in ("src", "href", "action", "data")
    ]
    assert sources == ["data:,"]
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|EventSource|@import|\burl\(|\bimport\(|\w+://", own)
    pictured = json.dumps(page.record()["samples"]) + json.dumps(page.record()["evaluation"]["cases"])
    assert len(re.findall(r'"uri": "data:image/', pictured)) == pictured.count('"uri"') == 4 + 8 * 3


def test_the_policy_allows_these_scripts_alone_and_no_address(folder):
    page = Page(render([read_run(folder)], 0))
    policy = next(attributes["content"] for attributes, _ in page.all("meta") if attributes.get("http-equiv") == "Content-Security-Policy")
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" for script in page.scripts()]
    assert len(hashes) == 2
    assert dict(rule.strip().split(" ", 1) for rule in policy.split(";")) == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": "'unsafe-inline'",  # plotly sets the style of what it draws
        "script-src": " ".join(hashes),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_the_chart_library_comes_unmodified_with_its_license(folder):
    content = render([read_run(folder)], 0)
    library = Page(content).scripts()[0]
    assert library == get_plotlyjs() and "Licensed under the MIT license" in library[:300]
    assert re.search(r"Copyright \(c\) .* Plotly.*\s+Permission is hereby granted", content.decode().replace(library, ""))


def test_numbers_that_json_does_not_know(folder):
    rows = [{"step": 1, "epoch": math.nan, "x_loss": math.inf}, {"step": 2, "epoch": math.inf, "x_loss": math.nan}]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_alarms(folder, ALARM | {"epoch": math.nan})
    write_evaluation(folder, metrics={"l1": {"value": math.nan}}, stamp={"x": math.nan}, step=math.inf)
    record = Page(render([read_run(folder)], 1)).record()
    assert record["groups"][0]["charts"][0]["curves"][0]["values"] == [None, None]
    assert record["alarms"][0][0]["epoch"] is None and record["evaluation"]["about"][0]["step"] is None


def test_a_long_run_makes_a_small_page(folder):
    random = np.random.default_rng(0)
    losses = random.lognormal(size=(20_000, 2))
    rows = [{"step": i + 1, "epoch": (i + 1) / 100, "a_loss": a, "b_loss": b} for i, (a, b) in enumerate(losses)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert len(render([read_run(folder)], 0)) - len(get_plotlyjs().encode()) < 500_000


def test_reports_are_known_again(folder, tmp_path):
    (tmp_path / "ours.html").write_bytes(render([read_run(folder)], 0))
    (tmp_path / "theirs.html").write_text("<!doctype html><title>tfgan report</title>")
    assert is_report(tmp_path / "ours.html")
    assert not is_report(tmp_path / "theirs.html") and not is_report(tmp_path / "none.html") and not is_report(tmp_path)
