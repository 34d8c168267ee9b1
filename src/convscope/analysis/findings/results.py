"""How good the network is, and how good beside the simpler one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent
from ..baseline import pairing_of
from ..comparison_words import mcnemar, points
from .finding import Finding, span


def result(test: Mapping[str, Any]) -> Finding:
    """Accuracy with its interval."""
    low, high = test["interval"]
    return Finding(
        f"{percent(test['accuracy'])} of {test['n']:,} test images are classified correctly, between {percent(low)} and "
        f"{percent(high)} with 95% confidence; {_images(test['errors'])} went wrong.",
        f"{percent(test['accuracy'])} right ({span([low, high])})",
        "confusion_matrix",
        test["accuracy"],
        [low, high],
    )


def compared_with_baseline(metrics: Mapping[str, Any], model_name: str) -> Finding | None:
    """The difference in accuracy, by the images that only one of the two gets wrong. Nothing where there is no other network,
    or one that made no error."""
    baseline = metrics.get("baseline")
    if baseline is None or baseline["error_ratio"] is None:
        return None
    own, other, ratio, pairing = (
        metrics["test"],
        baseline["model_name"].upper(),
        baseline["error_ratio"],
        pairing_of(baseline),
    )
    low, high = pairing.interval.low, pairing.interval.high
    ends = f"{points(low, unit=False)} to {points(high, unit=False)}"
    judged = "more than chance makes" if pairing.significant else "which chance alone could make"
    return Finding(
        f"The {model_name.upper()} makes {ratio:.2f} times the errors of the {other}, {own['errors']:,} against "
        f"{baseline['errors']:,} of the same {own['n']:,} test images: a difference in accuracy of {points(pairing.difference)} "
        f"({ends}), {judged} ({mcnemar(pairing.p)}).",
        f"{_beside(pairing.significant, ratio, other)} ({points(pairing.difference)}, {ends})",
        "baseline",
        pairing.difference,
        [low, high],
    )


def _beside(told_apart: bool, ratio: float, other: str) -> str:
    return f"{ratio:.2f} times the errors of the {other}" if told_apart else f"not to be told apart from the {other}"


def _images(number: int) -> str:
    return {0: "none", 1: "one image"}.get(number, f"{number:,} images")
