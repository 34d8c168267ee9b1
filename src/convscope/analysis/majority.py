"""What a constant answer reaches: the share of the largest class, and whether the network is better than it."""

from math import sqrt
from typing import Any

import numpy as np

from .classification import Confusion, safe_ratio
from .statistics.paired import PairedCounts
from .statistics.proportions import Interval, wilson

UNEVEN = 1.5
"""Classes are uneven where the largest has this many times the images of the mean one."""


def majority_metrics(confusion: Confusion) -> dict[str, Any]:
    """Return ``majority``, ``balanced_accuracy`` with its interval, and ``never_predicted`` for the metrics of a split.

    The constant answer is the largest class of these same images, the best that any constant reaches; the network is compared
    with it image by image.
    """
    counts, names = confusion.counts, confusion.class_names
    support, predicted, hits = counts.sum(axis=1), counts.sum(axis=0), np.diag(counts)
    largest = int(support.argmax())
    shared, size, right, n = int(hits[largest]), int(support[largest]), int(hits.sum()), int(counts.sum())
    pairing = PairedCounts(shared, right - shared, size - shared, n - right - size + shared)
    present = np.flatnonzero(support)
    balanced, interval = _balanced(hits[present].tolist(), support[present].tolist())
    return {
        "majority": {
            "class_name": names[largest],
            "share": size / n,
            "difference": pairing.difference,
            "difference_interval": list(pairing.interval),
            "p": pairing.p,
            "better": pairing.significant and pairing.difference > 0,
            "uneven": size * len(present) >= UNEVEN * n,
        },
        "balanced_accuracy": balanced,
        "balanced_accuracy_interval": list(interval),
        "never_predicted": [names[label] for label in present if not predicted[label]],
    }


def _balanced(hits: list[int], support: list[int]) -> tuple[float, Interval]:
    """Return the mean recall of the classes that occur, and its 95% interval.

    G. Y. Zou and A. Donner, "Construction of confidence limits about effect measures", Statistics in Medicine 27, 2008: the
    distances to the ends of Wilson's intervals, one per class, add up in squares.
    """
    recalls = safe_ratio(np.array(hits), np.array(support))
    ends = [wilson(hit, total) for hit, total in zip(hits, support, strict=True)]
    below = sqrt(sum((recall - end.low) ** 2 for recall, end in zip(recalls, ends, strict=True))) / len(ends)
    above = sqrt(sum((end.high - recall) ** 2 for recall, end in zip(recalls, ends, strict=True))) / len(ends)
    value = float(recalls.mean())
    return value, Interval(max(0.0, value - below), min(1.0, value + above))
