"""What more training images would buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

from ..analysis.intervals import Interval
from .seed_statistics import MeanOverSeeds, mean_over_seeds


@dataclass(frozen=True)
class CurvePoint:
    """The share of test images that went wrong, after training on so many images."""

    images: int
    error: MeanOverSeeds
    errors: tuple[float, ...]
    """One per seed."""


@dataclass(frozen=True)
class LearningCurve:
    """One configuration on training sets of several sizes."""

    name: str
    points: tuple[CurvePoint, ...]
    exponent: float | None
    """b of the error ~ images^−b that fits best on logarithmic axes, the mean over seeds; ``None`` where a run was without
    error, which no such line passes."""
    exponent_interval: Interval | None
    """95 %, over seeds; ``None`` for a single one."""

    @property
    def factor_of_doubling(self) -> float | None:
        """What twice the images multiply the error by."""
        return None if self.exponent is None else float(2.0**-self.exponent)


def learning_curve(name: str, errors: Mapping[int, Sequence[float]]) -> LearningCurve:
    """``errors``: shares per seed, by number of training images; of at least two sizes, in one order of seeds.

    The power law: Hestness and others, "Deep learning scaling is predictable, empirically", 2017; it bends where the error
    nears what noise in the labels leaves, so it is a summary of what was measured and no promise beyond.
    """
    points = tuple(CurvePoint(images, mean_over_seeds(errors[images]), tuple(errors[images])) for images in sorted(errors))
    of_seeds = list(zip(*(point.errors for point in points), strict=True))
    if len(points) < 2 or any(error <= 0 for seed in of_seeds for error in seed):
        return LearningCurve(name, points, None, None)
    sizes = [log(point.images) for point in points]
    exponents = mean_over_seeds([-_slope(sizes, [log(error) for error in seed]) for seed in of_seeds])
    return LearningCurve(name, points, exponents.mean, exponents.interval)


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    """Of the straight line with the least squares."""
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((a - middle_x) ** 2 for a in x)
    return sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / across
