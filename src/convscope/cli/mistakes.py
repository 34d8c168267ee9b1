"""``convscope mistakes``: what went wrong, with a hint at whose fault it is."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..formatting import percent
from .options import output_options

if TYPE_CHECKING:
    from ..analysis.mistakes import Mistake

NARROWEST = 40
"""Columns that the reasons need on a terminal, to stand beside the rest."""
CAUTION = "Each is a hint, by three rules, and never a verdict: look at the image before you blame anybody."


@click.command("mistakes", short_help="List what went wrong, with a hint at whose fault it is.")
@click.argument("run", metavar="RUN")
@click.option("--others", multiple=True, metavar="RUN", help="Ask another run on the same data too; may be given again.")
@click.option(
    "--study",
    default=None,
    metavar="DIR",
    help="Ask the other seeds of this study, and write their votes into RUN and its page.  [default: the one that RUN lies in]",
)
@click.option("--most", type=int, default=None, metavar="N", help="Only the N surest.  [default: all]")
@output_options
def command(run: str, others: tuple[str, ...], study: str | None, most: int | None, as_json: bool, quiet: bool) -> None:
    """List every test image that RUN got wrong, the surest first: its label, what it was taken for, the probability of both, and
    a hint: is the label suspect, is the image ambiguous, or is it the model error?

    The hint weighs the probabilities, the nearest training images, the epochs, the votes of other networks and the label audit, as
    far as there are any. --json has one flat record per image, which any tool makes a table of.
    """
    from .. import api
    from . import text

    loaded = api.load_run(run)
    found = api.mistakes(loaded, others=others, study=study, most=most)
    if as_json:
        click.echo(text.to_json(_record(found, run, loaded.evaluation.errors)))
        return
    for line in _lines(found, loaded.evaluation.errors, quiet):
        click.echo(line)


def _lines(found: Sequence[Mistake], errors: int, quiet: bool) -> Iterator[str]:
    from ..analysis.triage import KINDS

    if found:
        yield from _table(found)
    if quiet:
        return
    if not found:
        yield "no mistakes" if not errors else f"none of {errors:,} mistakes has an image here"
        return
    kinds = [mistake.triage.kind for mistake in found]
    counts = ", ".join(f"{kinds.count(kind):,} {kind}" for kind in KINDS)
    of = "" if len(found) == errors else f" of {errors:,}"
    yield f"\n{len(found):,}{of} mistakes: {counts}. {CAUTION}"


def _table(found: Sequence[Mistake]) -> Iterator[str]:
    """Reasons stand behind the columns: on a terminal folded into the room that is left, elsewhere on one line."""
    from ..analysis.triage import KINDS
    from ..data.pictures import shown
    from . import text

    head = ("index", "true", "predicted", "p(true)", "p(predicted)")
    rows = (
        (
            str(mistake.index),
            shown(mistake.true),
            shown(mistake.predicted),
            percent(mistake.true_probability),
            percent(mistake.predicted_probability),
        )
        for mistake in found
    )
    first, *lines = text.table(head, rows, left=3).split("\n")
    wide = max(len(kind) for kind in KINDS)
    yield f"{first}  {'hint'.ljust(wide)}  reason"
    indent = len(first) + wide + 4
    room = shutil.get_terminal_size().columns - indent if sys.stdout.isatty() else 0
    for line, mistake in zip(lines, found, strict=True):
        reason = shown("; ".join(mistake.triage.evidence))
        folded = textwrap.wrap(reason, room) if room >= NARROWEST else [reason]
        beside = f"{line}  {mistake.triage.kind.ljust(wide)}  {folded[0]}"
        yield "\n".join([beside, *(" " * indent + rest for rest in folded[1:])])


def _record(found: Sequence[Mistake], run: str, errors: int) -> dict[str, Any]:
    from ..analysis.triage import KINDS

    kinds = [mistake.triage.kind for mistake in found]
    return {
        "run": run,
        "errors": errors,
        "explained": len(found),
        "hints": {kind: kinds.count(kind) for kind in KINDS},
        "mistakes": [_flat(mistake) for mistake in found],
    }


def _flat(mistake: Mistake) -> dict[str, Any]:
    """One row of a table: no lists in it."""
    signs = mistake.triage.signs
    return {
        "index": mistake.index,
        "true": mistake.true,
        "predicted": mistake.predicted,
        "true_probability": mistake.true_probability,
        "predicted_probability": mistake.predicted_probability,
        "hint": mistake.triage.kind,
        "reason": mistake.triage.reason,
        "distance_ratio": signs.distance_ratio,
        "epochs_correct": signs.epochs_correct,
        "earlier_epochs": signs.earlier_epochs,
        "votes": signs.votes,
        "votes_for_prediction": signs.votes_for_prediction,
        "votes_right": signs.votes_right,
        "audited": signs.audited,
        "audit_score": signs.audit_score,
    }
