"""The interval over seeds and images: by hand, against an analysis of variance of statsmodels', and by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.formula.api import ols

from convscope.study.seed_statistics import mean_over_seeds
from convscope.study.seeds_and_images import interval_over_both


def test_the_interval_is_that_of_the_mean_squares_of_an_analysis_of_variance() -> None:
    values = np.random.default_rng(0).normal(0, 1, (4, 12)) + np.arange(4)[:, None]
    cells = pd.DataFrame([(seed, image, values[seed, image]) for seed, image in np.ndindex(4, 12)], columns=["s", "i", "y"])
    table = sm.stats.anova_lm(ols("y ~ C(s) + C(i)", cells).fit())
    squares, degrees = table["sum_sq"] / table["df"], table["df"]
    variance = (squares["C(s)"] + squares["C(i)"] - squares["Residual"]) / 48
    freedom = variance**2 / sum((squares[part] / 48) ** 2 / degrees[part] for part in ("C(s)", "C(i)", "Residual"))
    half = stats.t.ppf(0.975, freedom) * np.sqrt(variance)
    found = interval_over_both(values)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((values.mean() - half, values.mean() + half))


def test_by_hand_it_is_that_of_the_seeds_where_images_do_not_matter_and_the_other_way_round() -> None:
    of_seeds = [0.2, 0.4, 0.9]
    found, known = interval_over_both(np.repeat(np.array(of_seeds)[:, None], 50, axis=1)), mean_over_seeds(of_seeds).interval
    assert found is not None
    assert known is not None
    assert (found.low, found.high) == pytest.approx((known.low, known.high))
    of_images = np.random.default_rng(1).normal(0, 1, 50)
    found = interval_over_both(np.repeat(of_images[None], 3, axis=0))
    assert found is not None
    low, high = stats.t.interval(0.95, 49, loc=of_images.mean(), scale=stats.sem(of_images))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_one_seed_has_none_and_no_difference_no_width() -> None:
    assert interval_over_both(np.zeros((1, 9))) is None
    found = interval_over_both(np.zeros((3, 9)))
    assert found is not None
    assert (found.low, found.high) == (0, 0)


@pytest.mark.parametrize(("of_seeds", "of_images"), [(0.0, 0.0), (0.3, 0.3), (1.0, 0.0), (0.0, 1.0), (0.1, 1.0)])
def test_it_holds_the_truth_as_often_as_it_says_and_hardly_more_where_seeds_or_images_matter(
    of_seeds: float, of_images: float
) -> None:
    """Five seeds, whose number is what makes an interval by resampling too narrow."""
    generator, held = np.random.default_rng(2), 0
    for _ in range(1000):
        values = (of_seeds * generator.normal(0, 1, (5, 1)) + of_images * generator.normal(0, 1, (1, 40))
                  + generator.normal(0, 1, (5, 40)))  # fmt: skip
        interval = interval_over_both(values)
        assert interval is not None
        held += interval.low <= 0 <= interval.high
    assert stats.binomtest(held, 1000, 0.95, alternative="less").pvalue > 1e-3
    assert held < 1000
