"""``convscope evaluate``: accuracy of a run on its own or other data, and its robustness."""

from __future__ import annotations

from pathlib import Path

import click

import convscope

from ..analysis.metrics import evaluation_metrics
from ..data.read_options import ReadOptions
from ..models.backend import skip_optional_imports
from ..runs import ledger, run_folder
from ..runs.files import REPORT, REQUEST
from ..system.dataclass_json import to_json
from . import progress, text
from .options import output_options, reading_options


@click.command("evaluate")
@click.argument("run", metavar="RUN")
@click.argument("data", required=False)
@click.option(
    "--thorough",
    is_flag=True,
    help="Also measure robustness: corruptions, adversarial attacks, out-of-distribution images; and rebuild the report.",
)
@click.option("--everything", is_flag=True, help="With --thorough: use all test images instead of a sample of 1,000.")
@click.option(
    "--accuracy",
    type=float,
    default=None,
    metavar="A",
    help="Also find the confidence threshold for this accuracy, such as 0.997; chosen on validation images.",
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
    """Measure RUN on the test split of DATA; by default, of the data it was trained on."""
    if everything and not thorough:
        raise click.UsageError("--everything needs --thorough. Add --thorough, or leave --everything out.")
    if thorough and data is not None:
        raise click.UsageError("--thorough always measures a run on its own test split. Leave DATA out.")
    if thorough and accuracy is not None:
        raise click.UsageError("--thorough and --accuracy cannot be combined. Run the command once with each.")
    before = len(ledger.read(run))
    evaluation = convscope.evaluate(run, data, accuracy=accuracy, reading=reading)
    numbers = evaluation_metrics(evaluation)
    if evaluation.threshold is not None:
        numbers["threshold"] = to_json(evaluation.threshold)
    entries = ledger.read(run)
    if data is not None and len(entries) == before:
        click.echo(
            "convscope: warning: cannot write the ledger of the run, so this read of the data is not recorded.", err=True
        )
    if thorough:
        _examine(run, numbers, everything=everything, as_json=as_json, quiet=quiet)
        return
    own = run_folder.read_json(Path(run) / REQUEST)["dataset"]["fingerprint"]
    fingerprint = own if data is None or len(entries) == before else entries[-1].fingerprint
    if as_json:
        click.echo(text.to_json({**numbers, "readings": ledger.number_of_readings(entries, fingerprint)}))
        return
    click.echo(text.result_line(numbers))
    if evaluation.threshold is not None:
        click.echo(text.threshold_lines(numbers["threshold"], run))
    if not quiet:
        click.echo(text.probability_scores_line(numbers))
        if readings := text.readings_line(entries, fingerprint):
            click.echo(readings)
        click.echo(f"\n{text.class_table(numbers)}")
        if pairs := text.pairs_line(numbers):
            click.echo(f"\n{pairs}")


def _examine(run: str, numbers: dict[str, object], *, everything: bool, as_json: bool, quiet: bool) -> None:
    skip_optional_imports()
    with progress.open_progress(progress.examining, quiet=quiet) as listener:
        found = convscope.examine(run, everything=everything, progress=listener)
    sections = {name: found.metrics[name] for name in ("robustness", "ood", "attacks")}
    if as_json:
        click.echo(text.to_json({**numbers, **sections}))
        return
    click.echo(text.result_line(numbers))
    for part in text.summary(sections) if quiet else text.tables(sections):
        click.echo(f"\n{part}")
    for name, reason in found.missing.items():
        click.echo(f"convscope: warning: {text.TITLES[name]} not measured: {reason}", err=True)
    click.echo(f"\nreport: {found.folder / REPORT}")
