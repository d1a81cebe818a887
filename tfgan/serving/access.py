"""Who may ask: a name of this machine's loopback, or a token; and no page of another site, by way of a browser on this machine."""

import hmac
import ipaddress
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

OPEN = re.compile(r"/|/upload|/app/[\w.-]+|/healthz|/docs|/docs/assets/[\w.-]+|/openapi\.json")
"""The addresses that need no token: they say nothing of the models."""

LEAST_TOKEN = 16  # characters

SECURE = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; frame-ancestors 'none'",
    ),
)
"""Headers of every response. By the last one, a browser that shows a page of the server asks no other server for anything."""

Scope = dict[str, Any]
App = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class Access(NamedTuple):
    """By what requests are let in.

    Attributes:
        loopback: whether the server listens on this machine alone: then requests must name it so in Host, or another site's name could be
            made to lead here (DNS rebinding).
        token: what `Authorization: Bearer …` must hold; "" for none.
    """

    loopback: bool = True
    token: str = ""


def is_loopback(host: str) -> bool:
    """Whether an address, or a name, is that of this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def host_of(header: str) -> str:
    """The name or address in a Host header, without brackets and port, in lower case."""
    match = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](:\d*)?|([^:\[\]]*)(:\d*)?", header.strip())
    return (match[1] or match[3] or "").lower() if match else ""


class Guard:
    """Refuses what may not ask, before anything of the request is read, and adds the headers of every response.

    Args:
        app: what is asked if nothing speaks against it.
        access: by what requests are let in.
    """

    def __init__(self, app: App, access: Access):
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive, send):
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sent(message):
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", []), *SECURE]}
            await send(message)

        headers = {key.lower(): value for key, value in scope["headers"]}
        status, reason = self._problem(headers, scope["path"])
        if not status:
            await self._app(scope, receive, sent)
            return
        content = json.dumps({"error": reason}).encode()
        extra = [(b"www-authenticate", b"Bearer")] if status == 401 else []
        head = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), *extra]
        await sent({"type": "http.response.start", "status": status, "headers": head})
        await sent({"type": "http.response.body", "body": content})

    def _problem(self, headers: dict[bytes, bytes], path: str) -> tuple[int, str]:
        host = headers.get(b"host", b"").decode("latin-1")
        if self._access.loopback and not is_loopback(host_of(host)):
            return 403, "the server answers to localhost and 127.0.0.1 alone (Host): another name could be another site's."
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin and origin.partition("://")[2].lower() != host.lower():
            return 403, "the request comes from a page of another site (Origin), which may not use this server."
        if self._access.token and not OPEN.fullmatch(path) and not self._knows(headers.get(b"authorization", b"")):
            return 401, "the server asks for its token: Authorization: Bearer TOKEN."
        return 0, ""

    def _knows(self, header: bytes) -> bool:
        kind, _, token = header.partition(b" ")
        return kind.lower() == b"bearer" and hmac.compare_digest(token.strip(), self._access.token.encode())
