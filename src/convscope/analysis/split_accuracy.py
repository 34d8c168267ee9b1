"""Accuracy of the finished network on training and validation images without augmentation, beside the test images.

The history has a running mean over a changing network and augmented images, which shows neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..data.dataset import Dataset
from ..data.split import stratified_sample
from ..models.predictor import Predictor
from ..training.validation_split import MAX_HELD_OUT, train_and_holdout_indices
from .evaluation import Evaluation, evaluate
from .statistics.proportions import Accuracy, Difference, homogeneity_p, independent_interval


@dataclass(frozen=True)
class SplitAccuracies:
    """Accuracies of the network of the last epoch; ``metrics.json`` has it so."""

    JSON_PROPERTIES: ClassVar[tuple[str, ...]] = ("train_minus_validation", "validation_minus_test")

    train: Accuracy
    """Of a stratified sample of the images trained on, as many as there are validation images."""
    validation: Accuracy
    test: Accuracy
    confident_errors: int
    """Errors on validation images in the half that the network is more confident about."""

    @property
    def train_minus_validation(self) -> Difference:
        return _difference(self.train, self.validation)

    @property
    def validation_minus_test(self) -> Difference:
        return _difference(self.validation, self.test)


def measure_splits(
    predictor: Predictor, dataset: Dataset, test: Evaluation, config: Mapping[str, Any], *, seed: int
) -> SplitAccuracies | None:
    """Measure the splits; None if no images were held out for validation."""
    trained, held_out, selected_on = train_and_holdout_indices(dataset.train, config, seed=seed)
    if selected_on != "validation" or len(held_out) == 0:
        return None
    labels = dataset.train.labels
    number = min(max(len(held_out), 1000), len(trained), MAX_HELD_OUT)
    sample = trained[stratified_sample(labels[trained], number, seed=seed)]
    train, validation = (evaluate(predictor, dataset.train.take(each), dataset.class_names) for each in (sample, held_out))
    ranked = np.argsort(-validation.confidence, kind="stable")
    is_wrong = (validation.predictions != validation.labels)[ranked]
    confident_errors = int(is_wrong[: len(ranked) // 2].sum())
    return SplitAccuracies(_accuracy(train), _accuracy(validation), _accuracy(test), confident_errors)


def _accuracy(evaluation: Evaluation) -> Accuracy:
    return Accuracy(len(evaluation) - evaluation.errors, len(evaluation))


def _difference(one: Accuracy, other: Accuracy) -> Difference:
    interval = independent_interval(one.count, one.n, other.count, other.n)
    return Difference(one.value - other.value, interval, homogeneity_p((one.count, other.count), (one.n, other.n)))
