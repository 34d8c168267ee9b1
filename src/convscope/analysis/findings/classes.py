"""Whether some class is recognised worse than others, by more than picking the worst of many explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent
from ..intervals import simultaneous_wilson
from .finding import Finding, span


def differing_classes(test: Mapping[str, Any]) -> Finding | None:
    """The span of the recalls, where the worst and the best class differ by more than chance. A class is called the worst only
    where its interval is below that of every other class. All intervals hold at once."""
    classes = [entry for entry in test["per_class"] if entry["support"]]
    if len(classes) < 3 or test["errors"] == 0:
        return None
    worst, best = (choose(classes, key=lambda entry: entry["recall"]) for choose in (min, max))
    found = [
        simultaneous_wilson(round(entry["recall"] * entry["support"]), entry["support"], len(classes)) for entry in classes
    ]
    own = found[classes.index(worst)]
    if own.high >= found[classes.index(best)].low:
        return None
    others = (interval.low for entry, interval in zip(classes, found, strict=True) if entry is not worst)
    doubt = (
        f"{worst['class_name']} is the worst of the {len(classes)}, beyond chance"
        if own.high < min(others)
        else f"that is more than chance makes of the worst and the best of {len(classes)} classes"
    )
    return Finding(
        f"Recall runs from {percent(worst['recall'])} ({percent(own.low)} to {percent(own.high)}) for {worst['class_name']} to "
        f"{percent(best['recall'])} for {best['class_name']}; {doubt}.",
        f"recall of {worst['class_name']}: {percent(worst['recall'])} ({span([own.low, own.high])})",
        "per_class",
        worst["recall"],
        [own.low, own.high],
    )
