"""Whether some class is recognised worse than others, by more than picking the worst of many explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...percent import percent
from ..intervals import simultaneous_wilson
from .finding import Finding


def differing_classes(test: Mapping[str, Any]) -> Finding | None:
    """The span of the recalls. A class is called the worst only where its interval is below that of every other class, with
    intervals that all hold at once."""
    classes = [entry for entry in test["per_class"] if entry["support"]]
    if len(classes) < 3 or test["errors"] == 0:
        return None
    worst, best = (choose(classes, key=lambda entry: entry["recall"]) for choose in (min, max))
    found = {
        entry["class_name"]: simultaneous_wilson(round(entry["recall"] * entry["support"]), entry["support"], len(classes))
        for entry in classes
    }
    highest = found[worst["class_name"]].high
    others = [interval.low for name, interval in found.items() if name != worst["class_name"]]
    if others and highest < min(others):
        doubt = f"{worst['class_name']} is the worst of the {len(classes)}, beyond chance"
    elif highest < found[best["class_name"]].low:
        doubt = f"that is more than chance makes of the worst and the best of {len(classes)} classes"
    else:
        doubt = f"as the worst and the best of {len(classes)} classes they may differ by chance"
    return Finding(
        f"Recall runs from {percent(worst['recall'])} for {worst['class_name']} to {percent(best['recall'])} for "
        f"{best['class_name']}; {doubt}.",
        "per_class",
        worst["recall"],
        list(worst["recall_interval"]),
    )
