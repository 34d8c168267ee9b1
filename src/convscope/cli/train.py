"""``convscope train``: from a dataset to a run folder with its report."""

from __future__ import annotations

import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..run_files import REPORT
from .options import output_options, reading_options

if TYPE_CHECKING:
    from ..api import Run


@click.command("train", short_help="Train, measure, write run folder and report.")
@click.argument("data")
@click.option(
    "--model",
    default="cnn",
    show_default=True,
    help="The network: cnn, ann, logistic or strong; or your own, as file.py:build or file.keras.",
)
@click.option(
    "--recipe",
    default="standard",
    show_default=True,
    help="How to train: sprint, standard, best, strong, or notebook (the original).",
)
@click.option(
    "--epochs", type=int, default=None, metavar="N", help="Passes over the training images, instead of the recipe's."
)
@click.option("--augment", default=None, metavar="WHAT", help="none, or changes to the recipe's own: rotation=0,shift=0.1")
@click.option("--seed", type=int, default=0, show_default=True, metavar="N", help="Equal seeds give equal weights.")
@click.option("--out", default=None, metavar="DIR", help="The run folder.  [default: runs/DATA-MODEL-RECIPE-SEED]")
@click.option("--resume", is_flag=True, help="Go on with the unfinished run in that folder, or begin one.")
@click.option("--overwrite", is_flag=True, help="Replace the run in that folder.")
@click.option("--report/--no-report", default=True, help="Draw the figures and write the page; or leave them for later.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser at the end.")
@reading_options
@output_options
def command(open_page: bool, as_json: bool, quiet: bool, **arguments: Any) -> int:
    """Train on DATA, measure on its test split, write the run folder and its report.

    DATA is a name (mnist, digits, fashion, kmnist, emnist-letters, emnist-balanced) or a path: of an .npz or .csv file, of a
    folder of IDX files, or of a folder with a folder of pictures per class, under train/ and test/ or not.
    """
    from .. import api
    from ..models.backend import leave_out_extras
    from .progress import listener

    leave_out_extras()
    with listener(quiet=quiet) as progress:
        run = api.train(**arguments, progress=progress)
    _print(run, as_json, quiet)
    page = run.folder / REPORT
    if open_page and page.is_file():
        webbrowser.open(page.resolve().as_uri())
    return 130 if run.stopped_early else 0


def _print(run: Run, as_json: bool, quiet: bool) -> None:
    from . import text

    metrics = run.record.metrics
    page = run.folder / REPORT
    if as_json:
        click.echo(text.to_json({"run": str(run.folder), "stopped_early": run.stopped_early, **metrics}))
        return
    if run.stopped_early:
        click.echo(f"stopped in epoch {metrics['epochs']}; what was learnt so far was kept", err=True)
    click.echo(text.result_line(metrics["test"]))
    if not quiet:
        for line in _details(metrics):
            click.echo(line)
    click.echo(f"run: {run.folder}")
    if page.is_file():
        click.echo(f"report: {page}")
    else:
        click.echo(f"no report yet; make it with: convscope report {_quoted(run.folder)}", err=quiet)


def _details(metrics: Mapping[str, Any]) -> list[str]:
    from . import text

    lines = [text.pairs_line(metrics["test"])]
    if baseline := metrics.get("baseline"):
        lines.append(text.beside_line(baseline))
    lines.append(f"trained in {metrics['train_seconds']:.1f} s; {metrics['wall_seconds']:.1f} s from start to result")
    return [line for line in lines if line]


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))
