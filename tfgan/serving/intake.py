"""Requests on their way in: how many and how large they may be together, and how long they may take to come and to be answered."""

import asyncio
import contextlib
import contextvars
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import create_form_parser
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

from tfgan.serving.batching import Ticket, current
from tfgan.serving.model import BODIES, Limits, Refused

IDLE = 10.0  # seconds between two pieces of a body
THREADS = 2  # for each row of a batch: while one half is in the network, the other is read and written
PARTS = 8  # of a form
AGAIN = "ask again in a moment"

Result = TypeVar("Result")


class Intake:
    """Lets requests in while there is room, reads their bodies, and has threads work on them.

    A request has its place until no thread works on it any more, also if nobody waits for its answer: so what is in memory stays bounded.
    """

    def __init__(self, limits: Limits):
        self.limits = limits
        self.requests = self.bytes = 0  # in hand
        self._threads = ThreadPoolExecutor(THREADS * limits.batch, thread_name_prefix="request")

    def close(self):
        """Waits for the threads."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def handle(self, request: Request, work: Callable[[bytes], Result]) -> Result:
        """What `work` makes of a request's body, in a thread; raises what it raises, or `Refused` if there is no room or no time."""
        with contextlib.ExitStack() as place:
            place.enter_context(self._place())
            body = await self._read(request, place)
            ticket, context = Ticket(self.limits.seconds), contextvars.copy_context()
            context.run(current.set, ticket)
            working, loop = self._threads.submit(context.run, work, body), asyncio.get_running_loop()
            kept = place.pop_all()
            working.add_done_callback(lambda _: _soon(loop, kept.close))
        return await self._wait(request, asyncio.wrap_future(working), ticket)

    async def _wait(self, request: Request, doing: asyncio.Future, ticket: Ticket):
        leaving = asyncio.create_task(_left(request))
        try:
            await asyncio.wait({doing, leaving}, timeout=ticket.seconds, return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                return doing.result()
            ticket.left = True
            doing.cancel()  # one that no thread has begun; the others see their ticket
            asyncio.gather(doing, return_exceptions=True)  # what it raises is nobody's any more
            if leaving.done():
                raise ClientDisconnect
            raise Refused(504, f"the answer took longer than {ticket.seconds:g} seconds (--timeout): {AGAIN}, or for less.")
        finally:
            leaving.cancel()

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        if self.requests >= self.limits.queue:
            raise Refused(429, f"{self.requests} requests are in hand, as many as there may be (--queue): {AGAIN}.")
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1

    async def _read(self, request: Request, place: contextlib.ExitStack) -> bytes:
        """The body of a request, whose bytes count until `place` is left."""
        claimed = request.headers.get("content-length", "0")
        if int(claimed) > self.limits.bytes:  # a server lets no header in here that is no number
            raise self._too_large(f"{int(claimed):,}")
        body = bytearray()
        try:
            async with asyncio.timeout(self.limits.seconds):
                stream = aiter(request.stream())
                while (piece := await asyncio.wait_for(anext(stream, None), IDLE)) is not None:
                    self._take(len(piece), place)
                    body += piece
                    if len(body) > self.limits.bytes:
                        raise self._too_large(f"more than {self.limits.bytes:,}")
        except TimeoutError:
            raise Refused(408, f"the body did not come in {self.limits.seconds:g} seconds, or paused for {IDLE:g}.") from None
        return bytes(body)

    def _take(self, count: int, place: contextlib.ExitStack):
        if self.bytes + count > BODIES * self.limits.bytes:
            raise Refused(429, f"the bodies of all requests in hand have {BODIES * self.limits.bytes:,} bytes, the most: {AGAIN}.")
        self.bytes += count
        place.callback(self._give, count)

    def _give(self, count: int):
        self.bytes -= count

    def _too_large(self, found: str) -> Refused:
        return Refused(413, f"the body has {found} bytes, and {self.limits.bytes:,} are the most (--max_bytes).")


def _soon(loop: asyncio.AbstractEventLoop, call: Callable[[], None]):
    with contextlib.suppress(RuntimeError):  # the loop has ended: nobody counts any more
        loop.call_soon_threadsafe(call)


async def _left(request: Request):
    """Returns when the client has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def files_of(body: bytes, headers: Headers) -> dict[str, bytes]:
    """The files of a request by the names of their fields; a body that is no form is the one called "file".

    Raises:
        Refused: a form that is damaged, or has more parts than are known, or fields that are no files.
    """
    if not headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return {"file": body} if body else {}
    found: dict[str, bytes] = {}

    def take(file):
        if len(found) == PARTS:
            raise Refused(400, f"the form has more than {PARTS} files.")
        file.file_object.seek(0)
        found[(file.field_name or b"").decode("utf-8", "replace")] = file.file_object.read()

    def refuse(field):
        name = (field.field_name or b"").decode("utf-8", "replace")[:80]
        raise Refused(400, f"the form's field {name!r} is no file: settings stand in the address, such as ?to=NAME.")

    try:
        given = {"Content-Type": headers["content-type"].encode("latin-1")}
        parser = create_form_parser(given, refuse, take, config={"MAX_MEMORY_FILE_SIZE": len(body) + 1})  # none goes to the disk
        parser.write(body)
        parser.finalize()
        parser.close()
    except (FormParserError, ValueError) as error:  # the latter without a boundary
        raise Refused(400, f"the form is damaged: {str(error)[:200]}.") from None
    return found
