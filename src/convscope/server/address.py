"""Where the service listens, and by which names it may be called."""

from __future__ import annotations

import ipaddress
import re
import secrets
import socket
from dataclasses import dataclass

from ..errors import ConfigError, ServiceError

LOCALHOST = "localhost"
SHORTEST_TOKEN = 16
"""Characters. The tokens that are made up here have 43, and 256 bits."""
TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]+")
"""What may stand behind ``Bearer`` in a header (RFC 6750)."""
BACKLOG = 512


@dataclass(frozen=True)
class Address:
    """The service's own: ``http://host:port/``, and what has to be shown at the door, if anything."""

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
    """Whether only this machine can reach ``host``."""
    if host.lower() == LOCALHOST:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_number(host: str) -> bool:
    """Whether ``host`` is an address in its usual form: no name, which somebody else could point to anywhere."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def choose_token(host: str, token: str | None) -> str | None:
    """``token``, or one made up where others than this machine can ask and none is given. Raises :class:`ConfigError`."""
    if token is None:
        return None if is_loopback(host) else secrets.token_urlsafe(32)
    if len(token) < SHORTEST_TOKEN or not TOKEN.fullmatch(token):
        raise ConfigError(
            f"the token has {len(token)} characters, or such as cannot stand in a header; at least {SHORTEST_TOKEN} letters, "
            "digits or ._~+/=- were expected, so that nobody guesses it. Leave --token out, and one is made up."
        )
    return token


def listen(host: str, port: int) -> socket.socket:
    """A socket that connections can be made to. ``port`` 0 takes a free one.

    Raises :class:`ConfigError` for a port that there is not, :class:`ServiceError` for one that cannot be had.
    """
    if isinstance(port, bool) or not isinstance(port, int) or not 0 <= port <= 65535:
        raise ConfigError(f"port={port!r} cannot be used; a number from 1 to 65535 was expected, or 0 for any that is free.")
    try:
        family, *_, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(place[:2], family=family, backlog=BACKLOG)
    except (OSError, UnicodeError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).split(" (while")[0]
        raise ServiceError(
            f"nothing can be served at {host} port {port}: {reason[:1].lower()}{reason[1:]}; a free port on an address of this "
            "machine was expected. Try --port 0, which takes any that is free."
        ) from error
