"""All findings of a run, the most important first."""

from collections.abc import Mapping
from typing import Any

from .accuracy import better_than_majority, compared_with_baseline, confused, differing_classes, result, uneven_classes
from .finding import Finding
from .splits import few_validation_images, generalisation, noisy_labels, validation_and_test
from .trust import audited_labels, calibration_finding, near_duplicates, robustness_findings, selective_accuracy_finding


def find(metrics: Mapping[str, Any], *, model_name: str) -> tuple[Finding, ...]:
    """Return the findings of a run in order of importance."""
    shift = validation_and_test(metrics)
    candidates = (
        result(metrics["test"]),
        better_than_majority(metrics["test"]),
        uneven_classes(metrics),
        near_duplicates(metrics),
        noisy_labels(metrics),
        shift if shift and shift.value > 0 else None,  # a test split that is harder comes before all that is told of it
        compared_with_baseline(metrics, model_name),
        confused(metrics["test"]),
        selective_accuracy_finding(metrics),
        differing_classes(metrics["test"]),
        shift if shift and shift.value <= 0 else None,
        calibration_finding(metrics),
        audited_labels(metrics),
        *robustness_findings(metrics),
        few_validation_images(metrics),
        generalisation(metrics),
    )
    return tuple(finding for finding in candidates if finding is not None)
