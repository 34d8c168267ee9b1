"""Runs set against each other on the same test images: who is right where, by how much, at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from ..types import Labels
from .evaluation import Evaluation
from .holm import holm
from .intervals import Interval
from .mcnemar import LEVEL, mid_p
from .metrics import interval_pair
from .paired_difference import PairedCounts, count_pairs


@dataclass(frozen=True)
class Costs:
    """What a network takes."""

    parameters: int
    multiply_adds: int
    """Per image."""
    milliseconds: float
    """Per image, one at a time, through ONNX Runtime on one thread of this machine, now."""
    onnx_bytes: int
    train_seconds: float
    """As the run has recorded it: on the machine and in the precision that it was trained with."""


@dataclass(frozen=True)
class Contestant:
    """One of the runs."""

    name: str
    """As short as tells it from the others."""
    model: str
    recipe: str
    seed: int
    errors: int
    accuracy: float
    interval: Interval
    """Wilson 95%, of this accuracy alone; that two of these overlap does not say that two networks are alike."""
    costs: Costs


@dataclass(frozen=True)
class Pair:
    """Two of the runs, by their places among the contestants."""

    first: int
    second: int
    counts: PairedCounts
    interval: Interval
    """95%, of the accuracy of the first less that of the second."""
    p: float
    """McNemar's test, mid-p."""
    adjusted_p: float
    """The same, corrected by Holm's method for the number of pairs."""

    @property
    def difference(self) -> float:
        return self.counts.difference

    @property
    def told_apart(self) -> bool:
        """Whether the difference is more than chance makes, by the corrected test."""
        return self.adjusted_p <= LEVEL

    @property
    def better(self) -> int:
        """The place of the one with the higher accuracy; of equal ones the first."""
        return self.first if self.difference >= 0 else self.second


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several networks on the same test images."""

    contestants: tuple[Contestant, ...]
    pairs: tuple[Pair, ...]
    """Every two of them once, in order."""
    labels: Labels
    """(n,) the true classes of the test images."""
    answers: Labels
    """(runs, n) the classes that the networks answered."""
    confidence: np.ndarray[Any, np.dtype[np.float64]]
    """(runs, n) the probability of each answer."""
    class_names: tuple[str, ...]
    dataset: str

    @property
    def n(self) -> int:
        return len(self.labels)

    @cached_property
    def disagreements(self) -> Labels:
        """(m,) places in the test split on which not all gave the same answer: first those that tell most, on which the surest
        right answer and the surest wrong one are surest together; last those that all got wrong."""
        places = np.flatnonzero((self.answers != self.answers[0]).any(axis=0))
        right = self.answers[:, places] == self.labels[places]
        sure = self.confidence[:, places]
        surest_right = np.where(right, sure, 0).max(axis=0)
        surest_wrong = np.where(right, 0, sure).max(axis=0)
        order = np.lexsort((-surest_right - surest_wrong, ~right.any(axis=0)))
        return places[order]

    @cached_property
    def all_wrong(self) -> Labels:
        """(m,) places in the test split that nobody got right."""
        return np.flatnonzero((self.answers != self.labels).all(axis=0))

    def pair_of(self, one: int, other: int) -> Pair:
        """The pair of two places, whichever comes first."""
        return next(pair for pair in self.pairs if {pair.first, pair.second} == {one, other})

    def by_class(self, pair: Pair) -> list[tuple[str, PairedCounts]]:
        """The counts of a pair, class by class, for classes that the test split has."""
        return [
            (name, count_pairs(self.labels[rows], self.answers[pair.first][rows], self.answers[pair.second][rows]))
            for label, name in enumerate(self.class_names)
            if (rows := self.labels == label).any()
        ]

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: every number but those of single images, of which it names those on which not all agree."""
        return {
            "dataset": self.dataset,
            "n": self.n,
            "runs": [{**asdict(each), "interval": interval_pair(each.interval)} for each in self.contestants],
            "pairs": [self._pair_as_dict(pair) for pair in self.pairs],
            "disagreements": len(self.disagreements),
            "disagreement_indices": sorted(self.disagreements.tolist()),
            "all_wrong": len(self.all_wrong),
        }

    def _pair_as_dict(self, pair: Pair) -> dict[str, Any]:
        return {
            "first": self.contestants[pair.first].name,
            "second": self.contestants[pair.second].name,
            **asdict(pair.counts),
            "difference": pair.difference,
            "interval": interval_pair(pair.interval),
            "p": pair.p,
            "adjusted_p": pair.adjusted_p,
            "told_apart": pair.told_apart,
        }


def compare_evaluations(contestants: Sequence[Contestant], evaluations: Sequence[Evaluation], *, dataset: str) -> Comparison:
    """Set ``evaluations`` of the same test images, in the same order, against each other.

    Raises ``ValueError`` for fewer than two, or where their true classes differ.
    """
    labels = evaluations[0].labels
    if len(evaluations) < 2 or any(not np.array_equal(each.labels, labels) for each in evaluations):
        raise ValueError("two or more evaluations of the same test images in the same order were expected")
    answers = np.stack([each.predictions for each in evaluations])
    chosen = list(combinations(range(len(evaluations)), 2))
    counts = [count_pairs(labels, answers[first], answers[second]) for first, second in chosen]
    p_values = [mid_p(each.only_first, each.only_second) for each in counts]
    pairs = tuple(
        Pair(first, second, of_pair, of_pair.interval, p, adjusted)
        for (first, second), of_pair, p, adjusted in zip(chosen, counts, p_values, holm(p_values), strict=True)
    )
    confidence = np.stack([np.asarray(each.confidence, np.float64) for each in evaluations])
    return Comparison(tuple(contestants), pairs, labels, answers, confidence, evaluations[0].class_names, dataset)
