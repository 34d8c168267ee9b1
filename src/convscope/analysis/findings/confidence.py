"""Whether the network means what it says when it says how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent
from .finding import Finding


def believed_confidence(metrics: Mapping[str, Any]) -> Finding | None:
    """Only where the mean confidence and the accuracy differ by more than chance, before the temperature or after it."""
    doubt = metrics.get("uncertainty")
    if not doubt:
        return None
    gap, ece, after = doubt["uncalibrated"]["overconfidence"], doubt["uncalibrated"]["ece"], doubt["calibrated"]
    low, high = gap["interval"]
    if low <= 0 <= high:
        return None
    accuracy = metrics["test"]["accuracy"]
    word, near, far = ("surer", low, high) if low > 0 else ("less sure", -high, -low)
    text = (
        f"It is {word} than it is right: its confidence is {percent(accuracy + gap['value'])} on average and its accuracy "
        f"{percent(accuracy)}, {100 * near:.2f} to {100 * far:.2f} points apart; the calibration error is "
        f"{percent(ece['value'])} ({_range(ece['interval'])})"
    )
    if after is not None:
        text += (
            f", and {percent(after['ece']['value'])} ({_range(after['ece']['interval'])}) after division by the temperature "
            f"{doubt['temperature']:.2f}, fitted on {doubt['n']:,} {doubt['selected_on']} images"
        )
    brief = f"{word} than right by {100 * near:.2f} to {100 * far:.2f} points"
    return Finding(f"{text}.", brief, "reliability", gap["value"], [low, high])


def _range(interval: list[float]) -> str:
    low, high = interval
    return f"{percent(low)} to {percent(high)}"
