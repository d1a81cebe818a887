"""What Prometheus is told: requests, times, batches, what waits, and what the process takes."""

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128)
KIND = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """The figures of one server, which no other server of the process shares."""

    def __init__(self):
        self._registry = CollectorRegistry()
        self._requests = Counter("tfgan_requests", "Requests by address and status.", ["address", "status"], registry=self._registry)
        self._seconds = Histogram(
            "tfgan_request_seconds",
            "From a request's headers to the end of its answer.",
            ["address"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self._calls = Histogram("tfgan_call_seconds", "A call of a network, of all its rows.", buckets=SECONDS, registry=self._registry)
        self._rows = Histogram("tfgan_call_rows", "Rows of a call of a network.", buckets=ROWS, registry=self._registry)
        self._merged = Counter("tfgan_merged_requests", "Requests whose call was merged with another's.", registry=self._registry)
        self._waiting = Gauge("tfgan_waiting_calls", "Calls that wait for the networks.", registry=self._registry)
        self._in_hand = Gauge("tfgan_requests_in_hand", "Requests that are read, waited for or answered.", registry=self._registry)
        self._bytes = Gauge("tfgan_bytes_in_hand", "Bytes of the bodies of these requests.", registry=self._registry)
        ProcessCollector(registry=self._registry)

    def saw_request(self, address: str, status: int, seconds: float):
        """Counts a request that was answered.

        Args:
            address: the route's pattern, never what a client wrote, as each text makes a new row.
        """
        self._requests.labels(address, str(status)).inc()
        self._seconds.labels(address).observe(seconds)

    def saw_call(self, rows: int, requests: int, seconds: float):
        """Counts a call of a network, of the rows of one request or of several."""
        self._calls.observe(seconds)
        self._rows.observe(rows)
        if requests > 1:
            self._merged.inc(requests)

    def text(self, waiting: int, in_hand: int, held: int) -> bytes:
        """All figures as Prometheus reads them."""
        self._waiting.set(waiting)
        self._in_hand.set(in_hand)
        self._bytes.set(held)
        return generate_latest(self._registry)


class Counting:
    """Counts each request of an application, also those that nobody answered for.

    Args:
        app: the application, as ASGI has it.
        metrics: what counts.
    """

    def __init__(self, app, metrics: Metrics):
        self._app, self._metrics = app, metrics

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sent(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            address = getattr(scope.get("route"), "path", "") or "other"
            self._metrics.saw_request(address, status, time.perf_counter() - began)
