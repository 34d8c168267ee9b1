"""Finding on calibration: whether mean confidence and accuracy differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent, percentage_points
from .finding import Finding, interval_text


def believed_confidence(metrics: Mapping[str, Any]) -> Finding | None:
    """Return over- or underconfidence before temperature scaling, if it is significant."""
    uncertainty = metrics.get("uncertainty")
    if not uncertainty:
        return None
    before = uncertainty["uncalibrated"]
    after = uncertainty["calibrated"]
    gap = before["overconfidence"]
    low, high = gap["interval"]
    if low <= 0 <= high:
        return None
    accuracy = metrics["test"]["accuracy"]
    word, near, far = ("overconfident", low, high) if low > 0 else ("underconfident", -high, -low)
    ends = f"{percentage_points(near)} to {percentage_points(far)}"
    text = (
        f"The network is {word}: mean confidence {percent(accuracy + gap['value'])}, accuracy {percent(accuracy)}, a difference "
        f"of {ends} percentage points (95% CI). The calibration error (ECE) is {_share(before['ece'])}"
    )
    if after is not None:
        number = uncertainty["n"]
        split = uncertainty["selected_on"]
        text += (
            f", and {_share(after['ece'])} after temperature scaling (T = {uncertainty['temperature']:.2f}, fitted on {number:,} "
            f"{split} images)"
        )
    return Finding(f"{text}.", f"{word} by {ends} points", "reliability", gap["value"], [low, high])


def _share(estimate: Mapping[str, Any]) -> str:
    return f"{percent(estimate['value'])} ({interval_text(estimate['interval'])})"
