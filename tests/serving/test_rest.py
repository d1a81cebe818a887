"""TensorFlow Serving's addresses and JSON, held to its documentation: https://www.tensorflow.org/tfx/serving/api_rest."""

import base64
import json

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("httpx2", reason="starlette's client needs it")
from fake_model import make_fakes
from starlette.testclient import TestClient

PREDICT = "/v1/models/one:predict"
PIXEL = [[[1, 2, 3]]]
NEGATIVE = [[[254, 253, 252]]]


@pytest.fixture(scope="module")
def client():
    app, _, _ = make_fakes(names=("one", "two"))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield client


def predict(client, body, address=PREDICT):
    return client.post(address, content=body if isinstance(body, str | bytes) else json.dumps(body))


@pytest.mark.parametrize(
    "asked, answered",
    [
        ({"instances": [PIXEL, PIXEL]}, {"predictions": [NEGATIVE, NEGATIVE]}),
        ({"instances": [{"images": PIXEL}]}, {"predictions": [NEGATIVE]}),
        ({"inputs": [PIXEL]}, {"outputs": [NEGATIVE]}),
        ({"inputs": {"images": [PIXEL]}}, {"outputs": [NEGATIVE]}),
        ({"signature_name": "serving_default", "inputs": [PIXEL]}, {"outputs": [NEGATIVE]}),
        (
            {"signature_name": "scaled", "instances": [{"images": PIXEL, "scale": [2]}, {"images": PIXEL, "scale": [0.5]}]},
            {"predictions": [{"scaled": [[[2.0, 4.0, 6.0]]], "mean": 4.0}, {"scaled": [[[0.5, 1.0, 1.5]]], "mean": 1.0}]},
        ),
        (
            {"signature_name": "scaled", "inputs": {"images": [PIXEL], "scale": [[-1]]}},
            {"outputs": {"scaled": [[[[-1.0, -2.0, -3.0]]]], "mean": [-2.0]}},
        ),
        ({"signature_name": "shifted", "inputs": {"images": [PIXEL], "by": 0.5}}, {"outputs": [[[[1.5, 2.5, 3.5]]]]}),
        (
            {"signature_name": "serve_bytes", "instances": [{"b64": base64.b64encode(b"abc\xff").decode()}]},
            {"predictions": [{"b64": base64.b64encode(b"\xffcba").decode()}]},
        ),
        (
            {"signature_name": "serve_bytes", "instances": [{"image_bytes": {"b64": "YWI="}}, {"image_bytes": {"b64": "YWJj"}}]},
            {"predictions": [{"b64": "YmE="}, {"b64": "Y2Jh"}]},
        ),
        ({"signature_name": "serve_bytes", "inputs": {"image_bytes": [{"b64": "YWI="}]}}, {"outputs": [{"b64": "YmE="}]}),
    ],
)
def test_rows_and_columns(client, asked, answered):
    response = predict(client, asked)
    assert (response.status_code, response.json()) == (200, answered)


@pytest.mark.parametrize(
    "body, words",
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"inputs": ' + "[" * 500 + "]" * 500 + "}", "must have 4 dimensions"),
        ('{"inputs": NaN}', "NaN"),
        ('{"inputs": [[[[1, 2, -Infinity]]]]}', "-Infinity"),
        ('{"inputs": [[[[1, 2, 1e999]]]]}', "whole numbers"),
        ('{"signature_name": "scaled", "inputs": {"images": [[[[1, 2, 3]]]], "scale": [[1e999]]}}', "must be float32"),
        ('{"signature_name": "scaled", "inputs": {"images": [[[[1, 2, 3]]]], "scale": [[1' + "0" * 400 + "]]}}", "must be float32"),
        ('{"inputs": [[[[1, 2, 1' + "0" * 400 + "]]]]}", "from 0 to 255"),
        ('{"inputs": [[[[1, 2, 1' + "0" * 5000 + "]]]]}", "no JSON"),
        ([], "must be an object"),
        ({}, "either"),
        ({"instances": [PIXEL], "inputs": [PIXEL]}, "either"),
        ({"instances": []}, "one at least"),
        ({"instances": {"images": [PIXEL]}}, "one at least"),
        ({"inputs": []}, "the given shape is [0]"),
        ({"inputs": [[]]}, "the given shape is [1, 0]"),
        ({"inputs": PIXEL}, "the given shape is [1, 1, 3]"),
        ({"inputs": [[[[1, 2]]]]}, "must have the shape [N, H, W, 3]; the given shape is [1, 1, 1, 2]"),
        ({"inputs": [[[[1, 2, 3]], [[1, 2, 3], [4, 5, 6]]]]}, "one length"),
        ({"inputs": [[[[1, 2, 3], 4]]]}, "one length"),
        ({"inputs": [[[4, [1, 2, 3]]]]}, "one length"),
        ({"inputs": [[[[1, 2, 256]]]]}, "from 0 to 255, not 1 to 256"),
        ({"inputs": [[[[1, 2, -1]]]]}, "not -1 to 2"),
        ({"inputs": [[[[1, 2, 0.5]]]]}, "not float"),
        ({"inputs": [[[[1, 2, True]]]]}, "not bool"),
        ({"inputs": [[[[1, 2, None]]]]}, "not NoneType"),
        ({"inputs": [[[[1, 2, "3"]]]]}, "not str"),
        ({"inputs": [[[[1, 2, {"b64": "YQ=="}]]]]}, "not dict"),
        ({"inputs": {"picture": [PIXEL]}}, "the inputs must be images, not picture"),
        ({"inputs": "x" * 1000}, "must have the shape"),
        ({"signature_name": "scaled", "inputs": [PIXEL]}, "images and scale"),
        ({"signature_name": "scaled", "inputs": {"images": [PIXEL, PIXEL], "scale": [[1]]}}, "2 of images and 1 of scale"),
        ({"signature_name": "shifted", "instances": [{"images": PIXEL, "by": 1}]}, 'by is one for all rows: give "inputs"'),
        ({"signature_name": "shifted", "inputs": {"images": [PIXEL], "by": [1]}}, "by must have the shape []; the given shape is [1]"),
        ({"signature_name": "serve_bytes", "instances": [{"b64": "§"}]}, "no base64"),
        ({"signature_name": "serve_bytes", "instances": [{"b64": 5}]}, "must be bytes"),
        ({"signature_name": "serve_bytes", "instances": [17]}, "must be bytes"),
        ({"signature_name": "nothing", "instances": [PIXEL]}, "There are: serving_default, scaled, shifted, serve_bytes"),
        ({"signature_name": ["x"], "instances": [PIXEL]}, "no signature"),
        ({"inputs": [[[[7, 7, 7]]]]}, "no sevens"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(client, body, words):
    response = predict(client, body)
    assert response.status_code == 400 and words in response.json()["error"]
    assert len(response.content) < 600
    assert predict(client, {"inputs": [PIXEL]}).status_code == 200  # the server lives


def test_a_fault_is_an_error_of_the_server_and_says_nothing_of_it(client, caplog):
    response = predict(client, {"inputs": [[[[66, 1, 1]]]]})
    assert response.status_code == 500 and "a fault" in response.json()["error"] and "RuntimeError" not in response.text
    assert "RuntimeError" in caplog.text
    assert predict(client, {"inputs": [PIXEL]}).status_code == 200


@pytest.mark.parametrize("place", ["/v1/models/one", "/v1/models/one/versions/7"])
def test_status_and_metadata(client, place):
    status = {"version": "7", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    assert client.get(place).json() == {"model_version_status": [status]}
    found = client.get(f"{place}/metadata").json()
    assert found["model_spec"] == {"name": "one", "signature_name": "", "version": "7"}
    scaled = found["metadata"]["signature_def"]["signature_def"]["scaled"]
    assert scaled["method_name"] == "tensorflow/serving/predict"
    assert {name: spec["dtype"] for name, spec in scaled["inputs"].items()} == {"images": "DT_UINT8", "scale": "DT_FLOAT"}
    assert [dim["size"] for dim in scaled["outputs"]["scaled"]["tensor_shape"]["dim"]] == ["-1", "-1", "-1", "3"]
    shifted = found["metadata"]["signature_def"]["signature_def"]["shifted"]
    assert shifted["inputs"]["by"]["tensor_shape"] == {"dim": [], "unknown_rank": False}
    assert predict(client, {"inputs": [PIXEL]}, f"{place}:predict").json() == {"outputs": [NEGATIVE]}


@pytest.mark.parametrize(
    "method, address, status",
    [
        ("GET", "/v1/models/three", 404),
        ("GET", "/v1/models/three/metadata", 404),
        ("POST", "/v1/models/three:predict", 404),
        ("GET", "/v1/models/one/versions/8", 404),
        ("POST", "/v1/models/one/versions/x:predict", 404),
        ("POST", "/v1/models/one:classify", 405),
        ("GET", "/v1/models/one:predict", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/translate", 405),
        ("POST", "/translate?model=three", 404),
        ("POST", "/translate", 400),
        ("POST", "/translate?model=one&seed=x", 400),
        ("POST", "/translate?model=one&tile=-1", 400),
    ],
)
def test_addresses_that_are_not_there(client, method, address, status):
    response = client.request(method, address)
    assert response.status_code == status and response.json()["error"]


def test_files_in_and_out(client):
    there = "/translate?model=two&to=photo"
    assert client.post(there, content=b"abc").content == b"cba"
    response = client.post(there, files={"file": ("a.png", b"abc"), "style": ("b.png", b"style")})
    assert (response.content, response.headers["content-type"], response.headers["x-note"]) == (b"cbastyle", "image/png", "photo")
    assert client.post(there, files={"picture": ("a.png", b"abc")}).content == b"cba"
    assert client.post("/sample?model=two&seed=5&label=cat").content == b"5 cat"
    assert client.post("/sample?model=two&truncation=0.5").content == b"0 0.5"


@pytest.mark.parametrize("address, name", [("/translate?model=one&sise=full", "sise"), ("/sample?model=one&to=photo", "to")])
def test_a_mistyped_setting_is_refused(client, address, name):
    response = client.post(address, content=b"abc")
    assert (response.status_code, response.json()["error"].partition(" ")[0]) == (400, f"{name}:")


@pytest.mark.parametrize(
    "body, kind, words",
    [
        (b"", "image/png", "no image"),
        (b"--x\r\n", "multipart/form-data; boundary=x", "no image"),
        (b"junk", "multipart/form-data; boundary=x", "damaged"),
        (b"junk", "multipart/form-data", "damaged"),
        (b'--x\r\nContent-Disposition: form-data; name="to"\r\n\r\nphoto\r\n--x--\r\n', "multipart/form-data; boundary=x", "?to=NAME"),
        (
            b"".join(b'--x\r\nContent-Disposition: form-data; name="%d"; filename="a"\r\n\r\na\r\n' % i for i in range(20)) + b"--x--\r\n",
            "multipart/form-data; boundary=x",
            "more than 8 files",
        ),
    ],
)
def test_damaged_forms(client, body, kind, words):
    response = client.post("/translate?model=one", content=body, headers={"Content-Type": kind})
    assert response.status_code == 400 and words in response.json()["error"]


def test_figures(client):
    client.get("/nothing/of/the/client's/choice")
    text = client.get("/metrics").text
    assert 'tfgan_requests_total{address="/v1/models/{name}:predict",status="200"}' in text
    assert "choice" not in text and 'address="other",status="404"' in text
    assert "tfgan_requests_in_hand 0.0" in text and "tfgan_bytes_in_hand 0.0" in text and "process_resident_memory_bytes" in text
