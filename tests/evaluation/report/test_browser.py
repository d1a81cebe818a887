"""The page in a browser: what it shows, and what a reader can do with it."""

import math

import pytest


def test_the_page_is_whole(page):
    shown = page("one")
    assert shown.text("h1") == "one"
    sections = shown.run("return [...document.querySelectorAll('section > h2')].map((node) => node.textContent)")
    assert sections == ["Sample pictures", "Overview", "Before and after", "Alarms", "Curves", "Evaluation", "Settings"]
    assert "pix2pix" in shown.text("#overview") and "--l1_weight=200" in shown.text("#alarms")
    assert "generator_loss: 1 value is not finite" in shown.text("#curves")
    assert shown.run("return [...document.images].every((image) => image.alt && image.naturalWidth)")
    assert shown.run("return document.documentElement.scrollWidth <= innerWidth")


def test_the_browser_asks_nothing_of_the_network(page):
    shown = page("one")
    assert shown.run("return performance.getEntriesByType('resource').filter(({ name }) => !name.startsWith('data:')).length") == 0
    assert shown.run("return document.querySelectorAll('[href^=http], [src^=http], .modebar').length") == 0


def test_a_sweep_shows_its_trials_and_the_differences_of_the_best(page):
    shown = page("sweep")
    sections = shown.run("return [...document.querySelectorAll('section > h2')].map((node) => node.textContent)")
    assert sections[:2] == ["Trials", "Sample pictures"] and shown.text("h1") == "sweep <img src=x onerror=alert(1)>"
    rows = shown.run("return [...document.querySelectorAll('#trials tr')].map((row) => [...row.cells].map((cell) => cell.textContent))")
    assert rows == [
        ["trial", "ssim ↑", "epochs", "state", "learning_rate", "freeze"],
        ["trial_3", "0.5", "4", "done", "0.01", "<img src=x onerror=alert(1)>"],
        ["trial_0", "0.6", "2", "pruned", "0.0001", "–"],
        ["trial_1", "–", "–", "failed: not finite", "1", "–"],
    ]
    assert "2 of the 3 trials stand side by side" in shown.text("#trials") and "--flagfile=s/best.flags" in shown.text("#trials")
    drawn = shown.run("return slices.map(({ box }) => box.data.map(({ x, y }) => [x, y]))")
    assert drawn == [
        [[[0.0001, 1], [0.6, None]], [[], []], [[0.01], [0.5]]],
        [[[1, None], [0.6, None]], [[], []], [[2], [0.5]]],
    ]
    assert "1: –, 2: <img src=x onerror=alert(1)>" in shown.text("#trials")
    assert "one less trial_3" in shown.text("#evaluation") and "+0 to +0" in shown.text("#evaluation")
    assert shown.run("return document.querySelectorAll('#trials img').length") == 0


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
    data = "--dataset=facades --domains=photo,labels --pages=first"
    words = f"--method=pix2pix {data} --workdir=runs/a --precision=float32 --epochs=4 --batch_size=2"
    assert shown.text("#settings .command") == f"tfgan train {words}"
    both = page("both")
    heads = both.run("return [...document.querySelectorAll('#settings table.changed th[scope=col]')].map((node) => node.textContent)")
    assert heads == ["setting", "one", "<img src=x onerror=alert(1)>", "default"]
    assert both.run("return document.querySelectorAll('#settings .command').length") == 2
