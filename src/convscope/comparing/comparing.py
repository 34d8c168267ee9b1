"""Compare runs and write the comparison page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..analysis.comparison import Comparison, Contestant, Costs, compare_evaluations
from ..errors import OutputError
from ..files import write_text
from ..types import PathLike
from .costs import measure_costs
from .opening import Opened, open_runs
from .pictures import disagreeing_images


def compare_runs(folders: Sequence[PathLike], *, output: PathLike | None = None, overwrite: bool = False) -> Comparison:
    """Compare complete runs on their common test images.

    Args:
        folders: At least two run folders.
        output: File of the comparison page; no page by default.
        overwrite: Whether ``output`` may exist.

    Raises:
        ConfigError: The runs cannot be compared.
        RunError: A run is damaged.
        OutputError: ``output`` cannot be written; checked before any work where possible.
    """
    page = None if output is None else _page(output, overwrite)
    runs = open_runs(folders)
    contestants = [_contestant(run, costs) for run, costs in zip(runs, measure_costs(runs), strict=True)]
    dataset = str(runs[0].record.request["dataset"]["name"])
    comparison = compare_evaluations(contestants, [run.record.evaluation for run in runs], dataset=dataset)
    if page is not None:
        from ..page.comparison import render_comparison

        write_text(page, render_comparison(comparison, disagreeing_images(comparison, runs)))
    return comparison


def _contestant(run: Opened, costs: Costs) -> Contestant:
    request, evaluation = run.record.request, run.record.evaluation
    return Contestant(
        run.name,
        str(request["model"]),
        str(request["recipe"]),
        int(request["seed"]),
        evaluation.errors,
        evaluation.accuracy,
        evaluation.interval,
        costs,
    )


def _page(output: PathLike, overwrite: bool) -> Path:
    page = Path(output)
    if page.is_dir():
        raise OutputError(f"{str(page)!r} is a folder. Choose a file with --output FILE.")
    if page.exists() and not overwrite:
        raise OutputError(
            f"{str(page)!r} already exists. Choose another file with --output FILE, or replace it with --overwrite."
        )
    return page
