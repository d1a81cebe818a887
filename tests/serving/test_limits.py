"""What a request may take, and what becomes of those that wait: room, time, and calls that are merged."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("httpx2", reason="starlette's client needs it")
from fake_model import make_fakes
from starlette.testclient import TestClient

from tfgan.serving import tensors
from tfgan.serving.batching import Batcher, Ticket, current
from tfgan.serving.model import BODIES, Function, Limits, Refused

PREDICT = "/v1/models/one:predict"


def body(value=1, size=1):
    return json.dumps({"inputs": [[[[value] * 3] * size] * size]})


@pytest.fixture
def serve():
    """(**limits) -> a client, the server, and its model."""
    entered = []

    def make(**limits):
        app, server, model = make_fakes(Limits(**limits))
        client = TestClient(app, base_url="http://localhost")
        entered.append(client.__enter__())
        return client, server, model

    yield make
    for client in entered:
        client.__exit__(None, None, None)


def eventually(test):
    for _ in range(200):
        if test():
            return True
        time.sleep(0.01)
    return False


def test_bodies_are_bounded_by_what_they_claim_and_by_what_they_are(serve):
    client, server, model = serve(bytes=1000)
    claimed = client.post(PREDICT, content=b"x" * 1001)
    chunked = client.post(PREDICT, content=(b"x" * 400 for _ in range(3)))
    for response in (claimed, chunked):
        assert response.status_code == 413 and "1,000 are the most (--max_bytes)" in response.json()["error"]
    assert client.post(PREDICT, content=body()).status_code == 200
    assert eventually(lambda: server.intake.requests == server.intake.bytes == 0)


def test_all_bodies_together_are_bounded(serve):
    client, server, _ = serve(bytes=1000)
    server.intake.bytes = BODIES * 1000 - 10
    assert client.post(PREDICT, content=body()).status_code == 429
    assert server.intake.bytes == BODIES * 1000 - 10  # what was taken of it is given back


def test_pixels_are_bounded(serve):
    client, _, model = serve(pixels=16)
    assert client.post(PREDICT, content=body(size=4)).status_code == 200
    response = client.post(PREDICT, content=body(size=5))
    assert response.status_code == 413 and "25 pixels, and 16 are the most (--max_pixels)" in response.json()["error"]
    assert model.calls == [(1, 4, 4, 3)]


def test_a_full_queue_asks_to_come_again(serve):
    client, server, model = serve(queue=2)
    model.open.clear()
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(client.post, PREDICT, content=body()) for _ in range(2)]
        assert eventually(lambda: server.intake.requests == 2)
        response = client.post(PREDICT, content=body())
        assert response.status_code == 429 and response.headers["retry-after"] and "--queue" in response.json()["error"]
        model.open.set()
        assert [future.result().status_code for future in held] == [200, 200]
    assert eventually(lambda: server.intake.requests == 0)
    assert client.post(PREDICT, content=body()).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up_and_never_begun_if_it_waits(serve):
    client, server, model = serve(seconds=0.2)
    model.open.clear()
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(client.post, PREDICT, content=body(1))
        assert model.entered.wait(5)
        waiting = client.post(PREDICT, content=body(2, size=2))
        assert waiting.status_code == 504 and "--timeout" in waiting.json()["error"]
        assert running.result().status_code == 504
        assert server.intake.requests == 2  # both have their place until no thread works on them
        model.open.set()
    assert eventually(lambda: server.intake.requests == 0)
    assert model.calls == [(1, 1, 1, 3)]
    assert client.post(PREDICT, content=body()).status_code == 200


def test_one_body_at_a_time_is_read_as_json(serve, monkeypatch):
    """Objects of Python's take many times the memory of the JSON: those of all requests in hand together would be gigabytes."""
    client, _, _ = serve()
    together, most, parse = [0], [0], tensors.parse

    def slow(body):
        together[0] += 1
        most[0] = max(*most, *together)
        time.sleep(0.05)
        together[0] -= 1
        return parse(body)

    monkeypatch.setattr(tensors, "parse", slow)
    with ThreadPoolExecutor(4) as pool:
        assert {found.status_code for found in pool.map(lambda value: client.post(PREDICT, content=body(value)), range(4))} == {200}
    assert most == [1]


def test_nothing_of_a_refused_body_is_kept(serve):
    _, server, model = serve()
    with pytest.raises(Refused) as caught:
        server.predict(model, b'{"inputs": [{}, {}, {}]}')
    traceback, held = caught.tb, []
    while traceback:
        held.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    assert held[-1] == "predict"  # no frame of what reads the body, whose lists are many times as large


def test_waiting_calls_of_one_shape_become_one(serve):
    client, _, model = serve(batch=3)
    model.open.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(client.post, PREDICT, content=body(100, size=3))
        assert model.entered.wait(5)
        others = [pool.submit(client.post, PREDICT, content=body(value, size=2)) for value in range(1, 6)]
        assert eventually(lambda: len(model.batcher) == 5)
        model.open.set()
        assert first.result().status_code == 200
        for value, future in zip(range(1, 6), others):
            assert future.result().json()["outputs"][0][0][0] == [255 - value] * 3  # each its own
    assert sorted(model.calls) == [(1, 3, 3, 3), (2, 2, 2, 3), (3, 2, 2, 3)]
    assert "tfgan_merged_requests_total 5.0" in client.get("/metrics").text


def test_a_refused_row_does_not_answer_for_the_others(serve):
    client, _, model = serve()
    model.open.clear()
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(client.post, PREDICT, content=body(100, size=3))
        assert model.entered.wait(5)
        others = [pool.submit(client.post, PREDICT, content=body(value, size=2)) for value in (1, 7, 2)]
        assert eventually(lambda: len(model.batcher) == 3)
        model.open.set()
        assert first.result().status_code == 200
        assert [future.result().status_code for future in others] == [200, 400, 200]


def test_merged_calls_are_bounded_by_pixels():
    shapes, gate, entered = [], threading.Event(), threading.Event()

    def run(images):
        entered.set()
        gate.wait(5)
        shapes.append(images.shape[:2])
        return [images]

    function = Function((), (), run, lambda arrays: int(np.prod(arrays[0].shape[:3])))
    batcher = Batcher(Limits(pixels=10, batch=100))
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(batcher.run, function, [np.zeros([1, 2, 2, 3])])]
        assert entered.wait(5)
        asked += [pool.submit(batcher.run, function, [np.zeros([1, 2, 2, 3])]) for _ in range(4)]
        assert eventually(lambda: len(batcher) == 4)
        gate.set()
        assert all(future.result()[0].shape == (1, 2, 2, 3) for future in asked)
    batcher.close()
    assert shapes == [(1, 2), (2, 2), (2, 2)]
    with pytest.raises(Refused, match="ends"):
        batcher.run(function, [np.zeros([1, 2, 2, 3])])


def test_a_request_whose_client_left_is_not_begun():
    ran = []
    function = Function((), (), lambda x: ran.append(1) or [x], lambda arrays: 1)
    batcher, ticket = Batcher(Limits()), Ticket(60)
    ticket.left = True
    token = current.set(ticket)
    try:
        with pytest.raises(Refused):
            batcher.run(function, [np.zeros([1])])
    finally:
        current.reset(token)
        batcher.close()
    assert not ran
