"""Selective prediction: accuracy when the network may abstain on the images with the lowest confidence."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ...training.validation_split import SelectionSplit
from ...types import Floats, Labels
from ..statistics.proportions import Interval, wilson, wilson_or_unknown

TARGET_ACCURACIES = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Accuracies that thresholds are chosen for, where predicting every image does not reach them."""
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


def threshold_for(confidence: Floats, correct: Labels, target: float) -> float | None:
    """Return the lowest threshold with an accuracy of at least ``target`` on these images; None if no threshold has.

    It is the best of many for these images: on others the accuracy is a little lower.
    """
    ranked, hits, ends = _ranked(confidence, correct)
    good = ends[hits[ends] >= target * (ends + 1)]
    return float(ranked[good[-1]]) if len(good) else None


def highest_accuracy(confidence: Floats, correct: Labels) -> float:
    """Return the highest accuracy that any threshold has on these images."""
    _, hits, ends = _ranked(confidence, correct)
    return float((hits[ends] / (ends + 1)).max())


def lowest_threshold(
    target: float, selection: Scored, test: Scored, *, selected_on: SelectionSplit = "validation"
) -> Threshold | None:
    """Choose the threshold for the accuracy ``target``, 0..1, on ``selection``, and measure it on ``test``.

    Zero if predicting every image reaches the target already; None if no threshold does.
    """
    found = 0.0 if selection[1].mean() >= target else threshold_for(*selection, target)
    if found is None:
        return None
    return Threshold(target, found, select(*selection, found), select(*test, found), selected_on)


def thresholds_for_accuracy(
    selection: Scored, test: Scored, *, selected_on: SelectionSplit = "validation"
) -> tuple[tuple[Threshold, ...], tuple[float, ...]]:
    """Return thresholds for the targets that predicting all of ``selection`` misses, and the targets that none reaches."""
    targets = [target for target in TARGET_ACCURACIES if target > selection[1].mean()]
    found = {target: lowest_threshold(target, selection, test, selected_on=selected_on) for target in targets}
    reached = tuple(threshold for threshold in found.values() if threshold is not None)
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
