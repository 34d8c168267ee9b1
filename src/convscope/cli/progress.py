"""A training on the terminal: the layer table, then a bar per epoch; without a terminal, one plain line per epoch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from ..data.reading import Loaded, Reading
from ..models.shapes import layer_table
from ..training.events import Built, Event, Listener, Progress
from .reading import ReadingBars


@contextlib.contextmanager
def listener(*, quiet: bool) -> Iterator[Listener | None]:
    """Something to hand to ``train(progress=…)``; it writes to standard error, and nothing where ``quiet``."""
    if quiet:
        yield None
        return
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.fields[state]}"))
    with Bars(*columns, console=console, refresh_per_second=8) as bars:
        yield _MovingBars(console, bars)


class _Lines:
    """One line per epoch."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def __call__(self, event: Event) -> None:
        if isinstance(event, Loaded):
            _print_notes(event, self.console)
        elif isinstance(event, Built):
            self.console.print(_headline(event))
        elif isinstance(event, Progress) and event.record is not None:
            self.console.print(f"{_name(event)}  {_state(event)}")


class _MovingBars:
    """A bar per epoch, which stays when the epoch is over."""

    def __init__(self, console: Console, bars: Bars) -> None:
        self.console, self.bars = console, bars
        self.reading = ReadingBars(bars)
        self.current: tuple[str, int] | None = None
        self.task = TaskID(0)

    def __call__(self, event: Event) -> None:
        if isinstance(event, Reading | Loaded):
            self.reading(event)
            if isinstance(event, Loaded):
                _print_notes(event, self.console)
            return
        if isinstance(event, Built):
            self.console.print(_headline(event))
            return
        if self.current != (event.model_name, event.epoch):
            self.current = (event.model_name, event.epoch)
            self.task = self.bars.add_task(_name(event), total=event.num_images, state="")
        self.bars.update(self.task, completed=event.images_done, state=_state(event))
        if event.record is not None:
            self.bars.stop_task(self.task)
            self.bars.refresh()


def _print_notes(event: Loaded, console: Console) -> None:
    """What was done to the data on reading them; class names and paths in it are no markup."""
    for note in event.notes:
        console.print(f"{event.name}: {note}", markup=False)


def _headline(event: Built) -> str:
    precision = "bfloat16, which this processor computes natively" if "bfloat16" in event.precision else "float32"
    validation = f"{event.num_validation:,} to validate"
    if event.validates_on_test:
        validation += " (the test split itself, as the original notebook had it: val_accuracy is no independent check)"
    going_on = f"; going on after epoch {event.epochs_done}" if event.epochs_done else ""
    changed = f", each {event.augmentation} anew in every epoch" if event.augmentation else ""
    return (
        f"{layer_table(event.network)}\n{event.num_train:,} images to train on{changed}; {validation}; {precision}{going_on}"
    )


def _name(event: Progress) -> str:
    width = len(str(event.epochs))
    return f"{event.model_name} epoch {event.epoch:{width}d}/{event.epochs}"


def _state(event: Progress) -> str:
    rate = event.images_done / event.seconds if event.seconds else 0.0
    numbers = f"loss {event.loss:.4f}  accuracy {event.accuracy:.4f}"
    if event.record is not None:
        record = event.record
        left = (event.epochs - event.epoch) * record.seconds
        numbers += f"  val_loss {record.val_loss:.4f}  val_accuracy {record.val_accuracy:.4f}"
    else:
        left = (event.num_images * (event.epochs - event.epoch + 1) - event.images_done) / rate if rate else 0.0
    ending = f"  {left:.0f} s left" if event.epoch < event.epochs or event.record is None else ""
    return f"{numbers}  {event.seconds:.1f} s  {rate:,.0f} images/s{ending}"
