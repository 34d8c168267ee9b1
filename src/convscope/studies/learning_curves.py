"""Learning curves: test error by size of the training set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log
from typing import ClassVar

from ..analysis.statistics.paired import holm
from ..analysis.statistics.proportions import Interval
from ..analysis.statistics.seeds import MeanOverSeeds, mean_over_seeds
from .comparisons import LEVEL, MIN_SEEDS, paired_t


@dataclass(frozen=True)
class CurvePoint:
    """Test error rate after training on a number of images."""

    images: int
    error: MeanOverSeeds
    errors: tuple[float, ...]
    """One per seed."""


@dataclass(frozen=True)
class LearningCurve:
    """One configuration on training sets of several sizes."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("factor_of_doubling", "factor_interval", "falls")

    name: str
    points: tuple[CurvePoint, ...]
    exponent: float | None
    """b of error ~ images^−b, fitted on logarithmic axes; mean over seeds. None if a run has no errors."""
    exponent_interval: Interval | None
    """95% CI over seeds; None for one seed or equal values."""
    exponents: tuple[float, ...] = ()
    """One per seed; empty without a fit."""

    @property
    def factor_of_doubling(self) -> float | None:
        """The factor that doubling the images multiplies the error by."""
        return None if self.exponent is None else float(2.0**-self.exponent)

    @property
    def factor_interval(self) -> Interval | None:
        """95% CI over seeds; None for one seed or equal values."""
        ends = self.exponent_interval
        return None if ends is None else Interval(float(2.0**-ends.high), float(2.0**-ends.low))

    @property
    def falls(self) -> bool:
        """Whether more images reduce the error significantly: enough seeds, and an exponent interval above 0."""
        enough = len(self.exponents) >= MIN_SEEDS
        return enough and self.exponent_interval is not None and self.exponent_interval.low > 0


def learning_curve(name: str, errors: Mapping[int, Sequence[float]]) -> LearningCurve:
    """Fit a power law to the error rates per seed, by number of training images, of one configuration.

    Power law: Hestness et al., "Deep learning scaling is predictable, empirically", 2017. It flattens near the error that label
    noise leaves, so it summarizes the measurements and must not be extrapolated.
    """
    points = tuple(CurvePoint(images, mean_over_seeds(errors[images]), tuple(errors[images])) for images in sorted(errors))
    of_seeds = list(zip(*(point.errors for point in points), strict=True))
    if len(points) < 2 or any(error <= 0 for seed in of_seeds for error in seed):
        return LearningCurve(name, points, None, None)
    sizes = [log(point.images) for point in points]
    exponents = tuple(-_slope(sizes, [log(error) for error in seed]) for seed in of_seeds)
    mean = mean_over_seeds(exponents)
    return LearningCurve(name, points, mean.mean, mean.interval, exponents)


def steepest(curves: Sequence[LearningCurve]) -> str | None:
    """Return the configuration that profits significantly more from more images than every other, or None.

    Paired t-tests of the seeds' exponents against the largest mean, with Holm's correction over all pairs. None for too few seeds.
    """
    fitted = [curve for curve in curves if len(curve.exponents) >= MIN_SEEDS]
    if len(fitted) < 2 or len(fitted) < len(curves):
        return None
    pairs = list(combinations(fitted, 2))
    adjusted = holm([paired_t([a - b for a, b in zip(one.exponents, other.exponents, strict=True)]) for one, other in pairs])
    best = max(fitted, key=lambda curve: curve.exponent or 0.0)
    return best.name if all(p < LEVEL for pair, p in zip(pairs, adjusted, strict=True) if best in pair) else None


def _slope(x: Sequence[float], y: Sequence[float]) -> float:
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    across = sum((a - middle_x) ** 2 for a in x)
    return sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / across
