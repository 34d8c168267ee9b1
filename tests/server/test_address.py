"""What counts as one client."""

from __future__ import annotations

import pytest

from convscope.server.address import client_of


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
    assert (client_of((one, 1)) == client_of((other, 2))) == are_one
