"""Comparison of several runs on the same test images: accuracy, disagreements and cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from ..errors import ConfigError
from ..system.arguments import checked
from ..system.dataclass_json import to_json
from ..system.table import Tabular
from ..types import Labels
from .evaluation import Evaluation
from .statistics.paired import LEVEL, PairedCounts, count_pairs, holm
from .statistics.proportions import Interval


@dataclass(frozen=True)
class Costs:
    """Size and speed of a network."""

    parameters: int
    multiply_adds: int
    """Multiply-adds per image."""
    milliseconds: float
    """Latency per image in batches of one: ONNX Runtime on one thread of this machine, measured now."""
    onnx_bytes: int
    train_seconds: float
    """Training time as the run recorded it, on its machine and in its precision."""


@dataclass(frozen=True)
class ComparedRun:
    """One of the compared runs."""

    name: str
    """The shortest name that is unique among the runs."""
    model: str
    recipe: str
    seed: int
    errors: int
    accuracy: float
    interval: Interval
    """95% Wilson interval of the accuracy. Overlapping intervals do not mean that two runs are equally good."""
    costs: Costs


@dataclass(frozen=True)
class Pair:
    """The paired comparison of two runs, by their indices in ``contestants``."""

    first: int
    second: int
    counts: PairedCounts
    adjusted_p: float
    """The p-value corrected for the number of pairs by Holm's method."""

    @property
    def difference(self) -> float:
        return self.counts.difference

    @property
    def interval(self) -> Interval:
        return self.counts.interval

    @property
    def p(self) -> float:
        return self.counts.p

    @property
    def significant(self) -> bool:
        """Whether the difference is significant by the corrected test."""
        return self.adjusted_p <= LEVEL

    @property
    def better(self) -> int:
        """Index of the run with the higher accuracy, or of the first if they are equal."""
        return self.first if self.difference >= 0 else self.second


@dataclass(frozen=True, eq=False)
class Comparison(Tabular):
    """The predictions of several networks on the same test images, and all paired comparisons."""

    contestants: tuple[ComparedRun, ...]
    pairs: tuple[Pair, ...]
    """Every pair of runs once, in order."""
    labels: Labels
    """(n,) true classes."""
    answers: Labels
    """(runs, n) predicted classes."""
    confidence: np.ndarray[Any, np.dtype[np.float64]]
    """(runs, n) probability of the predicted class."""
    class_names: tuple[str, ...]
    dataset: str

    @property
    def n(self) -> int:
        return len(self.labels)

    @property
    def majority(self) -> tuple[str, float]:
        """The largest class of the test images and its share: the accuracy of always answering it."""
        counts = np.bincount(self.labels)
        return self.class_names[int(counts.argmax())], float(counts.max() / self.n)

    @cached_property
    def disagreements(self) -> Labels:
        """(m,) indices of the test images on which predictions differ, the most informative first.

        They are ordered by the sum of the highest confidence of a correct and of an incorrect prediction; images that every run
        misclassifies come last.
        """
        indices = np.flatnonzero((self.answers != self.answers[0]).any(axis=0))
        correct = self.answers[:, indices] == self.labels[indices]
        confidence = self.confidence[:, indices]
        highest_correct = np.where(correct, confidence, 0).max(axis=0)
        highest_incorrect = np.where(correct, 0, confidence).max(axis=0)
        order = np.lexsort((-highest_correct - highest_incorrect, ~correct.any(axis=0)))
        return indices[order]

    @cached_property
    def all_wrong(self) -> Labels:
        """(m,) indices of the test images that every run misclassifies."""
        return np.flatnonzero((self.answers != self.labels).all(axis=0))

    @checked
    def pair_of(self, one: int, other: int) -> Pair:
        """Return the pair of two runs by their indices, in either order; ConfigError if there is none."""
        for pair in self.pairs:
            if {pair.first, pair.second} == {one, other}:
                return pair
        last = len(self.contestants) - 1
        raise ConfigError(
            f"one and other must be two different runs, by their numbers from 0 to {last}; got {one!r} and {other!r}."
        )

    def by_class(self, pair: Pair) -> list[tuple[str, PairedCounts]]:
        """Return the counts of a pair for each class of the test split."""
        return [
            (name, count_pairs(self.labels[rows], self.answers[pair.first][rows], self.answers[pair.second][rows]))
            for label, name in enumerate(self.class_names)
            if (rows := self.labels == label).any()
        ]

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one row per pair of runs."""
        numbers = ("difference", "p", "adjusted_p", "significant")
        return [{"first": self.contestants[pair.first].name, "second": self.contestants[pair.second].name}
                | {name: getattr(pair, name) for name in numbers} for pair in self.pairs]  # fmt: skip

    def __repr__(self) -> str:
        return f"Comparison({', '.join(each.name for each in self.contestants)}; n={self.n:,} test images of {self.dataset})"

    def as_dict(self) -> dict[str, Any]:
        """Return all numbers, and the indices of disagreements, as JSON-ready values."""
        return {
            "dataset": self.dataset,
            "n": self.n,
            "majority": dict(zip(("class_name", "share"), self.majority, strict=True)),
            "runs": [to_json(each) for each in self.contestants],
            "pairs": [self._pair_as_dict(pair) for pair in self.pairs],
            "disagreements": len(self.disagreements),
            "disagreement_indices": sorted(self.disagreements.tolist()),
            "all_wrong": len(self.all_wrong),
        }

    def _pair_as_dict(self, pair: Pair) -> dict[str, Any]:
        return {
            "first": self.contestants[pair.first].name,
            "second": self.contestants[pair.second].name,
            **to_json(pair.counts),
            **{name: getattr(pair, name) for name in ("difference", "p", "adjusted_p", "significant")},
            "interval": list(pair.interval),
        }


def compare_evaluations(
    contestants: Sequence[ComparedRun], evaluations: Sequence[Evaluation], *, dataset: str
) -> Comparison:
    """Compare two or more evaluations of the same test images, in the same order; ValueError for others."""
    labels = evaluations[0].labels
    if len(evaluations) < 2 or any(not np.array_equal(each.labels, labels) for each in evaluations):
        raise ValueError("a comparison needs two or more evaluations of the same test images in the same order")
    answers = np.stack([each.predictions for each in evaluations])
    chosen = list(combinations(range(len(evaluations)), 2))
    counts = [count_pairs(labels, answers[first], answers[second]) for first, second in chosen]
    pairs = tuple(
        Pair(first, second, paired, adjusted)
        for (first, second), paired, adjusted in zip(chosen, counts, holm([each.p for each in counts]), strict=True)
    )
    confidence = np.stack([np.asarray(each.confidence, np.float64) for each in evaluations])
    return Comparison(tuple(contestants), pairs, labels, answers, confidence, evaluations[0].class_names, dataset)
