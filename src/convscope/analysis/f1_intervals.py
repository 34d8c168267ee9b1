"""How sure F1 is, per class and over all."""

from __future__ import annotations

import numpy as np

from ..types import Floats, Labels
from .bootstrap import RESAMPLES, bca
from .confusion import Confusion
from .intervals import Estimate, Interval, wilson

BLOCK = 2**22
"""Numbers in memory at once: resamples are drawn in as many portions as that takes."""


def f1_interval(hits: int, support: int, predicted: int) -> Interval:
    """95% interval of the F1 of one class, with ``hits`` of its ``support`` images found, among ``predicted`` called so.

    F1 is a share in disguise. Of the images that are of the class or were called so, let q be the share that is both; then
    F1 = 2q / (1 + q), which rises with q. So Wilson's interval of q gives that of F1, and unlike the bootstrap it has a width
    also where no image went wrong. Of a class that occurs nowhere nothing is known.
    """
    touched = support + predicted - hits
    if touched == 0:
        return Interval(0.0, 1.0)
    share = wilson(hits, touched)
    return Interval(_f1(share.low), _f1(share.high))


def macro_f1_estimate(confusion: Confusion, *, seed: int = 0) -> Estimate:
    """The mean of F1 over the classes, with the BCa interval over test sets drawn from this one.

    What an image adds depends on its cell of the confusion matrix alone, so the cells are drawn, which is the same and a
    hundred times faster. Where no image went wrong there is nothing to draw from, and the interval is that of the accuracy.
    """
    counts = confusion.counts
    true, predicted = np.nonzero(counts)
    cells = counts[true, predicted]
    value = float(_mean_f1(np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)))
    if confusion.errors == 0:
        return Estimate(value, wilson(confusion.correct, confusion.total))
    generator = np.random.Generator(np.random.PCG64(seed))
    portion = max(1, BLOCK // max(len(cells), len(counts)))
    drawn = [
        _drawn(generator, cells, (true, predicted), len(counts), min(portion, RESAMPLES - start))
        for start in range(0, RESAMPLES, portion)
    ]
    left_out = value + _without_one(counts, true, predicted)
    return Estimate(value, bca(value, np.concatenate(drawn), left_out, cells))


def _drawn(
    generator: np.random.Generator, cells: Labels, places: tuple[Labels, Labels], size: int, resamples: int
) -> Floats:
    """(resamples,) macro F1 of so many drawn test sets."""
    true, predicted = places
    drawn = generator.multinomial(int(cells.sum()), cells / cells.sum(), size=resamples)
    on_diagonal = np.where(true == predicted, true, size)
    sums = []
    for places_of in (on_diagonal, true, predicted):
        total = np.zeros((resamples, size + 1))
        order = np.argsort(places_of, kind="stable")
        present, starts = np.unique(places_of[order], return_index=True)
        total[:, present] = np.add.reduceat(drawn[:, order], starts, axis=1)
        sums.append(total[:, :size])
    return _mean_f1(*sums)


def _without_one(counts: Labels, true: Labels, predicted: Labels) -> Floats:
    """(m,) what macro F1 changes by when one image of a cell is taken out: only the F1 of its two classes does."""
    hits, support, called = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    hit = (true == predicted).astype(np.int64)

    def change(label: Labels, fewer_support: Labels, fewer_called: Labels) -> Floats:
        before = _share(2 * hits[label], support[label] + called[label])
        touched = support[label] + called[label] - fewer_support - fewer_called
        return np.asarray(_share(2 * (hits[label] - hit), touched) - before)

    one, none = np.ones_like(true), np.zeros_like(true)
    same, other = change(true, one, hit), change(predicted, none, one)
    return np.asarray((same + np.where(hit == 1, 0.0, other)) / len(counts))


def _mean_f1(hits: Floats | Labels, support: Floats | Labels, called: Floats | Labels) -> Floats:
    """Over the last axis."""
    return np.asarray(_share(2 * hits, support + called).mean(axis=-1))


def _share(part: Floats | Labels, whole: Floats | Labels) -> Floats:
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)


def _f1(share: float) -> float:
    return 2 * share / (1 + share)
