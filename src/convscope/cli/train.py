"""``convscope train``: train a network and write a run folder with its report."""

from __future__ import annotations

import shlex
import time
import webbrowser
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

import convscope

from ..analysis.findings.leaks import near_duplicates
from ..formatting import count_of
from ..runs.files import REPORT
from . import progress, text
from .options import output_options, reading_options

if TYPE_CHECKING:
    from ..api.run import Run


@click.command("train")
@click.argument("data")
@click.option(
    "--model",
    default="cnn",
    show_default=True,
    help="Network: cnn, ann, logistic, strong; or your own, as file.py:build or file.keras.",
)
@click.option(
    "--recipe",
    default="standard",
    show_default=True,
    help="Training recipe: sprint, standard, best, strong, or notebook (the original).",
)
@click.option("--epochs", type=int, default=None, metavar="N", help="Number of epochs, instead of the recipe's.")
@click.option(
    "--augment",
    default=None,
    metavar="WHAT",
    help="Augmentation: none, or changes to the recipe's, such as rotation=0,shift=0.1.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, metavar="N", help="Random seed; equal seeds give equal weights."
)
@click.option(
    "--engine",
    default="auto",
    show_default=True,
    help="What trains: native (fast, on the CPU), keras, or auto: native where it knows every layer.",
)
@click.option("--out", default=None, metavar="DIR", help="Run folder.  [default: runs/DATA-MODEL-RECIPE-SEED]")
@click.option("--resume", is_flag=True, help="Continue the unfinished run in DIR, if there is one.")
@click.option("--overwrite", is_flag=True, help="Replace the run in DIR.")
@click.option("--report/--no-report", default=True, help="Write the figures and the page, or leave them for later.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser at the end.")
@reading_options
@output_options
def command(open_page: bool, as_json: bool, quiet: bool, **arguments: Any) -> int:
    """Train on DATA, evaluate on its test split, and write a run folder with its report.

    DATA is a name (mnist, digits, fashion, kmnist, emnist-letters, emnist-balanced) or a path to an .npz or .csv file, a
    folder of IDX files, or a folder of image files with one subfolder per class, optionally under train/ and test/.
    """
    started = time.perf_counter()
    with progress.open_progress(progress.training, quiet=quiet, keep=True) as listener:
        run = convscope.train(**arguments, progress=listener)
    _print(run, as_json, quiet, time.perf_counter() - started)
    page = run.folder / REPORT
    if open_page and page.is_file():
        webbrowser.open(page.resolve().as_uri())
    return 130 if run.stopped_early else 0


def _print(run: Run, as_json: bool, quiet: bool, seconds: float) -> None:
    metrics = run.record.metrics
    page = run.folder / REPORT
    if as_json:
        click.echo(text.to_json({"run": str(run.folder), "stopped_early": run.stopped_early, **metrics}))
        return
    if run.stopped_early:
        click.echo(f"training stopped in epoch {metrics['epochs']}; the weights so far were kept", err=True)
    click.echo(text.result_line(metrics["test"]))
    if not quiet:
        for line in _details(metrics, seconds):
            click.echo(line)
    click.echo(f"run: {run.folder}")
    if page.is_file():
        click.echo(f"report: {page}")
    else:
        click.echo(f"no report yet; write it with: convscope report {shlex.quote(str(run.folder))}", err=quiet)


def _details(metrics: Mapping[str, Any], seconds: float) -> list[str]:
    leak = near_duplicates(metrics)
    lines = [leak.text if leak else "", text.pairs_line(metrics["test"])]
    if baseline := metrics.get("baseline"):
        lines.append(text.baseline_line(baseline))
    trained = f"{count_of(metrics['epochs'], 'epoch')} trained in {metrics['train_seconds']:.1f} s"
    lines.append(f"{trained}; this command took {seconds:.1f} s")
    return [line for line in lines if line]
