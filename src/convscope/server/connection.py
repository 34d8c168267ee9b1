"""Connections, bounded in number and in what they hold: h11 reads requests and writes responses, each step within its time.

asyncio's streams hold back a client that sends too fast, and wait for one that reads too slowly.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any, cast

import h11

from .address import client_of
from .http_errors import LONG_HEADERS, HTTPError, Response
from .limits import MEGABYTE, Limits

LOGGER = logging.getLogger("convscope.server")

PIECE = 64 * 1024
"""Bytes read or sent at a time, which bounds the memory that a slow client costs."""
MOST_DISCARDED = 64 * MEGABYTE
"""Bytes read and discarded after a response; beyond them the connection is aborted."""
EMPTY_LINES = re.compile(rb"(?:\r?\n){0,8}")
"""Before a request, as some clients send them after a body (RFC 9112, section 2.2); what has more of them is none."""
Answer = Callable[[h11.Request, "Connection"], Awaitable[Response]]
NO_HTTP = "the request is not valid HTTP/1.1. Use an HTTP client."
TOO_MANY = HTTPError(503, "too many connections are open. Retry in a second.")
TOO_LARGE = "the images of too many clients are pending. Retry in a second."


class Connections:
    """All open connections, the least recently active first. Where there is too much of them, one gives way."""

    is_stopping: bool = False

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: dict[Connection, None] = {}
        self._shares: Counter[str] = Counter()
        self._large = asyncio.Lock()

    def admit(self, new: Connection) -> bool:
        """Add a connection; if there are too many, another one gives way. Return False if none can.

        First of all one that was not answered before, of whoever has the most connections.
        """
        if len(self._open) >= self.limits.most_connections:
            if (least := self._least_needed()) is None:
                return False
            least.give_way(TOO_MANY)
        self._add(new)
        return True

    def _least_needed(self) -> Connection | None:
        most = max(self._shares.values())

        def rank(each: Connection) -> tuple[bool, int]:
            return each.is_known, -self._shares[each.client]

        def waiting() -> Iterator[Connection]:
            return (each for each in self._open if not each.is_computing)

        # The first is nearly always one; in a flood of connections, time matters.
        return next((each for each in waiting() if rank(each) == (False, -most)), None) or min(
            waiting(), key=rank, default=None
        )

    def assign(self, connection: Connection, client: str) -> None:
        """Count a connection as that of ``client`` from now on."""
        if client != connection.client and connection in self._open:
            self.remove(connection)
            connection.client = client
            self._add(connection)

    def touch(self, connection: Connection) -> None:
        """Note that it is active now."""
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def _add(self, connection: Connection) -> None:
        self._open[connection] = None
        self._shares[connection.client] += 1

    def remove(self, connection: Connection) -> None:
        if connection in self._open:
            del self._open[connection]
            self._shares[connection.client] -= 1
            if not self._shares[connection.client]:
                del self._shares[connection.client]

    async def make_room(self, growing: Connection, arrived: int) -> None:
        """Let others give way until all bodies fit, and slow down a large one.

        First of all the largest unfinished body of the client that holds the most. Raises HTTPError if that is ``growing``.
        """
        while sum(each.held for each in self._open) > self.limits.body_memory:
            shares: Counter[str] = Counter()
            for each in self._open:
                shares[each.client] += each.held
            unfinished = (each for each in self._open if each.held and not each.is_computing)
            most = max(unfinished, key=lambda each: (shares[each.client], each.held))
            if most is growing:
                raise HTTPError(503, TOO_LARGE)
            most.give_way(HTTPError(503, TOO_LARGE))
        if growing.held > MEGABYTE:  # to leave the processor to small ones
            async with self._large:
                await asyncio.sleep(arrived / self.limits.large_body_rate)

    async def finish(self) -> None:
        """Let requests be answered that have begun, for a limited time, and close all connections."""
        self.is_stopping = True
        for each in self._open:
            if each.is_idle:
                each.task.cancel()
        try:
            if self._open:
                await asyncio.wait([each.task for each in self._open], timeout=self.limits.finish_seconds)
        finally:
            for each in tuple(self._open):
                each.give_way(HTTPError(503, "the service is stopping. Retry later."))


class Connection:
    """One connection, whose requests are answered one after another."""

    client: str
    """Whose request it is: the address of the other end, or what a trusted proxy there says."""
    is_known: bool = False
    """Whether it has made a request that was allowed."""
    is_computing: bool = False
    """Whether the service works on its request, for a client that is there as far as anybody knows."""
    held: int = 0
    """Bytes of its request's body that have arrived."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connections: Connections, answer: Answer
    ) -> None:
        self._reader, self._writer, self._all, self._answer = reader, writer, connections, answer
        self._limits = connections.limits
        self._begin()
        self._after_headers: Any = h11.NEED_DATA
        self.task: asyncio.Task[Any] = cast("asyncio.Task[Any]", asyncio.current_task())
        self.peer: str = (writer.get_extra_info("peername") or ("",))[0]
        self.client = client_of(self.peer)

    async def serve(self) -> None:
        """Answer requests until the client leaves or is too slow, or the connection gives way."""
        self._writer.transport.set_write_buffer_limits(0)  # what is drained has gone to the system
        try:
            if not self._all.admit(self):
                self.refuse(TOO_MANY)
                return
            while await self._answer_one():
                await asyncio.sleep(0)  # who sends many requests at once waits for the others after each
                async with asyncio.timeout(self._limits.idle_seconds):
                    while not self._http.trailing_data[0]:
                        await self._read()
        except (EOFError, OSError, asyncio.CancelledError):
            pass
        finally:
            self._all.remove(self)
            self._writer.transport.abort()

    def assign(self, client: str) -> None:
        """Note whose request it is."""
        self._all.assign(self, client)

    def give_way(self, refusal: HTTPError) -> None:
        """Close at once."""
        self.refuse(refusal)
        self._all.remove(self)
        self.task.cancel()

    def refuse(self, refusal: HTTPError) -> None:
        """Send a sentence, unless a response has begun."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._writer.write(refusal.closing)

    @property
    def is_idle(self) -> bool:
        """Whether no request is answered."""
        return self._http.our_state is h11.IDLE

    async def body(self, size: int) -> bytes:
        """Return the body of the request, ``size`` bytes, which count as held until the response is known."""
        content = bytearray()
        try:
            async with asyncio.timeout(self._limits.body_seconds):
                if self._http.they_are_waiting_for_100_continue:
                    self._writer.write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
                event = self._after_headers
                while not isinstance(event, h11.EndOfMessage):
                    if isinstance(event, h11.Data):
                        content += event.data
                        self.held = len(content)
                        await self._all.make_room(self, len(event.data))
                    event = await self._event()
        except TimeoutError:
            raise HTTPError(
                408,
                f"only {len(content):,} of {size:,} bytes arrived within {self._limits.body_seconds:g} seconds. Send a "
                "smaller image file, or retry.",
            ) from None
        return bytes(content)

    @contextlib.asynccontextmanager
    async def computing(self) -> AsyncIterator[None]:
        """While the block runs, the connection does not give way; the block is cancelled if the connection breaks.

        A client that has ended its own side may wait for the response or have left, so it gets one unless it has to give way.
        """

        async def watch() -> None:
            try:
                await self._read()  # the beginning of another request
            except EOFError:
                self.is_computing = False
            except OSError:
                self.task.cancel()

        self.is_computing, watching = True, asyncio.create_task(watch())
        try:
            yield
        finally:
            self.is_computing = False
            watching.cancel()
            await asyncio.wait([watching])

    async def _answer_one(self) -> bool:
        """Answer a request, and return whether another may follow."""
        method = b""
        try:
            request = await self._request()
            method = request.method
            async with asyncio.timeout(self._limits.answer_seconds):
                response = await self._answer(request, self)
        except HTTPError as refusal:
            response = refusal.response
        except h11.RemoteProtocolError as error:
            is_long = error.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            sentence = LONG_HEADERS.format(largest=self._limits.largest_header)
            response = (HTTPError(431, sentence) if is_long else HTTPError(400, NO_HTTP)).response
        except TimeoutError:
            response = HTTPError(503, "the service is too busy to answer in time. Retry later.").response
        except (EOFError, OSError):
            raise
        except Exception:
            LOGGER.exception("a request failed because of a bug in convscope")
            response = HTTPError(500, "the service failed because of a bug in convscope. Its log says more.").response
        self.held = 0
        async with asyncio.timeout(self._limits.send_seconds):
            for piece in self._pieces(response, has_body=method != b"HEAD"):
                self._writer.write(piece)
                await self._writer.drain()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._begin(self._http.trailing_data[0])
            return True
        await self._discard()
        return False

    async def _request(self) -> h11.Request:
        """Return the next request, once its headers have arrived."""
        try:
            async with asyncio.timeout(self._limits.header_seconds):
                request: h11.Request = await self._event()
        except TimeoutError:
            seconds = self._limits.header_seconds
            raise HTTPError(408, f"the request's headers did not arrive within {seconds:g} seconds. Retry.") from None
        self._after_headers = self._http.next_event()  # the end, where there is no body
        return request

    async def _event(self) -> Any:
        """Return the next event of HTTP that is complete."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            await self._read()
        return event

    async def _read(self) -> None:
        """Let h11 have what arrives next. Raises EOFError when the client leaves."""
        if not (data := await self._reader.read(PIECE)):
            raise EOFError
        self._receive(data)
        self._all.touch(self)

    def _begin(self, data: bytes = b"") -> None:
        """Wait for a request, of which ``data`` have arrived."""
        self._http, self._empty_lines = h11.Connection(h11.SERVER, self._limits.largest_header), b""
        self._receive(data)

    def _receive(self, data: bytes) -> None:
        """Let h11 have ``data``, without empty lines before a request."""
        if self._http.their_state is h11.IDLE and not self._http.trailing_data[0]:
            data = self._empty_lines + data
            rest = EMPTY_LINES.sub(b"", data, count=1)
            self._empty_lines, data = (data, b"") if rest in (b"", b"\r") else (b"", rest)
        if data:
            self._http.receive_data(data)

    def _pieces(self, response: Response, *, has_body: bool = True) -> Iterator[bytes]:
        """Yield the bytes of a response; it closes the connection where part of the request is unread."""
        closes = self._all.is_stopping or self._http.their_state not in (h11.DONE, h11.MUST_CLOSE)
        return response.pieces(self._http, PIECE, close=closes, has_body=has_body)

    async def _discard(self) -> None:
        """Discard what the client still sends, or it might never see the response (RFC 9112, section 9.6)."""
        self._writer.write_eof()
        discarded = 0
        async with asyncio.timeout(self._limits.linger_seconds):
            while discarded < MOST_DISCARDED and (data := await self._reader.read(PIECE)):
                discarded += len(data)
