"""The live page of the site: what docs/live keeps of a run still suits the page."""

import importlib
from pathlib import Path

import pytest

from tfgan.app.build import one_file
from tfgan.app.runtime import find_runtime

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def kept():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DOCS)
        return importlib.import_module("live").kept()


def test_what_is_kept_is_whole(kept):
    (way,) = kept.record["ways"]
    assert way["function"] in kept.record["functions"] and kept.model[4:8] == b"TFL3"
    places = [place for example in way["examples"] for place in (example["input"], example["output"])]
    assert max(offset + length for offset, length in places) == len(kept.examples)


def test_the_page_shows_the_run_s_results(kept, opened, tmp_path, kept_runtime):
    (tmp_path / "live.html").write_bytes(one_file(kept, find_runtime(str(kept_runtime))))
    page = opened(tmp_path / "live.html")
    assert page.run("return document.getElementById('trouble').hidden") and page.run("return tfgan.proofs[0].mean") < 2
