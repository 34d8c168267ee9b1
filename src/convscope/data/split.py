"""Stratified splits."""

from __future__ import annotations

import numpy as np

from ..errors import DatasetError
from ..types import Labels


def stratified_split(labels: Labels, fraction: float, *, seed: int) -> tuple[Labels, Labels]:
    """Split labels by class, depending on nothing but the labels and the seed.

    Each class keeps at least one image. The counts per class are rounded by largest remainder, so that the total is exact to
    one image.

    Args:
        labels: (n,) class indices.
        fraction: The share of each class to hold out.
        seed: Seed of the choice.

    Returns:
        Ascending indices of the kept and of the held-out images.

    Raises:
        DatasetError: ``fraction`` is not between 0 and 1.
    """
    # scikit-learn's splitter refuses classes with a single image and takes a second to import.
    if not 0 < fraction < 1:
        raise DatasetError(f"fraction must be above 0 and below 1; got {fraction}.")
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * fraction
    quota = np.floor(exact).astype(np.int64)
    missing = round(float(exact.sum())) - int(quota.sum())
    quota[np.argsort(quota - exact, kind="stable")[:missing]] += 1
    quota = np.minimum(quota, counts - 1)
    generator = np.random.Generator(np.random.PCG64(seed))
    held_out = np.zeros(len(labels), dtype=bool)
    for label, number in zip(classes, quota, strict=True):
        members = np.flatnonzero(labels == label)
        held_out[generator.permutation(members)[:number]] = True
    return np.flatnonzero(~held_out), np.flatnonzero(held_out)
