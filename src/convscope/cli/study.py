"""``convscope study``: many trainings, and statistics instead of one number."""

from __future__ import annotations

import contextlib
import time
import webbrowser
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from ..formatting import percent
from .options import output_options, reading_options

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

    from ..analysis.intervals import Interval
    from ..study.comparisons import Comparison
    from ..study.studying import Study
    from ..study.table import Row
    from ..study.work import StudyListener, StudyProgress


def _names(_: click.Context, __: click.Parameter, text: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip()) if isinstance(text, str) else text


def _numbers(what: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """``1000,5000,all`` as a list; a number alone as it is, for seeds."""

    def parse(_: click.Context, __: click.Parameter, text: Any) -> Any:
        if not isinstance(text, str):
            return text
        words = [word.strip() for word in text.split(",") if word.strip()]
        if not words or not all(word.isdecimal() or (what == "sizes" and word == "all") for word in words):
            expected = "numbers of images and all, as 1000,5000,all" if what == "sizes" else "how many, or which, as 0,1,5"
            raise click.BadParameter(f"{text!r} was given; {expected} was expected.")
        values = [word if word == "all" else int(word) for word in words]
        return values[0] if what == "seeds" and len(values) == 1 and "," not in text else values

    return parse


@click.command("study", short_help="Train many, and compare with statistics.")
@click.argument("data")
@click.option(
    "--models", default="cnn,ann", show_default=True, callback=_names, metavar="NAMES", help="The networks, by comma."
)
@click.option(
    "--recipes", default="standard", show_default=True, callback=_names, metavar="NAMES", help="How to train them."
)
@click.option(
    "--seeds",
    default="10",
    show_default=True,
    callback=_numbers("seeds"),
    metavar="N",
    help="How many, from 0; or which: 0,1,5",
)
@click.option(
    "--sizes",
    default=None,
    callback=_numbers("sizes"),
    metavar="SIZES",
    help="Numbers of training images, as 1000,5000,all; more than one gives learning curves.  [default: all]",
)
@click.option(
    "--epochs", type=int, default=None, metavar="N", help="Passes over the training images, instead of the recipes'."
)
@click.option(
    "--search",
    type=int,
    default=None,
    metavar="N",
    help="First look for better settings in N trials, on validation images alone.",
)
@click.option(
    "--workers",
    default=None,
    metavar="N|dask:ADDRESS",
    help="Processes on this machine, or a Dask cluster's workers.  [default: one per core]",
)
@click.option("--out", default=None, metavar="DIR", help="The study's folder.  [default: runs/study-DATA]")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser at the end.")
@reading_options
@output_options
def command(open_page: bool, as_json: bool, quiet: bool, **arguments: Any) -> int:
    """Train every combination of models, recipes, sizes and seeds on DATA, and say what differs by more than chance.

    The same command goes on where a stopped one was. Each run is an ordinary run folder under DIR/runs.
    """
    from .. import api

    try:
        with _listener(quiet=quiet) as progress:
            study = api.study(**arguments, progress=progress)
    except KeyboardInterrupt:
        click.echo("convscope: interrupted. The same command goes on where this one stopped.", err=True)
        return 130
    _print(study, as_json, quiet)
    if open_page:
        webbrowser.open(study.page.resolve().as_uri())
    return 0


def _print(study: Study, as_json: bool, quiet: bool) -> None:
    from ..study.results import to_json
    from . import text

    if as_json:
        click.echo(text.to_json({"study": str(study.folder), **to_json(study.results)}))
        return
    head = ("configuration", "seeds", "accuracy", "95% over seeds", "over images too", "worst", "best", "training")
    click.echo(text.table(head, [_cells(row) for row in study.table]))
    if not quiet:
        for line in _sentences(study):
            click.echo(line)
    click.echo(f"study: {study.folder}")
    click.echo(f"page: {study.page}")


def _cells(row: Row) -> tuple[str, ...]:
    spread = percent(row.mean) if row.sd is None else f"{100 * row.mean:.2f} ± {percent(row.sd)}"
    intervals = (_range(each) for each in (row.interval, row.interval_of_both))
    return (
        row.name,
        f"{row.n}",
        spread,
        *intervals,
        percent(row.lowest),
        percent(row.highest),
        f"{row.train_seconds:.1f} s",
    )


def _range(interval: Interval | None) -> str:
    return "–" if interval is None else f"{100 * interval.low:.2f} to {percent(interval.high)}"


def _sentences(study: Study) -> Iterator[str]:
    for each in study.comparisons:
        yield from _compared(each)
    if (best := study.table[0]).n > 1:
        gain = 100 * (best.best_of[-1] - best.mean)
        yield f"best of {best.n}: quoting the best training of {best.name} instead of its mean would add {gain:.2f} points"
    for curve in study.results.curves:
        if curve.factor_of_doubling is not None:
            ends = curve.factor_interval
            over = "" if ends is None else f" ({100 * ends.low:.0f} to {percent(ends.high, 0)} over seeds)"
            yield f"{curve.name}: twice the training images leave {percent(curve.factor_of_doubling, 0)} of the errors{over}"
    for found in study.results.searches:
        better = f"validation loss {found.validation_loss:.4f} against the recipe's {found.base_loss:.4f}"
        yield f"{found.model}-{found.recipe}, {found.trials} trials: {better if found.setting else 'nothing better was found'}"
    yield from (f"note: {remark}" for remark in study.results.remarks)


def _compared(pair: Comparison) -> Iterator[str]:
    """The verdict with its numbers, and what it means for a single training and for the next study."""
    verdict = "differ by more than seeds explain" if pair.distinguishable else "can't be told apart"
    if not pair.judged:
        verdict = "get no verdict from so few seeds"
    p = "p < 0.001" if pair.p_adjusted < 0.001 else f"p = {pair.p_adjusted:.3f}"
    over_seeds, over_both = (
        f"{100 * each.low:+.2f} to {100 * each.high:+.2f}" for each in (pair.interval, pair.interval_of_both)
    )
    yield (
        f"{pair.first} and {pair.second} {verdict}: {100 * pair.difference:+.2f} points ({over_seeds} over seeds, {over_both} over "
        f"seeds and images), {p}"
    )
    needed = "more than 1,000 seeds" if pair.seeds_needed is None else f"{pair.seeds_needed} seeds"
    yield (
        f"  one training of {pair.first} is ahead of one of {pair.second} with a probability of {percent(pair.better, 0)}; to find "
        f"such a difference four times in five takes {needed}"
    )


@contextlib.contextmanager
def _listener(*, quiet: bool) -> Iterator[StudyListener | None]:
    """One bar over all runs on a terminal; elsewhere a line per run; nothing where ``quiet``, but remarks."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if quiet or not console.is_terminal:
        yield _Lines(console, quiet=quiet)
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TextColumn("{task.fields[state]}"))
    with Progress(*columns, console=console, refresh_per_second=4) as bars:
        yield _Bar(console, bars)


class _Lines:
    """For logs."""

    def __init__(self, console: Console, *, quiet: bool) -> None:
        self.console, self.quiet = console, quiet

    def __call__(self, event: StudyProgress) -> None:
        if event.remark:
            self.console.print(f"convscope: {event.remark}", markup=False)
        elif event.name and event.accuracy is not None and not self.quiet:
            self.console.print(f"{event.done}/{event.total}  {event.name}  {percent(event.accuracy)}", markup=False)


class _Bar:
    """Runs and trials done, the last one's accuracy, and how long the rest may take."""

    def __init__(self, console: Console, bars: Progress) -> None:
        self.console, self.bars = console, bars
        self.task: TaskID | None = None
        self.started, self.before = time.monotonic(), 0

    def __call__(self, event: StudyProgress) -> None:
        if self.task is None:
            self.before = event.done
            self.task = self.bars.add_task("study", total=event.total, state="")
        if event.remark:
            self.console.print(f"convscope: {event.remark}", markup=False)
            return
        state = f"{event.done} of {event.total}"
        if event.name and event.accuracy is not None:
            seconds = (time.monotonic() - self.started) / max(1, event.done - self.before) * (event.total - event.done)
            left = f"{seconds / 60:.0f} min left" if seconds >= 120 else f"{seconds:.0f} s left"
            state += f"  {event.name.replace('[', '(')} {percent(event.accuracy)}" + (f"  {left}" if seconds else "")
        self.bars.update(self.task, completed=event.done, total=event.total, state=state)
