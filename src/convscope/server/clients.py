"""Who a client is: an address, or for IPv6 the network that one customer gets; and how many wrong tokens it sent."""

import ipaddress
import time
from collections import Counter
from collections.abc import Callable

WINDOW = 60
"""Seconds over which wrong tokens are counted."""
MOST_CLIENTS = 10_000
"""Clients that are remembered; bounds the memory."""


def client_of(address: str) -> str:
    """Return what the addresses that one client may choose from have in common."""
    try:
        number = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv4Address):
        return str(number)
    return str(number.ipv4_mapped or ipaddress.ip_network((number, 64), strict=False))


class WrongTokens:
    """Counts of wrong tokens in the current minute, by client."""

    def __init__(self, most: int, now: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now = most, now
        self._counts: Counter[str] = Counter()
        self._begun = now()

    def count(self, address: str) -> bool:
        """Count one, and return whether the client has sent too many."""
        if self._now() - self._begun >= WINDOW or len(self._counts) >= MOST_CLIENTS:
            self._counts.clear()
            self._begun = self._now()
        client = client_of(address)
        self._counts[client] += 1
        return self._counts[client] > self._most
