"""Connections: bounded in number and in time, whoever holds them.

uvicorn waits forever for a request that starts and does not end, and for a client that reads nothing; it answers a malformed
request in plain text, and closes a connection while the client still sends, which may lose the response. So a
:class:`Connection` stands between the event loop and uvicorn's protocol: to the one it is a protocol, to the other a
transport, and it uses nothing of either but what asyncio documents.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import h11

from .address import client_of
from .http_errors import LONG_HEADERS, HTTPError
from .limits import MEGABYTE, Limits
from .request_body import Headers

MOST_DISCARDED = 64 * MEGABYTE
"""Bytes read and discarded after a refusal; beyond them the connection is aborted."""
CURRENT: ContextVar[Connection] = ContextVar("connection")
"""The connection of the request that a task answers."""
NO_HTTP = "the request is not valid HTTP/1.1. Use an HTTP client."
TOO_MANY = HTTPError(503, "too many connections are open. Retry in a second.").response.raw()


class Connections:
    """All open connections, the least recently active first."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._open: dict[Connection, None] = {}
        self._shares: Counter[str] = Counter()

    def admit(self, new: Connection) -> bool:
        """Add a connection; if there are too many, another one gives way. Return False if none can."""
        if len(self._open) >= self.limits.most_connections:
            if (found := self._dispensable()) is None:
                return False
            self.remove(found)
            found.give_way()
        self._open[new] = None
        self._shares[new.client] += 1
        return True

    def _dispensable(self) -> Connection | None:
        """Return one that was not answered before rather than one that was; of both, one of whoever has the most connections."""
        most = max(self._shares.values())
        waiting = (each for each in self._open if not each.is_computing)
        # The first is nearly always one; in a flood of connections, time matters.
        return next((each for each in waiting if not each.is_known and self._shares[each.client] == most), None) or min(
            (each for each in self._open if not each.is_computing),
            key=lambda each: (each.is_known, -self._shares[each.client]),
            default=None,
        )

    def touch(self, connection: Connection) -> None:
        if connection in self._open:
            self._open[connection] = self._open.pop(connection)

    def remove(self, connection: Connection) -> None:
        if connection in self._open:
            del self._open[connection]
            self._shares[connection.client] -= 1
            if not self._shares[connection.client]:
                del self._shares[connection.client]


class Connection(asyncio.Protocol):
    """One connection."""

    is_known: bool = False
    """Whether it has made a request that was allowed."""
    is_computing: bool = False
    """Whether the service works on its request, and does not wait for the client."""
    is_unread: bool = False
    """Whether its request has a body that was not read, inside which the next request would begin."""
    client: str = ""
    _response_begun = False
    _task: asyncio.Task[Any] | None = None
    _timer: asyncio.TimerHandle | None = None
    _discarded: int | None = None
    """Bytes discarded since the connection began to close; None while it is in use."""

    def __init__(self, parser: asyncio.Protocol, connections: Connections) -> None:
        self._parser, self._all, self._limits = parser, connections, connections.limits

    @contextlib.contextmanager
    def answering(self, headers: Headers) -> Iterator[None]:
        """Mark that the current task answers a request; it is cancelled if the client leaves."""
        self._task, self._response_begun = asyncio.current_task(), False
        self.is_unread = any(name in (b"content-length", b"transfer-encoding") for name, _ in headers)
        self._stop_timer()
        try:
            yield
        finally:
            self._task, self.is_computing = None, False

    def refuse(self, refusal: HTTPError) -> None:
        """Send a refusal without a request, unless a response has begun."""
        if self.is_closing():
            return
        if self._response_begun and self._task:
            self._transport.abort()
            return
        self._transport.write(refusal.response.raw())
        self._discard()
        self._parser.connection_lost(None)  # so that it does not answer, too, and fail at it
        if self._task is not None:
            self._task.cancel()

    def give_way(self) -> None:
        """Close at once, with a sentence for who waits for the response to a request."""
        if not self.is_closing() and not self._response_begun:
            self._transport.write(TOO_MANY)
        if self._transport.get_write_buffer_size():
            self._transport.abort()
        else:
            self._transport.close()

    # The protocol, as the event loop sees it.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self.client = client_of(transport.get_extra_info("peername"))
        self._parser.connection_made(self)  # type: ignore[arg-type]
        if self._all.admit(self):
            self._within(self._limits.header_seconds, self._late)
        else:
            self.give_way()

    def data_received(self, data: bytes) -> None:
        if self._discarded is not None:
            self._discarded += len(data)
            if self._discarded > MOST_DISCARDED:
                self._transport.abort()
            return
        self._all.touch(self)
        if self._task is None and self._timer is None:
            self._within(self._limits.header_seconds, self._late)
        CURRENT.set(self)
        try:
            self._parser.data_received(data)
        except h11.LocalProtocolError:  # a malformed body whose response has begun
            self._transport.abort()

    def eof_received(self) -> None:
        if self._discarded is not None:
            self._transport.abort()

    def pause_writing(self) -> None:
        self._parser.pause_writing()

    def resume_writing(self) -> None:
        self._parser.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._all.remove(self)
        self._parser.connection_lost(exc)
        if self._task is not None:
            self._task.cancel()

    # The transport, as uvicorn's protocol sees it.

    def write(self, data: bytes) -> None:
        """Send a piece of a response; in place of uvicorn's own refusal of a malformed request, send ours."""
        malformed = sys.exc_info()[1]
        if isinstance(malformed, h11.RemoteProtocolError):
            self._response_begun = False
            long = malformed.error_status_hint == 431
            sentence = LONG_HEADERS.format(largest=self._limits.largest_header) if long else NO_HTTP
            self.refuse(HTTPError(431 if long else 400, sentence))
        elif not self.is_closing():  # asyncio logs every piece that is written after a reset
            self._response_begun = True
            self._transport.write(data)

    def close(self) -> None:
        """Close after what was written is sent, within the time for a request."""
        if self.is_closing():
            return
        if self.is_unread:
            self._discard()
        else:
            self._transport.close()
            self._within(self._limits.body_seconds, self._transport.abort)

    def is_closing(self) -> bool:
        return self._discarded is not None or self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _discard(self) -> None:
        """Discard what the client still sends, or it might never see the response, until it closes or time is up."""
        self._discarded = 0
        self._transport.write_eof()
        self._transport.resume_reading()
        is_sent = not self._transport.get_write_buffer_size()
        self._within(self._limits.linger_seconds if is_sent else self._limits.body_seconds, self._transport.abort)

    def _late(self) -> None:
        seconds = self._limits.header_seconds
        self.refuse(HTTPError(408, f"the request's headers did not arrive within {seconds:g} seconds. Retry."))

    def _within(self, seconds: float, otherwise: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, otherwise)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
