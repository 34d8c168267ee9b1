"""``convscope compare``: a paired comparison of runs on the same test images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING

import click

import convscope

from ..analysis.comparison_text import CAUTION, majority, verdict
from ..formatting import p_value, percent, percent_range, percentage_points
from . import text
from .csv_output import check_csv, csv_options, write_csv
from .help_sections import argument, output_option, verb
from .options import output_options, show_page, trust_option

if TYPE_CHECKING:
    from ..analysis.comparison import Comparison

CSV_HEAD = (
    "run", "accuracy", "accuracy_low", "accuracy_high", "errors", "parameters", "multiply_adds", "ms_per_image", "onnx_bytes",
    "train_seconds",
)  # fmt: skip


@verb(
    "compare",
    ("convscope compare RUN runs/mnist-ann-standard-0", "is one better?"),
    ("convscope compare RUN RUN RUN --open", "several, on a page"),
)
@argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@output_option(
    "--out", "-o", former="--output", default=None, metavar="FILE",
    help="Write a comparison page to FILE.  [default: no page]",
)  # fmt: skip
@output_option("--overwrite", is_flag=True, help="Replace FILE, of --out or --csv, if it exists.")
@output_option("--open", "open_page", is_flag=True, help="Open the page in a browser; without --out, comparison.html.")
@csv_options("a row per run", overwrite=False)
@trust_option
@output_options
def command(
    runs: tuple[str, ...],
    out: str | None,
    overwrite: bool,
    open_page: bool,
    csv_file: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Test whether RUNs differ significantly in accuracy on the same test images.

    All must have been trained on the same data. Uses McNemar's test, with Holm's correction for more than two runs.
    """
    if open_page and out is None:
        out = "comparison.html"
    file = check_csv(csv_file, overwrite=overwrite, inputs=[*runs, out])
    comparison = convscope.compare(runs, out=out, overwrite=overwrite)
    write_csv(file, CSV_HEAD, _csv_rows(comparison))
    if as_json:
        click.echo(text.to_json({**comparison.as_dict(), "page": out}))
    else:
        for line in _lines(comparison, quiet):
            click.echo(line)
        if out is not None:
            click.echo(out if quiet else f"page: {out}")
    if open_page and out is not None:
        show_page(out)


def _csv_rows(comparison: Comparison) -> Iterator[tuple[object, ...]]:
    for each in comparison.contestants:
        yield each.name, each.accuracy, *each.interval, each.errors, *astuple(each.costs)


def _lines(comparison: Comparison, quiet: bool) -> list[str]:
    conclusion = str(verdict(comparison))
    if quiet:
        return [conclusion]
    return ["\n\n".join([conclusion, f"{_costs(comparison)}\n{majority(comparison)}", _pairs(comparison), CAUTION])]


def _costs(comparison: Comparison) -> str:
    head = ("run", "accuracy", "95% CI", "errors", "parameters", "multiply-adds", "ms/image", "KB", "training")
    rows = [
        (each.name, percent(each.accuracy), percent_range(each.interval), f"{each.errors:,}", f"{each.costs.parameters:,}",
         f"{each.costs.multiply_adds:,}", f"{each.costs.milliseconds:.3f}", f"{each.costs.onnx_bytes / 1024:,.0f}",
         f"{each.costs.train_seconds:.1f} s")
        for each in comparison.contestants
    ]  # fmt: skip
    return text.table(head, rows)


def _pairs(comparison: Comparison) -> str:
    names = [each.name for each in comparison.contestants]
    p = "p (Holm)" if len(comparison.pairs) > 1 else "p"
    head = ("first", "second", "points", "95% CI", p, "only first correct", "only second correct", "both wrong")
    rows = [
        (names[pair.first], names[pair.second], percentage_points(pair.difference, sign=True),
         " to ".join(map(percentage_points, pair.interval)), p_value(pair.adjusted_p).removeprefix("= "),
         f"{pair.counts.only_first:,}", f"{pair.counts.only_second:,}", f"{pair.counts.both_wrong:,}")
        for pair in comparison.pairs
    ]  # fmt: skip
    return text.table(head, rows, left=2)
