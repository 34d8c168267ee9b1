"""Progress on standard error: bars on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Any, cast

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID
from rich.table import Table
from rich.text import Text

from ..data.read_options import DatasetChecked, DatasetLoaded, ReadProgress
from ..formatting import count_of, percent
from ..models.summary import layer_table
from ..training.events import Event, TrainingStarted, TrainProgress, epoch_name, epoch_state, read_state, remarks
from .streams import OwnCodes, printable_text

if TYPE_CHECKING:
    from ..analysis.label_audit.cross_validation import AuditProgress
    from ..api.examine import ExamineProgress
    from ..studies.tasks import StudyProgress

EXAMINATION_STEPS = {
    "corruptions": "measuring robustness to corruptions",
    "ood": "measuring out-of-distribution detection",
    "attacks": "measuring adversarial robustness",
    "page": "writing the page",
}


class _Line(ProgressColumn):
    """Name, bar and state, the bar where there is room: rich would shorten all three, and leave "cnn e…" of an epoch."""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console, self._bar = console, BarColumn(bar_width=20)

    def render(self, task: Task) -> RenderableType:
        name, state = task.description, task.fields["state"]
        line, room = f"{name}  {state}", self._console.width
        if cell_len(line) + 20 <= room:
            row = Table.grid(padding=(0, 1))
            row.add_row(Text(name), self._bar.render(task), Text(state))
            return row
        return Text(line if cell_len(line) <= room else line.replace("  ", " "), no_wrap=True, overflow="ellipsis")


class Display:
    """One bar per key on a terminal, lines elsewhere; ``bars`` is None where there is no terminal."""

    def __init__(self, console: Console, bars: Progress | None) -> None:
        self._console, self._bars = console, bars
        self._tasks: dict[object, TaskID] = {}

    def note(self, text: str) -> None:
        """Print ``text``, above the bars if there are any."""
        # Class names and paths may hold square brackets, which rich would read as markup.
        self._console.print(printable_text(text), markup=False)

    def line(self, text: str) -> None:
        """Print ``text`` where no bar can show it."""
        if self._bars is None:
            self.note(text)

    def move(self, key: object, description: str, done: float, total: float, state: str) -> None:
        """Move the bar of ``key``, which appears with its first move."""
        if self._bars is None:
            return
        description, state = printable_text(description), printable_text(state)
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(description, total=total, state=state)
        self._bars.update(self._tasks[key], description=description, completed=done, total=total, state=state)

    def clear(self) -> None:
        for task in self._tasks.values():
            assert self._bars is not None
            self._bars.remove_task(task)
        self._tasks.clear()


@contextlib.contextmanager
def open_progress(make: Callable[[Display], Callable[[Any], None]], *, quiet: bool, keep: bool = False) -> Iterator[Any]:
    """Yield the listener that ``make`` returns for a display on standard error, or None when ``quiet``.

    ``make`` is one of the functions below; with ``keep``, the bars stay on the screen afterwards.
    """
    if quiet:
        yield None
        return
    console = Console(file=cast("IO[str]", OwnCodes()), highlight=False, soft_wrap=True)
    if not console.is_terminal:
        yield make(Display(console, None))
        return
    with Progress(_Line(console), console=console, refresh_per_second=8, transient=not keep) as bars:
        yield make(Display(console, bars))


def reading(display: Display) -> Callable[[ReadProgress | DatasetLoaded], None]:
    """Show one bar per step while a dataset is read or fetched; the bars vanish once it is loaded."""

    def listen(event: ReadProgress | DatasetLoaded) -> None:
        if isinstance(event, ReadProgress):
            display.move(event.step, event.step, event.done, event.total, read_state(event))
        else:
            display.clear()

    return listen


def training(display: Display) -> Callable[[Event], None]:
    """Show the layer table, then a bar per epoch that stays; elsewhere a line per epoch."""
    read = reading(display)

    def listen(event: Event) -> None:
        if isinstance(event, ReadProgress | DatasetLoaded):
            read(event)
        if isinstance(event, DatasetLoaded | DatasetChecked):
            for remark in remarks(event):
                display.note(remark)
        elif isinstance(event, TrainingStarted):
            display.note(training_header(event))
        elif isinstance(event, TrainProgress):
            name, state = epoch_name(event), epoch_state(event)
            display.move((event.model_name, event.epoch), name, event.images_done, event.num_images, state)
            if event.record is not None:
                display.line(f"{name}  {state}")

    return listen


def examining(display: Display) -> Callable[[ExamineProgress], None]:
    """Show a bar, or a line, per step of a robustness evaluation."""

    def listen(event: ExamineProgress) -> None:
        name = EXAMINATION_STEPS[event.step]
        display.move(event.step, name, event.done, event.total, f"{event.done} of {event.total}")
        if event.done == 0:
            display.line(name)

    return listen


def auditing(display: Display) -> Callable[[AuditProgress], None]:
    """Show one bar over all folds; elsewhere a line per fold."""
    finished = 0

    def listen(event: AuditProgress) -> None:
        nonlocal finished
        done = (event.fold - 1 + event.images_done / event.num_images) / event.folds
        display.move("audit", f"label audit, fold {event.fold} of {event.folds}", done, 1.0, percent(done, 0))
        if event.images_done >= event.num_images and event.fold > finished:
            finished = event.fold
            display.line(f"label audit: fold {event.fold} of {event.folds} trained")

    return listen


def studying(display: Display) -> Callable[[StudyProgress], None]:
    """Show one bar over all runs and trials; elsewhere a line per run."""
    started, first = time.monotonic(), -1

    def listen(event: StudyProgress) -> None:
        nonlocal first
        # Runs that were finished before this process started say nothing about its speed.
        first = event.done if first < 0 else first
        if event.remark:
            display.note(f"convscope: {event.remark}")
            return
        state = f"{event.done} of {event.total}"
        if event.name and event.accuracy is not None:
            display.line(f"{event.done}/{event.total}  {event.name}  {percent(event.accuracy)}")
            seconds = (time.monotonic() - started) / max(1, event.done - first) * (event.total - event.done)
            state += f"  {event.name} {percent(event.accuracy)}{_time_left(seconds)}"
        display.move("study", "study", event.done, event.total, state)

    return listen


def _time_left(seconds: float) -> str:
    if not seconds:
        return ""
    return f"  {seconds / 60:.0f} min left" if seconds >= 120 else f"  {seconds:.0f} s left"


def training_header(event: TrainingStarted) -> str:
    """Return the layer table and, in one line, what the network is trained and validated on."""
    parts = [count_of(event.num_train, "training image"), count_of(event.num_validation, "validation image")]
    if event.repeats > 1:
        parts[0] += f", {event.repeats:,} times per epoch"
    if event.augmentation:
        parts[0] += f", each {event.augmentation} anew {'every time' if event.repeats > 1 else 'in every epoch'}"
    if event.validates_on_test:
        parts[1] += " (the test split, as in the original notebook: val_accuracy is not an independent estimate)"
    parts.append({"native": "native engine", "keras": "Keras"}[event.engine])
    if event.epochs_done:
        parts.append(f"resuming after epoch {event.epochs_done}")
    lines = [str(layer_table(event.network)), "; ".join(parts)]
    if event.engine_reason:
        lines.append(f"Keras trains this network instead of the native engine: {event.engine_reason}")
    return "\n".join(lines)
