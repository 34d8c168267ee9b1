"""Stratified splits."""

from __future__ import annotations

import numpy as np

from ..errors import DatasetError
from ..types import Labels


def stratified_split(labels: Labels, fraction: float, *, seed: int) -> tuple[Labels, Labels]:
    """Split labels (n,) by class into ascending indices of kept and of held-out images.

    Each class keeps at least one image. The counts per class are rounded by largest remainder, so that the total is exact to
    one image. The result depends on nothing but the arguments.
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
    """Return ascending indices (min(number, len(labels)),) int64 of a stratified sample.

    It has ``at_least`` images per class, as far as the class and ``number`` allow. Equal arguments give equal samples.
    """
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    _, starts, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    rank = np.arange(len(labels)) - np.repeat(starts, counts)
    share = (rank + 0.5) / np.repeat(counts, counts)
    urgency = np.where(rank < at_least, rank - float(at_least), share)
    return np.sort(by_class[np.argsort(urgency, kind="stable")[: max(number, 0)]])
