"""What counts as one client."""

from __future__ import annotations

import pytest

from convscope.server.address import client_behind, client_of, networks_of


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


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("203.0.113.9, 198.51.100.1", "198.51.100.1"),  # what a client claims for itself counts for nothing
        ("203.0.113.9, 198.51.100.1, 192.0.2.7", "198.51.100.1"),  # through two trusted proxies
        ("203.0.113.9,198.51.100.1:4321", "198.51.100.1"),
        ("[2001:db8::1]:4321", "2001:db8::/64"),
        ("2001:db8::1", "2001:db8::/64"),
        ("192.0.2.7", "192.0.2.7"),  # a trusted proxy that asks by itself
        ("nonsense, unknown", "unknown"),
        ("", "192.0.2.8"),
        ("203.0.113.9, ", "192.0.2.8"),
    ],
)
def test_behind_trusted_proxies_alone_the_client_is_the_one_that_they_name(forwarded: str, client: str) -> None:
    trusted = networks_of(["192.0.2.0/24", "2001:db8:ffff::1"])
    assert client_behind("192.0.2.8", forwarded, trusted) == client
    assert client_behind("203.0.113.8", forwarded, trusted) == "203.0.113.8"
    assert client_behind("192.0.2.8", forwarded, ()) == "192.0.2.8"
