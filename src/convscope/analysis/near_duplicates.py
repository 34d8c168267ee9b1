"""What near-duplicates across the split say about the accuracy."""

from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..data.near_duplicates import NearDuplicates
from .evaluation import Evaluation
from .statistics.proportions import wilson

MAX_NAMED = 100


def named_pairs(near: NearDuplicates, dataset: Dataset) -> list[dict[str, str]]:
    """Return the file or row of the first near-duplicates and of the training images that they nearly equal."""
    return [{"test": test, "train": train} for test, train in near.names(dataset, MAX_NAMED)]


def near_duplicate_metrics(near: NearDuplicates, dataset: Dataset, evaluation: Evaluation) -> dict[str, Any]:
    """Return the number and share of the near-duplicates, and the accuracy on the other test images."""
    others = np.setdiff1d(np.arange(len(dataset.test)), near.test)
    right = int((evaluation.predictions[others] == dataset.test.labels[others]).sum())
    return {
        "n": len(near),
        "share": len(near) / len(dataset.test),
        "interval": list(wilson(len(near), len(dataset.test))),
        "images": named_pairs(near, dataset),
        "others": len(others),
        "accuracy_of_others": right / len(others) if len(others) else None,
        "interval_of_others": list(wilson(right, len(others))) if len(others) else None,
    }
