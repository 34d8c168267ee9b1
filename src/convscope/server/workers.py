"""The processes that decode and classify images, and the images that wait for one of them."""

import asyncio
import contextlib
import logging
import os
import pickle
import sys
import time
from collections import deque
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from ..errors import ConvscopeError, ServiceError
from .http_errors import HTTPError
from .limits import Limits
from .work import BODY, FAILED, REPLY, REQUEST, Opened, Work

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
NICE = 10

TOO_LONG = f"{BODY} takes too long to decode. Send a smaller one, or save it again in another program."
TOO_BUSY = "too many images are pending. Retry in a second."

Result = TypeVar("Result")


class Worker:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.begun: float | None = None
        """Seconds of the processor when it began with its image; None while it has none."""
        self.is_slow = self.gave_way = False

    @property
    def used(self) -> float:
        """Seconds of the processor spent on the image."""
        return 0.0 if self.begun is None else self._clock() - self.begun

    async def classify(self, body: bytes, top: int) -> tuple[int, bytes]:
        """Return status and JSON or sentence."""
        self.begun = self._clock()
        reply = await self.ask(REQUEST.pack(top, len(body)) + body)
        self.begun = None
        return reply

    async def ask(self, content: bytes) -> tuple[int, bytes]:
        """Write ``content``, and return the status and the bytes of the reply."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(content)
        await self.process.stdin.drain()
        status, size = REPLY.unpack(await self.process.stdout.readexactly(REPLY.size))
        if size > LARGEST_REPLY and self.begun is not None:
            raise OSError("a reply is longer than any prediction")
        return status, await self.process.stdout.readexactly(size)

    def slow_down(self) -> None:
        """Let the others go first."""
        self.is_slow = True
        with contextlib.suppress(AttributeError, OSError):  # Windows has no such call
            os.setpriority(os.PRIO_PROCESS, self.process.pid, NICE)

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()

    async def end(self) -> None:
        """Kill it, and return when it and its pipes are gone, or after a second."""
        self.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await self.process.communicate()

    def _clock(self) -> float:
        try:
            return time.clock_gettime(~self.process.pid << 3 | 2)  # clock_getcpuclockid(3) of Linux
        except (AttributeError, OSError):
            return time.monotonic()


class Workers:
    """A fixed number of workers that are replaced when they die, and a queue that takes one image of each client in turn."""

    opened: Opened
    """The run."""

    def __init__(self, run: str, limits: Limits) -> None:
        self._limits = limits
        self._run: str | Opened = run
        self._free: list[Worker] = []
        self._alive: set[Worker] = set()
        self._waiting: dict[str, deque[asyncio.Future[Worker]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        """Start one worker, and the others while it answers."""
        try:
            first, self.opened = await self._started()
        except ConvscopeError:
            raise
        except (EOFError, OSError, TimeoutError) as error:
            raise ServiceError(
                "no process could be started that classifies images. Free some memory and try again."
            ) from error
        self._run = replace(self.opened, page=None)
        self._free.append(first)
        for _ in range(self._limits.workers - 1):
            self._task(self._replace())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(worker.end() for worker in self._alive))

    async def classify(self, client: str, body: bytes, top: int) -> bytes:
        """Return the JSON of a prediction, or raise HTTPError."""
        worker = await self._turn(client)
        # The image is finished even if its client leaves: a worker that is killed must be replaced, which takes longer.
        return await asyncio.shield(self._task(self._use(worker, body, top)))

    def relieve(self) -> None:
        """Where images wait, finish those that take long beside the others; beyond a number of them, the longest gives way."""
        if not any(self._waiting.values()):
            return
        for worker in [each for each in self._alive if not each.is_slow and each.used > self._limits.quick_seconds]:
            slow = [each for each in self._alive if each.is_slow and not each.gave_way]
            if len(slow) >= self._limits.slow_images:
                longest = max(slow, key=lambda each: each.used)
                longest.gave_way = True
                longest.kill()
            worker.slow_down()
            self._task(self._replace())

    async def _turn(self, client: str) -> Worker:
        while self._free:
            worker = self._free.pop()
            if worker.process.returncode is None:
                return worker
            self._alive.discard(worker)
            self._task(self._replace())
        turn: asyncio.Future[Worker] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(turn.result())
            elif turn in (turns := self._waiting.get(client, deque())):
                turns.remove(turn)
            raise

    async def _use(self, worker: Worker, body: bytes, top: int) -> bytes:
        try:
            async with asyncio.timeout(self._limits.image_seconds):
                status, reply = await worker.classify(body, top)
        except TimeoutError:
            raise HTTPError(422, TOO_LONG) from None
        except (EOFError, OSError):  # it was killed, by us or by the system
            if worker.gave_way:
                raise HTTPError(503, TOO_BUSY) from None
            raise HTTPError(422, TOO_LONG) from None
        finally:
            self._after(worker)
        if status == FAILED:
            raise RuntimeError(reply.decode())
        if status != 200:
            raise HTTPError(status, reply.decode())
        return reply

    def _after(self, worker: Worker) -> None:
        """Give a worker that has answered to the next image; end one that has not, or that runs slowly since."""
        if worker.begun is None and not worker.is_slow:
            self._give_back(worker)
            return
        worker.kill()
        self._alive.discard(worker)
        if not worker.is_slow:
            self._task(self._replace())

    def _give_back(self, worker: Worker) -> None:
        while self._waiting:
            client, turns = next(iter(self._waiting.items()))
            del self._waiting[client]
            while turns and turns[0].done():
                turns.popleft()
            if turns:
                turns.popleft().set_result(worker)
                if turns:
                    self._waiting[client] = turns  # behind the other clients
                return
        self._free.append(worker)

    def _task(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start a task that may outlive its request."""

        def done(task: asyncio.Task[Any]) -> None:
            self._tasks.discard(task)
            if not task.cancelled():
                task.exception()  # its request may be gone

        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(done)
        return task

    async def _replace(self) -> None:
        while True:
            try:
                self._give_back((await self._started())[0])
                return
            except Exception as error:  # noqa: BLE001 - the next try may succeed
                LOGGER.warning("a process that classifies images could not be started: %r", error)
                await asyncio.sleep(1)

    async def _started(self) -> tuple[Worker, Opened]:
        worker = Worker(
            await asyncio.create_subprocess_exec(
                *COMMAND, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
                env={**os.environ, **ENVIRONMENT},
            )
        )  # fmt: skip
        self._alive.add(worker)
        try:
            async with asyncio.timeout(START_SECONDS):
                status, reply = await worker.ask(
                    pickle.dumps(Work(self._run, self._limits.image_cpu_seconds, self._limits.image_memory))
                )
            found = pickle.loads(reply)  # noqa: S301 - the worker has seen no image yet
            if status == FAILED:
                raise found
        except Exception:
            self._alive.discard(worker)
            await worker.end()
            raise
        return worker, found
