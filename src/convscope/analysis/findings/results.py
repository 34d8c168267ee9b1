"""How good the network is, beside the simpler one, and what it confuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...percent import percent
from ..intervals import overlap, wilson
from .finding import Finding


def result(test: Mapping[str, Any]) -> Finding:
    """Accuracy with its interval."""
    low, high = test["interval"]
    return Finding(
        f"{percent(test['accuracy'])} of {test['n']:,} test images are classified correctly, between {percent(low)} and "
        f"{percent(high)} with 95 % confidence; {_images(test['errors'])} went wrong.",
        "confusion_matrix",
        test["accuracy"],
        [low, high],
    )


def compared_with_baseline(metrics: Mapping[str, Any], model_name: str) -> Finding | None:
    """Nothing where there is no other network, or one that made no error."""
    baseline = metrics.get("baseline")
    if baseline is None or baseline["error_ratio"] is None:
        return None
    own, other, ratio = metrics["test"], baseline["model_name"].upper(), baseline["error_ratio"]
    verdict = (
        f"{model_name.upper()} makes {ratio:.2f} times the errors of the {other}: {own['errors']} against "
        f"{baseline['errors']}"
    )
    doubt = "their intervals do not overlap"
    if overlap(own["interval"], baseline["interval"]):
        doubt = "their intervals overlap, so one run of each does not settle which is better"
    return Finding(
        f"The {verdict} ({percent(own['accuracy'])} against {percent(baseline['accuracy'])}); {doubt}.", "baseline", ratio
    )


def most_confused(test: Mapping[str, Any]) -> Finding | None:
    """The pairs that were confused most often, in this test split."""
    pairs = test["confused_pairs"]
    if not pairs:
        return None
    first = pairs[0]
    interval = wilson(first["count"], first["support"])
    text = (
        f"The most frequent confusion: {first['true']} taken for {first['predicted']}, {first['count']} of {first['support']:,} "
        f"({percent(interval.low, 1)} to {percent(interval.high, 1)})"
    )
    others = [f"{pair['true']} for {pair['predicted']} ({pair['count']})" for pair in pairs[1:3]]
    return Finding(
        text + (f"; then {' and '.join(others)}." if others else "."),
        "confusion_matrix",
        first["count"] / first["support"],
        [interval.low, interval.high],
    )


def _images(number: int) -> str:
    return {0: "none", 1: "one image"}.get(number, f"{number:,} images")
