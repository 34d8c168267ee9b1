"""``convscope evaluate``: how good a run is, on its own test split or on other data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .options import output_options, reading_options

if TYPE_CHECKING:
    from ..data.reading import ReadOptions


@click.command("evaluate", short_help="Measure a run, on its own test split or on other data.")
@click.argument("run", metavar="RUN")
@click.argument("data", required=False)
@reading_options
@output_options
def command(run: str, data: str | None, reading: ReadOptions, as_json: bool, quiet: bool) -> None:
    """Measure RUN on the test split of DATA, by default of the data that it was trained on."""
    from .. import api
    from ..analysis.metrics import evaluation_metrics
    from . import text

    numbers = evaluation_metrics(api.evaluate(run, data, reading=reading))
    if as_json:
        click.echo(text.to_json(numbers))
        return
    click.echo(text.result_line(numbers))
    if not quiet:
        click.echo(f"\n{text.class_table(numbers)}")
        if pairs := text.pairs_line(numbers):
            click.echo(f"\n{pairs}")
