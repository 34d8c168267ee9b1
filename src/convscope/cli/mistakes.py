"""``convscope mistakes``: every error with its likely cause."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import click
from rich.cells import cell_len

import convscope

from ..analysis.mistakes.mistakes import Mistake
from ..analysis.mistakes.triage import KINDS
from ..formatting import count_of, format_probability, printable
from ..types import PathLike
from . import text
from .csv_output import check_csv, csv_options, write_csv
from .help_sections import argument, option, verb
from .options import moved_data_option, output_options, trust_option

NARROWEST = 40
"""Terminal columns that the reasons need at least; on less, they are not wrapped."""
SIGNS = ("distance_ratio", "epochs_correct", "earlier_epochs", "votes", "votes_for_prediction", "votes_right", "audited",
         "audit_score")  # fmt: skip
CSV_HEAD = ("index", "file", "true", "predicted", "true_probability", "predicted_probability", "hint", "reason")


@verb(
    "mistakes",
    ("convscope mistakes runs/mnist-cnn-standard-0 --most 10", "the most confident errors"),
    ("convscope mistakes RUN --csv mistakes.csv", "all of them, as a table"),
)
@argument("run", metavar="RUN")
@option(
    "--others", multiple=True, metavar="RUN", help="Also use the predictions of another run on the same data; repeatable."
)
@option(
    "--study",
    metavar="DIR",
    help="Use the other seeds of this study and store their votes in RUN and its report.  [default: the study that contains RUN]",
)
@option("--most", type=int, default=None, metavar="N", help="Only the N most confident errors.  [default: all]")
@csv_options("the table")
@moved_data_option
@trust_option
@output_options
def command(
    run: PathLike,
    others: tuple[str, ...],
    study: str | None,
    most: int | None,
    csv_file: str | None,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """List every test image that RUN misclassifies, the most confident first, with the evidence on its cause.

    With a label audit, or two other networks, the likely cause is a possible label error, an ambiguous image or a model error;
    without them, only ambiguous images are judged. The rest of the evidence is the probabilities, the nearest training images
    and earlier epochs. --json prints one flat record per image.
    """
    file = check_csv(csv_file, overwrite=overwrite, inputs=[run])
    loaded = run if isinstance(run, convscope.Run) else convscope.load_run(run)
    found = convscope.mistakes(loaded, others=others, study=study, most=most)
    write_csv(file, CSV_HEAD, ([flat[name] for name in CSV_HEAD] for flat in map(_flat, found)))
    if as_json:
        click.echo(text.to_json(_record(found, os.fspath(run), loaded.evaluation.errors)))
        return
    for line in _lines(found, loaded.evaluation.errors, quiet, wanted=most != 0):
        click.echo(line)


def _lines(found: Sequence[Mistake], errors: int, quiet: bool, *, wanted: bool = True) -> Iterator[str]:
    if found:
        yield from _table(found)
    if quiet:
        return
    if not found:
        missing = ", but none has an image in this run" if wanted else ""
        yield f"{count_of(errors, 'error')}{missing}" if errors else "no errors"
        return
    kinds = [mistake.triage.kind for mistake in found]
    counts = ", ".join(f"{kinds.count(kind):,} {kind}" for kind in KINDS)
    of = "" if len(found) == errors else f"{len(found):,} of "
    judge = " To judge those unjudged, run convscope audit, or name other runs with --others." if "unjudged" in kinds else ""
    yield f"\n{of}{count_of(errors, 'error')}: {counts}. These causes are heuristic; check the images.{judge}"


def _table(found: Sequence[Mistake]) -> Iterator[str]:
    """Yield the table; the reasons are wrapped to the width of a terminal, and one line elsewhere."""
    head = ("index", "true", "predicted", "p(true)", "p(predicted)")
    rows = (
        (
            str(mistake.index),
            printable(mistake.true),
            printable(mistake.predicted),
            format_probability(mistake.true_probability),
            format_probability(mistake.predicted_probability),
        )
        for mistake in found
    )
    first, *lines = text.table(head, rows, left=3).split("\n")
    wide, files = max(len(kind) for kind in KINDS), ["file", *(mistake.file for mistake in found)]
    if any(files[1:]):
        first, *lines = text.table(("", ""), zip([first, *lines], files, strict=True), left=2).split("\n")[1:]
        longest = max(map(cell_len, (first, *lines)))
        first, *lines = (text.pad(line, longest) for line in (first, *lines))
    yield f"{first}  {'cause'.ljust(wide)}  reason"
    indent = cell_len(first) + wide + 4
    width = shutil.get_terminal_size().columns - indent if sys.stdout.isatty() else 0
    for line, mistake in zip(lines, found, strict=True):
        _, *others = mistake.triage.evidence  # the first are the probabilities, which have columns
        reason = printable("; ".join(others))
        folded = textwrap.wrap(reason, width) if width >= NARROWEST and reason else [reason]
        whole = f"{line}  {mistake.triage.kind.ljust(wide)}  {folded[0]}"
        yield "\n".join([whole, *(" " * indent + rest for rest in folded[1:])])


def _record(found: Sequence[Mistake], run: str, errors: int) -> dict[str, Any]:
    kinds = [mistake.triage.kind for mistake in found]
    return {
        "run": run,
        "errors": errors,
        "explained": len(found),
        "hints": {kind: kinds.count(kind) for kind in KINDS},
        "mistakes": [_flat(mistake) for mistake in found],
    }


def _flat(mistake: Mistake) -> dict[str, Any]:
    """Return a record without lists, so that any tool can read it as a table row."""
    signs = mistake.triage.signs
    return {
        "index": mistake.index,
        "file": mistake.file or None,
        "true": mistake.true,
        "predicted": mistake.predicted,
        "true_probability": mistake.true_probability,
        "predicted_probability": mistake.predicted_probability,
        "hint": mistake.triage.kind,
        "reason": mistake.triage.reason,
        **{name: getattr(signs, name) for name in SIGNS},
    }
