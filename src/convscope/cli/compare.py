"""``convscope compare``: runs on the same test images, pair by pair."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..formatting import percent
from .options import output_options

if TYPE_CHECKING:
    from ..analysis.comparison import Comparison

PAGE = "comparison.html"


@click.command("compare", short_help="Set runs against each other on the same test images.")
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--output", default=None, metavar="FILE", help="Write the page of the comparison to FILE.  [default: no page]")
@click.option("--overwrite", is_flag=True, help="Replace that file, if there is one.")
@click.option("--open", "open_page", is_flag=True, help=f"Open the page in a browser; without --output it is {PAGE}, here.")
@output_options
def command(runs: tuple[str, ...], output: str | None, overwrite: bool, open_page: bool, as_json: bool, quiet: bool) -> None:
    """Set two or more RUNs against each other on the same test images: is one better, or do the images not say?

    They must have been trained on the same data. The test is McNemar's, corrected where there are more than two runs.
    """
    from .. import api
    from . import text

    if open_page and output is None:
        output = PAGE
    comparison = api.compare(runs, output=output, overwrite=overwrite)
    if as_json:
        click.echo(text.to_json({**comparison.as_dict(), "page": output}))
    else:
        for line in _lines(comparison, quiet):
            click.echo(line)
        if output is not None:
            click.echo(output if quiet else f"page: {output}")
    if open_page and output is not None:
        webbrowser.open(Path(output).resolve().as_uri())


def _lines(comparison: Comparison, quiet: bool) -> list[str]:
    from ..analysis.comparison_words import CAUTION, verdict

    said = str(verdict(comparison))
    if quiet:
        return [said]
    parts = [said, _costs(comparison), _pairs(comparison), CAUTION]
    return "\n\n".join(parts).split("\n")


def _costs(comparison: Comparison) -> str:
    from . import text

    head = ("run", "accuracy", "95% interval", "errors", "parameters", "multiply-adds", "ms/image", "KB", "trained, s")
    return text.table(
        head,
        (
            (
                each.name,
                percent(each.accuracy),
                f"{100 * each.interval.low:.2f} to {100 * each.interval.high:.2f}",
                f"{each.errors:,}",
                f"{each.costs.parameters:,}",
                f"{each.costs.multiply_adds:,}",
                f"{each.costs.milliseconds:.3f}",
                f"{each.costs.onnx_bytes / 1024:,.0f}",
                f"{each.costs.train_seconds:.1f}",
            )
            for each in comparison.contestants
        ),
    )


def _pairs(comparison: Comparison) -> str:
    from ..analysis.comparison_words import p_value, points
    from . import text

    names = [each.name for each in comparison.contestants]
    corrected = "p, corrected" if len(comparison.pairs) > 1 else "p"
    head = ("first", "second", "points", "95% interval", corrected, "only first right", "only second", "both wrong")
    return text.table(
        head,
        (
            (
                names[pair.first],
                names[pair.second],
                points(pair.difference, unit=False),
                f"{points(pair.interval.low, unit=False)} to {points(pair.interval.high, unit=False)}",
                p_value(pair.adjusted_p),
                f"{pair.counts.only_first:,}",
                f"{pair.counts.only_second:,}",
                f"{pair.counts.both_wrong:,}",
            )
            for pair in comparison.pairs
        ),
        left=2,
    )
