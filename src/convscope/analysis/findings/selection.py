"""Finding on selective prediction: the accuracy above a confidence threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent, percent_range
from .finding import Finding, interval_text


def bought_accuracy(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the test accuracy above the lowest threshold that halves the error rate.

    The threshold is chosen on images outside the test split. There is no finding unless the test accuracy improves significantly.
    """
    uncertainty = metrics.get("uncertainty")
    if not uncertainty:
        return None
    points = uncertainty["risk_coverage"]["points"]
    # The first point covers all images.
    full_accuracy = next((point["selection_split"]["accuracy"] for point in points), None)
    if full_accuracy is None:
        return None
    for each in uncertainty["thresholds"]:
        target = each["target_accuracy"]
        if 1 - target > (1 - full_accuracy) / 2:
            continue
        test = each["test"]
        if test["accuracy"] is None or test["interval"][0] <= metrics["test"]["interval"][1]:
            return None
        number = uncertainty["n"]
        split = uncertainty["selected_on"]
        accuracy, interval, coverage = percent(test["accuracy"]), test["interval"], percent(test["coverage"], 1)
        return Finding(
            f"With a confidence of at least {percent(each['threshold'], 1)}, which {coverage} of the test images reach, accuracy "
            f"is {accuracy} ({interval_text(interval)}), against {percent(metrics['test']['accuracy'])} on all of them. The "
            f"threshold was chosen on {number:,} {split} images for a target accuracy of {percent(target, 1)}.",
            f"accuracy {accuracy} ({percent_range(interval)}) at {coverage} coverage",
            "coverage",
            test["accuracy"],
            list(interval),
        )
    return None
