"""The address, host names and token of the service."""

import ipaddress
import re
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ConfigError, ServiceError

LOCALHOST = "localhost"

MIN_TOKEN = 16
"""Characters; generated tokens have 43, which are 256 bits."""
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""Characters allowed after ``Bearer`` in a header (RFC 6750)."""
BACKLOG = 512
"""Connections that the system queues, and that are accepted at a time."""


@dataclass(frozen=True)
class Address:
    """The address that the service listens on, and its token, if it has one."""

    host: str
    port: int
    token: str | None = None

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach ``host``."""
    if host.lower() == LOCALHOST:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_number(host: str) -> bool:
    """Return whether ``host`` is an IP address in its usual notation."""
    # A name does not count: its owner can point it anywhere. Nor do other notations, such as 127.1.
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def choose_token(host: str, token: str | None) -> str | None:
    """Return ``token``, or a random one if other machines can reach ``host`` and none is given. Raises ConfigError."""
    if token is None:
        return None if is_loopback(host) else secrets.token_urlsafe(32)
    if len(token) < MIN_TOKEN or not TOKEN.fullmatch(token):
        raise ConfigError(
            f"the token must have at least {MIN_TOKEN} characters, all of them letters, digits or ._~+/=-; got {len(token)} "
            "characters. Give neither --token nor CONVSCOPE_TOKEN to get a random one."
        )
    return token


def check_proxies(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses or networks of trusted proxies. Raises ConfigError."""
    for each in addresses:
        try:
            ipaddress.ip_network(each)
        except ValueError:
            raise ConfigError(
                f"a trusted proxy must be an IP address, or a network such as 10.0.0.0/8; got {each!r}."
            ) from None
    return tuple(addresses)


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; ``port`` 0 picks a free port. Raises ConfigError or ServiceError."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise ConfigError(f"port must be a number from 1 to 65535, or 0 for any free port; got {port!r}.")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).split(" (while")[0]
        raise ServiceError(
            f"cannot listen on {host} port {port}: {reason[:1].lower()}{reason[1:]}. Choose an address of this machine and a free "
            "port, or let --port 0 pick one."
        ) from error
