"""The server on a real socket: slow clients, clients that leave, and an end that finishes what runs."""

import contextlib
import http.client
import json
import socket
import threading
import time

import pytest

pytest.importorskip("uvicorn", reason="needs the extra serve")
from fake_model import make_fakes

from tfgan.serving import intake, server
from tfgan.serving.model import Limits

BODY = json.dumps({"inputs": [[[[1, 2, 3]]]]}).encode()
PREDICT = b"POST /v1/models/one:predict HTTP/1.1\r\nHost: localhost\r\n"
HEAD = PREDICT + b"Content-Length: %d\r\n\r\n" % len(BODY)


class Running:
    """A server of a fake in a thread."""

    def __init__(self, **limits):
        app, self.server, self.model = make_fakes(Limits(**limits))
        self.uvicorn = server.make_server(app, self.server.limits.seconds)
        self.socket = server.listen("127.0.0.1", 0)
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.uvicorn.run, kwargs={"sockets": [self.socket]})
        self.thread.start()

    def ask(self, body=BODY):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", "/v1/models/one:predict", body, {"Host": "localhost"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())

    def connect(self, data):
        found = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        found.sendall(data)
        return found


@pytest.fixture
def running(monkeypatch):
    """(**limits) -> a server whose patience is short."""
    monkeypatch.setattr(server, "HEADERS", 0.3)
    monkeypatch.setattr(server, "IDLE", 1)
    monkeypatch.setattr(intake, "IDLE", 0.3)
    started = []

    def start(**limits):
        started.append(Running(**limits))
        return started[-1]

    yield start
    for one in started:
        one.model.open.set()
        one.uvicorn.should_exit = True
        one.thread.join(10)
        assert not one.thread.is_alive()


def read_all(connection):
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            found += piece
    return found


def test_headers_that_do_not_come(running):
    one, began = running(), time.monotonic()
    for connection in [one.connect(data) for data in (b"", b"GET / HT", PREDICT, PREDICT + b"X-Slow: a")]:
        assert b"408" in read_all(connection).split(b"\r\n")[0] and time.monotonic() - began < 5
    assert one.ask()[0] == 200


def test_headers_of_a_second_request_that_do_not_come(running):
    one = running()
    connection = one.connect(HEAD + BODY)
    assert b" 200 " in connection.recv(65536)
    connection.sendall(b"GET /heal")
    assert b"408" in read_all(connection).split(b"\r\n")[0]


def test_a_body_that_does_not_come(running):
    one = running()
    answer = read_all(one.connect(HEAD + BODY[:5]))
    assert b"408" in answer.split(b"\r\n")[0] and b"did not come" in answer
    assert one.ask()[0] == 200 and one.server.intake.requests == 0


NO_REQUESTS = [
    b"\x00\xff" * 50 + b"\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    PREDICT + b"Content-Length: -5\r\n\r\n",
    PREDICT + b"Content-Length: x\r\n\r\n",
    PREDICT + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
    PREDICT + b"Content-Length: 99999999999999999999\r\n\r\n",
    PREDICT + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"GET /v1/models/%ff%00%2e HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /models HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n",
]


def test_requests_that_are_none(running):
    one = running()
    for data in NO_REQUESTS:
        status = read_all(one.connect(data)).split(b"\r\n")[0]
        assert status == b"" or status.split()[1][:1] == b"4", (data[:80], status)
        assert one.ask()[0] == 200


def test_a_client_that_leaves_frees_its_place(running):
    one = running(queue=2)
    one.model.open.clear()
    first = one.connect(HEAD + BODY)
    assert one.model.entered.wait(5)
    second = one.connect(HEAD + BODY.replace(b"1, 2", b"9, 9"))
    while len(one.model.batcher) < 1:
        time.sleep(0.01)
    second.close()
    first.close()
    time.sleep(0.3)
    one.model.open.set()
    until = time.monotonic() + 5
    while one.server.intake.requests and time.monotonic() < until:
        time.sleep(0.01)
    assert one.ask()[0] == 200
    assert one.model.calls == [(1, 1, 1, 3), (1, 1, 1, 3)]  # what had begun, and the last one


def test_a_client_that_does_not_read_is_cut(running, monkeypatch):
    monkeypatch.setattr(server, "GRACE", 0.3)
    one = running(seconds=0.3)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(10)
    connection.connect(("127.0.0.1", one.port))
    large = json.dumps({"inputs": [[[[1, 2, 3]] * 750] * 750]}).encode()
    connection.sendall(PREDICT + b"Content-Length: %d\r\n\r\n" % len(large) + large)
    time.sleep(1.5)
    assert len(read_all(connection)) < len(large) and not one.uvicorn.server_state.connections


def test_the_end_finishes_what_runs(running):
    one = running()
    one.model.open.clear()
    found = []
    asking = threading.Thread(target=lambda: found.append(one.ask()))
    asking.start()
    assert one.model.entered.wait(5)
    one.uvicorn.handle_exit(15, None)
    time.sleep(0.5)
    assert one.thread.is_alive()
    with pytest.raises(ConnectionError):
        one.ask()
    one.model.open.set()
    asking.join(10)
    one.thread.join(10)
    assert found == [(200, {"outputs": [[[[254, 253, 252]]]]})] and not one.thread.is_alive()
