"""The doorkeeper by himself: what depends on the clock."""

from __future__ import annotations

from typing import Any

from convscope.server.address import Address
from convscope.server.gate import Gate
from convscope.server.limits import Limits
from convscope.server.refusals import Refusal

TOKEN = "a-token-of-24-characters"


def asked(gate: Gate, token: str | None, client: str = "192.0.2.1") -> int:
    """The status that a request with this token gets, from this address; 200 if it is let in."""
    headers = [(b"host", b"192.0.2.9:8000")]
    headers += [] if token is None else [(b"authorization", f"Bearer {token}".encode())]
    scope: dict[str, Any] = {
        "http_version": "1.1", "raw_path": b"/", "path": "/", "query_string": b"", "method": "GET", "headers": headers,
        "client": (client, 50_000),
    }  # fmt: skip
    try:
        gate.check(scope)
    except Refusal as refusal:
        return refusal.status
    return 200


def test_who_guesses_is_not_listened_to_for_the_rest_of_the_minute() -> None:
    now = 0.0
    gate = Gate(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3), lambda: now)
    assert [asked(gate, "wrong") for _ in range(4)] == [401, 401, 401, 429]
    assert asked(gate, TOKEN) == 429
    assert asked(gate, TOKEN, "192.0.2.2") == 200  # somebody else
    now = 61.0
    assert asked(gate, TOKEN) == 200


def test_asking_without_a_token_is_no_guess() -> None:
    """A browser does so before it asks its user."""
    gate = Gate(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3))
    assert [asked(gate, None) for _ in range(9)] == [401] * 9
    assert asked(gate, TOKEN) == 200


def test_many_guessers_do_not_fill_the_memory() -> None:
    gate = Gate(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3))
    for number in range(10_001):
        asked(gate, "wrong", f"2001:db8::{number:x}")
    assert len(gate._guesses._counts) <= 10_000
    assert asked(gate, TOKEN) == 200
