"""The address, host names and token of the service; and what counts as one client."""

import ipaddress
import re
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ConfigError, ServiceError, option
from ..formatting import count_of

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOCALHOST = "localhost"
FORWARDED = re.compile(r"\[([^]]*)\](?::[0-9]+)?|([^:]*):[0-9]+")
"""An address in ``X-Forwarded-For`` with a port, which some proxies add."""
MIN_TOKEN = 16
"""Characters; generated tokens have 43, which are 256 bits."""
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""Characters allowed after ``Bearer`` in a header (RFC 6750)."""
BACKLOG = 512
"""Connections that the system queues, and that are accepted at a time."""
SEND_BUFFER = 128 * 1024
"""Bytes that the system keeps of a response that its client does not read; by itself it keeps megabytes."""


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


def number_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an IP address in its usual notation, or None: the owner of a name can point it anywhere."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach ``host``."""
    return host.lower() == LOCALHOST or ((number := number_of(host)) is not None and number.is_loopback)


def client_of(host: str) -> str:
    """Return what the addresses that one client may choose from have in common: for IPv6 the network that one customer gets."""
    number = number_of(host.partition("%")[0])
    if isinstance(number, ipaddress.IPv6Address):
        return str(number.ipv4_mapped or ipaddress.ip_network((number, 64), strict=False))
    return host


def client_behind(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Return the client of a request: the last address of ``X-Forwarded-For`` and ``peer`` that is not a trusted proxy's own."""
    address = peer
    for claimed in reversed(forwarded.split(",") if trusted else ()):
        number = number_of(address)
        if number is None or not any(number in network for network in trusted) or not claimed.strip():
            break
        found = FORWARDED.fullmatch(claimed.strip())
        address = (found[1] or found[2]) if found else claimed.strip()
    return client_of(address)


def choose_token(host: str, token: str | None) -> str | None:
    """Return ``token``, or a random one if other machines can reach ``host`` and none is given. Raises ConfigError."""
    if token is None:
        return None if is_loopback(host) else secrets.token_urlsafe(32)
    if len(token) < MIN_TOKEN or not TOKEN.fullmatch(token):
        raise ConfigError(
            f"the token must have at least {MIN_TOKEN} characters, all of them letters, digits or ._~+/=-; got "
            f"{count_of(len(token), 'character')}. Give neither {option('token')} nor CONVSCOPE_TOKEN to get a random one."
        )
    return token


def networks_of(addresses: Sequence[str]) -> tuple[Network, ...]:
    """Return the networks of trusted proxies, of one address or more. Raises ConfigError."""
    try:
        return tuple(map(ipaddress.ip_network, addresses))
    except ValueError as error:
        raise ConfigError(f"a trusted proxy must be an IP address, or a network such as 10.0.0.0/8: {error}.") from None


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; ``port`` 0 picks a free port. Raises ConfigError or ServiceError."""
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise ConfigError(f"port must be a number from 1 to 65535, or 0 for any free port; got {port!r}.")
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listening = socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).split(" (while")[0]
        raise ServiceError(
            f"cannot listen on {host} port {port}: {reason[:1].lower()}{reason[1:]}. Choose an address of this machine and a free "
            f"port, or let {option('port', 0)} pick one."
        ) from error
    # Connections inherit both. Without the latter, a response that is sent in two pieces waits 40 ms for the client to acknowledge
    # the first; asyncio sets it only on sockets that report TCP, which accepted ones do not.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
