"""Request bodies: limited in size before they are read, in time and in memory while they are read."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Any, Self

from .http_errors import HTTPError
from .limits import MEGABYTE, Limits

Receive = Callable[[], Awaitable[dict[str, Any]]]

Headers = Sequence[tuple[bytes, bytes]]


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


class Bodies:
    """The bodies of all pending requests, whose bytes count when they have arrived, not when they are announced."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._held: dict[Body, None] = {}

    def add(self, body: Body) -> None:
        self._held[body] = None

    def remove(self, body: Body) -> None:
        self._held.pop(body, None)

    def make_room(self, body: Body) -> None:
        """Give up the largest unfinished body of the client that holds the most, until the rest fits; maybe ``body``."""
        while sum(len(each.content) for each in self._held) > self.limits.body_memory:
            shares: Counter[str] = Counter()
            for each in self._held:
                shares[each.client] += len(each.content)
            unfinished = [each for each in self._held if not each.is_complete]
            given_up = max(unfinished, key=lambda each: (shares[each.client], len(each.content)), default=body)
            self.remove(given_up)
            given_up.give_up()


class Body:
    """The body of one request, held from its first byte to the end of the block."""

    def __init__(self, client: str, size: int, bodies: Bodies) -> None:
        self.client, self.content, self.is_complete = client, bytearray(), False
        self._size, self._bodies = size, bodies
        self._was_given_up = False

    def __enter__(self) -> Self:
        self._bodies.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bodies.remove(self)
        self.content.clear()

    def give_up(self) -> None:
        self._was_given_up = True
        self.content.clear()
        self._time.reschedule(asyncio.get_running_loop().time())

    async def read(self, receive: Receive) -> None:
        """Read it, or refuse one that arrives too slowly."""
        try:
            async with asyncio.timeout(self._bodies.limits.body_seconds) as self._time:
                while not self.is_complete:
                    message = await receive()
                    self.content += message.get("body", b"")
                    # A client that has left is noticed elsewhere; its request is cancelled.
                    self.is_complete = not message.get("more_body", False)
                    self._bodies.make_room(self)
                    if self._was_given_up:
                        raise TimeoutError
        except TimeoutError:
            if self._was_given_up:
                raise HTTPError(503, "the images of too many clients are pending. Retry in a second.") from None
            raise HTTPError(
                408,
                f"only {len(self.content):,} of {self._size:,} bytes arrived within {self._bodies.limits.body_seconds:g} seconds. "
                "Send a smaller image file, or retry.",
            ) from None
