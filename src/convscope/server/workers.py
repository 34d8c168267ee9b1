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
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, Self, TypeVar, cast

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
PAUSE = 0.05
"""Seconds between two looks at the images that take long."""
PATIENCE = 2.0
"""Seconds of the processor after which a worker is killed that heeds no signal, as it can where C returns to Python."""
NICE = 5

Result = TypeVar("Result")


class Worker:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process, pool: "Pool") -> None:
        self.process: asyncio.subprocess.Process = process
        self.pool: Pool = pool
        self.begun: float | None = None
        """Seconds of the processor when it began with its image; None while it has none."""
        self.is_interrupted: bool = False

    def clock(self) -> float:
        """Return the seconds of the processor that it has used, or else those that have passed."""
        try:
            return time.clock_gettime(~self.process.pid << 3 | 2)  # clock_getcpuclockid(3) of Linux
        except (AttributeError, OSError):
            return time.monotonic()

    async def classify(self, body: bytes, top: int) -> tuple[int, bytes]:
        """Return status and JSON or sentence."""
        self.begun, self.is_interrupted = self.clock(), False
        reply = await self.ask((body, top))
        self.begun = None
        return reply

    async def ask(self, request: Any) -> tuple[int, bytes]:
        """Send ``request``, and return the status and the bytes of the reply."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(pickle.dumps(request))
        await self.process.stdin.drain()
        status, size = REPLY.unpack(await self.process.stdout.readexactly(REPLY.size))
        if size > LARGEST_REPLY and self.begun is not None:
            raise OSError("a reply is longer than any prediction")
        return status, await self.process.stdout.readexactly(size)

    def interrupt(self, used: float) -> None:
        """Let it give up its image: by a signal, or where there is none or it does not help, by its end."""
        self.is_interrupted = True
        number = getattr(signal, "SIGUSR1", None) if used < PATIENCE else None
        with contextlib.suppress(ProcessLookupError):
            self.process.kill() if number is None else self.process.send_signal(number)

    async def end(self) -> None:
        """Kill it, and return when it and its pipes are gone, or after a second."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self.process.communicate()


class Pool:
    """Workers of one priority, and the images that wait for them: one of each client in turn, large files after small ones."""

    def __init__(self, nice: int = 0) -> None:
        self.nice = nice
        self._free: list[Worker] = []
        self._waiting: dict[str, list[tuple[float, int, asyncio.Future[Worker]]]] = {}

    @property
    def is_waited_for(self) -> bool:
        return any(not turn.done() for turns in self._waiting.values() for *_, turn in turns)

    async def turn(self, client: str, size: int) -> Worker:
        """Return a worker that is free."""
        while self._free:
            if (worker := self._free.pop()).process.returncode is None:
                return worker
        turn: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        # Nobody knows how long an image takes, but those of many bytes rarely are the quick ones.
        due = time.monotonic() + min(1.0, size / MEGABYTE)
        heapq.heappush(self._waiting.setdefault(client, []), (due, id(turn), turn))
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled():
                self.give(turn.result())
            raise

    def give(self, worker: Worker) -> None:
        """Take a worker that is free now."""
        while self._waiting:
            turns = self._waiting.pop(client := next(iter(self._waiting)))
            while turns:
                if not (turn := heapq.heappop(turns)[-1]).done():
                    turn.set_result(worker)
                    if turns:
                        self._waiting[client] = turns  # behind the other clients
                    return
        self._free.append(worker)


class Workers:
    """A fixed number of workers, which are replaced when they die.

    An image begins in the quick pool. If it takes long while others wait, it is given up there, and begun again in the slow
    pool, whose workers leave the processor to the others.
    """

    opened: Opened
    """The run."""

    def __init__(self, run: str, limits: Limits) -> None:
        self._run: str | Opened = run
        self._limits, self._quick, self._slow = limits, Pool(), Pool(NICE)
        self._alive: set[Worker] = set()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        """Start one worker, and the others while it answers."""
        pools = [self._quick] * (self._limits.quick_workers - 1) + [self._slow] * self._limits.slow_workers
        try:
            first = await self._spawned(self._quick)
            self.opened = await self._told(first)
            self._run = replace(self.opened, page=None)
            others = [await self._spawned(pool) for pool in pools]
        except (EOFError, OSError) as error:
            if isinstance(error, ConvscopeError):
                raise
            raise ServiceError(
                "no process can be started that classifies images. Free some memory and try again."
            ) from error
        self._quick.give(first)
        self._task(self._keep(first))
        for each in others:
            self._task(self._keep(each, is_told=False))
        self._task(self._interrupt())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(worker.end() for worker in self._alive))

    async def classify(self, client: str, body: bytes, top: int) -> bytes:
        """Return the JSON of a prediction, or raise HTTPError."""
        for pool in (self._quick, self._slow):
            worker = await pool.turn(client, len(body))
            # The image is finished even if its client leaves: a worker that is killed must be replaced, which takes longer.
            status, reply = await asyncio.shield(self._task(self._use(worker, body, top)))
            if status != INTERRUPTED:
                break
        if status == FAILED:
            raise RuntimeError(reply.decode())
        if status != 200:
            raise HTTPError(status, reply.decode())
        return reply

    async def _use(self, worker: Worker, body: bytes, top: int) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(self._limits.image_seconds):
                reply = await worker.classify(body, top)
        except (EOFError, OSError):  # too late, or it was killed, by us or by the system
            with contextlib.suppress(ProcessLookupError):
                worker.process.kill()
            sentence = f"{BODY} takes too long to decode. Send a smaller one, or save it again in another program."
            return INTERRUPTED if worker.is_interrupted else 422, sentence.encode()
        worker.pool.give(worker)
        return reply

    async def _interrupt(self) -> None:
        """Where images wait in the quick pool, interrupt those that take long there."""
        while True:
            await asyncio.sleep(PAUSE)
            if self._quick.is_waited_for:
                for each in self._alive:
                    used = each.clock() - each.begun if each.begun and each.pool is self._quick else 0.0
                    if used > self._limits.quick_seconds:
                        each.interrupt(used)

    def _task(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a task that may outlive its request."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep(self, worker: Worker, *, is_told: bool = True) -> None:
        """Keep a worker, and replace it when it dies."""
        while True:
            try:
                if worker.process.returncode is not None:
                    is_told, worker = False, await self._spawned(worker.pool)
                if not is_told:
                    await self._told(worker)
                    worker.pool.give(worker)
                await worker.process.wait()
                worker.process.stdin.close()  # type: ignore[union-attr] # or the collector finds it open
                self._alive.discard(worker)
            except Exception as error:  # noqa: BLE001 - the next try may succeed
                LOGGER.warning("a process that classifies images could not be started: %r", error)
                await asyncio.sleep(1)

    async def _spawned(self, pool: Pool) -> Worker:
        worker = Worker(
            await asyncio.create_subprocess_exec(
                *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, **ENVIRONMENT},
            ),
            pool,
        )  # fmt: skip
        self._alive.add(worker)
        return worker

    async def _told(self, worker: Worker) -> Opened:
        """Tell a worker its work, and return what the first tells of the run."""
        try:
            async with asyncio.timeout(START_SECONDS):
                work = (self._run, worker.pool.nice, self._limits.image_cpu_seconds, self._limits.image_memory)
                status, reply = await worker.ask(work)
            found: Opened = pickle.loads(reply)  # noqa: S301 - the worker has seen no image yet
            if status == FAILED:
                raise cast("Exception", found)
            return found
        except Exception:
            self._alive.discard(worker)
            await worker.end()
            raise
