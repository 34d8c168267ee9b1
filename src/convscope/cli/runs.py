"""``convscope runs``: a table of the runs in a folder."""

from collections.abc import Iterator
from dataclasses import astuple

import click

import convscope

from ..api.list_runs import RunSummaries
from ..formatting import percent, percent_range
from . import text
from .csv_output import check_csv, csv_options, write_csv
from .help_sections import argument, verb
from .options import output_options

HEAD = ("run", "data", "network", "recipe", "seed", "accuracy", "95% CI", "seconds", "date")
CSV_HEAD = (
    "folder", "dataset", "model", "recipe", "seed", "accuracy", "accuracy_low", "accuracy_high", "train_seconds", "created",
)  # fmt: skip
LEFT = 4
"""Columns of text."""


@verb("runs", ("convscope runs", ""), ("convscope runs runs/study-mnist --csv runs.csv", "those of a study, as a table"))
@argument("folder", metavar="[FOLDER]", default="runs")
@csv_options("a row per run")
@output_options
def command(folder: str, csv_file: str | None, overwrite: bool, as_json: bool, quiet: bool) -> None:
    """List the complete runs in FOLDER, by default runs, the latest first. Reads no data and no network."""
    file = check_csv(csv_file, overwrite=overwrite)
    found = convscope.list_runs(folder)
    write_csv(file, CSV_HEAD, _csv_rows(found))
    if as_json:
        click.echo(text.to_json(found.as_rows()))
    elif quiet:
        for each in found:
            click.echo(each.folder)
    elif not found:
        click.echo(f"no complete runs in {folder}. Start with: convscope train mnist")
    else:
        cells = [(each.folder, each.dataset, each.model, each.recipe, str(each.seed), percent(each.accuracy),
                  percent_range(each.interval), f"{each.train_seconds:.1f}", each.created[:10]) for each in found]  # fmt: skip
        click.echo(text.table(HEAD, cells, left=LEFT))


def _csv_rows(found: RunSummaries) -> Iterator[tuple[object, ...]]:
    for each in found:
        *first, interval, seconds, created = astuple(each)
        yield *first, *interval, seconds, created
