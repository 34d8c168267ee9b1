"""uvicorn's HTTP protocol with time limits, JSON errors and refusals that reach the client.

uvicorn waits forever for a request that starts and does not end, answers a malformed one in plain text, and closes a
connection while the client still sends, which may lose the response: the kernel resets the connection and discards what was
not read. This protocol does none of that.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from .http_errors import LONG_HEADERS, HTTPError
from .limits import MEGABYTE, Limits

MAX_LINGERED = 64 * MEGABYTE
"""Bytes read and discarded after a refusal; beyond them the connection is aborted."""

BROKEN = {431: LONG_HEADERS, 400: "the request is not valid HTTP/1.1. Use an HTTP client."}


class GuardedProtocol(H11Protocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        limits: Limits,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._limits = limits
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._lingered: int | None = None
        """Bytes discarded since the connection began to close; None while it is in use."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        # asyncio sets it only on sockets that report TCP, which accepted ones do not. Without it, every response is sent in two
        # pieces and waits 40 ms for the client to acknowledge the first.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(DrainingTransport(transport, self))  # type: ignore[arg-type]
        if len(self.connections) > self._limits.most_connections:
            self._refuse(HTTPError(503, "too many connections are open. Retry in a second."))
        else:
            self._await_headers()

    def data_received(self, data: bytes) -> None:
        if self._lingered is not None:
            self._lingered += len(data)
            if self._lingered > MAX_LINGERED:
                self.transport.abort()
            return
        if not self._is_answering and self._timer is None:
            self._await_headers()
        super().data_received(data)
        if self._is_answering:
            self._stop_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self.resume_writing()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """Abort a lingering connection once the client has sent everything."""
        if self._lingered is not None:
            self.transport.abort()

    def on_response_complete(self) -> None:
        if self._lingered is None:
            super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse a malformed request; uvicorn calls this while it handles an error of h11."""
        status = getattr(sys.exc_info()[1], "error_status_hint", 400)
        status = status if status in BROKEN else 400
        self._refuse(HTTPError(status, BROKEN[status].format(largest=self._limits.largest_header)))

    def pause_writing(self) -> None:
        """Start the timer of a stalled client."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(self._limits.stalled_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop the timer of a stalled client."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        super().resume_writing()

    def linger(self) -> None:
        """End the response and discard what the client still sends, until it closes or time is up."""
        if self._lingered is not None:
            return
        self._lingered = 0
        self._stop_timer()
        self._unset_keepalive_if_required()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.transport.resume_reading()
        self._timer = self.loop.call_later(self._limits.linger_seconds, self.transport.abort)

    @property
    def is_sending(self) -> bool:
        """Whether the client may still be sending: an unfinished body, or a malformed request."""
        return self.conn.their_state in (h11.SEND_BODY, h11.ERROR)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _await_headers(self) -> None:
        self._timer = self.loop.call_later(self._limits.header_seconds, self._headers_late)

    def _headers_late(self) -> None:
        self._timer = None
        if not self._is_answering and not self.transport.is_closing():
            seconds = self._limits.header_seconds
            self._refuse(HTTPError(408, f"the request's headers did not arrive within {seconds:g} seconds. Retry."))

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, refusal: HTTPError) -> None:
        """Send a refusal without a request, and close."""
        if self._is_answering and self.cycle.response_started:
            self.transport.abort()
            return
        if self._is_answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(refusal.raw())
        self.linger()


class DrainingTransport:
    """A transport whose close() lets the protocol linger while the client still sends."""

    def __init__(self, transport: asyncio.Transport, protocol: GuardedProtocol) -> None:
        self._transport, self._protocol = transport, protocol

    def close(self) -> None:
        if self._protocol.is_sending and not self._transport.is_closing():
            self._protocol.linger()
        else:
            self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
