"""``convscope evaluate``: how good a run is, on its own test split or on other data, and how much it bears."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..run_files import REQUEST
from .options import output_options, reading_options

if TYPE_CHECKING:
    from ..data.reading import ReadOptions


@click.command("evaluate", short_help="Measure a run, on its own test split or on other data.")
@click.argument("run", metavar="RUN")
@click.argument("data", required=False)
@click.option(
    "--thorough",
    is_flag=True,
    help="Also measure how RUN bears corrupted images, attacks and strange images, and put it into its page.",
)
@click.option("--everything", is_flag=True, help="With --thorough: all test images, in place of a sample of 1,000.")
@click.option(
    "--accuracy",
    type=float,
    default=None,
    metavar="A",
    help="Also find the confidence from which answers are right so often, as 0.997; chosen on validation images.",
)
@reading_options
@output_options
def command(
    run: str,
    data: str | None,
    thorough: bool,
    everything: bool,
    accuracy: float | None,
    reading: ReadOptions,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure RUN on the test split of DATA, by default of the data that it was trained on."""
    from .. import api, ledger, runs
    from ..analysis.doubt import chosen_threshold_metrics
    from ..analysis.metrics import evaluation_metrics
    from . import text

    if everything and not thorough:
        raise click.UsageError("--everything was given without --thorough, which it belongs to.")
    if thorough and data is not None:
        raise click.UsageError("--thorough measures a run on its own test split; leave DATA out.")
    if thorough and accuracy is not None:
        raise click.UsageError("--thorough and --accuracy were both given; one of them was expected.")
    before = len(ledger.read(run))
    evaluation = api.evaluate(run, data, accuracy=accuracy, reading=reading)
    numbers = evaluation_metrics(evaluation)
    if evaluation.threshold is not None:
        numbers["threshold"] = chosen_threshold_metrics(evaluation.threshold)
    entries = ledger.read(run)
    if data is not None and len(entries) == before:
        click.echo("convscope: the ledger of the run cannot be written; that these data were read was not noted.", err=True)
    if thorough:
        _examine(run, numbers, everything=everything, as_json=as_json, quiet=quiet)
        return
    own = runs.read_json(Path(run) / REQUEST)["dataset"]["fingerprint"]
    fingerprint = own if data is None or len(entries) == before else entries[-1].fingerprint
    if as_json:
        click.echo(text.to_json({**numbers, "readings": ledger.number_of_readings(entries, fingerprint)}))
        return
    click.echo(text.result_line(numbers))
    if evaluation.threshold is not None:
        click.echo(text.threshold_lines(numbers["threshold"], run))
    if not quiet:
        click.echo(text.doubt_line(numbers))
        if readings := text.readings_line(entries, fingerprint):
            click.echo(readings)
        click.echo(f"\n{text.class_table(numbers)}")
        if pairs := text.pairs_line(numbers):
            click.echo(f"\n{pairs}")


def _examine(run: str, numbers: dict[str, object], *, everything: bool, as_json: bool, quiet: bool) -> None:
    from .. import api
    from ..models.backend import leave_out_extras
    from . import examination, text
    from .examining import examining_bar

    leave_out_extras()
    with examining_bar(quiet=quiet) as progress:
        found = api.examine(run, everything=everything, progress=progress)
    sections = {name: found.metrics[name] for name in ("robustness", "strangers", "attacks")}
    if as_json:
        click.echo(text.to_json({**numbers, **sections}))
        return
    click.echo(text.result_line(numbers))
    for part in examination.summary(sections) if quiet else examination.tables(sections):
        click.echo(f"\n{part}")
    for name, reason in found.missing.items():
        click.echo(f"convscope: {name} were not measured: {reason}", err=True)
    click.echo(f"\nreport: {found.folder / 'report.html'}")
