"""The page of a run from label maps, in a browser: what is painted becomes what the run makes of it."""

import base64
import functools
import gzip
import http.server
import re
import threading
import time

import numpy as np
import pytest
from PIL import Image

import tfgan
from tfgan.cli.main import main
from tfgan.config.verbs import AppConfig
from tfgan.errors import UserError
from tfgan.runs.pages import judge_app

MAP = "return Array.from(tfgan.ways[0].source.map)"


@pytest.fixture(scope="module")
def run(make_page):
    return make_page(
        "facades", "--direction=labels_to_photo", "--generator=unet_16", "--ngf=8", "--image_size=32", "--ndf=4", "--n_layers=1"
    )


@pytest.fixture
def page(run, opened):
    return opened(run / "app.html")


def test_it_opens_from_disk_with_the_first_example(page):
    assert (
        page.run("return document.getElementById('trouble').hidden")
        and page.run("return document.querySelector('h1').textContent") == "facades"
    )
    assert page.run("return document.querySelectorAll('.palette button').length") == 12
    assert page.run("return tfgan.proofs[0].largest") <= 1
    assert page.run("return document.documentElement.scrollWidth <= innerWidth")
    named = "node.ariaLabel || node.textContent || node.labels?.length || node.hidden"
    unnamed = f"return [...document.querySelectorAll('button, input, canvas[tabindex]')].filter((node) => !({named})).length"
    assert page.run(unnamed) == 0


def painted(page, loaded):
    """The map as the page has it, as a picture in the colors of its classes."""
    colors = [bytes.fromhex(color[1:]) for color in loaded.config.spec.domains["source"].written.colors]
    return np.array([list(color) for color in colors], np.uint8)[np.array(page.run(MAP))].reshape(32, 32, 3)


def test_a_stroke_becomes_what_the_run_makes_of_it(page, run):
    from selenium.webdriver import ActionChains

    before, first = page.run(MAP), page.made()
    canvas = page.browser.find_element("css selector", ".painter canvas")
    page.run("document.querySelectorAll('.palette button')[11].click()")
    stroke = ActionChains(page.browser).move_to_element_with_offset(canvas, -100, -100).click_and_hold().move_by_offset(150, 90).release()
    page.after(stroke.perform)
    changed = np.array(page.run(MAP)) != before
    assert 20 < changed.sum() < 400 and set(np.array(page.run(MAP))[changed]) == {11}
    page.wait("return document.querySelector('.took').textContent")
    loaded = tfgan.load(run)
    own = loaded.translate(painted(page, loaded))
    made = np.array(page.made()).reshape(own.shape)
    assert np.abs(made - own.astype(int)).max() <= 2 and made.ravel().tolist() != first
    page.press("Undo")
    assert page.run(MAP) == before and page.made() == first
    page.press("Redo")
    assert (np.array(page.run(MAP)) != before).sum() == changed.sum()


TOKEN = "a-token-of-the-tests"


def test_at_a_server_the_whole_run_is_behind_it(run, browser, shown):
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    pytest.importorskip("fastapi", reason="needs the extra serve")
    loaded = tfgan.load(run)
    browser.get_log("performance"), browser.get_log("browser")
    with tfgan.serve(loaded, port=0, token=TOKEN) as server:
        address = f"{server.url}/app/{run.name}"
        browser.get(address)
        WebDriverWait(browser, 30).until(lambda _: browser.find_elements("css selector", "dialog[open] input"))[0].send_keys(
            TOKEN, Keys.ENTER
        )
        shown(address)
        browser.get(server.url)  # leads on to the page of the only run
        WebDriverWait(browser, 30).until(lambda _: browser.current_url == address)
        page = shown(address)
        assert page.run("return document.getElementById('trouble').hidden") and page.run("return document.title") == "facades"
        assert page.run("return tfgan.proofs[0].largest") <= 1
        assert "go to this server" in page.run("return document.getElementById('about').textContent")
        before, first, canvas = page.run(MAP), page.made(), browser.find_element("css selector", ".painter canvas")
        page.run("arguments[0].focus()", canvas)
        page.after(lambda: canvas.send_keys("b9", Keys.SPACE))
        assert page.run(MAP) != before and page.made() != first
        own = loaded.translate(painted(page, loaded))
        assert np.abs(np.array(page.made()).reshape(own.shape) - own.astype(int)).max() <= 1
        asked = [url for url in page.requests() if not url.startswith(("data:", "chrome:"))]
        assert all(url.startswith(server.url) for url in asked) and f"{address}/run/translate_floats" in asked
    canvas.send_keys("f7", Keys.SPACE)  # the server has ended
    assert page.wait("return document.getElementById('trouble').textContent") == "The server does not answer."
    severe = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert all("401" in message or "ERR_CONNECTION_REFUSED" in message for message in severe), severe


def test_all_tools_by_keyboard(page):
    from selenium.webdriver.common.keys import Keys

    canvas = page.browser.find_element("css selector", ".painter canvas")
    page.run("arguments[0].focus()", canvas)
    page.press("Clear")
    begin = page.run("return [...tfgan.ways[0].source.cell]")
    assert begin == [16, 16] and len(set(page.run(MAP))) == 1
    page.after(lambda: canvas.send_keys("r5 ", Keys.ARROW_RIGHT * 3, Keys.ARROW_DOWN * 2, " "))
    assert np.array_equal(np.argwhere(np.array(page.run(MAP)).reshape(32, 32) == 4), [[y, x] for y in (16, 17, 18) for x in range(16, 20)])
    page.after(lambda: canvas.send_keys("l6[[[[[[ ", Keys.SHIFT, Keys.ARROW_LEFT, Keys.NULL, Keys.ENTER))
    assert np.argwhere(np.array(page.run(MAP)).reshape(32, 32) == 5).tolist() == [[18, x] for x in range(11, 20)]
    page.after(lambda: canvas.send_keys(Keys.ARROW_UP * 5, "f7 "))
    assert np.bincount(page.run(MAP), minlength=7).tolist() == [0, 0, 0, 0, 8, 9, 32 * 32 - 8 - 9]
    assert page.run("return document.querySelector('.spoken').textContent").startswith("row 14, column 12: ")
    page.after(lambda: canvas.send_keys("b8", Keys.SPACE))
    assert np.sum(np.array(page.run(MAP)) == 7) == 1
    steps = page.run("return tfgan.ways[0].source.past.length")
    for _ in range(steps):
        canvas.send_keys(Keys.CONTROL + "z")
    assert page.run("return [tfgan.ways[0].source.past.length, tfgan.ways[0].source.future.length]") == [0, steps]


DROP = """
const [kind, text, done] = arguments, bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const file = new File([bytes], "dropped", { type: "image/png" }), data = new DataTransfer();
data.items.add(file);
if (kind === "paste") dispatchEvent(new ClipboardEvent("paste", { clipboardData: data }));
else document.querySelector(".painter").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
"""


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_map_that_is_dropped_or_pasted(page, run, tmp_path, kind):
    loaded = tfgan.load(run)
    colors = [bytes.fromhex(color[1:]) for color in loaded.config.spec.domains["source"].written.colors]
    indices = np.add.outer(np.arange(32), np.arange(32)) // 3 % 12
    Image.fromarray(np.array([list(color) for color in colors], np.uint8)[indices]).resize((64, 64), 0).save(tmp_path / "map.png")
    page.after(lambda: page.run(DROP, kind, base64.b64encode((tmp_path / "map.png").read_bytes()).decode()))
    assert page.run(MAP) == indices.ravel().tolist()
    page.run(DROP, kind, base64.b64encode(b"no picture").decode())
    assert "is no picture" in page.wait("return document.getElementById('trouble').textContent")


def test_the_result_beside_what_it_was_made_of(page):
    page.run(
        "const slide = document.querySelector('.way input[id][max=\"100\"]'); slide.value = 40; slide.dispatchEvent(new Event('input'))"
    )
    assert page.run("return document.querySelector('.result').style.getPropertyValue('--share')") == "40%"
    assert page.run("return getComputedStyle(document.querySelector('.after')).clipPath").endswith("40%)")


def test_a_phone_sees_it_all(page):
    page.browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    try:
        assert page.run(
            "return document.documentElement.scrollWidth <= 390 && document.querySelector('.panes').children[1].offsetTop > 100"
        )
        assert page.run("return getComputedStyle(document.querySelector('.tools')).position") == "sticky"
    finally:
        page.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_results_that_are_not_the_run_s_are_called_so(run, opened, tmp_path):
    text = (run / "app.html").read_text()
    before, packed, after = re.split(r'(?<=id="part:examples.bin">)([^<]*)', text)
    examples = bytes(value ^ 64 for value in gzip.decompress(base64.b64decode(packed)))
    length = re.search(r'"output":\[(\d+),', text)
    kept = gzip.decompress(base64.b64decode(packed))[: int(length[1])] + examples[int(length[1]) :]
    (tmp_path / "other.html").write_text(before + base64.b64encode(gzip.compress(kept)).decode() + after)
    page = opened(tmp_path / "other.html")
    assert "is not the run's result" in page.run("return document.getElementById('trouble').textContent")


def test_a_folder_on_a_web_server(run, tmp_path, browser, kept_runtime):
    site = tmp_path / "site"
    assert main(["app", str(run), str(site), "--folder", f"--runtime={kept_runtime}", "--examples=1", "--quantize=dynamic"]) == 0
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser.get(f"http://127.0.0.1:{server.server_port}/index.html")
        begin = time.monotonic()
        while not browser.execute_script("return window.tfgan?.ways[0].done"):
            assert time.monotonic() < begin + 60
            time.sleep(0.05)
        assert browser.execute_script("return [tfgan.ways[0].way.examples.length, document.getElementById('trouble').hidden]") == [1, True]
        server.shutdown()
    asked = AppConfig(out=str(site), folder=True)
    assert judge_app(str(run), asked) == site  # would be made anew
    (site / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="is not only a page of tfgan"):
        judge_app(str(run), asked)
