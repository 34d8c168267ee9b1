"""Request bodies: limited in size before they are read, in time, memory and speed while they are read."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

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


@dataclass(eq=False)
class Body:
    """The bytes of one body that have arrived."""

    client: str
    content: bytearray = field(default_factory=bytearray)
    time: asyncio.Timeout | None = None
    """While it arrives, its time, which is up at once where it is given up."""


class Bodies:
    """The bodies of all pending requests, whose bytes count when they have arrived, not when they are announced."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held: set[Body] = set()
        self._large = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def read(self, client: str, size: int, receive: Receive) -> AsyncIterator[bytes]:
        """Read ``size`` bytes and count them while the block runs; refuse a body that arrives too slowly or is given up."""
        body = Body(client)
        self._held.add(body)
        try:
            await self._arrival(body, size, receive)
            yield bytes(body.content)
        finally:
            self._held.discard(body)

    async def _arrival(self, body: Body, size: int, receive: Receive) -> None:
        try:
            async with asyncio.timeout(self._limits.body_seconds) as body.time:
                more = True
                while more:
                    message = await receive()  # a client that leaves is noticed elsewhere: its request is cancelled
                    piece, more = message.get("body", b""), message.get("more_body", False)
                    body.content += piece
                    self._make_room()
                    if body not in self._held:
                        raise TimeoutError
                    if len(body.content) > MEGABYTE:  # to leave the processor to small ones
                        async with self._large:
                            await asyncio.sleep(len(piece) / self._limits.large_body_rate)
        except TimeoutError:
            if body not in self._held:
                raise HTTPError(503, "the images of too many clients are pending. Retry in a second.") from None
            raise HTTPError(
                408,
                f"only {len(body.content):,} of {size:,} bytes arrived within {self._limits.body_seconds:g} seconds. Send a "
                "smaller image file, or retry.",
            ) from None
        body.time = None

    def _make_room(self) -> None:
        """Give up the largest unfinished body of the client that holds the most, until the rest fits."""
        while sum(len(each.content) for each in self._held) > self._limits.body_memory:
            shares: Counter[str] = Counter()
            for each in self._held:
                shares[each.client] += len(each.content)
            unfinished = [(each, each.time) for each in self._held if each.time is not None]
            given_up, time = max(unfinished, key=lambda each: (shares[each[0].client], len(each[0].content)))
            self._held.discard(given_up)
            given_up.content.clear()
            time.reschedule(0)
