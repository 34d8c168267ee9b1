"""The runs that are to be compared: complete, different, and measured on the same test images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import archive, runs
from ..analysis.record import RunRecord
from ..errors import ConfigError
from ..types import PathLike

SHORTEST_FINGERPRINT = 12


@dataclass(frozen=True, eq=False)
class Opened:
    """A run as it was read."""

    folder: Path
    name: str
    """As short as tells it from the others: the folder's name, or with those above it."""
    record: RunRecord


def open_runs(folders: Sequence[PathLike]) -> list[Opened]:
    """Read ``folders``. Raises :class:`ConfigError` for fewer than two, for one given twice, and for runs whose test images
    are not the same; :class:`RunError` for a damaged run."""
    paths = [Path(folder) for folder in folders]
    if len(paths) < 2:
        raise ConfigError(f"{len(paths)} run was given to compare; two or more were expected. Name another run folder.")
    _refuse_duplicates(paths)
    opened = [
        Opened(path, name, archive.load_record(runs.verify(path))) for path, name in zip(paths, names_of(paths), strict=True)
    ]
    for other in opened[1:]:
        _refuse_other_data(opened[0], other)
    return opened


def names_of(paths: Sequence[Path]) -> list[str]:
    """The ends of ``paths``, each with as many folders as make them differ."""
    whole = [path.resolve().parts for path in paths]
    for length in range(1, max(map(len, whole)) + 1):
        names = ["/".join(parts[-length:]) for parts in whole]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]


def _refuse_duplicates(paths: Sequence[Path]) -> None:
    seen: dict[Path, Path] = {}
    for path in paths:
        resolved = path.resolve()
        if resolved in seen:
            raise ConfigError(f"the run {str(path)!r} was given twice; different runs were expected. Name each only once.")
        seen[resolved] = path


def _refuse_other_data(first: Opened, other: Opened) -> None:
    ours, theirs = (each.record.request["dataset"] for each in (first, other))
    same = np.array_equal(first.record.evaluation.labels, other.record.evaluation.labels)
    if ours["fingerprint"] == theirs["fingerprint"] and list(ours["class_names"]) == list(theirs["class_names"]) and same:
        return
    raise ConfigError(
        f"{first.name} was measured on {_data(first)} and {other.name} on {_data(other)}; runs on the same data were expected, "
        "since only the same test images can be compared pair by pair. Train both on the same data."
    )


def _data(run: Opened) -> str:
    known = run.record.request["dataset"]
    fingerprint = known["fingerprint"][:SHORTEST_FINGERPRINT]
    return f"{known['name']} ({len(run.record.evaluation):,} test images, fingerprint {fingerprint})"
