"""A run in memory: what reports, figures and the page are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..ledger import LedgerEntry
from ..models.network import Network, Weights
from ..training.history import History
from .evaluation import Evaluation
from .evidence import Evidence
from .examples import Examples


@dataclass(frozen=True, eq=False)
class RunRecord:
    """One run, as arrays and plain JSON values. :mod:`convscope.archive` writes it to a run folder and reads it back."""

    request: Mapping[str, Any]
    """``run.json``: the request, the dataset, package versions and the machine."""
    metrics: Mapping[str, Any]
    """``metrics.json``: every number that a report shows."""
    history: History
    evaluation: Evaluation
    """Of the test split."""
    network: Network
    """With the final weights, in float32."""
    snapshots: tuple[Mapping[str, Weights], ...]
    """The weights after each epoch, by ``layer/weight``; rounded to float16."""
    examples: Examples
    evidence: Evidence | None = None
    """None if it was not collected, or cannot be: that takes the dataset, which a run folder does not hold."""
    evidence_missing: str = "It was not collected; `convscope report` does that if the dataset is available."
    """Why there is none."""
    readings: tuple[LedgerEntry, ...] = ()
    """The ledger at the time of reading."""
