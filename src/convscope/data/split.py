"""Holding images out, so that every class is held out in proportion."""

from __future__ import annotations

import numpy as np

from ..errors import DatasetError
from ..types import Labels


def stratified_split(labels: Labels, fraction: float, *, seed: int) -> tuple[Labels, Labels]:
    """Indices (kept,) and (held out,), both ascending: ``fraction`` of every class is held out, by ``seed``.

    A function of the labels and the seed alone. Each class keeps at least one image; the counts per class are rounded
    by largest remainder, so that the total is right to one image. scikit-learn's splitter does the same, but refuses
    classes with a single image and takes a second to import where TensorFlow is not.

    Raises :class:`DatasetError` unless 0 < fraction < 1.
    """
    if not 0 < fraction < 1:
        raise DatasetError(f"a fraction of {fraction} cannot be held out; more than 0 and less than 1 was expected.")
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
