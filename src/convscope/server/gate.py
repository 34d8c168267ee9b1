"""Who may ask: looked at before anything of a request is read but its headers.

A service on the loopback is open to every page in this machine's browsers unless it defends itself. A page of another site
may send requests here, with its name in ``Origin``; or have its own name resolve to 127.0.0.1 ("DNS rebinding"), and then
its name is in ``Host``. Both are turned down, whatever they ask for. The port in ``Host`` is not held against anybody: no page
can choose it apart from where the request goes, and through a tunnel (``ssh -L 9000:localhost:8000``) it is another one.

Who shows wrong tokens is not listened to for the rest of the minute, not even with the right one: else that would be a way to
find it out.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

from .address import LOCALHOST, Address, is_loopback, is_number
from .limits import Limits
from .refusals import LONG_HEADERS, Refusal

Headers = Sequence[tuple[bytes, bytes]]
HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
VERSIONS = ("1.0", "1.1")
WELCOME = "/health"
"""The one path that tells nothing, and needs no token: whoever watches over the service asks there."""
WINDOW = 60
"""Seconds, in which wrong tokens are counted."""
MOST_GUESSERS = 10_000
"""Addresses that are remembered, so that they cannot fill the memory."""
UNAUTHORIZED = {"www-authenticate": 'Bearer realm="convscope", Basic realm="convscope", charset="UTF-8"'}
"""A browser asks its user for a name and a password, and the token is the password."""


class Gate:
    """The doorkeeper of one service."""

    def __init__(self, address: Address, limits: Limits, now: Callable[[], float] = time.monotonic) -> None:
        self._largest_header = limits.largest_header
        self._guesses = Guesses(limits.wrong_tokens, now)
        self._token = None if address.token is None else address.token.encode()
        self._only_loopback = address.is_loopback
        self._names = {LOCALHOST, address.host.lower()}
        if not self._only_loopback:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def check(self, scope: dict[str, Any]) -> None:
        """Raise :class:`Refusal` unless the request may be answered."""
        headers: Headers = scope["headers"]
        _check_target(scope)
        self._check_size(scope)
        host = self._check_host(headers)
        _check_origin(headers, host, scope["method"])
        if self._token is not None and scope["path"] != WELCOME:
            self._check_token(headers, (scope.get("client") or ("", 0))[0])

    def _check_size(self, scope: dict[str, Any]) -> None:
        """Once more: h11 looks only at what has not come to an end after a read, and one read may hold a lot."""
        size = (
            len(scope["raw_path"])
            + len(scope["query_string"])
            + sum(len(name) + len(value) for name, value in scope["headers"])
        )
        if size > self._largest_header:
            raise Refusal(431, LONG_HEADERS.format(largest=self._largest_header))

    def _check_host(self, headers: Headers) -> str:
        """The name, with the port, by which the client called."""
        host = _only(headers, b"host")
        if host is None:
            raise Refusal(400, "the request has no header Host; one was expected, as HTTP/1.1 asks for. Add it.")
        found = HOST.fullmatch(host)
        name = found["name"].strip("[]").lower() if found else ""
        if found is None or not self._is_ours(name):
            raise Refusal(
                421,
                "the header Host names another machine than this one; the address that convscope serve printed was "
                "expected. Ask by that address.",
            )
        return host.lower()

    def _is_ours(self, name: str) -> bool:
        if name in self._names or (is_number(name) and is_loopback(name)):
            return True
        # Served to others, it may be called by any number: a foreign site can only make a name of its own point here.
        return not self._only_loopback and is_number(name)

    def _check_token(self, headers: Headers, client: str) -> None:
        assert self._token is not None
        if self._guesses.are_too_many(client):
            raise Refusal(
                429,
                "too many wrong tokens came from this address; the right one was expected, which convscope serve printed when it "
                "started. Ask again in a minute.",
                {"retry-after": str(WINDOW)},
            )
        said = _only(headers, b"authorization")
        if not hmac.compare_digest(_shown_token(said or ""), self._token):
            if said is not None:  # a browser asks without one first
                self._guesses.count(client)
            raise Refusal(
                401,
                "the request does not show the token of this service; it was expected in the header "
                "'Authorization: Bearer TOKEN'. convscope serve printed it when it started.",
                UNAUTHORIZED,
            )


class Guesses:
    """The wrong tokens of the last minute, by address."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most, self._now = most, now
        self._counts: dict[str, int] = {}
        self._begun = now()

    def are_too_many(self, client: str) -> bool:
        if self._now() - self._begun >= WINDOW:
            self._counts.clear()
            self._begun = self._now()
        return self._counts.get(client, 0) >= self._most

    def count(self, client: str) -> None:
        if len(self._counts) >= MOST_GUESSERS:
            self._counts.clear()
        self._counts[client] = self._counts.get(client, 0) + 1


def _check_target(scope: dict[str, Any]) -> None:
    if scope["http_version"] not in VERSIONS:
        raise Refusal(505, "the request is of another version of HTTP; 1.1 was expected. Ask in that.")
    path: bytes = scope["raw_path"]
    if not path.startswith(b"/") or path.startswith(b"//"):
        raise Refusal(400, "the request's target is no path of this service; one such as /predict was expected.")


def _check_origin(headers: Headers, host: str, method: str) -> None:
    """A request that a web page makes says where that page is from; it has to be from here."""
    origin = _only(headers, b"origin")
    if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
        raise Refusal(
            403,
            "the request comes from a page of another site (header Origin); only programs and this service's own page "
            "are answered. Ask from there.",
        )
    site = _only(headers, b"sec-fetch-site")
    is_link = method in ("GET", "HEAD") and _only(headers, b"sec-fetch-mode") == "navigate"
    if site in ("cross-site", "same-site") and not is_link:
        raise Refusal(
            403,
            "the request comes from a page of another site (header Sec-Fetch-Site); only programs and this service's own "
            "page are answered. Ask from there.",
        )


def _shown_token(value: str) -> bytes:
    """Of ``Bearer TOKEN``, or of ``Basic``, as a browser sends what was typed into its window: the password."""
    kind, _, rest = value.partition(" ")
    if kind.lower() == "bearer":
        return rest.strip().encode("latin-1", "replace")
    if kind.lower() == "basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def _only(headers: Headers, name: bytes) -> str | None:
    """The value of a header that may come once. Raises :class:`Refusal` where it comes twice: readers could differ on which
    of them counts."""
    values = [value for key, value in headers if key == name]
    if len(values) > 1:
        raise Refusal(400, f"the request has the header {name.decode().title()} more than once; one was expected.")
    return values[0].decode("latin-1") if values else None
