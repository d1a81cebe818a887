"""Who may ask, and that no page of the server asks another one."""

import re

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("httpx2", reason="starlette's client needs it")
from fake_model import make_fakes
from starlette.testclient import TestClient

from tfgan.serving.access import Access, host_of, is_loopback
from tfgan.serving.page import upload_page

TOKEN = "a-token-of-the-tests"
NEED_TOKEN = ["/models", "/metrics", "/v1/models/one", "/v1/models/one/metadata", "/docs/assets/../../models", "/app/../models", "/nothing",
              "/app/one/record.json", "/app/one/examples.bin", "/app/one/run/mixed", "/app/one/"]  # fmt: skip


def client(access, host="http://localhost"):
    return TestClient(make_fakes(access=access)[0], base_url=host)


@pytest.mark.parametrize(
    "host, status",
    [
        *(("localhost:8501", 200), ("127.0.0.1", 200), ("127.0.0.2:80", 200), ("[::1]:8501", 200), ("LOCALHOST", 200)),
        *(("evil.example", 403), ("localhost.evil.example", 403), ("127.0.0.1.evil.example", 403), ("evil.example:8501", 403)),
        *(("", 403), ("[::1].evil", 403), ("192.168.0.5:8501", 403), ("localhost:8501@evil.example", 403), ("0.0.0.0", 403)),
    ],
)
def test_a_server_of_this_machine_answers_to_its_own_names(host, status):
    assert client(Access()).get("/models", headers={"Host": host}).status_code == status


def test_other_sites_pages_are_refused_and_own_ones_are_not():
    own = client(Access(), "http://localhost:8501")
    assert own.get("/models", headers={"Origin": "http://localhost:8501"}).status_code == 200
    for origin in ("http://evil.example", "null", "http://localhost:9999", "http://localhost"):
        response = own.post("/v1/models/one:predict", content="{}", headers={"Origin": origin})
        assert response.status_code == 403 and "access-control-allow-origin" not in response.headers


def test_the_token_is_asked_for_by_all_that_tells_of_models():
    asked = client(Access(False, TOKEN), "http://example.org")
    for address in NEED_TOKEN:
        response = asked.get(address)
        assert (response.status_code, response.headers.get("www-authenticate")) == (401, "Bearer"), address
    for given in (f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", "Bearer ", TOKEN, f"Basic {TOKEN}", "Bearer \xe9"):
        assert asked.get("/models", headers={"Authorization": given.encode("latin-1")}).status_code == 401
    assert asked.get("/models", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200
    assert asked.post("/translate", content=b"ab", headers={"Authorization": f"Bearer {TOKEN}"}).content == b"ba"
    assert asked.get("/openapi.json").json()["components"]["securitySchemes"]  # so that the page of the addresses can send it
    for address in ("/", "/upload", "/app/one", "/app/nothing", "/healthz", "/docs", "/openapi.json", "/docs/assets/swagger-ui.css"):
        assert asked.get(address).status_code == 200, address


def test_headers_of_every_answer():
    for response in (client(Access()).get("/"), client(Access()).get("/nothing"), client(Access()).get("/", headers={"Host": "x"})):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in response.headers["content-security-policy"]


def test_pages_load_nothing_from_elsewhere():
    asked = client(Access())
    docs = asked.get("/docs").text
    found = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']+)""", docs)
    assert len(found) >= 4 and all(address.startswith("/") for address in found)
    for address in found:
        assert asked.get(address).status_code == 200
    assert not re.findall(r"https?://", upload_page().decode())


def test_the_page_is_what_the_application_was_given():
    asked = client(Access())
    assert asked.get("/").text == asked.get("/upload").text == "<p>a page</p>" and asked.get("/app/one").text == "<p>a model's page</p>"


@pytest.mark.parametrize(
    "header, host", [("a:1", "a"), ("A", "a"), ("[::1]:5", "::1"), ("::1", ""), ("a:b", ""), ("a:1:2", ""), ("", ""), ("[x", "")]
)
def test_host_of(header, host):
    assert host_of(header) == host


def test_loopback():
    assert [is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "localhost")] == [True] * 5
    assert [is_loopback(host) for host in ("0.0.0.0", "::", "192.168.1.1", "example.org", "")] == [False] * 5
