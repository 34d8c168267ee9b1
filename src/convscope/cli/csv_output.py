"""``--csv``: what a verb lists, as a table for other programs."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from ..api.output import check_output
from ..errors import option
from ..runs.label_suspects import escape_formula
from ..system.files import write_output
from ..system.table import csv_text
from .help_sections import WORDS, output_option


def csv_options(what: str, *, overwrite: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add ``--csv FILE``, and ``--overwrite`` unless the verb has it; ``function`` gets both.

    An existing file is refused before the verb does anything.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        if overwrite:
            function = output_option("--overwrite", is_flag=True, help="Replace the file of --csv if it exists.")(function)
        return output_option("--csv", "csv_file", default=None, metavar="FILE", help=f"Also write {what} to FILE, as CSV.")(
            function
        )

    return decorate


def check_csv(csv_file: str | None, *, overwrite: bool, inputs: Iterable[object] = ()) -> Path | None:
    """Return the file to write to, or raise OutputError if it may not be replaced.

    The command reads the ``inputs`` and every other file that it names.
    """
    if csv_file is None:
        return None
    return check_output(
        csv_file, overwrite=overwrite, instead=option("csv", "FILE"), inputs=[*inputs, *_other_files(csv_file)]
    )


def _other_files(csv_file: str) -> list[str]:
    words = [word.partition("=")[2] or word for word in click.get_current_context().meta.get(WORDS, ())]
    if csv_file in words:
        words.remove(csv_file)  # once: named twice, it is read as well
    return [word for word in words if os.path.isfile(word)]


def write_csv(file: Path | None, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table; texts that a spreadsheet could execute are marked as texts."""
    if file is None:
        return
    cells = ([escape_formula(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    write_output(file, csv_text([head, *cells]))
