"""The mistakes of a run as ``metrics.json`` has them, and the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .mistakes import Mistake
from .triage import KINDS

MOST_LISTED = 200
"""Mistakes that the metrics tell one by one, the most confident first: more would make the page heavy."""


def mistakes_metrics(mistakes: Sequence[Mistake], errors: int, *, votes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Under ``mistakes``: of the ``errors`` in all, those that are explained. Classes by index.

    ``votes``: whose they are, where any were asked. ``indices`` has the places in the test split of all of a kind, the most
    confident first, also of those that the list, which ends, does not tell.
    """
    return {
        "errors": errors,
        "explained": len(mistakes),
        "votes": None if votes is None else dict(votes),
        "audited": any(mistake.triage.signs.audited for mistake in mistakes),
        "triage": {kind: sum(mistake.triage.kind == kind for mistake in mistakes) for kind in KINDS},
        "indices": {kind: [mistake.index for mistake in mistakes if mistake.triage.kind == kind] for kind in KINDS},
        "list": [_listed(mistake) for mistake in mistakes[:MOST_LISTED]],
    }


def _listed(mistake: Mistake) -> dict[str, Any]:
    signs = mistake.triage.signs
    return {
        "index": mistake.index,
        "true": mistake.labels[0],
        "predicted": mistake.labels[1],
        "true_probability": mistake.true_probability,
        "predicted_probability": mistake.predicted_probability,
        "distance_ratio": signs.distance_ratio,
        "right_before": signs.right_before,
        "epochs_before": signs.epochs_before,
        "votes": [[label, int(mistake.votes[label])] for label in np.flatnonzero(mistake.votes).tolist()],
        "audit_score": signs.audit_score,
        "triage": mistake.triage.kind,
        "evidence": list(mistake.triage.evidence),
        "reason": mistake.triage.reason,
    }
