"""Run the server until SIGINT or SIGTERM, then finish pending requests for a few seconds."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

import uvicorn

from .access_control import AccessControl
from .address import BACKLOG, Address
from .application import Application
from .connection import Connection, Connections
from .limits import Limits
from .log import logging_without_blocking
from .workers import Workers


def run_service(
    run: str,
    listening: socket.socket,
    address: Address,
    *,
    limits: Limits,
    started: Callable[[], None],
    trusted_proxies: Sequence[str] = (),
) -> signal.Signals | None:
    """Serve a run, or a file with a network, until a signal arrives, and return it; ``started`` is called once it answers."""

    async def serve() -> None:
        async with Workers(run, limits) as workers:
            application = Application(AccessControl(address, limits), limits, workers)
            server = uvicorn.Server(configuration(application, limits, trusted_proxies))
            if not stopped_by:
                started()  # the system queues connections already
            server.should_exit = bool(stopped_by)
            await server.serve(sockets=[listening])

    with logging_without_blocking(), _noting_signals() as stopped_by:
        asyncio.run(serve())
    return stopped_by[0] if stopped_by else None


def configuration(application: Application, limits: Limits, trusted_proxies: Sequence[str]) -> uvicorn.Config:
    """Return uvicorn's settings, with a :class:`Connection` around each of its protocols."""
    config = uvicorn.Config(
        application, http="h11", ws="none", lifespan="off", interface="asgi3", log_config=None, log_level="critical",
        access_log=False, proxy_headers=bool(trusted_proxies), forwarded_allow_ips=list(trusted_proxies), server_header=False,
        backlog=BACKLOG, timeout_keep_alive=limits.idle_seconds, timeout_graceful_shutdown=limits.finish_seconds,
        h11_max_incomplete_event_size=limits.largest_header,
    )  # fmt: skip
    config.load()
    protocol, connections = config.http_protocol_class, Connections(limits)
    config.http_protocol_class = lambda **keywords: Connection(protocol(**keywords), connections)  # type: ignore[assignment]
    return config


@contextlib.contextmanager
def _noting_signals() -> Iterator[list[signal.Signals]]:
    """Yield a list of the signals that arrived; uvicorn, which handles them meanwhile, passes them on when it has stopped."""
    found: list[signal.Signals] = []
    handled = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {each: signal.signal(each, lambda number, _: found.append(signal.Signals(number))) for each in handled}
    try:
        yield found
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
