"""The page in a browser: what it shows, and what a reader can do with it."""

import math
import shutil
import time
from types import SimpleNamespace

import pytest
from reported_run import ALARM, CONFIG, ROWS, write_alarms, write_evaluation, write_run, write_samples

from tfgan.cli.main import main

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--window-size=1200,900"),
)


VALUES: dict[tuple[int, int, int], int] = {}  # of the sample pictures of the run "cut"


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
    cut = write_run(root / "cut")
    VALUES.update(write_samples(cut))
    for name, runs in (("one", [one]), ("both", [one, two]), ("cut", [cut])):
        assert main(["report", *map(str, runs), f"--out={root / name}.html"]) == 0
    return root


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


SLIDE = """
const [selector, value] = arguments, range = document.querySelector(selector);
range.value = value;
range.dispatchEvent(new Event("input"));
"""


def test_the_page_is_whole(page):
    shown = page("one")
    assert shown.text("h1") == "one"
    sections = shown.run("return [...document.querySelectorAll('section > h2')].map((node) => node.textContent)")
    assert sections == ["Sample pictures", "Overview", "Before and after", "Alarms", "Curves", "Evaluation", "Settings"]
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


CHOICE = "return [...document.querySelectorAll('#compare select')].map((node) => node.selectedOptions[0].textContent)"
# The color that a box's picture shows in its middle.
MIDDLE = """
const [box] = arguments, img = box.querySelector("img"), canvas = document.createElement("canvas");
[canvas.width, canvas.height] = [img.naturalWidth, img.naturalHeight];
const pen = canvas.getContext("2d", { willReadFrequently: true });
pen.drawImage(img, 0, 0);
const outer = box.getBoundingClientRect(), inner = img.getBoundingClientRect(), scale = img.naturalWidth / inner.width;
const x = Math.round((outer.x + outer.width / 2 - inner.x) * scale);
const y = Math.round((outer.y + outer.height / 2 - inner.y) * scale);
return [...pen.getImageData(x, y, 1, 1).data].slice(0, 3);
"""


def test_sample_pictures_are_shown_column_by_column(page, browser):
    """Each column is cut out of the picture, under its title as text."""
    shown = page("cut")
    titles = shown.run("return [...document.querySelectorAll('#samples .columns figcaption')].map((node) => node.textContent)")
    assert titles == ["labels", "photo", "generated photo", "\u00a0"]
    boxes = browser.find_elements("css selector", "#samples .crop")
    assert [shown.run(MIDDLE, box) for box in boxes] == [[VALUES[4, column, row]] * 3 for column in range(4) for row in range(2)]
    assert len({box.rect["width"] for box in boxes}) == 1 and boxes[0].rect["width"] >= 128
    shown.run(SLIDE, "#samples input[type=range]", 0)
    boxes = browser.find_elements("css selector", "#samples .crop")
    assert [shown.run(MIDDLE, box) for box in boxes[4:6]] == [[VALUES[1, 2, row]] * 3 for row in range(2)]


def test_the_slider_compares_what_was_made_alone(page, browser):
    """The third and the fourth column, which goes on with it: two images each, before and after."""
    shown = page("cut")
    assert shown.run(CHOICE) == ["generated photo", "epoch 1", "epoch 4"]
    assert shown.run("return [...compare.sets.keys()]") == ["generated photo"]
    for kind, epoch in (("above", 1), ("below", 4)):
        boxes = browser.find_elements("css selector", f"#compare .{kind}")
        assert [shown.run(MIDDLE, box) for box in boxes] == [[VALUES[epoch, column, row]] * 3 for column in (2, 3) for row in (0, 1)]
    shown.run(SLIDE, "#compare-range", 30)
    clips = "return [...document.querySelectorAll('#compare .above')].map((node) => getComputedStyle(node).clipPath)"
    assert shown.run(clips) == ["inset(0px 70% 0px 0px)"] * 4


def test_before_and_after(page):
    shown = page("one")
    above = "return getComputedStyle(document.querySelector('#compare .above')).clipPath"
    assert shown.run(CHOICE) == ["sample pictures", "epoch 1", "epoch 4"]
    assert shown.run(above) == "inset(0px 50% 0px 0px)"
    shown.run(SLIDE, "#compare-range", 20)
    assert shown.run(above) == "inset(0px 80% 0px 0px)"
    shown.run("document.querySelectorAll('button.case')[1].click()")
    assert shown.run(CHOICE) == ["case 1.jpg", "result", "truth"]
    case = "record.evaluation.cases[0][1].images"
    assert shown.run(f"return document.querySelector('#compare .above img').src === {case}.result.uri")
    assert shown.run(f"return document.querySelector('#compare .below img').src === {case}.truth.uri")


def test_before_and_after_of_two_runs_shows_their_last_pictures(page):
    shown = page("both")
    shown.run("document.getElementById('compare-set').value = 'sample pictures'")
    shown.run("document.getElementById('compare-set').dispatchEvent(new Event('change'))")
    assert shown.run(CHOICE) == ["sample pictures", "one, epoch 4", "<img src=x onerror=alert(1)>, epoch 4"]


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


def test_the_browser_asks_nothing_of_the_network(page):
    shown = page("one")
    assert shown.run("return performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith('data:')).length") == 0
    assert shown.run("return document.querySelectorAll('[href^=http], [src^=http], .modebar').length") == 0


RANGES = "return plots.map(({ box }) => box.layout.xaxis.range)"
# Not by selenium: a slow machine takes it for two clicks.
DOUBLE_CLICK = """
const over = document.querySelector("#curves .nsewdrag"), { x, y } = over.getBoundingClientRect();
for (const [target, kind] of [[over, "mousedown"], [document, "mouseup"], [over, "mousedown"], [document, "mouseup"]])
  target.dispatchEvent(new MouseEvent(kind, { bubbles: true, clientX: x + 9, clientY: y + 9 }));
"""


def test_dragging_zooms_all_charts_and_a_double_click_resets(page, browser):
    from selenium.webdriver import ActionChains

    shown = page("one")
    assert shown.run(RANGES) == [[10, 50]] * 4 and shown.text("#curves-range") == ""
    over = browser.find_element("css selector", "#curves .nsewdrag")
    quarter = over.size["width"] // 4
    shown.run("document.documentElement.style.scrollBehavior = 'auto'; document.querySelector('#curves .nsewdrag').scrollIntoView()")
    drag = ActionChains(browser).move_to_element_with_offset(over, -quarter, 0).click_and_hold().move_by_offset(2 * quarter, 0).release()
    drag.perform()
    zoomed = shown.run(RANGES)
    assert zoomed == [[pytest.approx(20, abs=0.2), pytest.approx(40, abs=0.2)]] * 4 and shown.text("#curves-range") == "steps 20 to 40"
    shown.run("document.querySelector('[aria-label=later]').click()")
    assert shown.run(RANGES)[0] == [pytest.approx(25, abs=0.3), pytest.approx(45, abs=0.3)]
    shown.run(DOUBLE_CLICK)
    assert shown.run(RANGES) == [[10, 50]] * 4 and shown.text("#curves-range") == ""


def test_buttons_zoom_and_stay_inside_the_training(page):
    shown = page("one")
    press = "document.querySelector(`[aria-label='${arguments[0]}']`).click(); return plots[0].box.layout.xaxis.range"
    spans = [shown.run(press, label) for label in ("zoom in", "earlier", "earlier", "earlier", "zoom out", "later")]
    assert spans == [[20, 40], [15, 35], [10, 30], [10, 30], [10, 50], [10, 50]]


def test_the_scale_fits_the_stretch_that_is_shown(page):
    rows = [{"step": step, "x_loss": 1000.0 if step == 1 else 1.0 + step / 100} for step in range(1, 101)]
    shown = page("steep", rows)
    highest = "return plots[0].box._fullLayout.yaxis.range[1]"
    assert shown.run(highest) > 1000
    shown.run("setRange([50, 100])")
    assert 2 <= shown.run(highest) < 3


CHART = """
const { layout, _fullLayout, data } = plots[arguments[0]].box;
return [layout.xaxis.range[1], _fullLayout.yaxis.type, data.filter(({ mode }) => mode === "lines").map(({ y }) => y[0])];
"""


def test_scales_smoothing_and_epochs(page):
    shown = page("one")
    assert shown.run(CHART, 0) == [50, "linear", [2.5]]
    for name in ("log", "smooth"):
        shown.run("document.getElementById(`curves-${arguments[0]}`).click()", name)
    assert shown.run(CHART, 0) == [50, "log", [2.5, 2.5]]
    shown.run("const unit = document.getElementById('curves-unit'); unit.value = 'epochs'; unit.dispatchEvent(new Event('change'))")
    assert shown.run(CHART, 0) == [5, "log", [2.5, 2.5]]


def test_curves_that_reach_below_0_have_a_logarithmic_scale_too(page):
    rows = [{"step": step, "x_loss": value} for step, value in enumerate((1000.0, 0.0, -1000.0))]
    shown = page("signed", rows)
    shown.run("document.getElementById('curves-log').click()")
    assert shown.run(CHART, 0) == [2, "linear", [pytest.approx(math.asinh(1000))]]
    marks = "const { tickvals, ticktext } = plots[0].box.layout.yaxis; return ticktext.map((text, place) => [text, tickvals[place]])"
    marks = dict(shown.run(marks))
    assert {"0", "1,000", "-1,000", "10", "-10"} <= marks.keys()
    assert marks == {text: pytest.approx(math.asinh(float(text.replace(",", "")))) for text in marks}


def test_gaps_stay_gaps_and_lone_values_are_seen(page):
    values = [1.0, 2.0, None, 3.0, None, 4.0, 5.0] + [6.0] * 200
    rows = [{"step": step, "x_loss": math.nan if value is None else value} for step, value in enumerate(values)]
    line, points = page("gaps", rows).run("return plots[0].box.data.map(({ y }) => y)")
    assert line == values and points == [3.0]


def test_a_run_that_logged_nothing_has_a_page(page):
    assert "Nothing is logged yet" in page("new", []).text("#curves")


def test_long_curves_are_smoothed_at_first(page):
    rows = [{"step": step, "x_loss": step % 7} for step in range(1, 302)]
    smoothed = "return [document.getElementById('curves-smooth').checked, plots[0].box.data.filter(({ mode }) => mode === 'lines').length]"
    assert page("long", rows).run(smoothed) == [True, 2] and page("one").run(smoothed) == [False, 1]


def test_legends_switch_curves_and_show_values(page):
    shown = page("both")
    loss = "const { box, legend } = plots.find(({ chart }) => chart.title === 'generator_loss');"
    values = "[...legend.querySelectorAll('b')].map((node) => node.textContent)"
    assert shown.run(f"{loss} return {values}") == ["1", "2"]
    toggle = f"{loss} const button = legend.querySelector('button'); button.click(); return [box.data.length, button.ariaPressed]"
    assert shown.run(toggle) == [2, "false"] and shown.run(toggle) == [4, "true"]
    assert shown.run(f"{loss} box.emit('plotly_hover', {{ points: [{{ x: 10 }}] }}); return {values}") == ["2.5", "–"]


def test_the_pointer_is_shown_in_all_charts(page, browser):
    from selenium.webdriver import ActionChains

    shown = page("one")
    over = browser.find_element("css selector", "#curves .nsewdrag")
    shown.run("document.documentElement.style.scrollBehavior = 'auto'; document.querySelector('#curves .nsewdrag').scrollIntoView()")
    ActionChains(browser).move_to_element_with_offset(over, 5 - over.size["width"] // 2, 0).perform()
    assert shown.run("return plots.every(({ box }) => box.querySelector('.spikeline'))")
    values = "return plots.map(({ legend }) => legend.querySelector('b').textContent)"
    assert shown.run(values) == ["2.5", "–", "0.5", "50"]
    ActionChains(browser).move_to_element(browser.find_element("css selector", "#curves h3")).perform()
    assert shown.run(values) == ["1", "0.35", "0.5", "50"] and not shown.run("return document.querySelector('.spikeline')")


def test_a_finger_scrolls_the_page_over_the_charts(page, browser):
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    browser.execute_cdp_cmd("Emulation.setEmitTouchEventsForMouse", {"enabled": True, "configuration": "mobile"})
    try:
        shown = page("one")
        touch = "return [matchMedia('(pointer: coarse)').matches, plots[0].box.layout.dragmode]"
        assert shown.run(touch) == [True, False]
        assert shown.run("return getComputedStyle(document.querySelector('#curves .nsewdrag')).touchAction") == "auto"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmitTouchEventsForMouse", {"enabled": False})
        browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})


def test_runs_stand_side_by_side(page):
    shown = page("both")
    table = (
        "return [...document.querySelectorAll('#overview table.differing tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert shown.run(table) == [["setting", "one", "<img src=x onerror=alert(1)>"], ["batch_size", "2", "8"]]
    assert "tfgan evaluate" in shown.text("#evaluation") and "No alarm was raised." in shown.text("#alarms")
    assert shown.run("return document.querySelectorAll('img[src=x]').length") == 0


def test_each_loss_is_readable_on_a_scale_of_its_own(page):
    rows = [{"step": step, "generator_loss": 30.0 + step, "l1_loss": 0.3 - step / 1000} for step in range(1, 21)]
    shown = page("losses", rows)
    assert shown.run("return plots.map(({ chart }) => chart.title)") == ["generator_loss", "l1_loss"]
    spans = shown.run("return plots.map(({ box }) => box._fullLayout.yaxis.range)")
    assert spans[0][0] > 29 and 0.27 < spans[1][0] < spans[1][1] < 0.31
    assert shown.run("return plots.map(({ legend }) => legend.textContent)") == ["50", "0.28"]


def test_what_differs_from_the_defaults_stands_beside_the_command(page):
    shown = page("one")
    rows = shown.run(
        "return [...document.querySelectorAll('#settings table.changed tr')].map((row) => [...row.cells].map((c) => c.textContent))"
    )
    assert rows[0] == ["setting", "value", "default"] and ["batch_size", "2", "1"] in rows and ["domains", "photo,labels", "–"] in rows
    assert not {"learning_rate", "seed"} & {name for name, *_ in rows}
    words = "--method=pix2pix --dataset=facades --domains=photo,labels --workdir=runs/a --precision=float32 --epochs=4 --batch_size=2"
    assert shown.text("#settings .command") == f"tfgan train {words}"
    both = page("both")
    heads = both.run("return [...document.querySelectorAll('#settings table.changed th[scope=col]')].map((node) => node.textContent)")
    assert heads == ["setting", "one", "<img src=x onerror=alert(1)>", "default"]
    assert both.run("return document.querySelectorAll('#settings .command').length") == 2


# Elements that reach out of the screen, but for what is cut out of pictures on purpose and what lies in a box of its own that scrolls.
CLIPPED = """
const inside = (node) => !node.closest(".crop") && !node.closest(".scroll table");
return [...document.querySelectorAll("#page *")]
  .filter((node) => node.getClientRects().length && inside(node))
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 0.5 || node.getBoundingClientRect().left < -0.5)
  .map((node) => node.outerHTML.slice(0, 80));
"""
SCROLLING = (
    "return [...document.querySelectorAll('.scroll')].filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => box.ariaLabel)"
)


PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


def test_many_columns_are_lines_of_their_own_on_a_phone(browser, page, reports):
    folder = write_run(reports / "many")
    values = write_samples(folder, [f"class {number}" for number in range(10)], rows=3)
    assert main(["report", str(folder), f"--out={reports / 'many'}.html"]) == 0
    rounded = "({ x, y }) => [x, y].map((at) => Math.round(at / 4))"
    places = f"return [...document.querySelectorAll('#samples .crop')].map((node) => node.getBoundingClientRect()).map({rounded})"
    shown = page("many")
    wide = shown.run(places)
    assert len({y for _, y in wide}) == 3 and len({x for x, _ in wide}) == 10  # ten columns of three
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        narrow = page("many").run(places)
        assert len({y for _, y in narrow}) == 10 and len({x for x, _ in narrow}) == 3
        boxes = browser.find_elements("css selector", "#samples .crop")
        assert shown.run(MIDDLE, boxes[4]) == [values[4, 1, 1]] * 3 and boxes[0].rect["width"] >= 64
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("name", ["one", "cut", "both"])
def test_nothing_is_clipped_on_a_phone(page, browser, name, width):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE | {"width": width})
    try:
        shown = page(name)
        assert shown.run("return [document.documentElement.scrollWidth, innerWidth]") == [width, width]
        assert shown.run(CLIPPED) == []
        for details in browser.find_elements("css selector", "details"):
            shown.run("arguments[0].open = true", details)
        assert shown.run(CLIPPED) == []
        assert name == "both" or width < 390 or shown.run(SCROLLING) == []
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
