"""The rows of a study's table: a configuration on a number of training images, over its seeds."""

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
    """Accuracies are shares of the test images, 0..1."""

    name: str
    """Model and recipe."""
    model: str
    recipe: str
    size: int | None
    """Training images, those held out included; ``None`` for all."""
    images: int
    """Of them trained on."""
    parameters: int
    n: int
    """Seeds."""
    accuracies: tuple[float, ...]
    """In the order of the seeds."""
    mean: float
    sd: float | None
    """Between seeds; ``None`` for one."""
    interval: Interval | None
    """95% t-interval of the mean over seeds: what other seeds would give, on these same test images."""
    interval_of_images: Interval
    """Wilson 95% interval of the mean: what other test images would give, of as many."""
    interval_of_both: Interval | None
    """95% interval of the mean where both are drawn anew; ``None`` for one seed."""
    lowest: float
    highest: float
    best_of: tuple[float, ...]
    """For K from 1 to the number of seeds: what the best of K of them has on average. The more are tried, the better the best
    one looks, and none is."""
    loss: float
    """Mean over seeds, in nats."""
    interval_of_loss: Interval | None
    """95% t-interval over seeds; ``None`` for one."""
    together: float
    """Accuracy of the seeds where each has a vote."""
    interval_of_together: Interval
    """Wilson 95% interval, over images: what these networks together would reach on others."""
    train_seconds: float
    """Mean over seeds, of the training alone."""


def make_row(outcomes: Sequence[Outcome], votes: Votes) -> Row:
    """``outcomes``: of one configuration and size, one per seed."""
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
    """From 0 to ``highest``, where the interval of a mean that scatters normally may stick out."""
    return None if interval is None else Interval(max(0.0, interval.low), min(highest, interval.high))
