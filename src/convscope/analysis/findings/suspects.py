"""What speaks against labels: the mistakes, each looked into, and an audit of all labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent
from ..intervals import wilson
from ..triage import KINDS
from .finding import Finding

SPLITS = {"train": "training", "test": "test"}


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
        f"{suspect:,} of {explained:,} mistakes {looks} like wrong labels ({percent(interval.low, 0)} to "
        f"{percent(interval.high, 0)})",
        "mistakes",
        suspect / explained,
        [interval.low, interval.high],
    )


def audited_labels(metrics: Mapping[str, Any]) -> Finding | None:
    """Only where networks that had not seen an image would call it by another name."""
    audit = metrics.get("label_audit")
    if not audit:
        return None
    splits = [split for split in ("train", "test") if split in audit and audit[split]["scored"]]
    suspects, judged = (sum(int(audit[split][key]) for split in splits) for key in ("suspects", "scored"))
    if not suspects:
        return None
    interval = wilson(suspects, judged)
    span = f"{percent(interval.low)} to {percent(interval.high)}"
    parts = " and ".join(
        f"{audit[split]['suspects']:,} of {audit[split]['scored']:,} {SPLITS[split]} images" for split in splits
    )
    return Finding(
        f"Networks that had not seen them would put {parts} into another class than their labels do, {percent(suspects / judged)} "
        f"({span}): worth a second look, and no more than that.",
        f"{suspects:,} labels worth a second look, {percent(suspects / judged)} ({span})",
        "label_audit",
        suspects / judged,
        [interval.low, interval.high],
    )
