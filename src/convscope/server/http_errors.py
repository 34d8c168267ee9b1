"""Responses, and errors: a status and a sentence as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus

import h11

from .work import to_json

Headers = Sequence[tuple[bytes, bytes]]
"""Those of a request, as h11 has them: names in lower case."""
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""Headers of every response; the page adds its own policy. None allows another site to read anything."""
LONG_HEADERS = "the request's headers must have at most {largest:,} bytes. Send fewer."

CLOSING = frozenset({400, 408, 421, 431, 505})
"""Statuses that close the connection, since what follows may not be a request."""


@dataclass(frozen=True)
class Response:
    """A status, a body and headers beyond :data:`HEADERS`."""

    body: bytes
    status: int = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)

    def pieces(self, http: h11.Connection, size: int, *, close: bool, has_body: bool) -> Iterator[bytes]:
        """Yield the bytes to send; ``close`` ends the connection, because part of the request is unread."""
        own = {"content-type": "application/json", "content-length": str(len(self.body)), **self.headers}
        closing = {"connection": "close"} if close or self.status in CLOSING else {}
        headers, reason = list({**HEADERS, **own, **closing}.items()), HTTPStatus(self.status).phrase
        yield http.send(h11.Response(status_code=self.status, headers=headers, reason=reason)) or b""
        for start in range(0, len(self.body) if has_body else 0, size):
            yield http.send(h11.Data(data=self.body[start : start + size])) or b""
        http.send(h11.EndOfMessage())


class HTTPError(Exception):
    """An error response.

    The message says what is wrong and what to do. It repeats nothing that the client sent but the name of an unknown parameter, and
    reveals nothing about this machine.
    """

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status: int = status
        retry = {"retry-after": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        self.response: Response = Response(
            to_json({"error": sentence, "status": status}), status, {**retry, **(headers or {})}
        )

    @cached_property
    def closing(self) -> bytes:
        """The bytes of the response where the connection ends with it, whatever was asked."""
        http = h11.Connection(h11.SERVER)
        return b"".join(self.response.pieces(http, len(self.response.body), close=True, has_body=True))
