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


def stratified_sample(labels: Labels, number: int, *, at_least: int = 1, seed: int) -> Labels:
    """Return the indices of a stratified sample of ``labels`` (n,), ascending.

    Args:
        labels: (n,) classes.
        number: Size of the sample, if there are as many labels.
        at_least: Minimum per class, as far as the class and ``number`` allow it.
        seed: Seed of the draw; equal arguments give equal samples.

    Returns:
        (min(number, n),) int64.
    """
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    _, starts, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    rank = np.arange(len(labels)) - np.repeat(starts, counts)
    share = (rank + 0.5) / np.repeat(counts, counts)
    urgency = np.where(rank < at_least, rank - float(at_least), share)
    return np.sort(by_class[np.argsort(urgency, kind="stable")[: max(number, 0)]])
