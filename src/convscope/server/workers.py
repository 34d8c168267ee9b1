"""The processes that decode and classify images, and the images that wait for one of them."""

import asyncio
import contextlib
import heapq
import logging
import os
import pickle
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, cast

from ..errors import ConvscopeError, ServiceError
from .http_errors import HTTPError
from .limits import MEGABYTE, Limits
from .work import BODY, FAILED, INTERRUPTED, REPLY, Opened

LOGGER = logging.getLogger("convscope.server")

PACKAGES = str(Path(__file__).parents[2])
"""The folder that holds convscope, for a worker that is not told to look in the current folder."""
COMMAND = [
    sys.executable, "-P", "-c",
    f"import sys; sys.path.append({PACKAGES!r}); from convscope.server.worker import main; main()",
]  # fmt: skip

ENVIRONMENT = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_MMAP_THRESHOLD_": str(2**20)}
"""One thread each, and large buffers go back to the system (glibc) when an image is done."""
LARGEST_REPLY = 2**24
START_SECONDS = 60.0
NICE = 5
QUICK_CPU_SECONDS = 1
"""After which a worker is killed that its own timer does not interrupt, as where C does not return to Python."""
QUICK_CLOCK_SECONDS = 2.0
"""The same where the system has no such timer (Windows), by the clock."""
HAS_TIMER = hasattr(signal, "setitimer")


@dataclass(eq=False)
class Image:
    """An image, and the status and bytes of its answer when it is known."""

    body: bytes
    top: int
    answer: asyncio.Future[tuple[int, bytes]] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(eq=False)
class Pool:
    """Images that wait for workers of one kind: one of each client in turn, large files after small ones."""

    nice: int
    cpu_seconds: int
    """For an image, after which the system kills the worker."""
    clock_seconds: float
    timer: float | None
    """Seconds of the processor after which a worker gives an image up by itself."""
    _waiting: dict[str, list[tuple[float, int, Image]]] = field(default_factory=dict)
    _number: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    def put(self, client: str, image: Image) -> None:
        # Nobody knows how long an image takes, but those of many bytes rarely are the quick ones.
        due = time.monotonic() + min(1.0, len(image.body) / MEGABYTE)
        heapq.heappush(self._waiting.setdefault(client, []), (due, id(image), image))
        self._number.release()

    async def get(self) -> Image:
        """Return the next image, once there is one."""
        await self._number.acquire()
        images = self._waiting.pop(client := next(iter(self._waiting)))
        *_, image = heapq.heappop(images)
        if images:
            self._waiting[client] = images  # behind the other clients
        return image


class Workers:
    """A fixed number of workers, which are replaced when they die.

    An image begins in the quick pool. If it takes long it is given up there, and begun again in the slow pool, whose workers
    leave the processor to the others.
    """

    opened: Opened
    """The run."""

    def __init__(self, run: str, limits: Limits) -> None:
        self._run: str | Opened = run
        self._limits = limits
        clock = limits.image_seconds if HAS_TIMER else QUICK_CLOCK_SECONDS
        self._quick = Pool(0, QUICK_CPU_SECONDS, clock, limits.quick_seconds)
        self._slow = Pool(NICE, limits.image_cpu_seconds, limits.image_seconds, None)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Start one worker; the others start while it answers."""
        try:
            first, self.opened = await self._start(self._quick)
        except (EOFError, OSError) as error:
            if isinstance(error, ConvscopeError):
                raise
            raise ServiceError(
                "no process can be started that classifies images. Free some memory and try again."
            ) from error
        self._run = replace(self.opened, page=None)
        self._tasks.append(asyncio.create_task(self._work(self._quick, first)))
        for pool in [self._quick] * (self._limits.quick_workers - 1) + [self._slow] * self._limits.slow_workers:
            self._tasks.append(asyncio.create_task(self._work(pool)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def classify(self, client: str, body: bytes, top: int) -> bytes:
        """Return the JSON of a prediction, or raise HTTPError."""
        for pool in (self._quick, self._slow):
            image = Image(body, top)
            pool.put(client, image)
            try:
                status, reply = await image.answer
            finally:
                image.body = b""  # it may wait for its turn even if the client has left
            if status != INTERRUPTED:
                break
        if status == INTERRUPTED:
            raise HTTPError(
                422, f"{BODY} takes too long to decode. Send a smaller one, or save it again in another program."
            )
        if status == FAILED:
            raise RuntimeError(reply.decode())
        if status != 200:
            raise HTTPError(status, reply.decode())
        return reply

    async def _work(self, pool: Pool, process: Process | None = None) -> None:
        """Give a process one image of a pool after another, and replace it when it is gone."""
        try:
            while True:
                process = await self._running(pool, process)
                image = await pool.get()
                if image.answer.done():
                    continue
                process = await self._running(pool, process)
                try:
                    async with asyncio.timeout(pool.clock_seconds):
                        reply = await _ask(process, (image.body, image.top))
                except (EOFError, OSError):  # it takes too long, or was killed for that or for its memory
                    await _end(process)
                    reply = INTERRUPTED, b""
                if not image.answer.done():
                    image.answer.set_result(reply)
        finally:
            if process is not None:
                await _end(process)

    async def _running(self, pool: Pool, process: Process | None) -> Process:
        """Return a process that runs, a new one if need be, as soon as one can be started."""
        while process is None or process.returncode is not None:
            try:
                process, _ = await self._start(pool)
            except Exception as error:  # noqa: BLE001 - the next try may succeed
                LOGGER.warning("a process that classifies images could not be started: %r", error)
                await asyncio.sleep(1)
        return process

    async def _start(self, pool: Pool) -> tuple[Process, Any]:
        """Start a process and tell it its work; return it with what the first tells of the run."""
        process = await asyncio.create_subprocess_exec(
            *COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**os.environ, **ENVIRONMENT}
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                work = (self._run, pool.nice, pool.cpu_seconds, pool.timer, self._limits.image_memory)
                status, reply = await _ask(process, work, largest=None)
            found = pickle.loads(reply)  # noqa: S301 - the worker has seen no image yet
            if status == FAILED:
                raise cast("Exception", found)
        except BaseException:
            await _end(process)
            raise
        return process, found


async def _ask(process: Process, request: Any, largest: int | None = LARGEST_REPLY) -> tuple[int, bytes]:
    """Send a worker ``request``, and return the status and the bytes of its reply."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(pickle.dumps(request))
    await process.stdin.drain()
    status, size = REPLY.unpack(await process.stdout.readexactly(REPLY.size))
    if largest is not None and size > largest:
        raise OSError("a reply is longer than any prediction")
    return status, await process.stdout.readexactly(size)


async def _end(process: Process) -> None:
    """Kill a process, and return when it and its pipes are gone, or after a second."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            await process.communicate()
