"""The four paths of the service: page, predictions, OpenAPI document and health."""

import asyncio
import html
import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from .._version import __version__
from ..page.own_page import is_own_page
from .access_control import PUBLIC_PATH, AccessControl, single_header
from .address import client_of
from .connection import CURRENT, Connection
from .http_errors import HTTPError, Response, to_json
from .limits import MEGABYTE, Limits
from .multipart import boundary_of, parts_of
from .request_body import Bodies, Receive, announced_size
from .work import Opened
from .workers import LARGEST_REPLY, Workers

LOGGER = logging.getLogger("convscope.server")

POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')
PIECE = 64 * 1024
"""Bytes of a response sent at a time, which bounds the memory that a slow client costs."""
PREDICT = "/predict"
DEFAULT_TOP, MAX_DIGITS = 3, 6

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Application:
    """The service with its access control, as an ASGI application."""

    def __init__(self, access_control: AccessControl, limits: Limits, workers: Workers) -> None:
        self._access_control, self._limits, self._workers = access_control, limits, workers
        self._bodies = Bodies(limits)
        self._responses = {
            "/": _page_response(workers.opened.page),
            "/openapi.json": Response(to_json(_description(workers.opened, limits))),
            PUBLIC_PATH: Response(to_json({"status": "ok"})),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = CURRENT.get()
        with connection.answering(scope["headers"]):
            try:
                async with asyncio.timeout(self._limits.request_seconds):
                    response = await self._response(scope, receive, connection)
                    if not connection.is_closing():
                        await self._send(response, send, close=connection.is_unread)
            except TimeoutError:
                connection.abort()

    async def _response(self, scope: Scope, receive: Receive, connection: Connection) -> Response:
        """Return the response to a request, whatever happens."""
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                return await self._answer(scope, receive, connection)
        except HTTPError as refusal:
            return refusal.response
        except TimeoutError:
            return HTTPError(503, "the service is too busy to answer in time. Retry later.").response
        except asyncio.CancelledError:  # the client has left, or the service stops
            return HTTPError(503, "the service is stopping. Retry later.").response
        except Exception:
            LOGGER.exception("a request failed because of a bug in convscope")
            return HTTPError(500, "the service failed because of a bug in convscope. Its log says more.").response

    async def _answer(self, scope: Scope, receive: Receive, connection: Connection) -> Response:
        self._access_control.check(scope)
        path = scope["path"]
        connection.is_known = path != PUBLIC_PATH
        if path != PREDICT and path not in self._responses:
            raise HTTPError(404, "no such path. Use /, /predict, /openapi.json or /health.")
        allowed = ("POST",) if path == PREDICT else ("GET", "HEAD")
        if scope["method"] not in allowed:
            methods = ", ".join(allowed)
            raise HTTPError(405, f"this path does not allow the method. Use {methods}.", {"allow": methods})
        if path in self._responses:
            return self._responses[path]
        top, client = _top(scope["query_string"]), client_of(scope["client"])
        boundary = boundary_of(single_header(scope["headers"], b"content-type").encode("latin-1"))
        size = announced_size(scope["headers"], self._limits)
        async with self._bodies.read(client, size, receive) as body:
            connection.is_unread, connection.is_computing = False, True
            if boundary is None:
                return Response(await self._workers.classify(client, body, top))
            return await self._classify_each(client, body, parts_of(body, boundary, self._limits.most_images), top)

    async def _classify_each(self, client: str, body: bytes, parts: Sequence[slice], top: int) -> Response:
        """Return the answers to several images in their order, each what it would get alone."""
        answers, waiting = [b""] * len(parts), iter(enumerate(parts))

        async def work() -> None:
            for index, part in waiting:
                try:
                    if sum(map(len, answers)) > LARGEST_REPLY:
                        raise HTTPError(413, "the answers to the images before this one are too long. Send fewer at once.")
                    answers[index] = await self._workers.classify(client, body[part], top)
                except HTTPError as refusal:
                    answers[index] = refusal.response.body

        await asyncio.gather(*(work() for _ in range(self._limits.quick_workers)))
        return Response(b'{"answers": [\n' + b",\n".join(answers) + b"]}\n")

    async def _send(self, response: Response, send: Send, *, close: bool) -> None:
        headers = response.all_headers(close=close)
        sent = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": sent})
        for start in range(0, len(response.body), PIECE):
            await send({"type": "http.response.body", "body": response.body[start : start + PIECE], "more_body": True})
        await send({"type": "http.response.body"})


def _page_response(page: bytes | None) -> Response:
    if page is None:
        return HTTPError(404, "this service has no page, only a network. Use POST /predict; see /openapi.json.").response
    found = POLICY.search(page) if is_own_page(page) else None
    if found is None:
        problem = "the page of this run is of another version, or was changed. Write it anew with convscope report."
        return HTTPError(404, problem).response
    policy = f"{html.unescape(found[1].decode())}; frame-ancestors 'none'"
    return Response(page, headers={"content-type": "text/html; charset=utf-8", "content-security-policy": policy})


def _description(run: Opened, limits: Limits) -> dict[str, Any]:
    """Return the OpenAPI document with the classes and the input size of this network."""
    document: dict[str, Any] = json.loads(Path(__file__).with_name("openapi.json").read_text("utf-8"))
    height, width, channels = run.image_shape
    info, components = document["info"], document["components"]
    info["version"] = __version__
    info["description"] = info["description"].format(
        num_classes=len(run.class_names), height=height, width=width, colour="grey" if channels == 1 else "RGB"
    )
    components["schemas"]["ClassName"]["enum"] = sorted(set(run.class_names))
    components["schemas"]["ImageFile"]["maxLength"] = limits.largest_body
    components["schemas"]["ImageFiles"]["properties"]["image"]["maxItems"] = limits.most_images
    too_large, sizes = (
        components["responses"]["413"],
        {"megabytes": limits.largest_body // MEGABYTE, "images": limits.most_images},
    )
    too_large["description"] = too_large["description"].format(**sizes)
    return document


def _top(query: bytes) -> int:
    values = [value for name, value in parse_qsl(query.decode("latin-1"), keep_blank_values=True) if name == "top"]
    value = values[0] if len(values) == 1 else "" if values else str(DEFAULT_TOP)
    digits = value.lstrip("0") if value.isascii() and value.isdigit() else ""
    if not digits:
        raise HTTPError(400, "top must be one whole number of at least 1, as in ?top=3.")
    return int(digits[:MAX_DIGITS])  # a longer one asks for more classes than there are, and so does its beginning
