"""``convscope audit``: possible label errors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

import convscope

from ..analysis.label_audit.suspects import TOO_OFTEN, LabelAudit, SplitAudit
from ..formatting import count_of, percent, percent_range, percentage_points
from ..runs.files import LABEL_SUSPECTS
from ..types import PathLike
from . import progress, text
from .help_sections import argument, option, output_option, verb
from .options import moved_data_option, output_options, trust_option

SHOWN = 10
"""Suspects of each split that are printed."""


@verb(
    "audit",
    ("convscope audit runs/mnist-cnn-standard-0", "the suspects, also in its page"),
    ("convscope audit RUN --csv suspects.csv", "also as a table"),
    ("convscope audit RUN --confirmed confirmed.csv", "after you looked at each"),
)
@argument("run", metavar="RUN")
@option(
    "--folds",
    type=int,
    default=4,
    show_default=True,
    metavar="K",
    help="Number of cross-validation folds, each with a network of its own.",
)
@output_option(
    "--out", "-o", "--csv", "out", metavar="FILE", help="Also write the list to FILE.  [default: the run folder only]"
)
@output_option("--overwrite", is_flag=True, help="Replace FILE if it exists.")
@option(
    "--confirmed",
    metavar="FILE.csv",
    help="Record confirmed label errors in the list, and measure accuracy without them: the list reduced to the rows with a "
    "wrong label, or the file saved from the report.",
)
@click.option(
    "--copy-to", metavar="DIR", help="Copy the images into a new or empty folder, named by rank, given and suggested class."
)
@moved_data_option
@trust_option
@output_options
def command(
    run: PathLike,
    folds: int,
    out: str | None,
    overwrite: bool,
    confirmed: str | None,
    copy_to: str | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """List the images whose label is probably wrong, by confident learning over cross-validated networks.

    Trains K networks quickly, writes label_suspects.csv and its numbers into RUN, and rebuilds the report. Check each image
    before you change its label. Needs the extra audit.
    """
    try:
        with progress.open_progress(progress.auditing, quiet=quiet) as listener:
            audit = convscope.audit(
                run, folds=folds, out=out, overwrite=overwrite, confirmed=confirmed, copy_to=copy_to, progress=listener
            )
    except KeyboardInterrupt:
        click.echo("convscope: interrupted. Run the same command again to continue after the finished folds.", err=True)
        return 130
    file = Path(run) / LABEL_SUSPECTS
    if as_json:
        click.echo(text.to_json({**audit.as_dict(), "file": str(file)}))
        return 0
    for line in _lines(audit, quiet):
        click.echo(line)
    click.echo(str(file) if quiet else f"list: {file}")
    if copy_to is not None and not quiet:
        click.echo(f"copies: {copy_to}")
    return 0


def _lines(audit: LabelAudit, quiet: bool) -> Iterator[str]:
    for each in audit.splits:
        yield _split_line(each)
    if audit.confirmed is not None:
        yield _confirmed_line(audit)
    if quiet:
        return
    columns = ("index", *(["file"] if audit.files else []), "given", "suggested")
    for split in audit.splits:
        if found := audit.listed(SHOWN, split=split.split):
            rows = [(split.split, *(str(each[name]) for name in columns), f"{each['score']:.4f}") for each in found]
            yield f"\n{text.table(('split', *columns, 'score'), rows, left=1 + len(columns))}"
    if len(audit):
        yield ""
    yield from audit.notes


def _split_line(audit: SplitAudit) -> str:
    name = {"train": "training", "test": "test"}[audit.split]
    suspects = f"{name} split: {count_of(audit.num_suspects, 'suspect')} among {count_of(audit.scored, 'label')}"
    if not audit.num_suspects:
        return suspects
    if not audit.is_lower_bound:
        return f"{suspects}; {TOO_OFTEN}"
    if not audit.estimated_wrong:
        return suspects
    return f"{suspects}; at least {count_of(audit.estimated_wrong, 'label error')} by confident learning"


def _confirmed_line(audit: LabelAudit) -> str:
    found = audit.confirmed
    assert found is not None
    if not found.confirmed_test:
        return f"confirmed: {count_of(found.confirmed_train, 'training label')} and no test labels; accuracy is unchanged"
    low, high = (percentage_points(end) for end in found.difference_interval)
    with_them, without = found.interval, found.interval_without
    return (
        f"confirmed: {count_of(found.confirmed_train, 'training label')} and {count_of(found.confirmed_test, 'test label')}. "
        f"Accuracy {percent(found.accuracy)} (95% CI {percent_range(with_them)}) with these test images, "
        f"{percent(found.accuracy_without)} ({percent_range(without)}) without; difference "
        f"{percentage_points(found.difference)} points ({low} to {high}). The accuracy without them is optimistic: only labels "
        "flagged by the audit were reviewed."
    )
