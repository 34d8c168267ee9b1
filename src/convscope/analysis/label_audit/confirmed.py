"""Test accuracy without the images whose label errors a person confirmed."""

from dataclasses import dataclass

import numpy as np

from ...types import Labels
from ..evaluation import Evaluation
from ..statistics.proportions import Interval, independent_interval, wilson


@dataclass(frozen=True)
class AccuracyWithoutConfirmed:
    """Test accuracy with and without the confirmed label errors."""

    confirmed_train: int
    confirmed_test: int
    n: int
    errors: int
    accuracy: float
    interval: Interval
    n_without: int
    errors_without: int
    accuracy_without: float
    interval_without: Interval
    difference: float
    """Accuracy without them minus accuracy with them."""
    difference_interval: Interval
    """95% interval; see :func:`without_confirmed`."""


def without_confirmed(evaluation: Evaluation, confirmed: Labels, *, confirmed_train: int = 0) -> AccuracyWithoutConfirmed:
    """Return the accuracy of ``evaluation`` with and without the confirmed images.

    The difference equals that between the remaining and the confirmed images, times the share of the confirmed ones. The two
    groups are disjoint, so its interval is that of independent shares, times the same share, which is treated as fixed.

    ``confirmed`` (m,) holds indices in the test split.
    """
    is_confirmed = np.zeros(len(evaluation), dtype=bool)
    is_confirmed[confirmed] = True
    misclassified = evaluation.predictions != evaluation.labels
    n, removed = len(evaluation), int(is_confirmed.sum())
    rest = n - removed
    if rest == 0:
        raise ValueError("every test image is confirmed; at least one must remain")
    errors_removed, errors_rest = int(misclassified[is_confirmed].sum()), int(misclassified[~is_confirmed].sum())
    difference = Interval(0.0, 0.0)
    if removed:
        between = independent_interval(rest - errors_rest, rest, removed - errors_removed, removed)
        difference = Interval(between.low * removed / n, between.high * removed / n)
    accuracy_without = 1 - errors_rest / rest
    return AccuracyWithoutConfirmed(
        confirmed_train,
        removed,
        n,
        evaluation.errors,
        evaluation.accuracy,
        evaluation.interval,
        rest,
        errors_rest,
        accuracy_without,
        wilson(rest - errors_rest, rest),
        accuracy_without - evaluation.accuracy,
        difference,
    )
