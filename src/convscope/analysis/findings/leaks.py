"""Findings on test images that are no new images."""

from collections.abc import Mapping
from typing import Any

from ...formatting import count_of, percent
from .finding import Finding, interval_text

FEW = 0.01
"""Share of near-duplicates below which they hardly change the accuracy."""


def near_duplicates(metrics: Mapping[str, Any]) -> Finding | None:
    """Return how many test images nearly equal a training image, unless they are few; none for runs of earlier versions."""
    near = metrics.get("data", {}).get("near_duplicates")
    if not near or near["share"] < FEW:
        return None
    share = percent(near["share"], 1)
    if near["others"]:
        without = (
            f"accuracy on the other {near['others']:,} is {percent(near['accuracy_of_others'])} "
            f"({interval_text(near['interval_of_others'])})"
        )
    else:
        without = "no other test images are left to measure the accuracy on new images with"
    return Finding(
        f"{near['n']:,} of {count_of(metrics['test']['n'], 'test image')} ({share}) nearly equal a training image; {without}.",
        f"{share} of the test images nearly equal training images",
        "class_counts",
        near["share"],
        near["interval"],
    )
