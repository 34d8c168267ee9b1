"""The rows of a study's table: one configuration over its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..analysis.intervals import Interval, wilson
from ..votes import Votes
from .best_of import expected_best
from .outcomes import Outcome
from .seed_statistics import mean_over_seeds
from .seeds_and_images import interval_over_both


@dataclass(frozen=True)
class Row:
    """Results of one configuration; accuracies are from 0 to 1."""

    name: str
    """``MODEL-RECIPE``."""
    model: str
    recipe: str
    size: int | None
    """Training images, including held-out validation images; None for all."""
    images: int
    """Training images without held-out validation images."""
    parameters: int
    n: int
    """Number of seeds."""
    accuracies: tuple[float, ...]
    """Test accuracies in the order of the seeds."""
    mean: float
    sd: float | None
    """Standard deviation between seeds; None for one seed."""
    interval: Interval | None
    """95% t-interval of the mean over seeds, on these test images."""
    interval_of_images: Interval
    """95% Wilson interval of the mean over test images, for these trainings."""
    interval_of_both: Interval | None
    """95% CI of the mean over seeds and test images; None for one seed."""
    lowest: float
    highest: float
    best_of: tuple[float, ...]
    """Expected accuracy of the best of K seeds, for K from 1 to n."""
    loss: float
    """Mean over seeds, in nats."""
    interval_of_loss: Interval | None
    """95% t-interval over seeds; None for one seed."""
    together: float
    """Accuracy of the majority vote of the seeds."""
    interval_of_together: Interval
    """95% Wilson interval of the majority vote over test images."""
    train_seconds: float
    """Mean training time over seeds."""


def make_row(outcomes: Sequence[Outcome], votes: Votes) -> Row:
    """Return the row of ``outcomes`` of one configuration and size, one per seed."""
    first = outcomes[0]
    configuration, n = first.cell.configuration, first.n
    accuracies = tuple(each.accuracy for each in outcomes)
    mean, loss = mean_over_seeds(accuracies), mean_over_seeds([each.loss for each in outcomes])
    right = np.stack([each.predictions == votes.labels for each in outcomes])
    return Row(
        name=configuration.name,
        model=configuration.model,
        recipe=configuration.recipe,
        size=first.cell.size,
        images=first.images,
        parameters=first.parameters,
        n=len(outcomes),
        accuracies=accuracies,
        mean=mean.mean,
        sd=mean.sd,
        interval=_within(mean.interval, 1.0),
        interval_of_images=wilson(round(right.sum() / len(outcomes)), n),
        interval_of_both=_within(interval_over_both(right.astype(np.float64)), 1.0),
        lowest=min(accuracies),
        highest=max(accuracies),
        best_of=expected_best(accuracies),
        loss=loss.mean,
        interval_of_loss=_within(loss.interval, float("inf")),
        together=1 - votes.majority_errors / n,
        interval_of_together=wilson(n - votes.majority_errors, n),
        train_seconds=sum(each.train_seconds for each in outcomes) / len(outcomes),
    )


def _within(interval: Interval | None, highest: float) -> Interval | None:
    """Clip a t-interval, which may exceed the range of its quantity, to 0..``highest``."""
    return None if interval is None else Interval(max(0.0, interval.low), min(highest, interval.high))
