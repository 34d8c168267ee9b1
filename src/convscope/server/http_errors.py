"""Responses, and errors: a status and a sentence as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

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

    def all_headers(self, *, close: bool) -> dict[str, str]:
        """Return every header; ``close`` ends the connection, because part of the request is unread."""
        own = {"content-type": "application/json", "content-length": str(len(self.body)), **self.headers}
        return {**HEADERS, **own, **({"connection": "close"} if close or self.status in CLOSING else {})}

    def raw(self) -> bytes:
        """Return the bytes of the whole response, for a connection without a valid request."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.all_headers(close=True).items()]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


class HTTPError(Exception):
    """An error response.

    The message says what is wrong and what to do. It never repeats what the client sent and reveals nothing about this machine.
    """

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        retry = {"retry-after": "1"} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        self.response: Response = Response(
            to_json({"error": sentence, "status": status}), status, {**retry, **(headers or {})}
        )


def to_json(value: Any) -> bytes:
    """Return strict JSON, indented, with a final newline for terminals."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
