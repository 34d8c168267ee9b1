"""The expected best of several seeds: how far reporting the best run overstates the mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def expected_best(values: Sequence[float]) -> tuple[float, ...]:
    """Return, for K from 1 to n, the mean over all subsets of K ``values`` of their maximum.

    The first is the mean and the last the maximum. Proposed by J. Dodge et al., "Show your work", EMNLP 2019; this unbiased form:
    R. Tang et al., "Showing your work doesn't always work", ACL 2020.

    Raises:
        ValueError: There are no values.
    """
    n = len(values)
    if n == 0:
        raise ValueError("expected_best needs at least one value")
    ascending, rank = np.sort(np.asarray(values, np.float64)), np.arange(n)
    # The value of rank r is the maximum of the share C(r, K − 1) / C(n, K) of all subsets. It is computed from the share for
    # K − 1, because the binomial coefficients overflow floats.
    share, found = np.full(n, 1 / n), [float(ascending.mean())]
    for k in range(1, n):
        share = share * np.maximum(rank - k + 1, 0) / k * (k + 1) / (n - k)
        found.append(float(share @ ascending))
    return tuple(found)
