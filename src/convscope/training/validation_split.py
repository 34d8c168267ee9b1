"""The split of the training images into those to train on and those to validate on."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ..data.dataset import Dataset, Split
from ..data.readers.assemble import TEST_FRACTION, TEST_SEED, in_groups
from ..data.split import stratified_sample, stratified_split
from ..errors import DatasetError, option
from ..types import Labels
from .config import TrainConfig, validation_share

MAX_HELD_OUT = 5000
"""Images that temperature and thresholds are chosen on: as many as MNIST's validation images."""
SHARES = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05)
"""Smaller shares of test images to advise."""
MAX_ADVISED = 1000
SelectionSplit = Literal["validation", "training"]
"""Images that temperature and thresholds are chosen on: training images where the recipe holds none out."""


def validation_split(dataset: Dataset, config: TrainConfig, *, seed: int) -> tuple[Labels, Split]:
    """Return the indices of the images to train on, and the images to validate on."""
    if config.validation == "test":
        return np.arange(len(dataset.train)), dataset.test
    train = dataset.train
    kept, held_out = stratified_split(train.labels, config.validation_share(len(train)), seed=seed, groups=train.groups)
    if len(held_out) == 0:
        raise DatasetError(
            f"{dataset.name} has {len(train)} training images{in_groups(train.groups)}, too few to hold any out for validation. "
            f"{_remedy(dataset, config)}"
        )
    return kept, train.take(held_out)


def _remedy(dataset: Dataset, config: TrainConfig) -> str:
    """Return how many images per class, or which smaller share of test images, leave some for validation."""
    train, share = dataset.train, 0.0
    labels, groups, asked = train.labels, train.groups, dataset.provenance.reading.test_share
    if dataset.provenance.holds_out:
        share, labels = asked or TEST_FRACTION, np.concatenate([labels, dataset.test.labels])
    unit, classes = "images" if groups is None else "groups of images", np.unique(labels)
    number = next((n for n in range(2, MAX_ADVISED) if _is_enough(np.repeat(classes, n), share, config)), None)
    enough = "many more" if number is None else f"at least {number}"
    smaller = (each for each in SHARES if asked and groups is None and each < asked and _is_enough(labels, each, config))
    lower = next((f"Lower {option('test_share')} to {each:g}, or provide" for each in smaller), "Provide")
    return f"{lower} {enough} {unit} per class."


def _is_enough(labels: Labels, test_share: float, config: TrainConfig) -> bool:
    if test_share:
        kept, held_out = stratified_split(labels, test_share, seed=TEST_SEED)
        if not len(held_out):
            return False
        labels = labels[kept]
    return len(stratified_split(labels, config.validation_share(len(labels)), seed=0)[1]) > 0


def train_and_holdout_indices(
    train: Split, config: Mapping[str, Any], *, seed: int
) -> tuple[Labels, Labels, SelectionSplit]:
    """Return indices of the training split ``train``: those trained on, those to choose thresholds on, and what the latter are.

    The split is that of :func:`validation_split`. ``config`` is the training configuration in ``run.json``.
    """
    labels = train.labels
    if config["validation"] == "held-out":
        share = validation_share(
            config["validation_fraction"], config.get("max_validation_images", len(labels)), len(labels)
        )
        kept, held_out = stratified_split(labels, share, seed=seed, groups=train.groups)
        return kept, held_out[stratified_sample(labels[held_out], MAX_HELD_OUT, seed=seed)], "validation"
    # The recipe validated on the test split, which must not choose anything, so training images have to do.
    number = min(MAX_HELD_OUT, len(labels) // 2)
    return np.arange(len(labels)), stratified_sample(labels, number, seed=seed), "training"
