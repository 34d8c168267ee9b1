"""Access control, applied to the headers before the body of a request is read.

A service on the loopback is reachable from every page in this machine's browsers. A page of another site can send requests
here, with its name in ``Origin``; or have its own name resolve to 127.0.0.1 ("DNS rebinding"), which leaves its name in
``Host``. Both are refused. The port in ``Host`` is not checked: a page cannot choose it independently of the destination, and
through a tunnel (``ssh -L 9000:localhost:8000``) it differs legitimately.
"""

import base64
import binascii
import contextlib
import hmac
import re
import socket

import h11

from .address import LOCALHOST, Address, is_loopback, number_of
from .http_errors import LONG_HEADERS, Headers, HTTPError
from .limits import Limits

HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")

PUBLIC_PATH = "/health"
"""The one path that needs no token, for monitoring; it reveals nothing."""
UNAUTHORIZED = {"www-authenticate": 'Bearer realm="convscope", Basic realm="convscope", charset="UTF-8"'}
"""Lets a browser ask its user for a password, which is the token."""


class AccessControl:
    """Access control of one service."""

    def __init__(self, address: Address, limits: Limits) -> None:
        self._largest_header = limits.largest_header
        self._token = None if address.token is None else address.token.encode()
        self._only_loopback = is_loopback(address.host)
        self._names = {LOCALHOST, address.host.lower()}
        if not self._only_loopback:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def check(self, request: h11.Request) -> None:
        """Raise :class:`HTTPError` unless the request may be answered."""
        headers, path = request.headers, request.target
        if request.http_version not in (b"1.0", b"1.1"):
            raise HTTPError(505, "the HTTP version must be 1.0 or 1.1.")
        if not path.startswith(b"/") or path.startswith(b"//"):
            raise HTTPError(400, "the request's target must be a path, such as /predict.")
        # h11 limits only headers that are incomplete after a read, and one read may hold more than that.
        size = len(path) + sum(len(name) + len(value) for name, value in headers)
        if size > self._largest_header:
            raise HTTPError(431, LONG_HEADERS.format(largest=self._largest_header))
        _check_origin(headers, self._check_host(headers), request.method)
        if self._token is not None and path.partition(b"?")[0] != PUBLIC_PATH.encode():
            self._check_token(headers, self._token)

    def _check_token(self, headers: Headers, token: bytes) -> None:
        # Wrong ones are not counted: whoever sends them may share the address of others, and a token is too long to guess.
        if not hmac.compare_digest(_token_in(single_header(headers, b"authorization")), token):
            raise HTTPError(
                401,
                "the token is missing or wrong. Send the header 'Authorization: Bearer TOKEN' with the token that convscope serve "
                "printed.",
                UNAUTHORIZED,
            )

    def _check_host(self, headers: Headers) -> str:
        host = single_header(headers, b"host").lower()
        if not host:
            raise HTTPError(400, "the request has no header Host, which HTTP/1.1 requires. Add it.")
        found = HOST.fullmatch(host)
        name = found["name"].strip("[]") if found else ""
        # Beyond the loopback, any IP address is legitimate: a foreign site can only make its own name point here.
        if name not in self._names and (number_of(name) is None or (self._only_loopback and not is_loopback(name))):
            raise HTTPError(421, "the header Host does not name this service. Use the address that convscope serve printed.")
        return host


def _check_origin(headers: Headers, host: str, method: bytes) -> None:
    """Refuse requests from web pages of other sites."""
    foreign = "the request comes from a page of another site (header {}). Use a program or this service's own page."
    if single_header(headers, b"origin").lower() not in ("", f"http://{host}", f"https://{host}"):
        raise HTTPError(403, foreign.format("Origin"))
    site = single_header(headers, b"sec-fetch-site")
    is_link = method in (b"GET", b"HEAD") and single_header(headers, b"sec-fetch-mode") == "navigate"
    if site in ("cross-site", "same-site") and not is_link:
        raise HTTPError(403, foreign.format("Sec-Fetch-Site"))


def _token_in(value: str) -> bytes:
    """Return the token of ``Bearer TOKEN``, or the password of ``Basic``, which browsers send."""
    kind, _, rest = value.partition(" ")
    if kind.lower() == "basic":
        with contextlib.suppress(binascii.Error, ValueError):
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
    return rest.strip().encode("latin-1", "replace") if kind.lower() == "bearer" else b""


def single_header(headers: Headers, name: bytes) -> str:
    """Return the value of a header, empty if there is none; refuse a header that occurs twice."""
    # Two values invite request smuggling: proxies and servers differ on which of them counts.
    values = [value for key, value in headers if key == name]
    if len(values) > 1:
        raise HTTPError(400, f"the request has the header {name.decode().title()} more than once. Send it once.")
    return values[0].decode("latin-1") if values else ""
