"""Counting wrong tokens, which depends on the clock."""

from __future__ import annotations

from typing import Any

import pytest

from convscope.server.access_control import AccessControl
from convscope.server.address import Address
from convscope.server.clients import client_of
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


def test_too_many_wrong_tokens_are_refused_for_a_minute_and_the_right_one_never() -> None:
    now = 0.0
    gate = AccessControl(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3), lambda: now)
    assert [asked(gate, "wrong") for _ in range(5)] == [401, 401, 401, 429, 429]
    assert asked(gate, TOKEN) == 200  # others may guess from behind the same address
    assert asked(gate, "wrong", "192.0.2.2") == 401  # another client
    now = 61.0
    assert asked(gate, "wrong") == 401


@pytest.mark.parametrize(
    ("one", "other", "are_one"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),  # one customer's network
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("nonsense", "other nonsense", False),
    ],
)
def test_a_client_is_what_it_cannot_choose_of_its_address(one: str, other: str, are_one: bool) -> None:
    assert (client_of(one) == client_of(other)) == are_one


def test_a_request_without_a_token_does_not_count_as_wrong() -> None:
    """A browser sends such a request before it asks its user."""
    gate = AccessControl(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3))
    assert [asked(gate, None) for _ in range(9)] == [401] * 9
    assert asked(gate, TOKEN) == 200


def test_many_addresses_do_not_fill_the_memory() -> None:
    gate = AccessControl(Address("192.0.2.9", 8000, TOKEN), Limits(wrong_tokens=3))
    for number in range(10_001):
        asked(gate, "wrong", f"2001:db8:{number:x}::1")
    assert len(gate._wrong._counts) <= 10_000
    assert asked(gate, TOKEN) == 200
