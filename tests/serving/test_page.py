"""What the page of a model asks its server for: a record, examples, and functions whose tensors are bytes."""

import struct

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("httpx2", reason="starlette's client needs it")
from fake_model import make_fakes
from starlette.testclient import TestClient

from tfgan.serving.model import Limits

RUN = "/app/one/run/mixed"


def body(*values, labels=5, scale=0.5):
    return struct.pack("<12fif", *(values or range(12)), labels, scale)


@pytest.fixture(scope="module")
def client():
    app, _, _ = make_fakes(names=("one", "two"))
    with TestClient(app, base_url="http://localhost") as client:
        yield client


def test_a_record_and_examples(client):
    response = client.get("/app/one/record.json")
    assert (response.json(), response.headers["content-type"]) == ({"ways": []}, "application/json")
    response = client.get("/app/one/examples.bin")
    assert (response.content, response.headers["content-type"]) == (b"\1\2", "application/octet-stream")


def test_tensors_are_bytes_one_behind_the_other(client):
    response = client.post(RUN, content=body())
    assert (response.status_code, response.headers["content-type"]) == (200, "application/octet-stream")
    assert struct.unpack("<12f", response.content) == tuple(value * 0.5 + 5 for value in range(12))


@pytest.mark.parametrize(
    "content, words",
    [
        (b"", "the body has 0 bytes; it must have 48 of images and 4 of labels and 4 of scale"),
        (body()[:-1], "55 bytes"),
        (body() + b"\0", "57 bytes"),
        (body(float("nan"), *range(11)), "images holds NaN"),
        (body(scale=float("-inf")), "scale holds NaN or infinity"),
    ],
    ids=["none", "one less", "one more", "NaN", "infinity"],
)
def test_bytes_that_do_not_fit(client, content, words):
    response = client.post(RUN, content=content)
    assert response.status_code == 400 and words in response.json()["error"]
    assert client.post(RUN, content=body()).status_code == 200


@pytest.mark.parametrize(
    "method, address, status, words",
    [
        ("GET", "/app/three/record.json", 404, "There are: one, two"),
        ("GET", "/app/three/examples.bin", 404, "There are: one, two"),
        ("POST", "/app/three/run/mixed", 404, "There are: one, two"),
        ("GET", "/app/two/record.json", 404, "two has no live page: no images."),
        ("GET", "/app/two/examples.bin", 404, "no images"),
        ("POST", "/app/two/run/mixed", 404, "no images"),
        ("POST", "/app/one/run/nothing", 404, "no function 'nothing'. There are: mixed"),
        ("GET", RUN, 405, ""),
        ("GET", "/app/one/nothing", 404, ""),
        ("GET", "/app", 404, ""),
    ],
)
def test_what_is_not_there(client, method, address, status, words):
    response = client.request(method, address, content=body())
    assert response.status_code == status and words in response.json()["error"]


def test_limits_hold_for_the_page():
    small = TestClient(make_fakes(Limits(pixels=3))[0], base_url="http://localhost").post(RUN, content=body())
    assert small.status_code == 413 and "--max_pixels" in small.json()["error"]
    short = TestClient(make_fakes(Limits(bytes=55))[0], base_url="http://localhost").post(RUN, content=body())
    assert short.status_code == 413 and "--max_bytes" in short.json()["error"]
