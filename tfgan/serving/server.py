"""The server itself: uvicorn, with time limits for slow clients, and an end that finishes what runs."""

import contextlib
import signal
import socket
import threading
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADERS = 10.0  # seconds for the headers of a request to come
IDLE = 5  # seconds that a connection may stay open between two requests
GRACE = 10.0  # seconds beyond both time limits of a request
CONNECTIONS = 512
SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
REASON = b'{"error": "the headers of the request did not come in %d seconds."}' % HEADERS


class Patient(H11Protocol):
    """A connection that is cut when its client is too slow: uvicorn by itself waits for headers, and for a client that reads, for ever.

    Attributes:
        seconds: from the headers of a request to the end of its answer.
    """

    seconds = 60.0

    def connection_made(self, transport):
        self._timer, self._busy = None, False
        super().connection_made(transport)
        self._wait(HEADERS, self._headers_late)

    def data_received(self, data: bytes):
        super().data_received(data)
        self._look()

    def on_response_complete(self):
        super().on_response_complete()
        self._busy = False
        self._wait(IDLE + HEADERS, self._headers_late)
        self._look()  # a request that came before the last one was answered

    def connection_lost(self, exc):
        if self._timer:
            self._timer.cancel()
        super().connection_lost(exc)

    def _look(self):
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy and not self._busy:
            self._busy = True
            self._wait(self.seconds, self.transport.abort)

    def _wait(self, seconds: float, then):
        if self._timer:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, then)

    def _headers_late(self):
        if not self.transport.is_closing():
            self.transport.write(SLOW % (len(REASON), REASON))
            self.transport.close()


class Serving(uvicorn.Server):
    """A server that ends by SIGTERM or Ctrl-C once the requests in hand are answered, by a second one at once, and leaves it to its caller
    what the process does then: uvicorn would raise the signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        earlier = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in earlier.items():
                signal.signal(number, handler)

    def handle_exit(self, sig, frame):
        self.force_exit = self.should_exit
        self.should_exit = True


def make_server(app: FastAPI, seconds: float) -> Serving:
    """A server of an application, which `run(sockets=[…])` runs until it is told to end.

    Args:
        app: the application.
        seconds: that a body may take to come, and as long again its answer.
    """

    def protocol(*args, **named):
        connection = Patient(*args, **named)
        connection.seconds = 2 * seconds + GRACE
        return connection

    config = uvicorn.Config(
        app,
        http=protocol,  # type: ignore[arg-type]  # what it calls with the arguments of a protocol's class
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=int(2 * seconds + GRACE),
    )
    return Serving(config)


def listen(host: str, port: int) -> socket.socket:
    """A socket on an address and port, 0 for a free one. Raises `OSError` where it is taken, or is not this machine's."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError:
        found.close()
        raise
    found.listen(128)
    return found
