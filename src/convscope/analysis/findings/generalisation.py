"""Whether the network knows its training images better than others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent
from .finding import Finding, span


def generalisation(metrics: Mapping[str, Any]) -> Finding | None:
    """Only a gap beyond the validation accuracy's own interval is worth a sentence."""
    last = metrics["history"]["last_epoch"]
    low, high = metrics["history"]["validation_interval"]
    if low <= last["accuracy"] <= high:
        return None
    shares = (
        f"{percent(last['accuracy'])} of the training images and {percent(last['val_accuracy'])} "
        f"({percent(low)} to {percent(high)}) of the validation images"
    )
    why = (
        "it knows its training images better than new ones, by more than chance explains"
        if last["accuracy"] > high
        else "the harder ones are those it trains on, which are changed at random or were met before it had learnt"
    )
    value, *interval = (last["accuracy"] - each for each in (last["val_accuracy"], high, low))
    return Finding(
        f"In the last epoch it was right on {shares}: {why}.",
        f"training {percent(last['accuracy'])}, validation {percent(last['val_accuracy'])} ({span([low, high])})",
        "accuracy",
        value,
        interval,
    )
