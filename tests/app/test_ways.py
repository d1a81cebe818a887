"""The pages of the other methods, in a browser: what is switched, slid, shown and drawn becomes what the run makes of it."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import tfgan

pytestmark = pytest.mark.slow  # a training and a conversion each

SMALL = ("--ngf=4", "--ndf=4", "--image_size=16")
FLAGS = {
    "cyclegan": [*SMALL, "--direction=day_to_night", "--generator=resnet_1", "--n_layers=1"],
    "stargan": [*SMALL, "--n_layers=2", "--n_blocks=1", "--n_critic=1"],
    "spade": [*SMALL, "--depth=2", "--n_layers=2", "--style_encoder", "--encoder_size=16", "--latent_dim=12"],
    "acgan": [*SMALL, "--latent_dim=20"],
    "stylegan": [
        *(
            "--image_size=16",
            "--latent_dim=8",
            "--w_dim=8",
            "--mapping_layers=2",
            "--channel_base=32",
            "--channel_max=8",
            "--noprogressive",
        ),
        "--truncation=0.7",
    ],
    "vaegan": [*SMALL, "--nef=4", "--encoder_units=8", "--latent_dim=8"],
}
CLOSE = 2  # steps of 255: weights are in float16, and pixels are rounded


@pytest.fixture(scope="module")
def run_of(make_page):
    """method -> the run's folder, made once."""
    made = {}

    def run(method):
        if method not in made:
            made[method] = make_page(method, f"--method={method}", *FLAGS[method])
        return made[method]

    return run


@pytest.fixture
def open_method(run_of, opened):
    def open_it(method):
        page = opened(run_of(method) / "app.html")
        assert page.run("return document.getElementById('trouble').hidden"), page.run(
            "return document.getElementById('trouble').textContent"
        )
        return page, tfgan.load(run_of(method))

    return open_it


def apart(page, own, way=0):
    return np.abs(np.array(page.made(way)) - np.asarray(own).ravel().astype(int)).max()


def example(run, key, number=0):
    return np.array(Image.open(run.folder / "samples" / "inputs" / f"{key}_{number}.png"))


SLIDE = """
const [name, value] = arguments, labels = [...document.querySelectorAll("label")];
const input = labels.find((node) => node.textContent === name && node.offsetParent).control;
input.value = value;
input.dispatchEvent(new Event("input"));
"""


def slide(page, name, value, way=0):
    page.after(lambda: page.run(SLIDE, name, value), way)


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


GIVE = """
const [selector, text] = arguments, bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)), data = new DataTransfer();
data.items.add(new File([bytes], "own.png", { type: "image/png" }));
const input = [...document.querySelectorAll(selector)].find((node) => node.nextSibling.offsetParent);
input.files = data.files;
input.dispatchEvent(new Event("change"));
"""


def test_cyclegan_goes_both_ways_with_any_picture(open_method):
    page, run = open_method("cyclegan")
    assert apart(page, run.translate(example(run, "source"), to="night")) <= CLOSE
    page.press("night to day", way=1)
    assert apart(page, run.translate(example(run, "target"), to="day"), way=1) <= CLOSE
    photo = np.random.default_rng(0).integers(0, 256, (40, 24, 3), np.uint8)
    page.after(lambda: page.run(GIVE, "input[type=file]", png(photo)), way=1)
    squeezed = np.array(Image.fromarray(photo).resize((16, 16), Image.Resampling.BICUBIC))
    assert apart(page, run.translate(squeezed, to="day"), way=1) <= CLOSE + 1
    page.press("Camera", way=1)
    page.wait("return tfgan.ways[1].done > arguments[0] + 2", page.run("return tfgan.ways[1].done"))
    page.click("Camera")
    assert page.run("return tfgan.ways[1].source.stream === null")


def test_stargan_switches_attributes(open_method):
    page, run = open_method("stargan")
    image = example(run, "image")
    for name in ("night", "wood"):
        wanted = page.run("return tfgan.ways[0].attributes.vector()[tfgan.ways[0].attributes.names.indexOf(arguments[0])]", name) < 0.5
        if name == "wood" and not wanted:
            name, wanted = "brick", True
        page.press(name)
        changes = [key if value else f"~{key}" for key, value in page.run("return tfgan.ways[0].attributes.wanted").items()]
        assert (name in changes) == wanted
        assert apart(page, run.translate(image, set=",".join(changes))) <= CLOSE, changes
    page.press("example 2")
    assert page.run("return Object.keys(tfgan.ways[0].attributes.wanted).length") == 0


def test_spade_has_styles_of_seeds_sliders_and_photos(open_method, tmp_path):
    page, run = open_method("spade")
    labels = np.array(page.run("return Array.from(tfgan.ways[0].source.map)"), np.int32).reshape(16, 16)
    first = page.made()
    slide(page, "z 3", 2.5)
    assert page.made() != first and page.run("return tfgan.ways[0].latents.vector[2]") == 2.5
    page.press("Mean style")
    mean = page.made()
    page.press("style of photo 2")
    assert page.made() != mean
    photo = np.random.default_rng(1).integers(0, 256, (16, 16, 3), np.uint8)
    Image.fromarray(photo).save(tmp_path / "style.png")
    page.after(lambda: page.run(GIVE, ".conditions input[type=file]", png(photo)))
    assert apart(page, run.translate(labels, style=str(tmp_path / "style.png"))) <= CLOSE


def test_vectors_that_are_not_the_run_s_are_called_so(run_of, opened, tmp_path):
    text = (run_of("spade") / "app.html").read_text()
    other, count = re.subn(r'"vector":\[[^,]*,', '"vector":[9,', text)
    (tmp_path / "other.html").write_text(other)
    page = opened(tmp_path / "other.html")
    assert count == 1 and page.run("return tfgan.proofs[0].largest") > 16
    assert "is not the run's result" in page.run("return document.getElementById('trouble').textContent")


def test_noise_has_seeds_classes_and_a_film(open_method):
    page, run = open_method("acgan")
    assert apart(page, run.sample([0], [0])) <= CLOSE
    names = list(run.config.spec.class_names)
    page.press(names[2])
    slide(page, "Seed", 7)
    assert apart(page, run.sample([7], [names[2]])) <= CLOSE
    slide(page, "Way", 1)
    assert apart(page, run.sample([1], [names[2]])) <= CLOSE
    slide(page, "Way", 0)
    page.wait("return document.querySelectorAll('.thumb').length === 8")
    page.press("seed 9")
    assert apart(page, run.sample([9], [names[2]])) <= CLOSE
    page.press("Play")
    page.wait("return tfgan.ways[0].share > 0.1")
    page.click("Pause")


def test_stylegan_truncates_and_mixes(open_method):
    page, run = open_method("stylegan")
    assert apart(page, run.sample([0])) <= CLOSE
    slide(page, "Truncation ψ", 0.25)
    assert apart(page, run.sample([0], truncation=0.25)) <= CLOSE
    slide(page, "Truncation ψ", 0.7)
    slide(page, "From layer", 2)
    styles = run.sampler.require_styles()
    coarse, fine = (styles.map(run.sampler.latents([seed]), 0.7).numpy() for seed in (0, 2))
    coarse[:, 2:] = fine[:, 2:]
    assert apart(page, run.sampler.to_pixels(styles.synthesize(coarse))) <= CLOSE
    slide(page, "From layer", 0)
    assert apart(page, run.sample([2])) <= CLOSE


def test_vaegan_begins_with_a_picture(open_method):
    page, run = open_method("vaegan")
    image = example(run, "image")
    page.after(lambda: page.run(GIVE, "input[type=file]", png(image)))
    latents = run._signatures["encode"].pixels(image[None]).numpy()
    np.testing.assert_allclose(page.run("return Array.from(tfgan.ways[0].latents.vector)"), latents[0], atol=0.02)
    assert apart(page, run.sampler.pixels(latents)) <= CLOSE + 1


def test_at_a_server_every_page_shows_its_run(run_of, browser, shown):
    from selenium.webdriver.support.ui import WebDriverWait

    pytest.importorskip("fastapi", reason="needs the extra serve")
    loaded = {method: tfgan.load(run_of(method)) for method in FLAGS}
    with tfgan.serve(*loaded.values(), port=0) as server:
        browser.get(server.url)  # a list, as they are several
        links = WebDriverWait(browser, 30).until(lambda _: browser.find_elements("css selector", ".head a"))
        addresses = [link.get_attribute("href") for link in links]
        assert addresses == [f"{server.url}/app/{method}" for method in FLAGS]
        for method, address in zip(FLAGS, addresses):
            browser.get(address)
            page = shown(address)
            text = page.run("return document.body.innerText")
            assert page.run("return document.getElementById('trouble').hidden"), text
            assert max(proof["largest"] for proof in page.run("return tfgan.proofs")) <= 1, text
            assert f"{method} at step 1, unconverted, by the server at 127.0.0.1:" in text
        slide(page, "z 2", 1.5)  # of the last one, VAE-GAN
        own = loaded[method]
        vector = np.float32([page.run("return Array.from(tfgan.ways[0].latents.vector)")])
        assert apart(page, own.sampler.pixels(vector)) <= 1 and vector[0, 1] == 1.5
        page.after(lambda: page.run(GIVE, "input[type=file]", png(example(own, "image"))))
        assert apart(page, own.sampler.pixels(own._signatures["encode"].pixels(example(own, "image")[None]).numpy())) <= 1
