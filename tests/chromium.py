"""Headless Chromium, driven by selenium, for tests of pages."""

import shutil

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--window-size=1200,900"),
)


def start(profile, *flags, logs=("browser",)):
    """A browser with a profile of its own, a folder; the test that asks is skipped where there is none."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium to drive a browser")
    if not CHROMIUM or not shutil.which("chromedriver"):
        pytest.skip("needs Chromium and its driver: Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, *flags, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", dict.fromkeys(logs, "ALL"))
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
