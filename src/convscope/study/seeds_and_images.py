"""Intervals over two random factors: seeds and test images.

The interval over seeds treats the test images as fixed, and the interval over images treats the trainings as fixed. What another
training would reach on other images depends on both. Every seed classifies every image, so the results are a two-way crossed
table with one value per cell. The expected mean squares of such a table (J. Cornfield and J. W. Tukey, "Average values of mean
squares in factorials", Annals of Mathematical Statistics 27, 1956) give the variance of its mean:

    (MS_seeds + MS_images − MS_rest) / (seeds · images),

with degrees of freedom after F. E. Satterthwaite, "An approximate distribution of estimates of variance components", Biometrics
Bulletin 2, 1946. Radiology uses the same analysis for readers and cases: B. D. Gallas, G. A. Pennello and K. J. Myers,
"Multireader multicase variance analysis for binary data", JOSA A 24, 2007.
"""

from __future__ import annotations

from math import sqrt

from ..analysis.intervals import Interval
from ..types import Floats
from .seed_statistics import t_quantile


def interval_over_both(values: Floats) -> Interval | None:
    """Return the 95% CI of the mean of ``values`` (seeds, n), or None for a single seed or image.

    It is never narrower than the interval of either factor alone, and conservative for few seeds.
    """
    seeds, n = values.shape
    if min(seeds, n) < 2:
        return None
    mean = float(values.mean())
    of_seeds, of_images = values.mean(axis=1), values.mean(axis=0)
    rest = values - of_seeds[:, None] - of_images + mean
    degrees = (seeds - 1, n - 1, (seeds - 1) * (n - 1))
    parts = (
        float(of_seeds.var(ddof=1)) / seeds,
        float(of_images.var(ddof=1)) / n,
        float((rest**2).sum()) / degrees[2] / (seeds * n),
    )
    variance = max(parts[0] + parts[1] - parts[2], parts[0], parts[1])
    if variance == 0:
        return Interval(mean, mean)
    freedom = variance**2 / sum(part**2 / number for part, number in zip(parts, degrees, strict=True))
    half = t_quantile(max(1.0, freedom)) * sqrt(variance)
    return Interval(mean - half, mean + half)
