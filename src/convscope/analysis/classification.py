"""The confusion matrix."""

from dataclasses import dataclass

import numpy as np

from ..types import Floats, Labels
from .statistics.proportions import Interval, homogeneity_p, wilson_or_unknown


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
