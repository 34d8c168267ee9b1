"""The confusion matrix, and scores of the classes with their intervals."""

from dataclasses import dataclass

import numpy as np

from ..types import Floats, Labels
from .statistics.bootstrap import RESAMPLES, bca
from .statistics.proportions import Estimate, Interval, homogeneity_p, wilson, wilson_or_unknown


@dataclass(frozen=True)
class ConfusedPair:
    """One kind of confusion: ``count`` images of class ``true`` predicted as ``predicted``."""

    true: str
    predicted: str
    count: int
    support: int
    """Images of class ``true``."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """A confusion matrix."""

    counts: Labels
    """(k, k) int64: ``counts[i, j]`` images of class i are predicted as class j."""
    class_names: tuple[str, ...]

    @property
    def correct(self) -> int:
        return int(np.trace(self.counts))

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    @property
    def errors(self) -> int:
        return self.total - self.correct

    @property
    def recall_p(self) -> float:
        """P-value of the hypothesis that all classes have the same recall: a permutation test."""
        return homogeneity_p(tuple(np.diag(self.counts).tolist()), tuple(self.counts.sum(axis=1).tolist()))

    def pairs(self, most: int = 10) -> tuple[ConfusedPair, ...]:
        """Return the ``most`` frequent confusions, ties in the order of the classes."""
        off_diagonal = self.counts * (1 - np.eye(len(self.counts), dtype=np.int64))
        order = np.argsort(-off_diagonal, axis=None, kind="stable")[:most]
        cells = (divmod(int(index), len(self.counts)) for index in order)
        support = self.counts.sum(axis=1)
        return tuple(
            ConfusedPair(
                self.class_names[true], self.class_names[predicted], int(off_diagonal[true, predicted]), int(support[true])
            )
            for true, predicted in cells
            if off_diagonal[true, predicted] > 0
        )


def confusion(labels: Labels, predictions: Labels, class_names: tuple[str, ...]) -> Confusion:
    """Return the confusion matrix of ``labels`` (n,) and ``predictions`` (n,)."""
    size = len(class_names)
    counts = np.bincount(labels * size + predictions, minlength=size * size).reshape(size, size)
    return Confusion(counts.astype(np.int64), class_names)


@dataclass(frozen=True)
class ClassScore:
    """The scores of one class, in 0..1; a share of no images is 0."""

    class_name: str
    precision: float
    """Share of the images predicted as this class that belong to it."""
    recall: float
    """Share of the images of this class that are predicted as it."""
    f1: float
    """Harmonic mean of precision and recall."""
    support: int
    """Number of images of this class."""
    recall_interval: Interval
    """95% Wilson interval."""
    precision_interval: Interval
    """95% Wilson interval, conditional on the number of images predicted as this class."""


def class_scores(confusion: Confusion) -> tuple[ClassScore, ...]:
    """Return the scores of each class, equal to those of scikit-learn."""
    hits = np.diag(confusion.counts)
    support, predicted = confusion.counts.sum(axis=1), confusion.counts.sum(axis=0)
    precision, recall = safe_ratio(hits, predicted), safe_ratio(hits, support)
    f1 = safe_ratio(2 * hits, support + predicted)
    return tuple(
        ClassScore(
            name,
            float(precision[i]),
            float(recall[i]),
            float(f1[i]),
            int(support[i]),
            wilson_or_unknown(int(hits[i]), int(support[i])),
            wilson_or_unknown(int(hits[i]), int(predicted[i])),
        )
        for i, name in enumerate(confusion.class_names)
    )


def safe_ratio(part: Floats | Labels, whole: Floats | Labels) -> Floats:
    """Return ``part`` / ``whole``, and 0 where ``whole`` is 0."""
    return np.divide(part, whole, out=np.zeros(np.shape(whole)), where=np.asarray(whole) > 0)


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
