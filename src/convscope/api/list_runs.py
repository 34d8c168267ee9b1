"""``list_runs``: the complete runs in a folder."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..analysis.statistics.proportions import Interval
from ..errors import RunError
from ..formatting import count_of
from ..runs import run_folder
from ..runs.metrics_form import read_metrics
from ..runs.reading import read_request
from ..system.arguments import checked
from ..system.table import Tabular
from ..types import PathLike

DEEPEST = 3
"""Levels of folders that are looked into: a study keeps its runs two below."""


@dataclass(frozen=True)
class RunSummary:
    """What tells one run from the others."""

    folder: str
    dataset: str
    model: str
    recipe: str
    seed: int
    accuracy: float
    """On the test split, 0..1."""
    interval: Interval
    """95% Wilson interval of the accuracy."""
    train_seconds: float
    created: str
    """ISO 8601, UTC."""


class RunSummaries(tuple[RunSummary, ...], Tabular):
    """The runs in a folder, the latest first."""

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one row per run."""
        return [asdict(each) for each in self]

    def __repr__(self) -> str:
        return f"RunSummaries({count_of(len(self), 'run')})"


@checked
def list_runs(folder: PathLike = "runs") -> RunSummaries:
    """Return the complete runs in ``folder``, at any depth but inside other runs, the latest first.

    Only ``run.json`` and ``metrics.json`` of each are read, and none is verified. Runs that cannot be read are left out.

    Raises:
        RunError: There is no such folder.

    >>> convscope.list_runs().to_frame()
    """
    path = Path(folder)
    if not os.path.isdir(path):
        raise RunError(f"there is no folder {str(folder)!r}. Name the folder that holds your runs.")
    found = [each for each in map(_summary, _run_folders(path)) if each is not None]
    return RunSummaries(sorted(found, key=lambda each: each.created, reverse=True))


def _run_folders(path: Path, depth: int = 0) -> Iterator[Path]:
    if run_folder.is_run(path):
        yield path
    elif depth < DEEPEST:
        with contextlib.suppress(OSError):  # one that may not be opened holds nothing that can be listed
            for each in sorted(path.iterdir()):
                if os.path.isdir(each) and not each.is_symlink():
                    yield from _run_folders(each, depth + 1)


def _summary(folder: Path) -> RunSummary | None:
    try:
        request, metrics = read_request(folder), read_metrics(folder)
    except RunError:
        return None
    return RunSummary(
        str(folder), request["dataset"]["name"], request["model"], request["recipe"], request["seed"],
        metrics["test"]["accuracy"], Interval(*metrics["test"]["interval"]), metrics["train_seconds"], request["created"],
    )  # fmt: skip
