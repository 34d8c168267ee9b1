"""Findings on the test accuracy, alone and against the baseline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import count_of, percent, percent_range, percentage_points
from ..baseline import pairing_of
from ..comparison_words import mcnemar
from .finding import Finding, interval_text


def result(test: Mapping[str, Any]) -> Finding:
    """Return the test accuracy with its interval."""
    accuracy, interval = percent(test["accuracy"]), test["interval"]
    errors = f"{count_of(test['errors'], 'error')} in {count_of(test['n'], 'image')}"
    return Finding(
        f"Test accuracy {accuracy} ({interval_text(interval)}): {errors}.",
        f"test accuracy {accuracy} ({percent_range(interval)})",
        "confusion_matrix",
        test["accuracy"],
        list(interval),
    )


def compared_with_baseline(metrics: Mapping[str, Any], model_name: str) -> Finding | None:
    """Return the difference from the baseline, if there is one with errors."""
    baseline = metrics.get("baseline")
    if baseline is None or baseline["error_ratio"] is None:
        return None
    test, pairing = metrics["test"], pairing_of(baseline)
    other, ratio = baseline["model_name"].upper(), f"{baseline['error_ratio']:.2f}"
    low, high = pairing.interval.low, pairing.interval.high
    difference, ends = percentage_points(pairing.difference), f"{percentage_points(low)} to {percentage_points(high)}"
    significant = pairing.significant
    return Finding(
        f"The {model_name.upper()} makes {ratio} times as many errors as the {other}, {test['errors']:,} against "
        f"{baseline['errors']:,} on the same {test['n']:,} test images. The difference in accuracy of {difference} percentage "
        f"points (95% CI {ends}) is {'' if significant else 'not '}significant ({mcnemar(pairing.p)}).",
        f"{f'{ratio} times the errors of' if significant else 'no significant difference from'} the {other} "
        f"({difference} points, {ends})",
        "baseline",
        pairing.difference,
        [low, high],
    )
