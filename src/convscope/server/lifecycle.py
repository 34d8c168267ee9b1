"""Run the service until SIGINT or SIGTERM, then finish pending requests for a few seconds."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence

from .access_control import AccessControl
from .address import BACKLOG, Address, Network
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
    trusted_proxies: Sequence[Network] = (),
) -> signal.Signals | None:
    """Serve a run, or a file with a network, until a signal arrives, and return it; ``started`` is called once it answers."""
    stopped_by: list[signal.Signals] = []

    async def serve() -> None:
        with _cancelled_by_signals(stopped_by):
            async with Workers(run, limits) as workers:
                connections = Connections(limits)
                application = Application(AccessControl(address, limits), limits, workers, trusted_proxies)

                async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                    await Connection(reader, writer, connections, application.answer).serve()

                server = await asyncio.start_server(connected, sock=listening, backlog=BACKLOG)
                try:
                    started()
                    await asyncio.Event().wait()
                finally:
                    server.close()
                    await connections.finish()

    with logging_without_blocking(), contextlib.suppress(asyncio.CancelledError):
        asyncio.run(serve())
    return stopped_by[0] if stopped_by else None


@contextlib.contextmanager
def _cancelled_by_signals(found: list[signal.Signals]) -> Iterator[None]:
    """Cancel the current task at every signal, also where the event loop handles none itself, as on Windows."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def cancel(number: int, _: object) -> None:
        found.append(signal.Signals(number))
        loop.call_soon_threadsafe(task.cancel)

    handled = (signal.SIGINT, signal.SIGTERM) if threading.current_thread() is threading.main_thread() else ()
    before = {each: signal.signal(each, cancel) for each in handled}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
