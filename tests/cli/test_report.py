"""`tfgan report`: where the file goes, what is never overwritten, and the page in a browser."""

import re
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from reported_run import ALARM, CONFIG, ROWS, write_alarms, write_evaluation, write_run

from tfgan.cli.main import main


def test_a_run_gets_its_report_and_gets_it_anew(tmp_path, capsys):
    folder = write_run(tmp_path / "a")
    assert main(["report", str(folder)]) == 0
    first = (folder / "report.html").read_bytes()
    assert re.fullmatch(rf"{re.escape(str(folder))}/report\.html: \d+\.\d MB\n", capsys.readouterr().out)
    write_alarms(folder, ALARM)
    assert main(["report", str(folder)]) == 0
    assert (folder / "report.html").read_bytes() != first and b"All alike" in (folder / "report.html").read_bytes()


def test_several_runs_get_one_report_here(tmp_path, monkeypatch):
    runs = [str(write_run(tmp_path / name)) for name in "ab"]
    monkeypatch.chdir(tmp_path)
    assert main(["report", *runs]) == 0 and b'"runs":["a","b"]' in (tmp_path / "report.html").read_bytes()
    assert main(["report", *runs, "--out=sub/c.html"]) == 0 and (tmp_path / "sub" / "c.html").exists()
    assert not (tmp_path / "a" / "report.html").exists()


def test_a_file_of_somebody_else_stays(tmp_path, capsys):
    folder = write_run(tmp_path / "a")
    (folder / "report.html").write_text("mine")
    assert main(["report", str(folder)]) == 2
    assert (folder / "report.html").read_text() == "mine" and "--out=FILE.html" in capsys.readouterr().err
    assert main(["report", str(folder), f"--out={folder}"]) == 2  # a folder is none of ours either
    assert main(["report", str(folder), f"--out={tmp_path / 'b.html'}"]) == 0


def test_fewer_pictures_make_a_smaller_file(tmp_path, capsys, monkeypatch):
    folder = write_run(tmp_path / "a")
    sizes = []
    for count in (0, 1, 9):
        assert main(["report", str(folder), f"--images={count}"]) == 0
        content = (folder / "report.html").read_bytes()
        assert content.count(b'"uri":') == min(count, 4)
        sizes.append(len(content))
    assert sizes == sorted(set(sizes))
    assert "smaller" not in capsys.readouterr().out
    monkeypatch.setattr("tfgan.cli.report.MAILABLE", 1000)
    assert main(["report", str(folder), "--images=8"]) == 0
    assert "--images=4" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments, message",
    [
        ([], "Name a run"),
        (["nowhere"], "nowhere is not a run: it has no config.json"),
        (["a", "a/../a"], "a is named twice"),
        (["a", "--images=-1"], "--images=-1 must be at least 0"),
        (["a", "--image=1"], "Did you mean --images"),
        (["a", "--out=a/config.json/b.html"], "choose another place by --out=FILE.html"),
    ],
)
def test_what_is_refused(tmp_path, monkeypatch, capsys, arguments, message):
    write_run(tmp_path / "a")
    monkeypatch.chdir(tmp_path)
    assert main(["report", *arguments]) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "a" / "report.html").exists()


def test_help(capsys):
    assert main(["report", "--help"]) == 0
    assert "--out" in (out := capsys.readouterr().out) and "--images" in out


def test_a_report_needs_no_tensorflow(tmp_path):
    folder = write_run(tmp_path / "a")
    code = f"import sys; from tfgan.cli.main import main; main(['report', {str(folder)!r}]); sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


# The page in a browser


CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--window-size=1200,900"),
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium, driven by selenium."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium to drive a browser")
    if not CHROMIUM or not shutil.which("chromedriver"):
        pytest.skip("needs Chromium and its driver: Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
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
    for name, runs in (("one", [one]), ("both", [one, two])):
        assert main(["report", *map(str, runs), f"--out={root / name}.html"]) == 0
    return root


@pytest.fixture
def page(browser, reports):
    """(report's name) -> the page opened: `run` runs JavaScript, `text` is an element's text. Errors of the page fail the test."""

    def text(selector):
        return browser.execute_script("return document.querySelector(arguments[0]).textContent", selector)

    def open_page(name):
        browser.get_log("browser")
        browser.get((reports / f"{name}.html").as_uri())
        return SimpleNamespace(run=browser.execute_script, text=text)

    yield open_page
    assert [entry["message"] for entry in browser.get_log("browser")] == []


SLIDE = """
const [selector, value] = arguments, range = document.querySelector(selector);
range.value = value;
range.dispatchEvent(new Event("input"));
"""


def test_the_page_is_whole(page):
    shown = page("one")
    assert shown.text("h1") == "one"
    sections = shown.run("return [...document.querySelectorAll('section > h2')].map((node) => node.textContent)")
    assert sections == ["Overview", "Alarms", "Sample pictures", "Curves", "Evaluation", "Before and after", "Settings"]
    assert "pix2pix" in shown.text("#overview") and "--l1_weight=200" in shown.text("#alarms")
    assert "generator_loss: 1 value is not finite" in shown.text("#curves")
    assert shown.run("return [...document.images].every((image) => image.alt && image.naturalWidth)")
    assert shown.run("return document.documentElement.scrollWidth <= innerWidth")


def test_the_slider_changes_the_sample_picture(page):
    shown = page("one")
    source = "return document.querySelector('#samples img').src"
    pictures = shown.run("return record.samples[0].map((picture) => picture.uri)")
    assert shown.run(source) == pictures[3] and shown.text("#samples output") == "epoch 4 (4 of 4)"
    shown.run(SLIDE, "#samples input[type=range]", 1)
    assert shown.run(source) == pictures[1] and shown.text("#samples output") == "epoch 2 (2 of 4)"
    assert shown.run("return document.querySelector('#samples img').alt") == "Sample picture of one, epoch 2"


def test_the_sliders_of_several_runs_move_together(page):
    shown = page("both")
    states = "return [...document.querySelectorAll('#samples input[type=range]')].map((range) => range.value)"
    shown.run(SLIDE, "#samples input[type=range]", 1)
    assert shown.run(states) == ["1", "1"]
    shown.run("document.getElementById('together').click()")
    shown.run(SLIDE, "#samples input[type=range]", 2)
    assert shown.run(states) == ["2", "1"]


def test_pictures_play(page):
    shown = page("one")
    shown.run("document.querySelector('#samples button').click()")
    begin = time.monotonic()
    while shown.text("#samples output") == "epoch 4 (4 of 4)":
        assert time.monotonic() < begin + 20
    assert shown.text("#samples button") == "stop"
    shown.run("document.querySelector('#samples button').click()")
    assert shown.text("#samples button") == "play"


def test_before_and_after(page):
    shown = page("one")
    above = "return getComputedStyle(document.querySelector('#compare .above')).clipPath"
    assert shown.run(above) == "inset(0px 50% 0px 0px)"
    shown.run(SLIDE, "#compare-range", 20)
    assert shown.run(above) == "inset(0px 80% 0px 0px)"
    shown.run("document.querySelectorAll('button.case')[1].click()")
    choice = shown.run("return [...document.querySelectorAll('#compare select')].map((node) => node.selectedOptions[0].textContent)")
    assert choice == ["case 1.jpg", "result", "truth"]
    case = "record.evaluation.cases[0][1].images"
    assert shown.run(f"return document.querySelector('#compare .above').src === {case}.result.uri")
    assert shown.run(f"return document.querySelector('#compare .below').src === {case}.truth.uri")


def test_before_and_after_of_two_runs_shows_their_last_pictures(page):
    shown = page("both")
    shown.run("document.getElementById('compare-set').value = 'sample pictures'")
    shown.run("document.getElementById('compare-set').dispatchEvent(new Event('change'))")
    choice = shown.run("return [...document.querySelectorAll('#compare select')].map((node) => node.selectedOptions[0].textContent)")
    assert choice == ["sample pictures", "one, epoch 4", "<img src=x onerror=alert(1)>, epoch 4"]


@pytest.mark.parametrize(
    "metric, titles, cases",
    [
        ("l1", ["best", "worst"], (0, 1, 2, 3, 9, 8, 7, 6)),
        ("psnr", ["best", "worst"], (9, 8, 7, 6, 0, 1, 2, 3)),
        ("odd", ["highest", "lowest"], (0, 1, 2, 3, 9, 8, 7, 6)),
    ],
)
def test_best_and_worst_follow_the_metric(page, metric, titles, cases):
    shown = page("one")
    choose = "const list = document.querySelector('.extremes select'); list.value = arguments[0]; list.dispatchEvent(new Event('change'))"
    shown.run(choose, metric)
    assert shown.run("return [...document.querySelectorAll('.extremes h4')].map((node) => node.textContent)") == titles
    names = shown.run("return [...document.querySelectorAll('.extremes .case b')].map((node) => node.textContent)")
    assert names == [f"{number}.jpg" for number in cases]


def test_dragging_zooms_all_charts_and_a_double_click_resets(page, browser):
    from selenium.webdriver import ActionChains

    shown = page("one")
    ranges = "return plots.map(({ plot }) => [plot.scales.x.min, plot.scales.x.max])"
    assert shown.run(ranges) == [[10, 50]] * 4 and shown.text("#curves-range") == ""
    over = browser.find_element("css selector", "#curves .u-over")
    quarter = over.size["width"] // 4
    shown.run("document.documentElement.style.scrollBehavior = 'auto'; document.querySelector('#curves .u-over').scrollIntoView()")
    drag = ActionChains(browser).move_to_element_with_offset(over, -quarter, 0).click_and_hold().move_by_offset(2 * quarter, 0).release()
    drag.perform()
    zoomed = shown.run(ranges)
    assert zoomed == [[pytest.approx(20, abs=0.2), pytest.approx(40, abs=0.2)]] * 4 and shown.text("#curves-range") == "steps 20 to 40"
    shown.run("document.querySelector('[aria-label=later]').click()")
    assert shown.run(ranges)[0] == [pytest.approx(25, abs=0.3), pytest.approx(45, abs=0.3)]
    # Not by the mouse: a slow machine takes it for two clicks.
    shown.run("document.querySelector('#curves .u-over').dispatchEvent(new MouseEvent('dblclick'))")
    assert shown.run(ranges) == [[10, 50]] * 4 and shown.text("#curves-range") == ""


def test_buttons_zoom_and_stay_inside_the_training(page):
    shown = page("one")
    press = "document.querySelector(`[aria-label='${arguments[0]}']`).click(); return plots[0].plot.scales.x"
    spans = [shown.run(press, label) for label in ("zoom in", "earlier", "earlier", "earlier", "zoom out", "later")]
    assert [(span["min"], span["max"]) for span in spans] == [(20, 40), (15, 35), (10, 30), (10, 30), (10, 50), (10, 50)]


def test_scales_smoothing_and_epochs(page):
    shown = page("one")
    chart = "const { plot } = plots[0]; return [plot.scales.x.max, plot.scales.y.distr, plot.data.length]"
    assert shown.run(chart) == [50, 1, 2]
    for name in ("log", "smooth"):
        shown.run("document.getElementById(`curves-${arguments[0]}`).click()", name)
    assert shown.run(chart) == [50, 3, 3]
    shown.run("const unit = document.getElementById('curves-unit'); unit.value = 'epochs'; unit.dispatchEvent(new Event('change'))")
    assert shown.run(chart) == [5, 3, 3]


def test_long_curves_are_smoothed_at_first(page, reports):
    rows = [{"step": step, "x_loss": step % 7} for step in range(1, 302)]
    assert main(["report", str(write_run(reports / "long", rows=rows)), f"--out={reports / 'long.html'}"]) == 0
    smoothed = "return [document.getElementById('curves-smooth').checked, plots[0].plot.data.length]"
    assert page("long").run(smoothed) == [True, 3] and page("one").run(smoothed) == [False, 2]


def test_legends_switch_curves_and_show_values(page):
    shown = page("both")
    loss = "const { plot, legend } = plots.find(({ chart }) => chart.title === 'generator_loss');"
    assert shown.run(f"{loss} return [...legend.querySelectorAll('b')].map((node) => node.textContent)") == ["1", "2"]
    toggle = f"{loss} const button = legend.querySelector('button'); button.click(); return [plot.series[1].show, button.ariaPressed]"
    assert shown.run(toggle) == [False, "false"] and shown.run(toggle) == [True, "true"]
    values = f"{loss} plot.setCursor({{ left: 0, top: 5 }}); return [...legend.querySelectorAll('b')].map((node) => node.textContent)"
    assert shown.run(values) == ["2.5", "–"]


def test_runs_stand_side_by_side(page):
    shown = page("both")
    table = (
        "return [...document.querySelectorAll('#overview table.differing tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert shown.run(table) == [["setting", "one", "<img src=x onerror=alert(1)>"], ["batch_size", "2", "8"]]
    assert "tfgan evaluate" in shown.text("#evaluation") and "No alarm was raised." in shown.text("#alarms")
    assert shown.run("return document.querySelectorAll('img[src=x]').length") == 0
