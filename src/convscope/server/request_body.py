"""Request bodies: limited in size before they are read, in time and in memory while they are read."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
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
    is_complete: bool = False
    time: asyncio.Timeout | None = None
    """Its time, which is up at once where it is given up; None then."""


class Bodies:
    """The bodies of all pending requests, whose bytes count when they have arrived, not when they are announced."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._held: set[Body] = set()

    @contextlib.contextmanager
    def held(self, client: str) -> Iterator[Body]:
        """Count the bytes of a body while the block runs."""
        body = Body(client)
        self._held.add(body)
        try:
            yield body
        finally:
            self._held.discard(body)

    async def read(self, body: Body, size: int, receive: Receive) -> None:
        """Read ``size`` bytes, or refuse a body that arrives too slowly or is given up."""
        seconds = self._limits.body_seconds
        try:
            async with asyncio.timeout(seconds) as body.time:
                while not body.is_complete:
                    message = await receive()  # a client that leaves is noticed elsewhere: its request is cancelled
                    body.content += message.get("body", b"")
                    body.is_complete = not message.get("more_body", False)
                    self._make_room(body)
                    if body.time is None:
                        raise TimeoutError
        except TimeoutError:
            if body.time is None:
                raise HTTPError(503, "the images of too many clients are pending. Retry in a second.") from None
            raise HTTPError(
                408,
                f"only {len(body.content):,} of {size:,} bytes arrived within {seconds:g} seconds. Send a smaller image file, or "
                "retry.",
            ) from None

    def _make_room(self, newest: Body) -> None:
        """Give up the largest unfinished body of the client that holds the most, until the rest fits; maybe ``newest``."""
        while sum(len(each.content) for each in self._held) > self._limits.body_memory:
            shares: Counter[str] = Counter()
            for each in self._held:
                shares[each.client] += len(each.content)
            unfinished = [each for each in self._held if not each.is_complete]
            given_up = max(unfinished, key=lambda each: (shares[each.client], len(each.content)), default=newest)
            self._held.discard(given_up)
            given_up.content.clear()
            if given_up.time is not None and given_up is not newest:
                given_up.time.reschedule(0)
            given_up.time = None
