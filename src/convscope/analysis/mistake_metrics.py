"""The mistakes of a run as ``metrics.json`` and the page have them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .mistakes import Mistake
from .triage import KINDS

MAX_LISTED = 200
"""Mistakes that are listed one by one, the most confident first: more would make the page heavy."""


def mistakes_metrics(mistakes: Sequence[Mistake], errors: int, *, votes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the section ``mistakes`` of the metrics; classes are indices.

    Args:
        mistakes: Those that are explained, the most confident first.
        errors: All errors on the test split.
        votes: The networks that voted on them, if any did.

    Returns:
        ``indices`` holds the test indices of all mistakes of a kind, also of those beyond the end of ``list``.
    """
    return {
        "errors": errors,
        "explained": len(mistakes),
        "votes": None if votes is None else dict(votes),
        "audited": any(mistake.triage.signs.audited for mistake in mistakes),
        "triage": {kind: sum(mistake.triage.kind == kind for mistake in mistakes) for kind in KINDS},
        "indices": {kind: [mistake.index for mistake in mistakes if mistake.triage.kind == kind] for kind in KINDS},
        "list": [_entry(mistake) for mistake in mistakes[:MAX_LISTED]],
    }


def _entry(mistake: Mistake) -> dict[str, Any]:
    signs = mistake.triage.signs
    return {
        "index": mistake.index,
        "true": mistake.labels[0],
        "predicted": mistake.labels[1],
        "true_probability": mistake.true_probability,
        "predicted_probability": mistake.predicted_probability,
        "distance_ratio": signs.distance_ratio,
        "epochs_correct": signs.epochs_correct,
        "earlier_epochs": signs.earlier_epochs,
        "votes": [[label, int(mistake.votes[label])] for label in np.flatnonzero(mistake.votes).tolist()],
        "audit_score": signs.audit_score,
        "triage": mistake.triage.kind,
        "evidence": list(mistake.triage.evidence),
        "reason": mistake.triage.reason,
    }
