"""Answering only when sure: how much better a network gets when it may leave the images aside that it is least sure of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..types import Floats, Labels
from .intervals import Interval, wilson

WANTED = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Accuracies for which a threshold is looked for, as far as answering everything does not give them."""
SHARES = (1.0, 0.99, 0.98, 0.97, 0.95, 0.92, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5)
"""Shares of the images to answer for which the thresholds are kept."""


@dataclass(frozen=True, eq=False)
class CoverageCurve:
    """Accuracy of the surest images, for every number of them; of equally sure images none comes first."""

    confidence: Floats
    """(n,) descending: the threshold at which so many are answered."""
    accuracy: Floats
    """(n,) of the surest 1, 2, … n images; among equally sure ones as on average over their orders."""

    @property
    def coverage(self) -> Floats:
        """(n,) the share that is answered."""
        return np.arange(1, len(self.accuracy) + 1) / len(self.accuracy)

    @property
    def aurc(self) -> float:
        """Area under the curve of the error over the coverage (El-Yaniv and Wiener, 2010): the mean share of errors among
        the surest images, over all numbers of them. Lower is better."""
        return float(1 - self.accuracy.mean())

    @property
    def best_aurc(self) -> float:
        """Were every error among the images that it is least sure of. Without any order it would be the share of errors."""
        n = len(self.accuracy)
        errors = n - round(float(self.accuracy[-1]) * n)
        numbers = np.arange(1, n + 1)
        return float((np.maximum(numbers - (n - errors), 0) / numbers).mean())


@dataclass(frozen=True)
class Selection:
    """What answering only above a threshold came to on some images."""

    n: int
    """Images in all."""
    answered: int
    right: int

    @property
    def coverage(self) -> float:
        """Share that was answered, 0..1."""
        return self.answered / self.n

    @property
    def accuracy(self) -> float | None:
        """Of the answered ones; None where there are none."""
        return self.right / self.answered if self.answered else None

    @property
    def coverage_interval(self) -> Interval:
        """Wilson, 95%."""
        return wilson(self.answered, self.n)

    @property
    def interval(self) -> Interval:
        """Of the accuracy: Wilson, 95%."""
        return wilson(self.right, self.answered) if self.answered else Interval(0.0, 1.0)


@dataclass(frozen=True)
class Threshold:
    """A confidence above which answers are kept, chosen on ``measured`` images, and what it came to on the ``test`` images,
    by which nothing was chosen."""

    wanted: float
    """The accuracy that it was to buy, or, where it was chosen for its share of answers, that share."""
    confidence: float
    measured: Selection
    test: Selection
    measured_on: Literal["validation", "training"] = "validation"
    """Training images where the recipe leaves no others."""


def coverage_curve(confidence: Floats, right: Labels) -> CoverageCurve:
    """From the ``confidence`` (n,) of the answers, and whether they were ``right`` (n,), as 0 and 1."""
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(right[order])
    numbers = np.arange(1, len(ranked) + 1)
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))  # the last of each row of equally sure images
    expected = np.interp(numbers, np.append(0, ends + 1), np.append(0, hits[ends]))
    return CoverageCurve(ranked, np.asarray(expected / numbers))


def select(confidence: Floats, right: Labels, threshold: float) -> Selection:
    """What is answered at ``threshold`` or above."""
    kept = confidence >= threshold
    return Selection(len(confidence), int(kept.sum()), int(right[kept].sum()))


def threshold_for(confidence: Floats, right: Labels, wanted: float) -> float | None:
    """The lowest threshold at which, of these images, at least the share ``wanted`` of the answered ones is right; ``None``
    where there is none. It is the best of many for these images: on others it gives a little less."""
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(right[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    good = ends[hits[ends] >= wanted * (ends + 1)]
    return float(ranked[good[-1]]) if len(good) else None


def highest_accuracy(confidence: Floats, right: Labels) -> float:
    """The most that any threshold gives on these images."""
    order = np.argsort(-confidence, kind="stable")
    ranked, hits = confidence[order], np.cumsum(right[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return float((hits[ends] / (ends + 1)).max())


def threshold_buying(wanted: float, measured: tuple[Floats, Labels], test: tuple[Floats, Labels]) -> Threshold | None:
    """The threshold that buys the accuracy ``wanted``, 0..1, on the ``measured`` images, and what that comes to on ``test``; 0
    where answering everything gives it already, ``None`` where none does. Both: confidence (n,) and right (n,)."""
    found = 0.0 if measured[1].mean() >= wanted else threshold_for(*measured, wanted)
    return None if found is None else _threshold(wanted, found, measured, test)


def thresholds_for_accuracy(
    measured: tuple[Floats, Labels], test: tuple[Floats, Labels]
) -> tuple[tuple[float, Threshold | None], ...]:
    """For every accuracy of ``WANTED`` that answering all ``measured`` images does not reach, the threshold that buys it
    there, and what that comes to on ``test``; ``None`` where none does. Both: confidence (n,) and right (n,)."""
    whole = measured[1].mean()
    found = ((wanted, threshold_for(*measured, wanted)) for wanted in WANTED if wanted > whole)
    return tuple((wanted, None if each is None else _threshold(wanted, each, measured, test)) for wanted, each in found)


def thresholds_for_coverage(measured: tuple[Floats, Labels], test: tuple[Floats, Labels]) -> tuple[Threshold, ...]:
    """For every share of ``SHARES``, the threshold at which so many of the ``measured`` images are answered."""
    ranked = np.sort(measured[0])[::-1]
    places = (max(round(share * len(ranked)), 1) - 1 for share in SHARES)
    return tuple(
        _threshold(share, float(ranked[place]), measured, test) for share, place in zip(SHARES, places, strict=True)
    )


def _threshold(wanted: float, confidence: float, measured: tuple[Floats, Labels], test: tuple[Floats, Labels]) -> Threshold:
    return Threshold(wanted, confidence, select(*measured, confidence), select(*test, confidence))
