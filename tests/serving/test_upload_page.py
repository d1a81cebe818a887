"""The page for files in a browser: what it asks the server for, and that it shows what was asked for last."""

import io
import threading

import pytest

pytest.importorskip("uvicorn", reason="needs the extra serve")
import chromium
from fake_model import make_fakes
from PIL import Image

from tfgan.serving import server
from tfgan.serving.model import File
from tfgan.serving.page import upload_page

ABOUT = {
    **{"name": "one", "method": "any", "version": 7, "size": [1, 1], "noise": True, "classes": [], "attributes": ["Young"]},
    **{"attribute_groups": [], "style": False, "page": False, "truncation": 0.7},
    "ways": [{"to": "negative", "from": "photo", "words": "photo to negative", "conditions": []}],
}


@pytest.fixture
def page(tmp_path):
    """A browser with the page of a fake, the fake, and an image file."""
    app, serving, model = make_fakes(front=upload_page())
    uvicorn, socket = server.make_server(app, serving.limits.seconds), server.listen("127.0.0.1", 0)
    thread = threading.Thread(target=uvicorn.run, kwargs={"sockets": [socket]})
    model.describe = lambda: ABOUT
    content = io.BytesIO()
    Image.new("RGB", (2, 2)).save(content, "PNG")
    (tmp_path / "a.png").write_bytes(content.getvalue())
    browser = chromium.start(tmp_path / "profile")
    thread.start()
    try:
        browser.get(f"http://127.0.0.1:{socket.getsockname()[1]}/upload")
        yield browser, model, tmp_path / "a.png"
        assert not browser.get_log("browser")
    finally:
        browser.quit()
        model.open.set()
        uvicorn.should_exit = True
        thread.join(10)


@pytest.mark.slow
def test_the_last_choice_is_what_is_shown(page):
    from selenium.webdriver.support.wait import WebDriverWait

    browser, model, file = page
    asked, first = [], threading.Event()
    picture = File(file.read_bytes(), "image/png")

    def translate(content, style, options):
        asked.append(options["set"])
        if options["set"] == "Young":
            first.wait(10)
        return picture

    def sample(options):
        asked.append((options["seed"], options["truncation"]))
        return picture

    model.translate, model.sample = translate, sample

    def find(selector):
        return browser.find_elements("css selector", selector)

    def until(test):
        WebDriverWait(browser, 10).until(lambda _: test())

    until(lambda: find("input[type=file]"))
    find("input[type=file]")[0].send_keys(str(file))
    until(lambda: "Press what the result is to have" in find(".says")[0].text)
    (toggle,) = find("button[aria-pressed]")
    toggle.click()
    until(lambda: asked == ["Young"])
    toggle.click()  # to lack it, while the first answer is not there yet
    until(lambda: len(find("figure")) == 2)
    first.set()
    answered = "return performance.getEntriesByType('resource').filter(each => each.name.includes('/translate')).length"
    until(lambda: browser.execute_script(answered) == 2)
    assert asked == ["Young", "~Young"] and [each.text for each in find("figcaption span")] == ["a.png", "negative"]

    asked.clear()
    find("main button.main")[0].click()
    until(lambda: len(find("figure")) == 10)
    psi = find("input[step]")[0]
    assert sorted(asked) == [(seed, "") for seed in range(8)] and psi.get_attribute("value") == "0.7"
    psi.clear()
    psi.send_keys("0.3")
    find("main button.main")[0].click()
    until(lambda: len(asked) == 16)
    assert sorted(asked[8:]) == [(seed, "0.3") for seed in range(8, 16)]
