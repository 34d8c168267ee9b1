"""What quoting the best of several seeds gains, without any of them being better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def expected_best(values: Sequence[float]) -> tuple[float, ...]:
    """For K from 1 to n: the mean of the best of K of the ``values`` (n,), over all choices of K.

    The first is the mean and the last the best. Asked for of every K by J. Dodge and others, "Show your work", EMNLP 2019; in
    this form without bias: R. Tang and others, "Showing your work doesn't always work", ACL 2020. Raises ``ValueError`` where
    there is no value.
    """
    n = len(values)
    if n == 0:
        raise ValueError("no values were given; one per seed was expected")
    ascending, rank = np.sort(np.asarray(values, np.float64)), np.arange(n)
    # Of all choices of K, the value of rank r is the best in those that take the other K − 1 from below it: the share
    # C(r, K − 1) / C(n, K), here from that for K − 1, since the numbers themselves do not fit into floats.
    share, found = np.full(n, 1 / n), [float(ascending.mean())]
    for k in range(1, n):
        share = share * np.maximum(rank - k + 1, 0) / k * (k + 1) / (n - k)
        found.append(float(share @ ascending))
    return tuple(found)
