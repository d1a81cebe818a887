"""The pictures of the page in a browser: over training, under the slider, and on a phone."""

import time

import pytest
from reported_run import sample_value, write_run, write_samples

from tfgan.cli.main import main

SLIDE = """
const [selector, value] = arguments, range = document.querySelector(selector);
range.value = value;
range.dispatchEvent(new Event("input"));
"""


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
    assert [shown.run(MIDDLE, box) for box in boxes] == [[sample_value(4, column, row)] * 3 for column in range(4) for row in range(2)]
    assert len({box.rect["width"] for box in boxes}) == 1 and boxes[0].rect["width"] >= 128
    shown.run(SLIDE, "#samples input[type=range]", 0)
    boxes = browser.find_elements("css selector", "#samples .crop")
    assert [shown.run(MIDDLE, box) for box in boxes[4:6]] == [[sample_value(1, 2, row)] * 3 for row in range(2)]


def test_the_slider_compares_what_was_made_alone(page, browser):
    """The third and the fourth column, which goes on with it: two images each, before and after."""
    shown = page("cut")
    assert shown.run(CHOICE) == ["generated photo", "epoch 1", "epoch 4"]
    assert shown.run("return [...compare.sets.keys()]") == ["generated photo"]
    for kind, epoch in (("above", 1), ("below", 4)):
        boxes = browser.find_elements("css selector", f"#compare .{kind}")
        assert [shown.run(MIDDLE, box) for box in boxes] == [[sample_value(epoch, column, row)] * 3 for column in (2, 3) for row in (0, 1)]
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


PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


def test_many_columns_are_lines_of_their_own_on_a_phone(browser, page, reports):
    folder = write_run(reports / "many")
    write_samples(folder, [f"class {number}" for number in range(10)], rows=3)
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
        assert shown.run(MIDDLE, boxes[4]) == [sample_value(4, 1, 1)] * 3 and boxes[0].rect["width"] >= 64
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


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
