"""A simpler network trained beside the one under study, and what the difference between them is worth."""

from __future__ import annotations

from dataclasses import dataclass

from .evaluation import Evaluation
from .intervals import Interval


@dataclass(frozen=True)
class Baseline:
    """A second network, trained on the same images and measured on the same test split."""

    model_name: str
    num_parameters: int
    multiply_adds: int
    accuracy: float
    interval: Interval
    """Wilson 95 %."""
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
