"""Prediction sets: as many classes as it takes to hold the true one with a chosen probability.

Split conformal prediction, with 1 − p of the true class as the score: M. Sadinle, J. Lei and L. Wasserman, "Least Ambiguous
Set-Valued Classifiers with Bounded Error Levels", JASA 114, 2019. It needs no model of the errors, only that new images are like
those held out; over such sets of images the true class is in the set with at least the probability asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from ...types import Floats, Labels
from ..statistics.proportions import Share

LEVELS = (0.95, 0.99)


@dataclass(frozen=True)
class PredictionSets:
    """The rule for one level, from held-out images, and what it gives on the test images."""

    level: float
    """Probability that the set holds the true class."""
    probability: float
    """A class is in the set if it has at least this probability; the most probable one always is. 0 where the images are too few
    for the level: then the set has all classes."""
    n: int
    """Images that it was chosen on."""
    coverage: Share
    """Test images whose set holds the true class."""
    mean_size: float
    """Classes in the set of a test image."""


def measure_prediction_sets(selection: tuple[Floats, Labels], test: tuple[Floats, Labels]) -> tuple[PredictionSets, ...]:
    """Choose the rule for each level on ``selection`` and measure it on ``test``: probabilities (n, k) and labels (n,)."""
    return tuple(_measure(level, set_probability(*selection, level), len(selection[1]), *test) for level in LEVELS)


def set_probability(probabilities: Floats, labels: Labels, level: float) -> float:
    """Return the probability from which on a class is in the set; 0 if the images are too few."""
    n = len(labels)
    rank = ceil((n + 1) * level - 1e-9)  # 0.95 · 20 is 19, and no more by rounding
    if rank > n:
        return 0.0
    true = np.sort(probabilities[np.arange(n), labels])[::-1]
    return float(true[rank - 1])


def in_set(probabilities: Floats, probability: float) -> npt.NDArray[np.bool_]:
    """Return which classes (n, k) are in the set of each image; the most probable one always is."""
    return np.asarray(probabilities >= np.minimum(probability, probabilities.max(axis=1, keepdims=True)))


def informative(sets: Sequence[PredictionSets]) -> PredictionSets | None:
    """Return the sets of the highest level that the images suffice for."""
    return next((each for each in reversed(sets) if each.probability > 0), None)


def _measure(level: float, probability: float, n: int, probabilities: Floats, labels: Labels) -> PredictionSets:
    chosen = in_set(probabilities, probability)
    coverage = Share.of(chosen[np.arange(len(labels)), labels])
    return PredictionSets(level, probability, n, coverage, float(chosen.sum(axis=1).mean()))
