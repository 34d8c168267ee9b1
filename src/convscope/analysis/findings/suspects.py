"""What the mistakes look like: wrong labels, ties, or the network's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...percent import percent
from ..intervals import wilson
from ..triage import KINDS
from .finding import Finding


def suspect_labels(metrics: Mapping[str, Any]) -> Finding | None:
    """Only where some mistakes speak against their labels."""
    mistakes = metrics.get("mistakes")
    if not mistakes:
        return None
    suspect, ambiguous, fault = (int(mistakes["triage"][kind]) for kind in KINDS)
    if not suspect:
        return None
    explained = int(mistakes["explained"])
    interval = wilson(suspect, explained)
    looks = "looks" if suspect == 1 else "look"
    return Finding(
        f"Of {explained:,} mistakes, {suspect:,} ({percent(interval.low, 0)} to {percent(interval.high, 0)}) {looks} as if "
        f"not the network but the label were wrong, {ambiguous:,} could be either class, and {fault:,} are the network's own: "
        "hints, by what lies near them and how sure it is.",
        "mistakes",
        suspect / explained,
        [interval.low, interval.high],
    )
