"""All figures of a run, in the order of the notebook."""

from __future__ import annotations

from collections.abc import Iterator

from ..analysis.record import RunRecord
from .illustration import Illustration


def illustrate(record: RunRecord) -> Iterator[Illustration]:
    """Every figure that applies to this run."""
    yield from ()
