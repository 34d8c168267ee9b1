"""Precision, recall, F1 and support of each class, read off the confusion matrix."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Floats, Labels
from .confusion import Confusion
from .intervals import Interval, wilson


@dataclass(frozen=True)
class ClassScore:
    """How well one class is recognised. Shares are in 0..1, and 0 where there is nothing to divide by."""

    class_name: str
    precision: float
    """Of the images predicted as this class, the share that is."""
    recall: float
    """Of the images of this class, the share that was predicted as it."""
    f1: float
    """Harmonic mean of the two."""
    support: int
    """Images of this class."""
    recall_interval: Interval
    """Wilson, 95%."""
    precision_interval: Interval
    """Wilson, 95%, given how many images were predicted as this class."""


def class_scores(confusion: Confusion) -> tuple[ClassScore, ...]:
    """One :class:`ClassScore` per class, in order. Agrees with scikit-learn's ``precision_recall_fscore_support``."""
    hits = np.diag(confusion.counts)
    support, predicted = confusion.counts.sum(axis=1), confusion.counts.sum(axis=0)
    precision, recall = _share(hits, predicted), _share(hits, support)
    f1 = _share(2 * hits, support + predicted)
    return tuple(
        ClassScore(
            name,
            float(precision[i]),
            float(recall[i]),
            float(f1[i]),
            int(support[i]),
            _interval(int(hits[i]), int(support[i])),
            _interval(int(hits[i]), int(predicted[i])),
        )
        for i, name in enumerate(confusion.class_names)
    )


def macro_f1(scores: tuple[ClassScore, ...]) -> float:
    """Mean of F1 over the classes, each counting the same."""
    return float(np.mean([score.f1 for score in scores]))


def _interval(hits: int, of: int) -> Interval:
    """Of no images nothing is known."""
    return wilson(hits, of) if of else Interval(0.0, 1.0)


def _share(part: Labels, whole: Labels) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
