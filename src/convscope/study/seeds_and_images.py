"""How sure a mean is where both are drawn: the seeds, and the test images that each of them answers.

The interval over seeds takes the test images as they are, and that over images takes the trainings as they are. Who wants to
know what another training would reach on other images of the same kind has to allow for both. Every seed answers every image,
so what is measured is a table of two crossed factors with one value in each cell. From the expected mean squares of such a
table (J. Cornfield and J. W. Tukey, "Average values of mean squares in factorials", Annals of Mathematical Statistics 27,
1956) the variance of its mean follows as

    (MS_seeds + MS_images − MS_rest) / (seeds · images),

and its degrees of freedom after F. E. Satterthwaite, "An approximate distribution of estimates of variance components",
Biometrics Bulletin 2, 1946. Readers of X-ray pictures and their cases are compared in this way: B. D. Gallas, G. A. Pennello
and K. J. Myers, "Multireader multicase variance analysis for binary data", JOSA A 24, 2007.
"""

from __future__ import annotations

from math import sqrt

from ..analysis.intervals import Interval
from ..types import Floats
from .seed_statistics import t_quantile


def interval_over_both(values: Floats) -> Interval | None:
    """The 95% interval of the mean of ``values`` (seeds, n), one per seed and test image; ``None`` for a single seed or image.

    Never narrower than what either factor alone would give. Of few seeds it is, if anything, too wide.
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
