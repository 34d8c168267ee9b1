"""A thorough evaluation on the terminal: one moving bar; without a terminal, a line per step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from ..examining import Examining, Listener

SAID = {"corruptions": "corrupting images", "ood": "showing strange images", "attacks": "attacking",
        "page": "making the page"}  # fmt: skip


@contextlib.contextmanager
def examining_bar(*, quiet: bool) -> Iterator[Listener | None]:
    """Something to hand to ``examine(progress=…)``; it writes to standard error, and nothing where ``quiet``."""
    console = Console(stderr=True, highlight=False)
    if quiet:
        yield None
        return
    if not console.is_terminal:
        yield lambda event: console.print(SAID[event.step]) if event.done == 0 else None
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.completed} of {task.total}"))
    with Progress(*columns, console=console, refresh_per_second=8, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def move(event: Examining) -> None:
            if event.step not in tasks:
                tasks[event.step] = bars.add_task(SAID[event.step], total=event.total)
            bars.update(tasks[event.step], completed=event.done)

        yield move
