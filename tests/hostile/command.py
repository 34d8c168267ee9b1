"""A command of convscope's in a process of its own, and whether it held: an answer in time, in its own words."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SECONDS = 60.0
"""Until a command counts as hanging."""


@dataclass(frozen=True)
class Answer:
    status: int
    out: str
    error: str


def answer_of(*arguments: str | Path, folder: Path | None = None, seconds: float = SECONDS, **environment: str) -> Answer:
    """Run ``convscope ARGUMENTS`` in ``folder`` and return what it answered; fail where it hangs or breaks down.

    ``environment`` is added to the caller's own.
    """
    return run_python("-m", "convscope", *arguments, folder=folder, seconds=seconds, environment=environment)


def run_python(*arguments: str | Path, folder: Path | None, seconds: float, environment: Mapping[str, str]) -> Answer:
    """Run this interpreter and return what it answered; fail where it hangs or breaks down."""
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, timeout=seconds, check=False
    )
    answer = Answer(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
    assert_held(answer)
    return answer


def assert_held(answer: Answer) -> None:
    """Fail on an internal error, a signal, or a status that convscope does not promise."""
    assert answer.status in (0, 1, 2, 130), f"status {answer.status}: {answer.error}"
    assert "Traceback" not in answer.error, answer.error
    assert "internal error" not in answer.error.lower(), answer.error
    if answer.status == 1:
        assert "convscope: error: " in answer.error, answer.error
