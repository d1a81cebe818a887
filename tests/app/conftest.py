"""Pages of tiny runs, opened in a browser from disk."""

import functools
import json
import time

import pytest
from chromium import start
from eager import running_eagerly

from tfgan.app.runtime import FOLDER
from tfgan.cli.main import main
from tfgan.paths.home import cache

CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="session")
def kept_runtime():
    """LiteRT.js as an earlier `tfgan app` kept it: tests fetch nothing."""
    pytest.importorskip("ai_edge_litert", reason="needs tfgan[litert] to compare a page with its run")
    if not (cache() / FOLDER).is_dir():
        pytest.skip("needs LiteRT.js, which the first `tfgan app` fetches")
    return cache() / FOLDER


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver = start(tmp_path_factory.mktemp("chromium"), *CAMERA, logs=("browser", "performance"))
    yield driver
    driver.quit()


class Page:
    """A page that the browser has opened at an address, and shows soon."""

    def __init__(self, browser, address):
        self.browser, self.run, self.address = browser, browser.execute_script, address
        self.wait("return window.tfgan?.ways[0].done || document.getElementById('trouble')?.hidden === false")

    def wait(self, expression, *given):
        """Waits until the body of a function is true, and returns what it gives."""
        begin = time.monotonic()
        while not (found := self.run(expression, *given)):
            assert time.monotonic() < begin + 60, (expression, self.run("return document.body.innerText"))
            time.sleep(0.05)
        return found

    def after(self, action, way=0):
        """Does something, and waits for the result that it changes."""
        done = self.run(f"return tfgan.ways[{way}].done ?? 0")
        found = action()
        self.wait(f"return tfgan.ways[{way}].done > arguments[0]", done)
        time.sleep(0.1)  # what is asked for meanwhile is done next
        return found

    def press(self, text, way=0):
        self.after(lambda: self.click(text), way)

    def click(self, text):
        named = "find((node) => node.offsetParent && (node.ariaLabel ?? node.textContent) === arguments[0])"
        words = f"return [...document.querySelectorAll('button')].{named}"
        node = self.run(words, text)
        assert node, text
        node.click()

    def made(self, way=0):
        return self.run(f"return Array.from(tfgan.ways[{way}].result.pixels.data)")

    def requests(self):
        """The addresses that the page asked for since it was opened."""
        events = [json.loads(entry["message"])["message"] for entry in self.browser.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


@pytest.fixture
def shown(browser):
    """address -> the page that the browser has opened there."""
    return functools.partial(Page, browser)


@pytest.fixture
def opened(browser, shown):
    """path -> its page, opened. What its console calls an error fails the test, and any request that leaves the page."""
    pages = []

    def open_page(path):
        browser.get_log("performance"), browser.get_log("browser")
        browser.get(path.as_uri())
        pages.append(shown(path.as_uri()))
        return pages[-1]

    yield open_page
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
    asked = [url for url in pages[-1].requests() if not url.startswith(("blob:", "data:", "chrome:"))]
    assert asked == [page.address for page in pages]


@pytest.fixture(scope="module")
def make_page(tmp_path_factory, kept_runtime):
    """(name, flags of a training) -> the folder of a tiny run, with its page app.html."""

    def make(name, *flags):
        run = tmp_path_factory.mktemp("runs") / name
        small = ("--dataset=synthetic", "--synthetic_images=4", "--batch_size=2", "--num_samples=2", "--steps=1", "--precision=float32")
        with running_eagerly():
            assert main(["train", *small, *flags, f"--workdir={run}", "--notensorboard"]) == 0
        assert main(["app", str(run), f"--runtime={kept_runtime}"]) == 0
        return run

    return make
