"""All findings of a run, the most important first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..robustness_findings import robustness_findings
from .classes import differing_classes
from .confidence import believed_confidence
from .finding import Finding
from .generalisation import generalisation
from .network import blind_pixels, costs
from .results import compared_with_baseline, most_confused, result
from .selection import bought_accuracy
from .suspects import suspect_labels


def find(metrics: Mapping[str, Any], *, model_name: str) -> tuple[Finding, ...]:
    """The findings of a run, from its ``metrics``; what older runs did not measure is passed over."""
    candidates = (
        result(metrics["test"]),
        compared_with_baseline(metrics, model_name),
        most_confused(metrics["test"]),
        differing_classes(metrics["test"]),
        believed_confidence(metrics),
        bought_accuracy(metrics),
        suspect_labels(metrics),
        *(Finding(*each) for each in robustness_findings(metrics)),
        generalisation(metrics),
        costs(metrics["layers"]),
        blind_pixels(metrics),
    )
    return tuple(finding for finding in candidates if finding is not None)
