"""Runs behind the server: the numbers of the export's signatures, and the files of `tfgan translate` and `tfgan sample`."""

import base64
import io
import json
import struct
import urllib.request
import zlib
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("httpx2", reason="starlette's client needs it")
from fake_model import make_fakes
from starlette.testclient import TestClient
from tiny_methods import BATCH, data_spec, make_batch, make_method

import tfgan
from tfgan.cli.main import main
from tfgan.config import DataConfig
from tfgan.config.verbs import ServeConfig
from tfgan.data.reading import images
from tfgan.inference import open_inference
from tfgan.inference.export import make_signatures
from tfgan.inference.room import network_bytes
from tfgan.portable import graph
from tfgan.runs.opening import Run, open_run
from tfgan.runs.results import serving
from tfgan.runs.results.serving import make_serving
from tfgan.serving.server import make_server

KEPT = Path(__file__).parents[2] / "kept_run" / "run"


class Config:
    """Of the record of a run, what the server asks for."""

    def __init__(self, name, method):
        self.method, self.hparams, self.spec, self.data, self.scale = name, method.hparams, method.spec, DataConfig(), {}
        self.imported = {}


def client_of(runs, **settings):
    serving = make_serving(runs, ServeConfig(**settings), "")
    return TestClient(serving.config.app, base_url="http://localhost", raise_server_exceptions=True)


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A run of pix2pix, photo to labels, and its server."""
    run = open_run(str(KEPT))
    with client_of({"kept": run}, max_pixels=10_000) as client:
        yield run, client


def test_its_page_has_the_run_itself_behind_it(kept, source):
    run, client = kept
    record, examples = client.get("/app/kept/record.json").json(), client.get("/app/kept/examples.bin").content
    (way,) = record["ways"]
    (example,) = way["examples"]
    begin, count = example["input"]
    pixels = np.frombuffer(examples, np.uint8, count, begin).reshape(1, 16, 16, 3)
    assert np.array_equal(pixels[0], images.decode(source))
    assert record["functions"][way["function"]] == {"inputs": ["images"]} and record["title"] == "kept"
    floats = pixels * np.float32(2 / 255) - np.float32(1)
    response = client.post(f"/app/kept/run/{way['function']}", content=floats.tobytes())
    assert response.status_code == 200, response.text
    (translator,) = open_inference(run.method).values()
    made = np.frombuffer(response.content, "<f4").reshape(1, 16, 16, -1)
    np.testing.assert_allclose(made, translator(floats).numpy(), atol=1e-5)
    assert client.get("/models").json()["models"][0]["page"] is True
    assert str(KEPT) not in client.get("/app/kept/record.json").text


def test_from_python(monkeypatch, capsys):
    app, _, _ = make_fakes()
    asked = []
    monkeypatch.setattr("tfgan.runs.results.serving.make_serving", lambda *given: asked.append(given) or make_server(app, 1.0))
    with tfgan.serve(KEPT, port=0, queue=3) as server, urllib.request.urlopen(f"{server.url}/healthz") as response:
        assert json.load(response) == {"status": "ok"}
    assert "ended" in repr(server) and "WARNING" not in capsys.readouterr().out
    ((runs, settings, token),) = asked
    assert list(runs) == ["run"] and (settings.queue, token) == (3, "")
    with pytest.raises(tfgan.UserError, match="Two runs are called run"):
        tfgan.serve(KEPT, tfgan.load(KEPT))
    with pytest.raises(tfgan.UserError, match="Name a run"):
        tfgan.serve()
    with pytest.raises(tfgan.UserError, match="need a token"):
        tfgan.serve(KEPT, host="0.0.0.0")


def test_fewer_pixels_are_let_in_where_the_machine_has_less_memory(kept, monkeypatch, caplog):
    (translator,) = open_inference(kept[0].method).values()
    monkeypatch.setattr(serving, "machine_memory", lambda: 2 * 100 * network_bytes(translator))
    found = serving._fitting({"kept": kept[0]}, ServeConfig())
    assert found.max_pixels == 100 and "Requests have at most 100 pixels, not 4,194,304 (--max_pixels)" in caplog.text
    assert serving._fitting({"kept": kept[0]}, ServeConfig(max_pixels=99)).max_pixels == 99


@pytest.fixture(scope="module")
def source():
    return (KEPT / "samples" / "inputs" / "source_0.png").read_bytes()


def png(width, height, kind=2):
    """A PNG of a few bytes that claims any size."""
    chunk = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    parts = [(b"IHDR", chunk), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def test_files_are_those_of_translate(kept, source, tmp_path, capsys):
    for extra, flags in (("", []), ("?size=full", ["--size=full"]), ("?size=24&format=tif", ["--size=24", "--format=tif"])):
        ending = "tif" if "tif" in extra else "png"
        assert main(["translate", str(KEPT), str(KEPT / "samples" / "inputs"), str(tmp_path / ending), "--overwrite", *flags]) == 0
        response = kept[1].post(f"/translate{extra}", content=source)
        assert (response.status_code, response.headers["content-type"]) == (200, "image/tiff" if ending == "tif" else "image/png")
        assert response.content == (tmp_path / ending / f"source_0.{ending}").read_bytes()


def test_tensors_are_those_of_the_run(kept, source):
    run, client = kept
    pixels = images.decode(source)
    (translator,) = open_inference(run.method).values()
    wanted = translator.pixels(pixels[None, :13, :16]).numpy()
    body = json.dumps({"instances": pixels[None, :13, :16].tolist()})
    assert np.array_equal(client.post("/v1/models/kept:predict", content=body).json()["predictions"], wanted)
    asked = {"signature_name": "serve_bytes", "instances": [{"b64": base64.b64encode(source).decode()}] * 2}
    for answered in client.post("/v1/models/kept:predict", content=json.dumps(asked)).json()["predictions"]:
        assert np.array_equal(images.decode(base64.b64decode(answered["b64"])), translator.pixels(pixels[None]).numpy()[0])


def test_what_the_server_says_of_itself(kept):
    found = kept[1].get("/models").json()
    (model,) = found["models"]
    assert (model["name"], model["method"], model["version"], model["size"]) == ("kept", "pix2pix", 4, [16, 16])
    assert [way["to"] for way in model["ways"]] == ["labels"] and not model["noise"] and found["max_pixels"] == 10_000


@pytest.mark.parametrize(
    "content, query, status, words",
    [
        (b"junk", "", 415, "accepted: JPEG, PNG, BMP, GIF, WEBP, TIFF, AVIF, "),  # and those of extras
        (png(60_000, 60_000), "", 413, ""),
        (png(101, 100), "", 413, "10,000 are the most (--max_pixels)"),
        (png(50, 50), "", 400, ""),  # pixels that are not there
        ("good", "?size=9000", 413, "pixels"),
        (b"GIF89a" + b"\xff" * 20, "", 415, ""),
        (b"%PDF-1.4", "", 415, ""),
        ("good", "?to=nowhere", 400, "the run translates to labels"),
        ("good", "?set=Young", 400, "no attributes"),
        ("good", "?size=x", 400, "size=x must be"),
        ("good", "?format=xyz", 400, "xyz"),
        ("good", "?format=mp4", 400, "format"),
        ("good", "?seed=3", 400, "takes no random style"),
    ],
)
def test_files_that_are_refused(kept, source, content, query, status, words):
    response = kept[1].post(f"/translate{query}", content=source if content == "good" else content)
    assert response.status_code == status and words in response.json()["error"]
    assert str(KEPT) not in response.text
    assert kept[1].post("/translate", content=source).status_code == 200


def test_a_form_without_a_use_for_its_style(kept, source):
    response = kept[1].post("/translate", files={"file": source, "style": source})
    assert response.status_code == 400 and "style" in response.json()["error"]
    assert kept[1].post("/sample").status_code == 400


@pytest.mark.parametrize(
    "content, status", [(b"hello", 400), (png(60_000, 60_000), 413), (png(101, 100), 413), (png(50, 50), 400), (b"GIF89a", 400)]
)
def test_bytes_that_are_refused(kept, content, status):
    asked = {"signature_name": "serve_bytes", "instances": [{"b64": base64.b64encode(content).decode()}]}
    response = kept[1].post("/v1/models/kept:predict", content=json.dumps(asked))
    assert response.status_code == status and len(response.json()["error"]) < 400, response.text


def test_a_run_without_instance_maps_takes_none(kept, source):
    answer = kept[1].post("/translate", files={"file": ("a.png", source), "instances": ("b.png", source)})
    assert answer.status_code == 400 and 'trained without instance maps: leave "instances" out' in answer.json()["error"]


def test_a_photo_is_turned_as_it_says(kept):
    upright = Image.fromarray(np.arange(8 * 4 * 3, dtype=np.uint8).reshape(8, 4, 3))
    turned, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # stored on its side
    upright.rotate(90, expand=True).save(turned, "PNG", exif=exif)
    plain = io.BytesIO()
    upright.save(plain, "PNG")
    results = [kept[1].post("/translate", content=file.getvalue()).content for file in (turned, plain)]
    assert images.decode(results[0]).shape == (8, 4, 3)
    assert np.array_equal(*map(images.decode, results))


FAST = ("cgan", "stargan")  # classes, and attributes
SLOW = ("cyclegan", "spade", "stylegan", "vaegan")  # two ways, labels, styles, an encoder; the others differ in nothing that is served


@pytest.fixture(scope="module", params=[*FAST, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)])
def served(request):
    """Each method, its functions as in its export, and its server."""
    method = make_method(request.param)
    run = Run(Path("somewhere"), Config(request.param, method), method, 3)
    with client_of({"run": run}) as client:
        yield method, make_signatures(open_inference(method)), client


def test_every_signature_of_every_method(served):
    method, functions, client = served
    signatures = open_inference(method)
    plain = [own for some in graph.functions(signatures, None, None).values() for own in some if own.is_floats]
    functions = functions | {own.name: own.traced() for own in plain}
    multiples = {own.name: own.multiple for own in plain}
    declared = client.get("/v1/models/run/metadata").json()["metadata"]["signature_def"]["signature_def"]
    assert set(declared) == set(functions)
    random = np.random.default_rng(0)
    for name, function in functions.items():
        given = [_example(spec, random, 16 if multiples.get(name) else 9) for spec in function.input_signature]
        (key, wanted), *_ = function(*map(tf.constant, given)).items()
        inputs = {spec.name: _as_json(value) for spec, value in zip(function.input_signature, given)}
        response = client.post("/v1/models/run:predict", content=json.dumps({"signature_name": name, "inputs": inputs}))
        assert response.status_code == 200, response.text
        found = response.json()["outputs"]
        if wanted.dtype == tf.string:
            assert [base64.b64decode(file["b64"]) for file in found] == wanted.numpy().tolist()
        else:
            np.testing.assert_allclose(found, wanted.numpy(), atol=1 if wanted.dtype.is_integer else 1e-4)


def _example(spec, random, height):
    shape = [size or known for size, known in zip(spec.shape, (2, height, 16 if height == 16 else 12, 0))]
    if spec.dtype == tf.string:
        content = io.BytesIO()
        Image.fromarray(random.integers(0, 3, (9, 12), np.uint8)).convert("RGB").save(content, "PNG")
        return np.array([content.getvalue()] * 2, object)
    if spec.dtype.is_integer:
        return random.integers(0, 3, shape).astype(spec.dtype.as_numpy_dtype)
    return np.asarray(random.integers(0, 2, shape) * 0.7, np.float32)


def _as_json(value):
    return [{"b64": base64.b64encode(content).decode()} for content in value] if value.dtype == object else value.tolist()


def test_files_of_every_method(served):
    method, _, client = served
    (about,) = client.get("/models").json()["models"]
    assert bool(about["ways"]) != about["noise"] or about["method"] == "vaegan"
    batch = make_batch(method.batch_kind, BATCH)
    for way in about["ways"]:
        query = {"to": way["to"], "set": ",".join(about["attributes"][:1])}
        content = _picture(batch, method)
        response = client.post("/translate", params=query, content=content)
        assert response.status_code == 200, response.text
        assert images.decode(response.content).shape[:2] == (16, 16)
        if "latent" in way["conditions"]:
            other = client.post("/translate", params=query | {"seed": 1}, content=content)
            assert other.content != response.content
            files = {"file": content, "style": _png(np.full((16, 16, 3), 200, np.uint8))}
            assert client.post("/translate", files=files).status_code == 200
            for given, words in ({"seed": 4}, "seed=4 does nothing"), ({"set": "Young"}, "which has no attributes"):
                other = client.post("/translate", params=given, files=files)
                assert other.status_code == 400 and words in other.json()["error"]
    if about["noise"]:
        query = {"seed": 3, "label": (about["classes"] or [""])[-1]}
        response = client.post("/sample", params=query)
        sampler = next(iter(open_inference(method).values()))
        labels = [len(about["classes"]) - 1] if about["classes"] else None
        wanted = sampler.pixels(sampler.latents([3]), labels).numpy()[0]
        assert np.abs(images.decode(response.content).astype(int) - wanted).max() <= 1
        assert b'"seed": 3' in response.content
        if about["classes"]:
            assert client.post("/sample").status_code == 400 and client.post("/sample?label=x").status_code == 400
        answered = client.post("/sample", params=query | {"truncation": 0.2})
        if sampler.styles:
            wanted = sampler.truncated(0.2).pixels(sampler.latents([3])).numpy()[0]
            assert np.abs(images.decode(answered.content).astype(int) - wanted).max() <= 1 and b'"truncation": 0.2' in answered.content
            assert answered.content != response.content and client.post("/sample?truncation=nan").status_code == 400
        else:
            assert answered.status_code == 400 and "is for StyleGAN" in answered.json()["error"]


def test_pages_of_every_method(served):
    method, _, client = served
    (about,) = client.get("/models").json()["models"]
    response = client.get("/app/run/record.json")
    if not about["page"]:  # a translation without pictures of a training to begin with
        assert response.status_code == 404 and "run/samples/inputs has no images" in response.json()["error"]
        return
    (way,), functions = response.json()["ways"], response.json()["functions"]
    sampler = next(iter(open_inference(method).values()))
    latents = sampler.latents([3])

    def run(name, **given):
        body = b"".join(given[key].tobytes() for key in functions[name]["inputs"])
        response = client.post(f"/app/run/run/{name}", content=body)
        return np.frombuffer(response.content, "<f4") if response.status_code == 200 else response.json()["error"]

    labels = {"labels": np.array([len(about["classes"]) - 1], np.int32)} if about["classes"] else {}
    if way.get("styles"):
        made = run("synthesis", styles=run("mapping", latents=latents, truncation=np.float32(sampler.styles.truncation)))
    else:
        made = run(way["function"], latents=latents, **labels)
    np.testing.assert_allclose(made, sampler(latents, *labels.values()).numpy().ravel(), atol=1e-4)
    for wrong in (-1, len(about["classes"])) if labels else ():
        assert "the numbers of the classes, 0 to" in run(way["function"], latents=latents, labels=np.array([wrong], np.int32))
    if way.get("encode"):
        pixels = np.zeros([1, *way["encode"]["size"], way["encode"]["channels"]], np.float32)
        wanted = open_inference(method)["encode"].encoding.function(pixels).numpy()
        np.testing.assert_allclose(run(way["encode"]["function"], images=pixels), wanted.ravel(), atol=1e-4)


def test_the_plain_network_says_which_sizes_it_takes(kept):
    (own,) = (own for own in graph.functions(open_inference(kept[0].method), None, None)["translate"] if own.is_floats)
    rows = np.zeros([1, own.multiple + 1, own.multiple, 3]).tolist()
    response = kept[1].post("/v1/models/kept:predict", content=json.dumps({"signature_name": "translate_floats", "instances": rows}))
    assert response.status_code == 400 and f"multiples of {own.multiple}, {own.minimum} at least, not" in response.json()["error"]


def _png(pixels):
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def _picture(batch, method):
    """A file for the method's source: pixels, or ids of classes."""
    source = data_spec(method.batch_kind).domains
    domain = source.get("source") or source.get("labels") or source["image"]
    shape = (16, 16) if domain.is_map or domain.channels == 1 else (16, 16, 3)
    return _png(np.random.default_rng(0).integers(0, 3, shape, np.uint8))
