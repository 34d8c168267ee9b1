"""Read runs and check that they can be compared: complete, distinct, with the same test images."""

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
"""Characters of a fingerprint in messages."""


@dataclass(frozen=True, eq=False)
class Opened:
    """A run and its name in the comparison."""

    folder: Path
    name: str
    """The shortest unique name: the folder's, with parent folders if needed."""
    record: RunRecord


def open_runs(folders: Sequence[PathLike]) -> list[Opened]:
    """Read the runs in ``folders``.

    Raises:
        ConfigError: There are fewer than two, one is given twice, or their test images differ.
        RunError: A run is damaged.
    """
    paths = [Path(folder) for folder in folders]
    if len(paths) < 2:
        raise ConfigError(f"a comparison needs at least two runs; got {len(paths)}. Name another run folder.")
    _refuse_duplicates(paths)
    opened = [
        Opened(path, name, archive.load_record(runs.verify(path))) for path, name in zip(paths, names_of(paths), strict=True)
    ]
    for other in opened[1:]:
        _refuse_other_data(opened[0], other)
    return opened


def names_of(paths: Sequence[Path]) -> list[str]:
    """Return the last parts of ``paths``, as many of each as make all of them distinct."""
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
            raise ConfigError(f"the run {str(path)!r} is given twice. Name each run once.")
        seen[resolved] = path


def _refuse_other_data(first: Opened, other: Opened) -> None:
    ours, theirs = (each.record.request["dataset"] for each in (first, other))
    same = np.array_equal(first.record.evaluation.labels, other.record.evaluation.labels)
    if ours["fingerprint"] == theirs["fingerprint"] and list(ours["class_names"]) == list(theirs["class_names"]) and same:
        return
    raise ConfigError(
        f"{first.name} was measured on {_data(first)}, but {other.name} on {_data(other)}. A paired comparison needs the same test "
        "images: train both on the same data."
    )


def _data(run: Opened) -> str:
    known = run.record.request["dataset"]
    fingerprint = known["fingerprint"][:SHORTEST_FINGERPRINT]
    return f"{known['name']} ({len(run.record.evaluation):,} test images, fingerprint {fingerprint})"
