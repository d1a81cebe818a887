"""The page's arithmetic, in Node, against the program's own: sizes, noise, attributes, strokes."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import tfgan.app
from tfgan.attributes import change_attributes, known_attributes
from tfgan.config import DataSpec, Domain
from tfgan.data.preparation.normalization import denormalize, normalize
from tfgan.data.reading.pixels import convert, resize
from tfgan.inference import Sampler
from tfgan.inference.sheets import lerp, slerp
from tfgan.methods.base import Generation

PAGE = Path(tfgan.app.__file__).parent / "page"
RNG = np.random.default_rng(0)
PHOTO = Domain("photo", 3)

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="needs Node.js to run the page's modules")


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """(module, expression, given) -> the expression's value, in which `given` and what the module exports are known by name."""
    place = tmp_path_factory.mktemp("modules")
    for path in PAGE.glob("*.js"):
        shutil.copy(path, place)
    (place / "package.json").write_text('{"type": "module"}')

    def run(module, expression, **given):
        script = (
            f'import * as own from "./{module}.js"; const given = JSON.parse(await new Response(process.stdin).text());'
            f"const value = await (({{{', '.join(given)}}}) => {expression})(given);"
            "console.log(JSON.stringify(value, (_, part) => (ArrayBuffer.isView(part) ? Array.from(part) : part)));"
        )
        (place / "test.js").write_text(script)
        done = subprocess.run(["node", "test.js"], cwd=place, input=json.dumps(given), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("after", [(16, 16), (7, 31), (64, 40), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_resized_as_the_program_resizes_them(node, after, channels):
    image = RNG.integers(0, 256, (37, 53, channels)).astype(np.uint8)
    for resample in ("bicubic", "nearest"):
        given = {"data": image.ravel().tolist(), "height": 37, "width": 53, "channels": channels}
        nearest = "true" if resample == "nearest" else "false"
        made = node("pixels", f"own.resize(image, {after[0]}, {after[1]}, {nearest}).data", image=given)
        apart = np.abs(np.array(made) - resize(image, after, resample).ravel())
        assert apart.max() <= (1 if resample == "bicubic" else 0)  # Pillow's filters are whole numbers


def test_floats_and_pixels_are_those_of_the_program(node):
    pixels, floats = np.arange(256, dtype=np.uint8), np.float32(RNG.uniform(-1.1, 1.1, 500))
    made = node("pixels", "[own.toFloats({ data }), own.toPixels(floats)]", data=pixels.tolist(), floats=floats.tolist())
    assert np.array_equal(np.float32(made[0]), normalize(pixels, PHOTO))
    assert made[1] == denormalize(floats, PHOTO).numpy().tolist()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_become_channels_as_in_the_program(node, channels):
    image = RNG.integers(0, 256, (9, 7, 4)).astype(np.uint8)
    made = node("pixels", f"own.fromImage(image, {channels}).data", image={"data": image.ravel().tolist(), "height": 9, "width": 7})
    alpha = "keep" if channels == 4 else "composite"
    assert np.abs(np.array(made) - convert(image, channels, "uint8", alpha).ravel().astype(int)).max() <= 1


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_seeds_are_those_of_sample(node, prior):
    sampler = Sampler(Generation(lambda latents: latents, PHOTO, 101, prior=prior))
    seeds = [0, 1, 7, 123456, 2**31 - 1]
    made = node("noise", "seeds.map((seed) => own.latents(seed, 101, prior))", seeds=seeds, prior=prior)
    np.testing.assert_allclose(made, sampler.latents(seeds), atol=2e-6)


def test_ways_between_latents_are_those_of_sheets(node):
    one, other = np.float32(RNG.normal(size=(2, 20)))
    given = {"one": one.tolist(), "other": other.tolist()}
    made = node("noise", "[own.slerp(one, other, 0.3), own.lerp(one, other, 0.3), own.slerp(one, one, 0.5)]", **given)
    np.testing.assert_allclose(made, [slerp(one, other, 0.3), lerp(one, other, 0.3), one], atol=1e-6)


def test_attributes_change_as_in_translate(node):
    names = ("bald", "black", "blond", "male", "happy", "angry")
    given = {"groups": (("black", "blond"), ("happy", "angry")), "sets": (names[:4], names[4:])}
    spec = DataSpec(
        "attributes", (8, 8), {}, {"train": 1}, "", attribute_names=names, attribute_groups=given["groups"], attribute_sets=given["sets"]
    )
    cases = [{"scores": RNG.uniform(size=6).tolist(), "wanted": wanted} for wanted in (
        {}, {"male": True}, {"black": True, "blond": False}, {"black": False}, {"happy": False}, {"angry": True, "happy": False},
    ) for _ in range(5)]  # fmt: skip
    made = node(
        "attributes", "cases.map(({ scores, wanted }) => own.changed(scores, wanted, about))", cases=cases, about={"names": names, **given}
    )
    for case, found in zip(cases, made):
        assert found["values"] == change_attributes(np.array(case["scores"]), case["wanted"], spec).tolist(), case
        assert found["mask"] == known_attributes(case["wanted"], spec).tolist()


def strokes(node, work):
    return np.array(
        node("strokes", f"{{ const area = {{ map: new Int16Array(48), height: 6, width: 8 }}; {work}; return area.map; }}")
    ).reshape(6, 8)


def test_strokes(node):
    line = node("strokes", "[own.line([0, 0], [2, 5]), own.line([3, 3], [3, 3]), own.line([5, 2], [0, 2])]")
    assert line[0][0] == [0, 0] and line[0][-1] == [2, 5] and len(line[0]) == 6 and line[1] == [[3, 3]] and len(line[2]) == 6
    disc = strokes(node, "own.stamp(area, [[2, 3]], 3, 1)")
    assert disc[1:4, 2:5].sum() == disc.sum() == 9 - 4 * (disc[1, 2] == 0)
    assert strokes(node, "own.stamp(area, [[2, 3]], 1, 1)").sum() == 1 and strokes(node, "own.stamp(area, [[0, 0]], 2, 1)").sum() == 4
    assert strokes(node, "own.stamp(area, [[-9, 99], [0, 0]], 1, 1)").sum() == 1
    box = strokes(node, "own.rectangle(area, [4, 9], [-1, 6], 2)")
    assert np.array_equal(np.argwhere(box == 2), [(row, column) for row in range(5) for column in (6, 7)])
    filled = strokes(node, "own.rectangle(area, [2, 0], [2, 7], 5); own.flood(area, [0, 4], 3); own.flood(area, [0, 4], 3)")
    assert (filled[:2] == 3).all() and (filled[2] == 5).all() and (filled[3:] == 0).all()
    walled = strokes(node, "own.rectangle(area, [0, 4], [5, 4], 5); own.flood(area, [0, 0], 3)")
    assert (walled[:, :4] == 3).all() and (walled[:, 5:] == 0).all()  # a row's end is no neighbor of the next one's begin


def test_the_network_sees_pictures_as_in_training(node):
    image = np.arange(20 * 30, dtype=np.uint8).reshape(20, 30, 1)
    given = {"data": image.ravel().tolist(), "height": 20, "width": 30, "channels": 1}
    ways = (
        "['squeeze', 'crop', 'none'].map((how) => own.fit({ ...image, data: Uint8ClampedArray.from(image.data) }, [8, 8], how, true).data)"
    )
    squeezed, cropped, middle = np.array(node("pixels", ways, image=given)).reshape(3, 8, 8)
    assert np.array_equal(squeezed, np.array(Image.fromarray(image[..., 0]).resize((8, 8), Image.Resampling.NEAREST)))
    assert np.array_equal(middle, image[6:14, 11:19, 0])
    assert np.array_equal(cropped, np.array(Image.fromarray(image[:, 5:25, 0]).resize((8, 8), Image.Resampling.NEAREST)))


def test_classes_of_a_picture_are_the_nearest(node):
    classes = [{"color": "#ff0000"}, {"color": "#00ff00"}, {"color": "#0000ff"}]
    image = {"data": [250, 9, 9, 3, 200, 0, 0, 1, 255, 255, 0, 0], "height": 2, "width": 2, "channels": 3}
    found = node(
        "pixels",
        "{ const map = own.nearestClasses(image, classes); return [map, own.painted(map, classes, 2, 2).data]; }",
        image=image,
        classes=classes,
    )
    assert found == [[0, 1, 2, 0], [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0]]


def test_differences(node):
    made = node("pixels", "[own.differences([1, 5, 2], [1, 2, 3]), own.larger({ largest: 3, mean: 1 }, { largest: 2, mean: 2 })]")
    assert made == [{"largest": 3, "mean": pytest.approx(4 / 3)}, {"largest": 3, "mean": 2}]
    assert node("pixels", "own.differences([1, NaN], [1, 1]).largest === Infinity && own.differences([NaN], [0]).mean === Infinity")


def test_the_newest_of_what_comes_meanwhile_is_done(node):
    work = "async (value) => { done.push(value); await new Promise((then) => setTimeout(then, 5)); }"
    asks = f"(async () => {{ const done = [], ask = own.newest({work}); await Promise.all([1, 2, 3].map(ask)); return done; }})()"
    assert node("newest", asks) == [1, 3]


def test_what_went_wrong_is_said_until_it_succeeds(node):
    work = "own.saying(async () => { if (bad.shift()) throw new Error('no answer'); }, (text) => said.push(text))"
    times = f"(async () => {{ const said = [], work = {work}; for (const _ of [...bad]) await work(); return said; }})()"
    assert node("newest", times, bad=[False, True, True, False, False]) == ["no answer", "no answer", ""]
