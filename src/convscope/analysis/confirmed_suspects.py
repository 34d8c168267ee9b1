"""The accuracy without the test images whose labels a person has looked at and found wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..types import Labels
from .evaluation import Evaluation
from .intervals import Interval, wilson
from .metrics import interval_pair

INTERVALS = ("interval", "interval_without", "difference_interval")


@dataclass(frozen=True)
class WithoutConfirmed:
    """Accuracy on the test split with and without the confirmed suspects."""

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
    """Accuracy without them less accuracy with them."""
    difference_interval: Interval
    """95%; see :func:`without_confirmed`."""

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), **{name: interval_pair(getattr(self, name)) for name in INTERVALS}}


def confirmed_from_dict(numbers: Mapping[str, Any]) -> WithoutConfirmed:
    """The inverse of :meth:`WithoutConfirmed.as_dict`. Raises ``TypeError`` or ``KeyError`` for anything else."""
    intervals = {name: Interval(*numbers[name]) for name in INTERVALS}
    return WithoutConfirmed(**{**numbers, **intervals})


def without_confirmed(evaluation: Evaluation, confirmed: Labels, *, confirmed_train: int = 0) -> WithoutConfirmed:
    """Measure ``evaluation`` again without the images at ``confirmed`` (m,), places in the test split.

    The difference is that between the remaining and the confirmed images, times the share of the confirmed ones. These two
    groups share no image, so that its interval is Newcombe's for independent proportions (R. G. Newcombe, "Interval estimation
    for the difference between independent proportions", 1998, method 10), times the same share, which is taken as it is.
    Raises ``ValueError`` where no image would be left.
    """
    left_out = np.zeros(len(evaluation), dtype=bool)
    left_out[confirmed] = True
    wrong = evaluation.predictions != evaluation.labels
    n, gone = len(evaluation), int(left_out.sum())
    rest = n - gone
    if rest == 0:
        raise ValueError("every test image is confirmed; at least one that is not was expected")
    errors_gone, errors_rest = int(wrong[left_out].sum()), int(wrong[~left_out].sum())
    if gone:
        apart = _independent_interval(rest - errors_rest, rest, gone - errors_gone, gone)
        difference = Interval(apart.low * gone / n, apart.high * gone / n)
    else:
        difference = Interval(0.0, 0.0)
    accuracy, without = 1 - (errors_gone + errors_rest) / n, 1 - errors_rest / rest
    return WithoutConfirmed(
        confirmed_train,
        gone,
        n,
        errors_gone + errors_rest,
        accuracy,
        wilson(n - errors_gone - errors_rest, n),
        rest,
        errors_rest,
        without,
        wilson(rest - errors_rest, rest),
        without - accuracy,
        difference,
    )


def _independent_interval(first: int, first_n: int, second: int, second_n: int) -> Interval:
    """95% interval of ``first / first_n`` less ``second / second_n``: the squares of the distances to the ends of the two
    Wilson intervals, added."""
    one, other = first / first_n, second / second_n
    of_one, of_other = wilson(first, first_n), wilson(second, second_n)
    low = np.hypot(one - of_one.low, of_other.high - other)
    high = np.hypot(of_one.high - one, other - of_other.low)
    return Interval(float(one - other - low), float(one - other + high))
