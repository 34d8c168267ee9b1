"""A smaller training split, for learning curves."""

from __future__ import annotations

from dataclasses import replace

from ..analysis.sampling import stratified_sample
from ..data.dataset import Dataset
from .plan import FEWEST_PER_CLASS


def with_training_images(dataset: Dataset, size: int | None, *, seed: int) -> Dataset:
    """``dataset`` with ``size`` of its training images, of every class in proportion, chosen by ``seed``; the test split as
    it is. Of one seed, a smaller choice is a part of a larger one, or nearly, where classes are rare. ``None`` for all."""
    if size is None:
        return dataset
    chosen = stratified_sample(dataset.train.labels, size, at_least=FEWEST_PER_CLASS, seed=seed)
    note = (
        f"{size:,} of {len(dataset.train):,} training images were used, of every class in proportion, chosen by seed {seed}."
    )
    provenance = replace(dataset.provenance, notes=(*dataset.provenance.notes, note))
    return replace(dataset, train=dataset.train.take(chosen), provenance=provenance)


def without_test_split(dataset: Dataset) -> Dataset:
    """``dataset`` with its first training image in place of the test split, so that a search cannot look at it."""
    return replace(dataset, test=dataset.train.take(dataset.train.labels[:1] * 0))
