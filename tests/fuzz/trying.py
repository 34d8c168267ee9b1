"""One try of a reader on one content, and what counts as a find."""

from __future__ import annotations

import resource
import shutil
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from convscope.errors import ConvscopeError

from .readers import RUN, Reader  # type: ignore[import-not-found]

PATIENCE = 5.0
"""Seconds of the processor until a reader counts as hanging; ten times as many by the clock, which others may use up."""
MAX_MEMORY = 400 * 1024
"""KiB by which a try may raise the process's peak."""


class HangError(BaseException):
    """Not an ``Exception``, so that no reader's net catches it."""


@dataclass(frozen=True)
class Find:
    """``kind`` is the same for what fails the same way."""

    kind: str
    trace: str = ""


def try_reader(reader: Reader, folder: Path, content: bytes) -> Find | None:
    """What is wrong with what ``reader`` makes of ``content``; None where it gives a result or an error of convscope's own.

    ``folder`` is emptied, but for the run that may be in it.
    """
    for path in folder.iterdir():
        if path.name != RUN:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = _watched(lambda: reader.read(folder, content))
    if found is None and time.process_time() - begun > PATIENCE:
        found = Find("hang")
    if found is None and resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before > MAX_MEMORY:
        found = Find("memory")
    return found


def _watched(work: Callable[[], object]) -> Find | None:
    def stop(_: int, frame: FrameType | None) -> None:
        raise HangError

    timers = {signal.SIGALRM: (signal.ITIMER_REAL, 10 * PATIENCE), signal.SIGPROF: (signal.ITIMER_PROF, PATIENCE)}
    earlier = {number: signal.signal(number, stop) for number in timers}
    for timer in timers.values():
        signal.setitimer(*timer)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            work()
    except ConvscopeError:
        return None
    except (HangError, Exception) as error:  # noqa: BLE001 - all of them are finds
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "convscope" in frame.filename]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
        return Find(f"{type(error).__name__} at {place}", "".join(traceback.format_exception(error))[-3000:])
    finally:
        for number, (timer, _) in timers.items():
            signal.setitimer(timer, 0)
            signal.signal(number, earlier[number])
    return None
