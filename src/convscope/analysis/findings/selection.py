"""What leaving aside the images that it is unsure of would buy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent
from .finding import Finding, span


def bought_accuracy(metrics: Mapping[str, Any]) -> Finding | None:
    """The lowest threshold, chosen on images that were not tested on, that at least halves the errors there, and what it
    comes to on the test images; only where it improves on answering everything by more than chance."""
    doubt = metrics.get("uncertainty")
    if not doubt:
        return None
    everything = next((point["selection_split"]["accuracy"] for point in doubt["risk_coverage"]["points"]), None)
    if everything is None:
        return None
    for each in doubt["thresholds"]:
        if 1 - each["target_accuracy"] > (1 - everything) / 2:
            continue
        test = each["test"]
        if test["accuracy"] is None or test["interval"][0] <= metrics["test"]["interval"][1]:
            return None
        low, high = test["interval"]
        return Finding(
            f"Where it is at least {percent(each['threshold'], 1)} sure, as it is of {percent(test['coverage'], 1)} of the test "
            f"images, it is right on {percent(test['accuracy'])} ({percent(low)} to {percent(high)}), against "
            f"{percent(metrics['test']['accuracy'])} of all; the threshold was chosen on {doubt['n']:,} {doubt['selected_on']} "
            f"images, to be right on {percent(each['target_accuracy'], 1)}.",
            f"{percent(test['accuracy'])} right ({span([low, high])}) on the surest {percent(test['coverage'], 1)}",
            "coverage",
            test["accuracy"],
            [low, high],
        )
    return None
