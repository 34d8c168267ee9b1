"""The split of the training images into those to train on and those to validate on."""

from __future__ import annotations

import numpy as np

from ..data.dataset import Dataset, Split
from ..data.split import stratified_split
from ..errors import DatasetError
from ..types import Labels
from .config import TrainConfig


def train_validation_splits(dataset: Dataset, config: TrainConfig, *, seed: int) -> tuple[Split, Split]:
    """Return the images to train on and the images to validate on."""
    kept, held_out = validation_split(dataset, config, seed=seed)
    return dataset.train.take(kept), held_out


def validation_split(dataset: Dataset, config: TrainConfig, *, seed: int) -> tuple[Labels, Split]:
    """Return the indices of the images to train on, and the images to validate on."""
    if config.validation == "test":
        return np.arange(len(dataset.train)), dataset.test
    kept, held_out = stratified_split(dataset.train.labels, config.validation_share(len(dataset.train)), seed=seed)
    if len(held_out) == 0:
        raise DatasetError(
            f"{dataset.name} has {len(dataset.train)} training images, too few to hold any out for validation. "
            "Provide at least two per class."
        )
    return kept, dataset.train.take(held_out)
