"""Commands in forks of one process that has imported convscope, each in surroundings of its own: no start of Python for each."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, Self

from .command import Answer  # type: ignore[import-not-found]

MB = 2**20


class Forks:
    """The process that forks."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        code = "from tests.hostile.forked import answer_requests; answer_requests()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code], cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def answer(self, setup: str, *arguments: str, folder: Path, seconds: int = 120) -> Answer:
        """Run a command in ``folder`` after the Python statements of ``setup``, and return what it answered."""
        assert self._process.stdin
        assert self._process.stdout
        request = {"setup": setup, "arguments": arguments, "folder": str(folder), "seconds": seconds}
        self._process.stdin.write(f"{json.dumps(request)}\n")
        self._process.stdin.flush()
        return Answer(**json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def answer_requests() -> None:
    """Fork for each line of standard input until it ends."""
    from convscope.cli import main  # noqa: F401 - imported once for all forks

    for line in sys.stdin:
        request = json.loads(line)
        (out, for_out), (error, for_error) = os.pipe(), os.pipe()
        if not (child := os.fork()):
            _run(request, for_out, for_error)
        os.close(for_out)
        os.close(for_error)
        texts = [_all_of(each) for each in (error, out)]
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        sys.stdout.write(f"{json.dumps({'status': status, 'out': texts[1], 'error': texts[0]})}\n")
        sys.stdout.flush()


def _all_of(descriptor: int) -> str:
    with os.fdopen(descriptor, "rb") as file:
        return file.read().decode("utf-8", "replace")


def _run(request: dict[str, Any], out: int, error: int) -> None:
    from convscope.cli.main import main
    from convscope.system.isolation import isolate_process

    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out, 1)
        os.dup2(error, 2)
        os.closerange(3, 64)
        sys.stdout, sys.stderr = (open(number, "w", closefd=False) for number in (1, 2))  # noqa: SIM115
        os.chdir(request["folder"])
        signal.alarm(request["seconds"])
        exec(request["setup"], {"limit": _limit, "os": os, "resource": resource, "signal": signal, "time": time, "MB": MB})
        tempfile.tempdir = None
        isolate_process()
        status = main(request["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    except BaseException:  # noqa: BLE001 - the caller judges it
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(70)


def _limit(name: str, value: int) -> None:
    """Limit a resource of this process; its addresses to ``value`` more than it has."""
    kind = getattr(resource, f"RLIMIT_{name}")
    if name == "AS":
        value += int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(kind, (value, value))
