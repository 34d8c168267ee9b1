"""Finding on the difference between training and validation accuracy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...formatting import percent, percent_range
from .finding import Finding, interval_text


def generalisation(metrics: Mapping[str, Any]) -> Finding | None:
    """Return both accuracies of the last epoch if they differ significantly."""
    last = metrics["history"]["last_epoch"]
    low, high = metrics["history"]["validation_interval"]
    if low <= last["accuracy"] <= high:
        return None
    training, validation = percent(last["accuracy"]), percent(last["val_accuracy"])
    why = (
        "the network fits its training images significantly better than new ones"
        if last["accuracy"] > high
        else "training accuracy can be the lower one because it is measured on augmented images and during the epoch"
    )
    value, *interval = (last["accuracy"] - each for each in (last["val_accuracy"], high, low))
    return Finding(
        f"In the last epoch, training accuracy was {training} and validation accuracy {validation} "
        f"({interval_text([low, high])}): {why}.",
        f"training accuracy {training}, validation {validation} ({percent_range([low, high])})",
        "accuracy",
        value,
        interval,
    )
