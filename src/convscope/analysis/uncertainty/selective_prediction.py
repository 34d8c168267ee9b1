"""Selective prediction: accuracy when the network may abstain on the images with the lowest confidence."""

from dataclasses import dataclass, field
from math import ceil, inf, log
from typing import ClassVar

import numpy as np

from ...training.validation_split import SelectionSplit
from ...types import Floats, Labels
from ..statistics.proportions import Interval, binomial_tail, wilson, wilson_or_unknown

TARGET_ACCURACIES = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Accuracies that thresholds are chosen for."""
CONFIDENCE, STEPS = 0.95, 50
"""Confidence in a threshold, and the tests that choose it."""
TARGET_COVERAGES = (1.0, 0.99, 0.98, 0.97, 0.95, 0.92, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5)
"""Shares of the images that thresholds are stored for."""
AS_THRESHOLD = {"json": "threshold"}
Scored = tuple[Floats, Labels]
"""Confidence (n,) of the predictions, and (n,) 1 where they are correct, else 0."""


@dataclass(frozen=True, eq=False)
class RiskCoverageCurve:
    """Accuracy of the n most confident predictions, for every n."""

    confidence: Floats
    """(n,) descending: the threshold at which so many are predicted."""
    accuracy: Floats
    """(n,) of the most confident 1, 2, … n; among ties the mean over their orders."""

    @property
    def coverage(self) -> Floats:
        """(n,) share of images with a prediction."""
        return np.arange(1, len(self.accuracy) + 1) / len(self.accuracy)

    @property
    def aurc(self) -> float:
        """Area under the risk-coverage curve (El-Yaniv and Wiener, 2010), the mean error rate over all coverages; low is good."""
        return float(1 - self.accuracy.mean())

    @property
    def oracle_aurc(self) -> float:
        """The AURC if every error had a lower confidence than every correct prediction. A random order gives the error rate."""
        n = len(self.accuracy)
        errors = n - round(float(self.accuracy[-1]) * n)
        numbers = np.arange(1, n + 1)
        return float((np.maximum(numbers - (n - errors), 0) / numbers).mean())


@dataclass(frozen=True)
class SelectiveResult:
    """Predictions above a threshold, on one set of images."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("coverage", "coverage_interval", "accuracy", "interval", "errors")

    n: int
    """All images."""
    answered: int
    """Images with a prediction above the threshold."""
    correct: int

    @property
    def coverage(self) -> float:
        """Share of images with a prediction, 0..1."""
        return self.answered / self.n

    @property
    def accuracy(self) -> float | None:
        """Accuracy of these predictions; None if there are none."""
        return self.correct / self.answered if self.answered else None

    @property
    def errors(self) -> int:
        return self.answered - self.correct

    @property
    def coverage_interval(self) -> Interval:
        """Wilson, 95%."""
        return wilson(self.answered, self.n)

    @property
    def interval(self) -> Interval:
        """Of the accuracy: Wilson, 95%."""
        return wilson_or_unknown(self.correct, self.answered)


@dataclass(frozen=True)
class Threshold:
    """A confidence threshold for a target accuracy, chosen on one split and measured on the test split."""

    target_accuracy: float
    confidence: float = field(metadata=AS_THRESHOLD)
    selection_split: SelectiveResult
    """On the images that it was chosen on."""
    test: SelectiveResult
    selected_on: SelectionSplit = "validation"
    level: float | None = None
    """Confidence that accuracy above the threshold is at least the target on new images like those it was chosen on; None in
    runs of earlier versions, whose thresholds reach it on those images alone."""


@dataclass(frozen=True)
class CoveragePoint:
    """A confidence threshold for a target coverage."""

    target_coverage: float
    confidence: float = field(metadata=AS_THRESHOLD)
    selection_split: SelectiveResult
    test: SelectiveResult


@dataclass(frozen=True)
class RiskCoverage:
    """The risk-coverage curve of the test images in short."""

    aurc: float
    oracle_aurc: float
    points: tuple[CoveragePoint, ...]
    """From full coverage to half."""


def risk_coverage_curve(confidence: Floats, correct: Labels) -> RiskCoverageCurve:
    """Return the curve of predictions with ``confidence`` (n,), ``correct`` (n,) 1 or 0."""
    ranked, hits, ends = _ranked(confidence, correct)
    numbers = np.arange(1, len(ranked) + 1)
    expected = np.interp(numbers, np.append(0, ends + 1), np.append(0, hits[ends]))
    return RiskCoverageCurve(ranked, np.asarray(expected / numbers))


def select(confidence: Floats, correct: Labels, threshold: float) -> SelectiveResult:
    """Return the result of predicting only where the confidence is at least ``threshold``."""
    kept = confidence >= threshold
    return SelectiveResult(len(confidence), int(kept.sum()), int(correct[kept].sum()))


def images_needed(target: float) -> float:
    """Return how many images without an error show an accuracy of at least ``target``, 0..1; infinity for 1."""
    return ceil(log(1 - CONFIDENCE) / log(target)) if target < 1 else inf


def best_provable_accuracy(n: int) -> float:
    """Return the highest accuracy that ``n`` images without an error show."""
    return float((1 - CONFIDENCE) ** (1 / n))


def threshold_for(confidence: Floats, correct: Labels, target: float) -> float | None:
    """Return a threshold above which accuracy on new images is at least ``target`` with 95% confidence; None if none is shown.

    A binomial test (Clopper and Pearson, 1934) at each of 50 ranks, from the most confident images to all of them, up to the
    first that does not reject. In a sequence fixed in advance no correction is needed: A. Angelopoulos et al., "Learn then Test:
    Calibrating Predictive Algorithms to Achieve Risk Control", 2021. The threshold is zero if all images show the target.
    """
    n, needed, found = len(correct), images_needed(target), None
    if needed > n:
        return None
    ranked, hits, ends = _ranked(confidence, correct)
    # The first test allows for a few errors, where there are images for that.
    start = min(2 * needed, max(n // 2, needed))
    for rank in np.unique(np.linspace(start, n, STEPS).astype(np.int64)):
        last = int(ends[np.searchsorted(ends, rank - 1)])  # images with equal confidence are predicted together
        if binomial_tail(int(hits[last]), last + 1, target) > 1 - CONFIDENCE:
            break
        found = 0.0 if last == n - 1 else float(ranked[last])
    return found


def lowest_threshold(
    target: float, selection: Scored, test: Scored, *, selected_on: SelectionSplit = "validation"
) -> Threshold | None:
    """Choose a threshold for the accuracy ``target`` on ``selection``, and measure it on ``test``; None if none is shown."""
    found = threshold_for(*selection, target)
    if found is None:
        return None
    return Threshold(target, found, select(*selection, found), select(*test, found), selected_on, CONFIDENCE)


def thresholds_for_accuracy(
    selection: Scored, test: Scored, *, selected_on: SelectionSplit = "validation"
) -> tuple[tuple[Threshold, ...], tuple[float, ...]]:
    """Choose a threshold for each target accuracy that predicting every image is not shown to reach.

    Returns:
        The thresholds, and the targets that no threshold is shown to reach.
    """
    found = {target: lowest_threshold(target, selection, test, selected_on=selected_on) for target in TARGET_ACCURACIES}
    reached = tuple(threshold for threshold in found.values() if threshold is not None and threshold.confidence > 0)
    return reached, tuple(target for target, threshold in found.items() if threshold is None)


def thresholds_for_coverage(selection: Scored, test: Scored) -> tuple[CoveragePoint, ...]:
    """Choose, for each target coverage, the threshold at which ``selection`` has it."""
    ranked = np.sort(selection[0])[::-1]
    found = ((target, float(ranked[max(round(target * len(ranked)), 1) - 1])) for target in TARGET_COVERAGES)
    return tuple(
        CoveragePoint(target, threshold, select(*selection, threshold), select(*test, threshold))
        for target, threshold in found
    )


def _ranked(confidence: Floats, correct: Labels) -> tuple[Floats, Labels, Labels]:
    """Return the confidence in descending order, the correct predictions up to each, and the last index of every tie."""
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(correct[order])
    return ranked, hits, np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
