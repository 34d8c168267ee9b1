"""The routes of the service: page, predictions, OpenAPI document and health."""

from __future__ import annotations

import asyncio
import functools
import html
import logging
import re
from concurrent.futures import Executor
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ..data.images.inputs import NamedBytes
from ..errors import ConfigError, ConvscopeError, PictureError
from ..prediction.classifier import Classifier
from ..prediction.classify import predict
from ..prediction.predictions import as_json
from .access_control import AccessControl
from .http_errors import HEADERS, HTTPError, json_response
from .limits import Limits
from .openapi import describe
from .request_body import ActiveRequests, ClientDisconnected, announced_size, read_body

LOGGER = logging.getLogger("convscope.server")

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">')

PIECE = 64 * 1024
"""Bytes of the page sent at a time, which bounds the memory that a slow client costs."""

BODY = "the image file"
"""Name of a request's body in results and errors."""

DEFAULT_TOP, MAX_DIGITS = 3, 6


class Application:
    """The service with its access control, as an ASGI application."""

    def __init__(
        self, classifier: Classifier, page: bytes | None, access_control: AccessControl, limits: Limits, pool: Executor
    ) -> None:
        self._classifier, self._access_control, self._limits, self._pool = classifier, access_control, limits, pool
        self._page = None if page is None else Page(page)
        self._description = describe(classifier, limits)
        self._active = ActiveRequests(limits)
        self._routes = Starlette(
            routes=[
                Route("/", self._show_page, methods=["GET"]),
                Route("/predict", self._predict, methods=["POST"]),
                Route("/openapi.json", self._describe, methods=["GET"]),
                Route("/health", self._health, methods=["GET"]),
            ],
            exception_handlers={HTTPException: _unknown_route, HTTPError: _refused, ClientDisconnected: _client_left},
        )
        self._routes.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        try:
            with self._active.admitted():
                self._access_control.check(scope)  # type: ignore[arg-type]
                await self._routes(scope, receive, send)
        except HTTPError as refusal:
            await (await _refused(request, refusal))(scope, receive, send)
        except Exception:
            # Starlette has already answered with a bare 500; the log is for the operator.
            LOGGER.exception("a request failed because of a bug in convscope")

    async def _show_page(self, _: Request) -> Response:
        if self._page is None:
            raise HTTPError(404, "this service has no page, only a network. Use POST /predict; see /openapi.json.")
        return self._page

    async def _describe(self, _: Request) -> Response:
        return json_response(self._description)

    async def _health(self, _: Request) -> Response:
        return json_response({"status": "ok"})

    async def _predict(self, request: Request) -> Response:
        top = _top(request)
        if request.headers.get("content-type", "").startswith("multipart/"):
            raise HTTPError(
                415, "the body must be the bytes of an image file; got a form. With curl: --data-binary @picture.png"
            )
        size = announced_size(request.headers.raw, self._limits)
        with self._active.reserved(size):
            body = await read_body(request.receive, size, self._limits)
            return json_response(await self._answer(body, top))

    async def _answer(self, body: bytes, top: int) -> dict[str, Any]:
        # In a thread, so that the event loop keeps serving other requests.
        classify = functools.partial(_classify, self._classifier, body, top)
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                return await asyncio.get_running_loop().run_in_executor(self._pool, classify)
        except TimeoutError:
            raise HTTPError(503, "the service is too busy to answer in time. Retry later.") from None
        except PictureError as error:
            raise HTTPError(422, str(error)) from error
        except ConfigError as error:
            raise HTTPError(400, str(error)) from error
        except ConvscopeError as error:
            raise HTTPError(500, str(error)) from error


class Page(Response):
    """The report, sent in pieces, under its own Content-Security-Policy."""

    media_type = "text/html"

    def __init__(self, content: bytes) -> None:
        found = POLICY.search(content[:PIECE].decode("utf-8", "replace"))
        own = f"{html.unescape(found[1])}; " if found else "default-src 'none'; "
        super().__init__(b"", headers={**HEADERS, "content-security-policy": f"{own}frame-ancestors 'none'"})
        self.headers["content-length"] = str(len(content))
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        for start in range(0, len(self._content), PIECE):
            piece = self._content[start : start + PIECE]
            await send({"type": "http.response.body", "body": piece, "more_body": start + PIECE < len(self._content)})


def _classify(classifier: Classifier, body: bytes, top: int) -> dict[str, Any]:
    return as_json(predict(classifier, NamedBytes(BODY, body), top=top))


def _top(request: Request) -> int:
    """Return K of ``?top=K``."""
    values = request.query_params.getlist("top")
    value = values[0] if len(values) == 1 else "" if values else str(DEFAULT_TOP)
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS and int(value) >= 1):
        raise HTTPError(400, "top must be one whole number of at least 1, as in ?top=3.")
    return int(value)


async def _refused(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, HTTPError)
    # An announced body may be unread, and the next request on this connection would begin inside it.
    has_body = any(name in (b"content-length", b"transfer-encoding") for name, _ in request.headers.raw)
    return refusal.response(close=has_body)


async def _unknown_route(request: Request, error: Exception) -> Response:
    """Return the response to an unknown path or method, which Starlette reports."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        # Starlette joins a set, whose order differs between processes.
        methods = ", ".join(sorted(dict(error.headers or {})["Allow"].split(", ")))
        allowed = {"Allow": methods}
        return await _refused(request, HTTPError(405, f"this path does not allow the method. Use {methods}.", allowed))
    sentence = "no such path. Use /, /predict, /openapi.json or /health."
    return await _refused(request, HTTPError(error.status_code, sentence))


async def _client_left(_: Request, __: Exception) -> Response:
    """Return a response for a client that has disconnected; it is never sent."""
    return Response(status_code=408)
