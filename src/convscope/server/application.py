"""The four paths of the service: page, predictions, OpenAPI document and health."""

import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import h11

from .._version import __version__
from .access_control import PUBLIC_PATH, AccessControl, single_header
from .address import Network, client_behind
from .connection import Connection
from .http_errors import Headers, HTTPError, Response
from .limits import MEGABYTE, Limits
from .multipart import boundary_of, parts_of
from .work import Opened, to_json
from .workers import LARGEST_REPLY, Workers

POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
PREDICT = "/predict"
DEFAULT_TOP, MAX_DIGITS = 3, 6
LONGEST_NAME = 40
"""Characters of an unknown parameter that its refusal repeats."""


class Application:
    """What the service answers to requests."""

    def __init__(
        self, access_control: AccessControl, limits: Limits, workers: Workers, trusted_proxies: Sequence[Network] = ()
    ) -> None:
        self._access_control, self._limits, self._workers = access_control, limits, workers
        self._trusted_proxies = trusted_proxies
        self._responses = {
            "/": _page_response(workers.opened.page),
            "/openapi.json": Response(to_json(_description(workers.opened, limits))),
            PUBLIC_PATH: Response(to_json({"status": "ok"})),
        }

    async def answer(self, request: h11.Request, connection: Connection) -> Response:
        """Return the response to a request, or raise HTTPError."""
        self._access_control.check(request)
        forwarded = b",".join(value for name, value in request.headers if name == b"x-forwarded-for").decode("latin-1")
        connection.assign(client_behind(connection.peer, forwarded, self._trusted_proxies))
        raw_path, _, query = request.target.decode("ascii").partition("?")
        path = unquote(raw_path)
        connection.is_known = path != PUBLIC_PATH
        if path != PREDICT and path not in self._responses:
            raise HTTPError(404, "no such path. Use /, /predict, /openapi.json or /health.")
        allowed = ("POST",) if path == PREDICT else ("GET", "HEAD")
        if request.method.decode() not in allowed:
            methods = ", ".join(allowed)
            raise HTTPError(405, f"this path does not allow the method. Use {methods}.", {"allow": methods})
        top = _top(query, path)
        if path in self._responses:
            return self._responses[path]
        boundary = boundary_of(single_header(request.headers, b"content-type"))
        body = await connection.body(_announced_size(request.headers, self._limits))
        async with connection.computing():
            if boundary is None:
                return Response(await self._workers.classify(connection.client, body, top))
            answers: list[bytes] = []
            for part in parts_of(body, boundary, self._limits.most_images):  # one by one, to leave workers to others
                try:
                    if sum(map(len, answers)) > LARGEST_REPLY:
                        raise HTTPError(413, "the answers to the images before this one are too long. Send fewer at once.")
                    answers.append(await self._workers.classify(connection.client, body[part], top))
                except HTTPError as refusal:
                    answers.append(refusal.response.body)
            return Response(b'{"answers": [\n' + b",\n".join(answers) + b"]}\n")


def _page_response(page: bytes | None) -> Response:
    if page is None:
        return HTTPError(404, "this service has no page, only a network. Use POST /predict; see /openapi.json.").response
    found = POLICY.search(page)
    own = html.unescape(found[1].decode()) if found else "default-src 'none'"
    policy = f"{own}; frame-ancestors 'none'"
    return Response(page, headers={"content-type": "text/html; charset=utf-8", "content-security-policy": policy})


def _description(run: Opened, limits: Limits) -> dict[str, Any]:
    """Return the OpenAPI document with the classes and the input size of this network."""
    height, width, channels = run.image_shape
    text = Path(__file__).with_name("openapi.json").read_text("utf-8")
    for name, value in {
        "{version}": __version__, "{num_classes}": len(run.class_names), "{height}": height, "{width}": width,
        "{colour}": "grey" if channels == 1 else "RGB", "{images}": limits.most_images,
        "{megabytes}": limits.largest_body // MEGABYTE,
    }.items():  # fmt: skip
        text = text.replace(name, str(value))
    document: dict[str, Any] = json.loads(text)
    schemas = document["components"]["schemas"]
    schemas["ClassName"]["enum"] = sorted(set(run.class_names))
    schemas["ImageFile"]["maxLength"] = limits.largest_body
    schemas["ImageFiles"]["properties"]["image"]["maxItems"] = limits.most_images
    return document


def _announced_size(headers: Headers, limits: Limits) -> int:
    """Return ``Content-Length``, or refuse it if it is missing or too large; h11 has refused what is no short number."""
    if any(name == b"transfer-encoding" for name, _ in headers):
        raise HTTPError(411, "the request is chunked and has no Content-Length. Send one.")
    length = single_header(headers, b"content-length")
    if not length:
        raise HTTPError(411, "the request has no Content-Length. Send one.")
    if int(length) > limits.largest_body:
        raise HTTPError(413, f"the body must have at most {limits.largest_body // MEGABYTE} MB. Send a smaller image file.")
    if int(length) == 0:
        raise HTTPError(400, "the body is empty. Send the bytes of an image file.")
    return int(length)


def _top(query: str, path: str) -> int:
    """Return the parameter ``top``; refuse all others, which a client that misspells it would else never notice."""
    parameters = parse_qsl(query, keep_blank_values=True)
    accepted = ["top"] if path == PREDICT else []
    for name, _ in parameters:
        if name not in accepted:
            takes = "only top, as in ?top=3" if accepted else "no parameters"
            raise HTTPError(400, f"{path} has no parameter {name[:LONGEST_NAME]!r}. It takes {takes}.")
    values = [value for _, value in parameters]
    value = values[0] if len(values) == 1 else "" if values else str(DEFAULT_TOP)
    digits = value.lstrip("0") if value.isascii() and value.isdigit() else ""
    if not digits:
        raise HTTPError(400, "top must be one whole number of at least 1, as in ?top=3.")
    return int(digits[:MAX_DIGITS])  # a longer one asks for more classes than there are, and so does its beginning
