"""Run the server until SIGINT or SIGTERM, then finish pending requests."""

from __future__ import annotations

import contextlib
import functools
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import uvicorn
from uvicorn.server import HANDLED_SIGNALS

from ..prediction.classifier import Classifier
from .access_control import AccessControl
from .address import Address
from .application import Application
from .limits import Limits
from .protocol import GuardedProtocol


class Service(uvicorn.Server):
    """A uvicorn server that reports the signal that stopped it instead of raising it again."""

    stopped_by: signal.Signals | None = None

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {each: signal.signal(each, self.handle_exit) for each in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop after pending requests at the first signal, at once at the second."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self.stopped_by = self.stopped_by or signal.Signals(sig)


def run_service(
    classifier: Classifier,
    page: bytes | None,
    listening: socket.socket,
    address: Address,
    *,
    limits: Limits,
    started: Callable[[], None],
) -> signal.Signals | None:
    """Serve on ``listening`` until a signal arrives, and return it; ``started`` is called once requests are accepted."""
    with ThreadPoolExecutor(limits.workers, "convscope") as pool:
        application = Application(classifier, page, AccessControl(address, limits), limits, pool)
        config = uvicorn.Config(
            application,
            http=functools.partial(GuardedProtocol, limits=limits),  # type: ignore[arg-type]
            loop="asyncio",
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=limits.finish_seconds,
            h11_max_incomplete_event_size=limits.largest_header,
        )
        service = Service(config, started)
        service.run(sockets=[listening])
    return service.stopped_by
