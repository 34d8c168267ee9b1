"""Findings on possible label errors: among the errors of the network, and by the label audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent
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
    interval = wilson(label, explained)
    ends = interval_text([interval.low, interval.high], 0)
    return Finding(
        f"A heuristic rates {label:,} of {explained:,} errors ({ends}) as possible label errors, {ambiguous:,} as ambiguous "
        f"images and {model:,} as probable model errors.",
        f"possible label errors: {label:,} of {explained:,} errors ({ends})",
        "mistakes",
        label / explained,
        [interval.low, interval.high],
    )


def audited_labels(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the share of labels that the audit flags, if it flags any."""
    audit = metrics.get("label_audit")
    if not audit:
        return None
    splits = [split for split in ("train", "test") if split in audit and audit[split]["judged"]]
    suspects, judged = (sum(int(audit[split][key]) for split in splits) for key in ("suspects", "judged"))
    if not suspects:
        return None
    interval = wilson(suspects, judged)
    share = f"{percent(suspects / judged)} ({interval_text([interval.low, interval.high])})"
    parts = " and ".join(
        f"{audit[split]['suspects']:,} of {audit[split]['judged']:,} {SPLITS[split]} images" for split in splits
    )
    return Finding(
        f"The label audit flags {parts} as possible label errors, {share}: networks that were not trained on these images "
        "predict another class.",
        f"label audit: {suspects:,} possible label errors, {share}",
        "label_audit",
        suspects / judged,
        [interval.low, interval.high],
    )
