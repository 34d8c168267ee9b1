"""Intervals of F1, per class and macro-averaged."""

import numpy as np

from ...types import Floats, Labels
from ..classification import Confusion, safe_ratio
from .bootstrap import RESAMPLES, bca
from .proportions import Estimate, Interval, wilson, wilson_or_unknown

BLOCK = 2**22
"""Largest number of values in memory at once; resamples are drawn in portions of that size."""


def f1_interval(hits: int, support: int, predicted: int) -> Interval:
    """Return the 95% interval of the F1 of one class, or (0, 1) if the class occurs nowhere.

    With q the share of hits among images that are of the class or predicted as it, F1 = 2q / (1 + q), which increases with q.
    So Wilson's interval of q maps to one of F1.
    """
    # Unlike the bootstrap, it has a width even without errors.
    low, high = wilson_or_unknown(hits, support + predicted - hits)
    return Interval(2 * low / (1 + low), 2 * high / (1 + high))


def macro_f1_estimate(confusion: Confusion, *, seed: int = 0) -> Estimate:
    """Return the macro F1 with its 95% BCa bootstrap interval, over the classes that occur as a label or a prediction.

    The same holds for every resample: a class that is absent from it is left out of its mean, not counted as 0.
    Without errors every resample is equal, so the interval is that of the accuracy.
    """
    counts = confusion.counts
    # Images in the same cell are exchangeable, so drawing cell counts is the same as drawing images, and 100 times faster.
    true, predicted = np.nonzero(counts)
    cells = counts[true, predicted]
    value = float(_mean_f1(np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)))
    if confusion.errors == 0:
        return Estimate(value, wilson(confusion.correct, confusion.total))
    generator = np.random.Generator(np.random.PCG64(seed))
    portion = max(1, BLOCK // max(len(cells), len(counts)))
    drawn = [
        _resampled(generator, cells, (true, predicted), len(counts), min(portion, RESAMPLES - start))
        for start in range(0, RESAMPLES, portion)
    ]
    left_out = _without_one(counts, true, predicted)
    return Estimate(value, bca(value, np.concatenate(drawn), left_out, cells))


def _resampled(
    generator: np.random.Generator, cells: Labels, indices: tuple[Labels, Labels], size: int, resamples: int
) -> Floats:
    """Return the macro F1 of resampled test sets, (resamples,)."""
    true, predicted = indices
    drawn = generator.multinomial(int(cells.sum()), cells / cells.sum(), size=resamples)
    on_diagonal = np.where(true == predicted, true, size)
    sums = []
    for classes in (on_diagonal, true, predicted):
        total = np.zeros((resamples, size + 1))
        order = np.argsort(classes, kind="stable")
        present, starts = np.unique(classes[order], return_index=True)
        total[:, present] = np.add.reduceat(drawn[:, order], starts, axis=1)
        sums.append(total[:, :size])
    return _mean_f1(*sums)


def _without_one(counts: Labels, true: Labels, predicted: Labels) -> Floats:
    """Return the macro F1 without one image of each cell, (m,)."""
    hits, support, predictions = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    total, occurring = safe_ratio(2 * hits, support + predictions).sum(), int((support + predictions > 0).sum())
    hit = (true == predicted).astype(np.int64)

    def change(label: Labels, fewer: Labels) -> tuple[Floats, Labels]:
        before = safe_ratio(2 * hits[label], support[label] + predictions[label])
        after = support[label] + predictions[label] - fewer
        return np.asarray(safe_ratio(2 * (hits[label] - hit), after) - before), (after == 0).astype(np.int64)

    own, own_gone = change(true, 1 + hit)
    other, other_gone = change(predicted, np.ones_like(hit))
    changed = total + own + np.where(hit == 1, 0.0, other)
    return safe_ratio(changed, occurring - own_gone - np.where(hit == 1, 0, other_gone))


def _mean_f1(hits: Floats | Labels, support: Floats | Labels, predictions: Floats | Labels) -> Floats:
    """Return the mean F1 over the classes that occur, which are the last axis."""
    total = np.asarray(support + predictions)
    return safe_ratio(safe_ratio(2 * hits, total).sum(axis=-1), (total > 0).sum(axis=-1))
