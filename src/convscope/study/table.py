"""The rows of a study's table: a configuration on a number of training images, over its seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..analysis.intervals import Interval, wilson
from .outcomes import Outcome
from .seed_statistics import mean_over_seeds
from .votes import Votes


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
    """95 % t-interval of the mean over seeds: what other seeds would give, on these same test images."""
    interval_of_images: Interval
    """Wilson 95 % interval of the mean: what other test images would give, of as many."""
    lowest: float
    highest: float
    loss: float
    """Mean over seeds, in nats."""
    together: float
    """Accuracy of the seeds where each has a vote."""
    train_seconds: float
    """Mean over seeds, of the training alone."""


def make_row(outcomes: Sequence[Outcome], votes: Votes) -> Row:
    """``outcomes``: of one configuration and size, one per seed."""
    first = outcomes[0]
    configuration, n = first.cell.configuration, first.n
    accuracies = tuple(each.accuracy for each in outcomes)
    mean = mean_over_seeds(accuracies)
    right = round(sum(n - each.errors for each in outcomes) / len(outcomes))
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
        interval=None if mean.interval is None else Interval(max(0.0, mean.interval.low), min(1.0, mean.interval.high)),
        interval_of_images=wilson(right, n),
        lowest=min(accuracies),
        highest=max(accuracies),
        loss=sum(each.loss for each in outcomes) / len(outcomes),
        together=1 - votes.majority_errors / n,
        train_seconds=sum(each.train_seconds for each in outcomes) / len(outcomes),
    )
