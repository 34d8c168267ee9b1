"""``convscope train``: train a network and write a run folder with its report."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

import convscope

from ..analysis.findings.accuracy import uneven_classes
from ..analysis.findings.trust import near_duplicates
from ..analysis.training_summary import seed_spread, training_length
from ..formatting import count_of
from ..models.architectures import MODELS, WEIGHTS
from ..runs.files import REPORT
from ..runs.request import as_text
from ..training.config import SETTINGS, parse_settings
from ..training.engines import ENGINES
from ..training.epoch_log import divergence
from ..training.recipes import RECIPES, standard
from . import progress, text
from .help_sections import output_option, training_option, verb
from .options import (
    BALANCE,
    data_argument,
    open_option,
    output_options,
    reading_options,
    setting_option,
    show_page,
    splitting_options,
)

if TYPE_CHECKING:
    from ..api.run import Run


def _settings() -> list[tuple[str, str]]:
    own = standard().as_dict()
    own |= own["augmentation"]
    return [(name, f"{setting.accepted}  [{_short(own[name])}]") for name, setting in SETTINGS.items()]


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else as_text(value)


@verb(
    "train",
    ("convscope train mnist --open", "MNIST; then look at the page"),
    ("convscope train mnist --model strong --recipe strong", "the most accurate"),
    ("convscope train photos --time 60", "a minute of training at most"),
    ("convscope train photos --image-size 64 --test-share 0.3", "larger; more test images"),
    ("convscope train digits --batch-size 32 --learning-rate 0.003", "smaller batches and steps"),
    ("convscope train digits --set beta_1=0.9 --set warm_up=0.1", "other settings"),
    sections={"Settings for --set  [standard on MNIST]": _settings()},
)
@data_argument
@splitting_options
@reading_options
@training_option(
    "--model",
    "-m",
    default="cnn",
    show_default=True,
    choices=MODELS,
    metavar=f"{'|'.join(MODELS)}|FILE",
    help="Network; or your own, as file.py:build or file.keras.",
)
@training_option(
    "--weights",
    default="fresh",
    show_default=True,
    choices=WEIGHTS,
    help="What your own network begins with: fresh weights, or those of file.keras.",
)
@training_option(
    "--recipe",
    "-r",
    default="standard",
    show_default=True,
    choices=RECIPES,
    help="Settings of the training; standard adapts to DATA, notebook is the original.",
)
@setting_option("epochs", "Number of epochs.  [default: the recipe's]", "-e")
@setting_option("time", "Seconds of training; with more than needed, it goes on while the validation improves.")
@setting_option("batch_size", "Images per step.  [default: the recipe's, and fewer for small sets]")
@setting_option("learning_rate", "Learning rate, or its peak.  [default: the recipe's]")
@training_option(
    "--augment",
    metavar="WHAT",
    help="Random changes of the training images: none, or changes to the recipe's, such as rotation=0,flip.",
)
@setting_option("flip", "Mirror every other training image left to right.  [default: photos only, in standard]")
@setting_option("balance", BALANCE)
@training_option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=lambda _, __, texts: parse_settings(texts) or None,
    help="Change any setting of the recipe, as listed below; repeatable.",
)
@training_option(
    "--seed", type=int, default=0, show_default=True, metavar="N", help="Random seed; equal seeds give equal weights."
)
@training_option(
    "--engine",
    default="auto",
    show_default=True,
    choices=ENGINES,
    help="What trains: native (fast, on the CPU), keras, or auto: native where it knows every layer.",
)
@output_option("--out", "-o", default=None, metavar="DIR", help="Run folder.  [default: runs/DATA-MODEL-RECIPE-SEED]")
@output_option("--resume", is_flag=True, help="Continue the unfinished or stopped run in DIR, if there is one.")
@output_option("--overwrite", is_flag=True, help="Replace the run in DIR.")
@output_option("--report/--no-report", default=True, help="Write the figures and the page, or leave them for later.")
@open_option
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
    if not run.metrics["test"]["majority"]["better"] and (diverged := _divergence(run)):
        click.echo(f"convscope: warning: {diverged}", err=True)
    page = run.folder / REPORT
    if page.is_file() and not quiet and (note := text.font_note(run.evaluation.class_names)):
        click.echo(note, err=True)
    if open_page and page.is_file():
        show_page(page)
    return 130 if run.stopped_early else 0


def _divergence(run: Run) -> str:
    rate = run.record.request["config"]["learning_rate"]
    return divergence(run.history[-1].loss, len(run.evaluation.class_names), rate)


def _print(run: Run, as_json: bool, quiet: bool, seconds: float) -> None:
    metrics = run.record.metrics
    page = run.folder / REPORT
    if as_json:
        click.echo(text.to_json({"run": str(run.folder), "stopped_early": run.stopped_early, **metrics}))
        return
    if run.stopped_early:
        click.echo(
            f"training stopped in epoch {metrics['epochs']}; the weights so far were kept. Go on with --resume", err=True
        )
    click.echo(text.result_line(metrics["test"]))
    if not quiet:
        for line in _details(run.record.request, metrics, seconds):
            click.echo(line)
    click.echo(f"run: {run.folder}")
    if page.is_file():
        click.echo(f"report: {page}")
    else:
        click.echo(f"no report yet; write it with: convscope report {shlex.quote(str(run.folder))}", err=quiet)


def _details(request: Mapping[str, Any], metrics: Mapping[str, Any], seconds: float) -> list[str]:
    findings = near_duplicates(metrics), uneven_classes(metrics)
    spread = seed_spread(request, request["dataset"]["fingerprint"])
    lines = [spread, *(each.text for each in findings if each), text.pairs_line(metrics["test"])]
    if baseline := metrics.get("baseline"):
        lines.append(text.baseline_line(baseline))
    trained = f"{count_of(metrics['epochs'], 'epoch')} trained in {metrics['train_seconds']:.1f} s"
    lines += [f"{trained}; this command took {seconds:.1f} s", training_length(request, metrics)]
    return [line for line in lines if line]
