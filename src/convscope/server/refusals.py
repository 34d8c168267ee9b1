"""What a client is told that gets nothing: a status, and a sentence as JSON."""

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
"""On every answer; the page brings a policy of its own. There is no header that would let another site read anything."""
RETRY_SECONDS = "1"
LONG_HEADERS = "the request's headers are longer than {largest:,} bytes; at most so many were expected. Send fewer."
LAST_WORDS = frozenset({400, 408, 421, 431, 505})
"""After these nothing that follows on the connection can be trusted to be a request."""


class Refusal(Exception):  # noqa: N818  (an answer, and no fault)
    """A request that is turned down. The sentence says what came, what was expected, and what to do; it never repeats what
    the client sent, nor names anything of this machine."""

    def __init__(self, status: int, sentence: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(sentence)
        self.status = status
        self.headers = dict(headers or {})
        if status == HTTPStatus.SERVICE_UNAVAILABLE:
            self.headers["retry-after"] = RETRY_SECONDS

    @property
    def body(self) -> bytes:
        return to_json({"error": str(self), "status": self.status})

    def response(self, *, close: bool = False) -> Response:
        """``close``: whether the connection ends here, because some of the request was left unread."""
        close = close or self.status in LAST_WORDS
        return json_response({"error": str(self), "status": self.status}, self.status, self.headers, close=close)

    def raw(self) -> bytes:
        """The whole answer as it goes over the wire, for a client that did not get as far as a request."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", "content-type: application/json"]
        lines += [f"{name}: {value}" for name, value in {**HEADERS, **self.headers}.items()]
        lines += [f"content-length: {len(self.body)}", "connection: close", "", ""]
        return "\r\n".join(lines).encode("ascii") + self.body


def to_json(value: Any) -> bytes:
    """Strict JSON, indented, with an end of line for those who read it in a terminal."""
    return (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None, *, close: bool = False
) -> Response:
    """An answer with the headers that all have."""
    connection = {"connection": "close"} if close else {}
    return Response(to_json(value), status, {**HEADERS, **(headers or {}), **connection}, "application/json")
