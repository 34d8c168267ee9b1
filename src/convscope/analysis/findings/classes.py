"""Finding on classes whose recall differs significantly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent, percent_range
from ..intervals import simultaneous_wilson
from .finding import Finding, interval_text


def differing_classes(test: Mapping[str, Any]) -> Finding | None:
    """Return the range of recall over the classes if its ends differ significantly.

    A class is called the worst only if its interval lies below that of every other class.
    """
    classes = [entry for entry in test["per_class"] if entry["support"]]
    if len(classes) < 3 or test["errors"] == 0:
        return None
    worst, best = (choose(classes, key=lambda entry: entry["recall"]) for choose in (min, max))
    # The two classes were chosen among all of them, so the intervals of all classes must hold at once.
    intervals = [
        simultaneous_wilson(round(entry["recall"] * entry["support"]), entry["support"], len(classes)) for entry in classes
    ]
    own = intervals[classes.index(worst)]
    if own.high >= intervals[classes.index(best)].low:
        return None
    others = (interval.low for entry, interval in zip(classes, intervals, strict=True) if entry is not worst)
    significance = (
        f"{worst['class_name']} is significantly worse than every other class"
        if own.high < min(others)
        else f"the lowest and the highest of {len(classes)} classes differ significantly"
    )
    recall, interval = percent(worst["recall"]), [own.low, own.high]
    return Finding(
        f"Recall ranges from {recall} (simultaneous {interval_text(interval)}) for {worst['class_name']} to "
        f"{percent(best['recall'])} for {best['class_name']}; {significance}.",
        f"lowest recall: {worst['class_name']}, {recall} ({percent_range(interval)})",
        "per_class",
        worst["recall"],
        interval,
    )
