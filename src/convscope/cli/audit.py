"""``convscope audit``: labels that deserve a second look."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..formatting import percent
from ..run_files import LABEL_SUSPECTS
from .options import output_options

if TYPE_CHECKING:
    from ..analysis.label_audit import LabelAudit, SplitAudit
    from ..auditing.cross_validation import Auditing, Listener

SHOWN = 10


@click.command("audit", short_help="List the labels that deserve a second look.")
@click.argument("run", metavar="RUN")
@click.option(
    "--folds",
    type=int,
    default=4,
    show_default=True,
    metavar="K",
    help="Networks, each trained without a Kth of the images.",
)
@click.option(
    "--out", default=None, metavar="FILE", help="Write a copy of the list to FILE.  [default: the run folder alone]"
)
@click.option("--overwrite", is_flag=True, help="Replace that file, if there is one.")
@click.option(
    "--confirmed",
    default=None,
    metavar="FILE.csv",
    help="The list, with only the rows left whose label is wrong: measures the accuracy without those test images.",
)
@output_options
def command(
    run: str, folds: int, out: str | None, overwrite: bool, confirmed: str | None, as_json: bool, quiet: bool
) -> int:
    """List the images of RUN's data whose label networks that never saw them would not have given, the most suspect first.

    Each is a hint and no verdict. Trains K networks quickly, writes label_suspects.csv and the numbers into the run folder, and
    makes its page again. Needs the extra: pip install "convscope[audit]"
    """
    from .. import api
    from ..models.backend import leave_out_extras
    from . import text

    leave_out_extras()
    try:
        with _bar(quiet=quiet) as progress:
            audit = api.audit(run, folds=folds, out=out, overwrite=overwrite, confirmed=confirmed, progress=progress)
    except KeyboardInterrupt:
        click.echo("convscope: interrupted. The same command goes on after the folds that are done.", err=True)
        return 130
    file = Path(run) / LABEL_SUSPECTS
    if as_json:
        click.echo(text.to_json({**audit.as_dict(), "file": str(file)}))
        return 0
    for line in _lines(audit, quiet):
        click.echo(line)
    click.echo(str(file) if quiet else f"list: {file}")
    return 0


def _lines(audit: LabelAudit, quiet: bool) -> Iterator[str]:
    from . import text

    for each in audit.splits:
        yield _split_line(each)
    if audit.confirmed is not None:
        yield _confirmed_line(audit)
    if quiet:
        return
    if len(audit):
        rows = [(split, f"{index:,}", *classes, f"{score:.4f}") for split, index, *classes, score in audit.rows(SHOWN)]
        yield f"\n{text.table(('split', 'image', 'given', 'suggested', 'score'), rows)}\n"
    yield from audit.notes


def _split_line(audit: SplitAudit) -> str:
    name = {"train": "training", "test": "test"}[audit.split]
    if not audit.num_suspects:
        return f"{name}: no suspects among {audit.judged:,} labels"
    estimate = f"about {audit.estimated_wrong:,}" if audit.estimated_wrong else "none"
    return (
        f"{name}: {audit.num_suspects:,} suspects among {audit.judged:,} labels, {estimate} of them wrong by confident "
        "learning's estimate"
    )


def _confirmed_line(audit: LabelAudit) -> str:
    found = audit.confirmed
    assert found is not None
    if not found.confirmed_test:
        return f"confirmed: {found.confirmed_train:,} training labels and no test label, so the accuracy stays as it is"
    low, high = found.difference_interval.low, found.difference_interval.high
    return (
        f"confirmed: {found.confirmed_train:,} training and {found.confirmed_test:,} test labels. Accuracy "
        f"{percent(found.accuracy)} with these test images ({percent(found.interval.low)} to {percent(found.interval.high)}), "
        f"{percent(found.accuracy_without)} without ({percent(found.interval_without.low)} to "
        f"{percent(found.interval_without.high)}); difference {100 * found.difference:.2f} points ({100 * low:.2f} to "
        f"{100 * high:.2f}). Only labels that networks doubted were looked at, so the second number is on the high side."
    )


@contextlib.contextmanager
def _bar(*, quiet: bool) -> Iterator[Listener | None]:
    """One bar for all folds on a terminal; elsewhere one line when a fold is done; nothing where ``quiet``."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        yield _Lines(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), TextColumn("{task.percentage:.0f}%"))
    with Progress(*columns, console=console, refresh_per_second=8, transient=True) as bars:
        task = bars.add_task("label audit", total=1.0)

        def move(event: Auditing) -> None:
            done = (event.fold - 1 + event.images_done / event.num_images) / event.folds
            bars.update(task, completed=done, description=f"label audit, fold {event.fold} of {event.folds}")

        yield move


class _Lines:
    """For logs."""

    def __init__(self, console: Any) -> None:
        self.console, self.told = console, 0

    def __call__(self, event: Auditing) -> None:
        if event.images_done >= event.num_images and event.fold > self.told:
            self.told = event.fold
            self.console.print(f"label audit: fold {event.fold} of {event.folds} is trained")
