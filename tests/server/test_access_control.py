"""Counting wrong tokens, which depends on the clock."""

from __future__ import annotations

from typing import Any

from convscope.server.access_control import AccessControl
from convscope.server.address import Address
from convscope.server.http_errors import HTTPError
from convscope.server.limits import Limits

TOKEN = "a-token-of-24-characters"


def asked(gate: AccessControl, token: str | None, client: str = "192.0.2.1") -> int:
    """Return the status of a request with this token from this address; 200 if it is accepted."""
    headers = [(b"host", b"192.0.2.9:8000")]
    headers += [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    scope: dict[str, Any] = {
        "http_version": "1.1", "raw_path": b"/", "path": "/", "query_string": b"", "method": "GET", "headers": headers,
        "client": (client, 50_000),
    }  # fmt: skip
    try:
        gate.check(scope)
    except HTTPError as refusal:
        return refusal.status
    return 200


def test_after_too_many_wrong_tokens_the_client_is_refused_for_a_minute() -> None:
    now = 0.0
    gate = AccessControl(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3), lambda: now)
    assert [asked(gate, "wrong") for _ in range(4)] == [401, 401, 401, 429]
    assert asked(gate, TOKEN) == 429
    assert asked(gate, TOKEN, "192.0.2.2") == 200  # another client
    now = 61.0
    assert asked(gate, TOKEN) == 200


def test_a_request_without_a_token_does_not_count_as_wrong() -> None:
    """A browser sends such a request before it asks its user."""
    gate = AccessControl(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3))
    assert [asked(gate, None) for _ in range(9)] == [401] * 9
    assert asked(gate, TOKEN) == 200


def test_many_addresses_do_not_fill_the_memory() -> None:
    gate = AccessControl(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3))
    for number in range(10_001):
        asked(gate, "wrong", f"2001:db8::{number:x}")
    assert len(gate._guesses._counts) <= 10_000
    assert asked(gate, TOKEN) == 200
