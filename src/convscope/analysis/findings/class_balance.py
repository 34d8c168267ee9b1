"""The finding on uneven classes: what they are, balanced accuracy, and what was done about them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...data.checks import describe_imbalance
from ...formatting import count_of, percent
from .finding import Finding, interval_text


def uneven_classes(metrics: Mapping[str, Any]) -> Finding | None:
    """Return the balanced accuracy if the training images are unevenly spread over the classes, or something was done about it."""
    test, balance = metrics["test"], metrics.get("balance")
    names = [each["class_name"] for each in test["per_class"]]
    counts = metrics.get("data", {}).get("class_counts", {}).get("train", ())
    uneven = describe_imbalance(np.array(counts, np.int64), names)
    if not (uneven or balance) or "balanced_accuracy" not in test:
        return None
    balanced, interval = percent(test["balanced_accuracy"]), test["balanced_accuracy_interval"]
    return Finding(
        f"{(uneven or 'classes are even').capitalize()}. Balanced accuracy, the mean recall of the classes, is {balanced} "
        f"({interval_text(interval)}) on the test images. {_done(balance, names)}",
        f"Balanced accuracy {balanced}, of imbalanced classes" if uneven else f"Balanced accuracy {balanced}",
        "per_class",
        test["balanced_accuracy"],
        list(interval),
    )


def _done(balance: Mapping[str, Any] | None, names: list[str]) -> str:
    if balance is None:
        return "To raise the recall of rare classes, train with --balance prior or --balance weights."
    factors = balance["factors"]
    if balance["method"] == "weights":
        most, least = (choose(range(len(factors)), key=factors.__getitem__) for choose in (max, min))
        return (
            f"The loss weighted an image of {names[most]} {factors[most] / factors[least]:.1f} times as much as one of "
            f"{names[least]}; only a second run, without --balance, shows the effect."
        )
    effects = [
        f"{_change(effect, 'balanced_accuracy')} on {count_of(effect['n'], f'{split} image')} (accuracy "
        f"{_change(effect, 'accuracy')})"
        for split in ("validation", "test")
        if (effect := balance[split])
    ]
    return f"Correcting the logits by class frequency changed it {' and '.join(effects)}."


def _change(effect: Mapping[str, Any], name: str) -> str:
    return f"from {percent(effect[f'{name}_without'], 1)} to {percent(effect[name], 1)}"
