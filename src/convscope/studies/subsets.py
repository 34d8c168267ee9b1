"""Subsets of the training split, for learning curves."""

from __future__ import annotations

from dataclasses import replace

from ..data.dataset import Dataset
from ..data.split import stratified_sample
from .plan import MIN_PER_CLASS


def with_training_images(dataset: Dataset, size: int | None, *, seed: int) -> Dataset:
    """Return ``dataset`` with a stratified sample of ``size`` training images; all of them for None.

    With one seed, smaller samples are subsets of larger ones, up to rounding for rare classes. The test split stays.
    """
    if size is None:
        return dataset
    chosen = stratified_sample(dataset.train.labels, size, at_least=MIN_PER_CLASS, seed=seed)
    note = f"{size:,} of {len(dataset.train):,} training images were used, a stratified sample chosen by seed {seed}."
    provenance = replace(dataset.provenance, notes=(*dataset.provenance.notes, note))
    return replace(dataset, train=dataset.train.take(chosen), provenance=provenance)


def without_test_split(dataset: Dataset) -> Dataset:
    """Return ``dataset`` with its first training image as the test split, so that a search cannot use test images."""
    return replace(dataset, test=dataset.train.take(dataset.train.labels[:1] * 0))
