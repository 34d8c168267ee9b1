"""A dataset being read or fetched, on the terminal: one bar per step, gone when it is over."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from ..data.memory import in_bytes
from ..data.reading import Loaded, Reading, ReadListener


@contextlib.contextmanager
def reading_bar(*, quiet: bool) -> Iterator[ReadListener | None]:
    """Something to hand to ``load_dataset(progress=…)``; nothing where ``quiet``, and where there is no terminal."""
    console = Console(stderr=True, highlight=False)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[state]}"))
    with Progress(*columns, console=console, refresh_per_second=8, transient=True) as bars:
        yield ReadingBars(bars)


class ReadingBars:
    """Bars for the steps of a reading, among others that may be there."""

    def __init__(self, bars: Progress) -> None:
        self.bars = bars
        self.tasks: dict[str, TaskID] = {}

    def __call__(self, event: Reading | Loaded) -> None:
        if isinstance(event, Loaded):
            for task in self.tasks.values():
                self.bars.remove_task(task)
            self.tasks.clear()
            return
        if event.step not in self.tasks:
            self.tasks[event.step] = self.bars.add_task(event.step, total=event.total, state="")
        done, total = (in_bytes(n) if event.unit == "bytes" else f"{n:,}" for n in (event.done, event.total))
        self.bars.update(self.tasks[event.step], completed=event.done, total=event.total, state=f"{done} of {total}")
