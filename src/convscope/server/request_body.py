"""Request bodies: limited in size before they are read, and in time while they are read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from typing import Any

from .http_errors import HTTPError
from .limits import MEGABYTE, Limits

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

Headers = Sequence[tuple[bytes, bytes]]


class ClientDisconnected(Exception):  # noqa: N818  (an event, not an error)
    """The client disconnected before its request was complete."""


class ActiveRequests:
    """Counts of the active requests and of the bytes of their bodies."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._requests = self._bytes = 0

    @contextlib.contextmanager
    def admitted(self) -> Iterator[None]:
        """Count a request while the block runs. Raises :class:`HTTPError` (503) if there are too many."""
        if self._requests >= self._limits.most_requests:
            raise _too_many()
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    @contextlib.contextmanager
    def reserved(self, num_bytes: int) -> Iterator[None]:
        """Reserve memory for a body while the block runs. Raises :class:`HTTPError` (503) if there is none."""
        if self._bytes and self._bytes + num_bytes > self._limits.body_memory:
            raise _too_many()
        self._bytes += num_bytes
        try:
            yield
        finally:
            self._bytes -= num_bytes


def _too_many() -> HTTPError:
    return HTTPError(503, "too many requests are pending. Retry in a second.")


def announced_size(headers: Headers, limits: Limits) -> int:
    """Return the size of the body in bytes, or refuse a ``Content-Length`` that is missing, too large or invalid."""
    if any(name == b"transfer-encoding" for name, _ in headers):
        raise HTTPError(411, "the request is chunked and has no Content-Length. Send one.")
    values = {value for name, value in headers if name == b"content-length"}
    if not values:
        raise HTTPError(411, "the request has no Content-Length. Send one.")
    value = values.pop()
    if values or not value.isdigit():
        raise HTTPError(400, "the request must have exactly one Content-Length, in digits.")
    # Length of the text first: int() is slow on a number of a thousand digits.
    digits = value.lstrip(b"0") or b"0"
    if len(digits) > 15 or int(digits) > limits.largest_body:
        raise HTTPError(413, f"the body must have at most {limits.largest_body // MEGABYTE} MB. Send a smaller image file.")
    if digits == b"0":
        raise HTTPError(400, "the body is empty. Send the bytes of an image file.")
    return int(digits)


async def read_body(receive: Receive, size: int, limits: Limits) -> bytes:
    """Return the body of ``size`` bytes, or refuse one that arrives too slowly."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientDisconnected
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise HTTPError(
            408,
            f"only {len(body):,} of {size:,} bytes arrived within {limits.body_seconds:g} seconds. Send a smaller image file, or "
            "retry.",
        ) from None
    return bytes(body)
