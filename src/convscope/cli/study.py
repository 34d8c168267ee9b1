"""``convscope study``: many trainings with statistics over seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

import convscope

from ..analysis.statistics.proportions import Interval
from ..formatting import count_of, p_value, percent, percent_range, percentage_points
from ..models.architectures import MODELS
from ..studies.comparisons import PairedComparison
from ..studies.folds import FoldResults
from ..studies.folds import to_json as fold_json
from ..studies.results import ConfigurationRow, Row, StudyResults, to_json
from ..studies.tasks import StudyProgress
from ..training.recipes import RECIPES
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
    from ..api.study import Study


def _names(_: click.Context, __: click.Parameter, text: str | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip()) if isinstance(text, str) else text


def _numbers(what: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Return a parser of ``1000,5000,all``; a single number of seeds stays a number."""

    def parse(_: click.Context, __: click.Parameter, text: Any) -> Any:
        if not isinstance(text, str):
            return text
        words = [word.strip() for word in text.split(",") if word.strip()]
        if not words or not all(word.isdecimal() or (what == "sizes" and word == "all") for word in words):
            seeds, sizes = "a number of seeds, or a list such as 0,1,5", "numbers of images, such as 1000,5000,all"
            raise click.BadParameter(f"{text!r} is invalid; give {sizes if what == 'sizes' else seeds}.")
        values = [word if word == "all" else int(word) for word in words]
        return values[0] if what == "seeds" and len(values) == 1 and "," not in text else values

    return parse


@verb(
    "study",
    ("convscope study mnist", "cnn against ann, ten seeds each"),
    ("convscope study photos --models cnn,strong --seeds 5", "two networks on photos"),
    ("convscope study mnist --models cnn --sizes 500,5000,all", "a learning curve"),
    ("convscope study photos --folds 5", "cross-validation of few photos"),
    ("convscope study digits --models cnn --search 30", "better settings"),
)
@data_argument
@splitting_options
@reading_options
@training_option(
    "--models",
    default="cnn,ann",
    show_default=True,
    callback=_names,
    choices=MODELS,
    metavar="NAMES",
    help="Networks, separated by commas.",
)
@training_option(
    "--recipes",
    default="standard",
    show_default=True,
    callback=_names,
    choices=RECIPES,
    metavar="NAMES",
    help="Training recipes, separated by commas.",
)
@training_option(
    "--seeds",
    callback=_numbers("seeds"),
    metavar="N",
    help="Number of seeds, from 0; or a list such as 0,1,5.  [default: 10; 1 with --folds]",
)
@training_option(
    "--sizes",
    callback=_numbers("sizes"),
    metavar="SIZES",
    help="Numbers of training images, such as 1000,5000,all; several give learning curves.  [default: all]",
)
@training_option(
    "--folds",
    type=int,
    metavar="K",
    help="Cross-validate in K folds of the training images, without the test split: for small data.",
)
@setting_option("epochs", "Number of epochs.  [default: the recipes']", "-e")
@setting_option("balance", BALANCE)
@training_option(
    "--search", type=int, metavar="N", help="First search for better hyperparameters in N trials, on validation images only."
)
@training_option(
    "--workers",
    metavar="N|dask:ADDRESS",
    help="Number of processes on this machine, or a Dask cluster.  [default: one per core]",
)
@training_option(
    "--time-limit",
    type=float,
    metavar="SECONDS",
    help="End a training that takes longer, and continue with the others.  [default: no limit]",
)
@output_option("--out", "-o", default=None, metavar="DIR", help="Study folder.  [default: runs/study-DATA]")
@open_option
@output_options
def command(open_page: bool, as_json: bool, quiet: bool, **arguments: Any) -> int:
    """Train every combination of models, recipes, sizes and seeds on DATA, and test which differences are significant.

    Repeat the command to continue after a stop, or with more seeds, models or sizes to train only the missing runs.
    Each run is an ordinary run folder under DIR/runs.
    """
    if open_page and arguments["folds"] is not None:
        raise click.UsageError("--open cannot be combined with --folds, which writes no page.")
    try:
        with progress.open_progress(progress.studying, quiet=quiet, keep=True) as listener:
            study = convscope.study(**arguments, progress=listener or _print_remark)
    except KeyboardInterrupt:
        click.echo("convscope: interrupted. Run the same command again to continue.", err=True)
        return 130
    _print(study, as_json, quiet)
    if open_page:
        show_page(study.page)
    return 0


def _print(study: Study, as_json: bool, quiet: bool) -> None:
    results = study.results
    if as_json:
        known = fold_json(results) if isinstance(results, FoldResults) else to_json(results)
        click.echo(text.to_json({"study": str(study.folder), **known}))
        return
    if isinstance(results, FoldResults):
        _print_folds(results, quiet)
        click.echo(f"study: {study.folder}")
        return
    head = ("configuration", "seeds", "accuracy", "95% CI over seeds", "over seeds and images", "worst", "best", "training")
    click.echo(text.table(head, [_cells(row) for row in results.table]))
    if not quiet:
        for line in _sentences(results):
            click.echo(line)
    click.echo(f"study: {study.folder}")
    click.echo(f"page: {study.page}")


def _print_folds(results: FoldResults, quiet: bool) -> None:
    head = ("configuration", "trainings", "held-out accuracy", "95% CI", "worst", "best", "training")
    click.echo(text.table(head, [
        (row.name, f"{row.n}", _spread(row), _range(row.interval), percent(row.lowest), percent(row.highest),
         f"{row.train_seconds:.1f} s") for row in results.table
    ]))  # fmt: skip
    if quiet:
        return
    of_seed = len(results.seeds) > 1
    places = [(f"seed {seed}, fold {fold}" if of_seed else f"fold {fold}") for seed in results.seeds
              for fold in range(1, results.folds + 1)]  # fmt: skip
    accuracies = zip(*(row.accuracies for row in results.table), strict=True)
    lines = [(place, f"{n:,}", *map(percent, each))
             for place, n, each in zip(places, results.table[0].images, accuracies, strict=True)]  # fmt: skip
    click.echo(text.table(("held out", "images", *(row.name for row in results.table)), lines))
    for pair in results.comparisons:
        click.echo(_judged(pair, _with_interval(pair, "fold"), "folds"))
    for remark in results.remarks:
        click.echo(f"note: {remark}")


def _spread(row: ConfigurationRow) -> str:
    return percent(row.mean) if row.sd is None else f"{100 * row.mean:.2f} ± {percent(row.sd)}"


def _cells(row: Row) -> tuple[str, ...]:
    intervals = (_range(each) for each in (row.interval, row.interval_of_both))
    seconds = f"{row.train_seconds:.1f} s"
    return (row.name, f"{row.n}", _spread(row), *intervals, percent(row.lowest), percent(row.highest), seconds)


def _range(interval: Interval | None) -> str:
    return "–" if interval is None else percent_range(interval)


def _print_remark(event: StudyProgress) -> None:
    if event.remark:
        click.echo(f"convscope: {event.remark}", err=True)


def _sentences(results: StudyResults) -> Iterator[str]:
    yield from map(_over_seeds, results.comparisons)
    if (best := results.table[0]).n > 1:
        gain = percentage_points(best.best_of[-1] - best.mean)
        yield f"{best.name}: reporting the best of {best.n} seeds instead of the mean would overstate accuracy by {gain} points"
    for curve in results.curves:
        if curve.factor_of_doubling is not None:
            ends = curve.factor_interval
            over = "" if ends is None else f" (95% CI over seeds {percent_range(ends, 0)})"
            yield f"{curve.name}: doubling the training images leaves {percent(curve.factor_of_doubling, 0)} of the errors{over}"
    for search in results.searches:
        losses = f"validation loss {search.validation_loss:.4f}, with the recipe's settings {search.base_loss:.4f}"
        found = losses if search.setting else "no better settings found"
        yield f"{search.model}-{search.recipe}, search with {count_of(search.trials, 'trial')}: {found}"
    yield from (f"note: {remark}" for remark in results.remarks)


def _judged(pair: PairedComparison, difference: str, unit: str) -> str:
    if not pair.judged:
        return f"{pair.first} − {pair.second}: {difference}; too few {unit} for a significance test"
    significant = "Significant" if pair.significant else "No significant"
    return f"{significant} difference between {pair.first} and {pair.second}: {difference}, p {p_value(pair.p_adjusted)}"


def _with_interval(pair: PairedComparison, unit: str) -> str:
    low, high = (percentage_points(end, sign=True) for end in pair.interval)
    is_spread = pair.interval.low < pair.interval.high
    spread = f"95% CI {low} to {high} over {unit}s" if is_spread else f"the same in all {unit}s"
    return f"{percentage_points(pair.difference, sign=True)} points, {spread}"


def _over_seeds(pair: PairedComparison) -> str:
    assert pair.interval_of_both is not None
    low, high = (percentage_points(end, sign=True) for end in pair.interval_of_both)
    difference = f"{_with_interval(pair, 'seed')}, 95% CI {low} to {high} over seeds and images"
    return _judged(pair, difference, "seeds")
