"""Balanced accuracy, and what a setting for uneven classes changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..system.forms import Positive, Share
from ..training.class_balance import STRENGTH, class_weights
from ..training.loop import Training
from ..types import Floats, Labels
from .classification import Confusion, confusion
from .evaluation import Evaluation
from .statistics.proportions import Interval, wilson


@dataclass(frozen=True)
class Effect:
    """Accuracies on the same images without and with the correction of the logits."""

    n: Positive
    accuracy_without: Share
    accuracy: Share
    balanced_accuracy_without: Share
    balanced_accuracy: Share


@dataclass(frozen=True)
class ClassBalance:
    """What a training did about uneven classes; ``metrics.json`` has it as ``balance``."""

    method: Literal["prior", "weights"]
    factors: tuple[float, ...]
    """(k,) what was added to the logit of each class (``prior``), or the factors of its losses (``weights``)."""
    strength: Share | None = None
    """Of ``prior``: the share of the logarithm of the class frequencies that was subtracted."""
    validation: Effect | None = None
    """Of ``prior``, on validation images; None if none were held out."""
    test: Effect | None = None
    """Of ``prior``, on the test images."""


def measure_class_balance(
    training: Training, evaluation: Evaluation, config: Mapping[str, Any], counts: Sequence[int]
) -> ClassBalance | None:
    """Return what the setting ``balance`` of ``config`` did; None if it did nothing.

    ``evaluation`` is that of the test split, ``counts`` (k,) the training images of each class.
    """
    if config["balance"] == "weights":
        return ClassBalance("weights", tuple(class_weights(np.array(counts)).tolist()))
    if training.correction is None:
        return None
    shifts, held_out, validation = training.correction.shifts, training.validation, None
    if config["validation"] == "held-out":
        validation = _effect(training.logits(held_out.images), held_out.labels, shifts)
    test = _effect(evaluation.logits, evaluation.labels, shifts)
    return ClassBalance("prior", tuple(shifts.tolist()), STRENGTH, validation, test)


def balanced_accuracy(confusion: Confusion) -> tuple[float, Interval]:
    """Return the mean recall of the classes that occur, and its 95% interval.

    Wilson's interval for as many images as would give a share the standard error that this mean has, as for
    :func:`.mean_interval`. The variance of each recall is that of Laplace's estimate, which is never 0. It covers too seldom where
    one to five images are all there is of a class that is much harder than the others.
    """
    support = confusion.counts.sum(axis=1)
    present = np.flatnonzero(support)
    hits, totals = np.diag(confusion.counts)[present], support[present]
    likely = (hits + 1) / (totals + 2)
    variance = float((likely * (1 - likely) / totals).sum()) / len(present) ** 2
    mean, value = float(likely.mean()), float((hits / totals).mean())
    effective = mean * (1 - mean) / variance
    return value, wilson(value * effective, effective)


def _effect(logits: Floats, labels: Labels, shifts: Floats) -> Effect:
    names = tuple(map(str, range(len(shifts))))
    accuracies = []
    for each in (logits - shifts, logits):
        found = confusion(labels, each.argmax(axis=1), names)
        accuracies.append((found.correct / found.total, balanced_accuracy(found)[0]))
    (accuracy_without, balanced_without), (accuracy, balanced) = accuracies
    return Effect(len(labels), accuracy_without, accuracy, balanced_without, balanced)
