"""The bytes that a client sends: counted before they are read, and no longer waited for than they are worth."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from typing import Any

from .limits import MEGABYTE, Limits
from .refusals import Refusal

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Headers = Sequence[tuple[bytes, bytes]]


class ClientLeft(Exception):  # noqa: N818  (nobody to tell)
    """Nobody is there any more to be answered."""


class Underway:
    """All the requests under way: how many they are, and how many bytes their bodies have."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._requests = self._bytes = 0

    @contextlib.contextmanager
    def admitted(self) -> Iterator[None]:
        """Count a request in for as long as the block lasts. Raises :class:`Refusal` (503) where there are too many."""
        if self._requests >= self._limits.most_requests:
            raise _too_many()
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    @contextlib.contextmanager
    def reserved(self, num_bytes: int) -> Iterator[None]:
        """Set memory for a body aside for as long as the block lasts. Raises :class:`Refusal` (503) where there is none."""
        if self._bytes and self._bytes + num_bytes > self._limits.body_memory:
            raise _too_many()
        self._bytes += num_bytes
        try:
            yield
        finally:
            self._bytes -= num_bytes


def _too_many() -> Refusal:
    return Refusal(503, "too many requests are under way; fewer at a time were expected. Ask again in a second.")


def announced_size(headers: Headers, limits: Limits) -> int:
    """Bytes of the body, as ``Content-Length`` says. Raises :class:`Refusal`: 411, 413 or 400."""
    if any(name == b"transfer-encoding" for name, _ in headers):
        raise Refusal(
            411, "the request does not say how long it is (it is chunked); a Content-Length was expected. Send one."
        )
    values = {value for name, value in headers if name == b"content-length"}
    if not values:
        raise Refusal(411, "the request does not say how long it is; a Content-Length was expected. Send one.")
    value = values.pop()
    if values or not value.isdigit():
        raise Refusal(400, "the request says in more than one way how long it is; one Content-Length was expected.")
    # Leading zeros and numbers of a thousand digits are compared as text first: int() takes its time over those.
    digits = value.lstrip(b"0") or b"0"
    if len(digits) > 15 or int(digits) > limits.largest_body:
        raise Refusal(
            413,
            f"the request is over {limits.largest_body // MEGABYTE} MB long; at most that was expected. "
            "Save the picture smaller.",
        )
    if digits == b"0":
        raise Refusal(400, "the request is empty; the bytes of a picture were expected as its body.")
    return int(digits)


async def read_body(receive: Receive, size: int, limits: Limits) -> bytes:
    """The body, of ``size`` bytes. Raises :class:`Refusal` (408) where it comes too slowly, or :class:`ClientLeft`."""
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                body += message.get("body", b"")
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise Refusal(
            408,
            f"{len(body):,} of {size:,} bytes came within {limits.body_seconds:g} seconds; all were expected. "
            "Send a smaller picture, or ask again.",
        ) from None
    return bytes(body)
