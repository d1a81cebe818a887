"""A browser, and reports opened in it."""

import time
from types import SimpleNamespace

import pytest
from chromium import start
from reported_run import ALARM, CONFIG, ROWS, write_alarms, write_evaluation, write_run, write_samples

from tfgan.cli.main import main
from tfgan.config.verbs import ReportConfig
from tfgan.runs.report import write_report


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium, driven by selenium."""
    driver = start(tmp_path_factory.mktemp("chromium"))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """Of one run that has all there is, and of two runs of which the second has hardly anything and a hostile name."""
    root = tmp_path_factory.mktemp("runs")
    one = write_run(root / "one", rows=[*ROWS, {"step": 50, "epoch": 5.0, "generator_loss": float("nan")}])
    write_alarms(one, ALARM)
    write_evaluation(one)
    changed = CONFIG | {"hparams": CONFIG["hparams"] | {"batch_size": 8}}
    two = write_run(root / "<img src=x onerror=alert(1)>", changed, rows=[{"step": 15, "epoch": 3.0, "generator_loss": 2.0}])
    cut = write_run(root / "cut")
    write_samples(cut)
    for name, runs in (("one", [one]), ("both", [one, two]), ("cut", [cut])):
        assert main(["report", *map(str, runs), f"--out={root / name}.html"]) == 0
    trial = write_run(root / "trial_3")
    write_evaluation(trial)
    write_report([trial, one], ReportConfig(out=f"{root / 'sweep.html'}", images=1), SEARCH)
    return root


HOSTILE = "<img src=x onerror=alert(1)>"
SEARCH = {
    "title": f"sweep {HOSTILE}",
    "metric": "ssim",
    "higher": True,
    "best": 3,
    "command": ["tfgan", "train", "--flagfile=s/best.flags"],
    "names": ["learning_rate", "freeze"],
    "trials": [
        {"number": 3, "state": "done", "value": 0.5, "epoch": 4, "values": {"learning_rate": "0.01", "freeze": HOSTILE}, "why": ""},
        {"number": 0, "state": "pruned", "value": 0.6, "epoch": 2, "values": {"learning_rate": "0.0001", "freeze": ""}, "why": ""},
        {"number": 1, "state": "failed", "value": None, "epoch": None, "values": {"learning_rate": "1"}, "why": "not finite"},
    ],
    "beside": 2,
}


# Whether the page of an address is there, with all that its script makes.
DRAWN = "return location.href === arguments[0] && document.readyState === 'complete' && !!document.querySelector('.js-plotly-plot, main p')"


@pytest.fixture
def page(browser, reports):
    """(report's name, rows to make it of) -> the page opened: `run` runs JavaScript, `text` is an element's text. Errors of the page fail
    the test."""

    def text(selector):
        return browser.execute_script("return document.querySelector(arguments[0]).textContent", selector)

    def open_page(name, rows=None):
        if rows is not None:
            assert main(["report", str(write_run(reports / name, rows=rows)), f"--out={reports / name}.html"]) == 0
        browser.get_log("browser")
        address = (reports / f"{name}.html").as_uri()
        browser.get(address)
        begin = time.monotonic()
        while not browser.execute_script(DRAWN, address):  # a busy machine goes on before the page is there
            assert time.monotonic() < begin + 60, browser.current_url
            time.sleep(0.05)
        return SimpleNamespace(run=browser.execute_script, text=text)

    yield open_page
    assert [entry["message"] for entry in browser.get_log("browser")] == []
