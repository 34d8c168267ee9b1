"""A simpler network trained beside the one under study, and what the difference between them is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .evaluation import Evaluation
from .intervals import Interval
from .mcnemar import LEVEL, mid_p
from .paired_difference import PairedCounts


@dataclass(frozen=True)
class Baseline:
    """A second network, trained on the same images and measured on the same test split."""

    model_name: str
    num_parameters: int
    multiply_adds: int
    accuracy: float
    interval: Interval
    """Wilson 95%."""
    errors: int
    n: int
    epochs: int
    train_seconds: float
    both_wrong: int
    """Test images that both networks get wrong."""
    only_baseline_wrong: int
    only_model_wrong: int

    @property
    def error_ratio(self) -> float | None:
        """Errors of the network under study for each error of this one; ``None`` where this one makes none."""
        own = self.both_wrong + self.only_model_wrong
        return own / self.errors if self.errors else None

    @property
    def pairing(self) -> Pairing:
        """The two networks, image by image."""
        return _pairing(self.n, self.both_wrong, self.only_model_wrong, self.only_baseline_wrong)


@dataclass(frozen=True)
class Pairing:
    """A network and the one beside it on the same images: only those that one of them gets wrong tell the two apart."""

    counts: PairedCounts
    """The first is the network under study."""
    p: float
    """McNemar's test, mid-p."""

    @property
    def difference(self) -> float:
        """Accuracy of the network under study less that of the one beside it, −1..1."""
        return self.counts.difference

    @property
    def interval(self) -> Interval:
        """Of the difference, for pairs: 95%."""
        return self.counts.interval

    @property
    def told_apart(self) -> bool:
        """Whether the difference is more than chance makes. The intervals of two accuracies do not say: of the same images they
        may overlap where nearly every image that parts the two speaks for one of them."""
        return self.p <= LEVEL


def pairing_of(baseline: Mapping[str, Any]) -> Pairing:
    """From ``metrics.baseline``, of which runs of earlier versions have the counts alone."""
    return _pairing(*(baseline[name] for name in ("n", "both_wrong", "only_model_wrong", "only_baseline_wrong")))


def _pairing(n: int, both_wrong: int, only_model_wrong: int, only_baseline_wrong: int) -> Pairing:
    both_right = n - both_wrong - only_model_wrong - only_baseline_wrong
    counts = PairedCounts(both_right, only_baseline_wrong, only_model_wrong, both_wrong)
    return Pairing(counts, mid_p(only_baseline_wrong, only_model_wrong))


def compare_with_baseline(
    evaluation: Evaluation,
    baseline: Evaluation,
    *,
    model_name: str,
    num_parameters: int,
    multiply_adds: int,
    epochs: int,
    train_seconds: float,
) -> Baseline:
    """Put two evaluations of the same images side by side."""
    wrong, baseline_wrong = evaluation.predictions != evaluation.labels, baseline.predictions != baseline.labels
    return Baseline(
        model_name,
        num_parameters,
        multiply_adds,
        baseline.accuracy,
        baseline.interval,
        baseline.errors,
        len(baseline),
        epochs,
        train_seconds,
        both_wrong=int((wrong & baseline_wrong).sum()),
        only_baseline_wrong=int((~wrong & baseline_wrong).sum()),
        only_model_wrong=int((wrong & ~baseline_wrong).sum()),
    )
