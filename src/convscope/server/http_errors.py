"""Error responses: a status and a message as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

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


class HTTPError(Exception):
    """An error response.

    The message says what is wrong and what to do. It never repeats what the client sent and reveals nothing about this machine.
    """

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.headers["retry-after"] = "1"

    @property
    def body(self) -> bytes:
        return to_json({"error": str(self), "status": self.status})

    def response(self, *, close: bool = False) -> Response:
        """Return the response; ``close`` ends the connection, because part of the request is unread."""
        connection = {"connection": "close"} if close or self.status in CLOSING else {}
        return Response(self.body, self.status, {**HEADERS, **self.headers, **connection}, "application/json")

    def raw(self) -> bytes:
        """Return the bytes of the whole response, for a connection without a valid request."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", "content-type: application/json"]
        lines += [f"{name}: {value}" for name, value in {**HEADERS, **self.headers}.items()]
        lines += [f"content-length: {len(self.body)}", "connection: close", "", ""]
        return "\r\n".join(lines).encode("ascii") + self.body


def to_json(value: Any) -> bytes:
    """Return strict JSON, indented, with a final newline for terminals."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def json_response(value: Any) -> Response:
    """Return a JSON response with the common headers."""
    return Response(to_json(value), headers=HEADERS, media_type="application/json")
