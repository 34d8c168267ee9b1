"""Findings on possible label errors, by triage and by the label audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent, percent_range
from ..intervals import wilson
from ..triage import KINDS
from .finding import Finding, interval_text

SPLITS = {"train": "training", "test": "test"}


def suspect_labels(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the likely causes of the errors, if any of them is a possible label error."""
    mistakes = metrics.get("mistakes")
    if not mistakes:
        return None
    label, ambiguous, model = (int(mistakes["triage"][kind]) for kind in KINDS)
    if not label:
        return None
    explained = int(mistakes["explained"])
    found = wilson(label, explained)
    interval = [found.low, found.high]
    return Finding(
        f"A heuristic rates {label:,} of {explained:,} errors ({interval_text(interval, 0)}) as possible label errors, "
        f"{ambiguous:,} as ambiguous images and {model:,} as probable model errors.",
        f"possible label errors: {label:,} of {explained:,} errors ({percent_range(interval, 0)})",
        "mistakes",
        label / explained,
        interval,
    )


def audited_labels(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the share of labels that the audit flags, if it flags any."""
    audit = metrics.get("label_audit")
    if not audit:
        return None
    splits = [split for split in ("train", "test") if split in audit and audit[split]["scored"]]
    suspects, judged = (sum(int(audit[split][key]) for split in splits) for key in ("suspects", "scored"))
    if not suspects:
        return None
    found = wilson(suspects, judged)
    share, interval = percent(suspects / judged), [found.low, found.high]
    parts = " and ".join(
        f"{audit[split]['suspects']:,} of {audit[split]['scored']:,} {SPLITS[split]} images" for split in splits
    )
    return Finding(
        f"The label audit flags {parts} as possible label errors, {share} ({interval_text(interval)}): networks that were "
        "not trained on these images predict another class.",
        f"label audit: {suspects:,} possible label errors, {share} ({percent_range(interval)})",
        "label_audit",
        suspects / judged,
        interval,
    )
