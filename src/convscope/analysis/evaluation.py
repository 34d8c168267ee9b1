"""The logits of one split and the metrics derived from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ..data.dataset import Names, Split
from ..data.preprocessing import to_inputs
from ..errors import ConfigError
from ..formatting import count_of, percent, percent_range
from ..models.predictor import Predictor
from ..models.saving import with_logits
from ..system.arguments import checked
from ..system.table import Tabular
from ..types import Floats, Labels
from .classification import ClassScore, Confusion, class_scores, confusion
from .statistics.proportions import Interval, wilson
from .uncertainty.selective_prediction import Threshold
from .uncertainty.temperature import log_softmax, negative_log_likelihood

if TYPE_CHECKING:
    import keras

    from .measured_data import MeasuredData

BATCH_SIZE = 1000


@dataclass(frozen=True, eq=False)
class Evaluation(Tabular):
    """Labels and logits of one split. Derived values are computed on first use."""

    labels: Labels
    """(n,) int64."""
    logits: Floats
    """(n, k) float32."""
    class_names: tuple[str, ...]
    threshold: Threshold | None = None
    """The confidence threshold for the target accuracy, if one was asked for."""
    names: Names = ()
    """(n,) the file or row of each image; empty if unknown."""
    data: MeasuredData | None = None
    """What was measured, if these are other data than the run's record holds."""

    def __len__(self) -> int:
        return len(self.labels)

    @checked
    def at_temperature(self, temperature: float) -> Evaluation:
        """Return the evaluation with the logits divided by ``temperature``: other probabilities, the same predictions.

        ConfigError unless ``temperature`` is a positive number.
        """
        if not 0 < temperature < np.inf:
            raise ConfigError(f"temperature must be a positive number; got {temperature!r}.")
        return replace(self, logits=self.logits.astype(np.float64) / temperature)

    @cached_property
    def log_probabilities(self) -> Floats:
        """(n, k) float64."""
        return log_softmax(self.logits.astype(np.float64))

    @cached_property
    def probabilities(self) -> Floats:
        """(n, k) float64, rows sum to 1."""
        return np.exp(self.log_probabilities)

    @cached_property
    def predictions(self) -> Labels:
        """(n,) int64, the most probable class."""
        return np.asarray(self.logits.argmax(axis=1), np.int64)

    @cached_property
    def confidence(self) -> Floats:
        """(n,) probability of the predicted class."""
        return np.asarray(self.probabilities.max(axis=1))

    @property
    def loss(self) -> float:
        """Mean negative log-likelihood of the true class, in nats."""
        return negative_log_likelihood(self.log_probabilities, self.labels)

    @property
    def errors(self) -> int:
        return int((self.predictions != self.labels).sum())

    @property
    def accuracy(self) -> float:
        """Share of correct predictions, 0..1."""
        return 1 - self.errors / len(self)

    @property
    def interval(self) -> Interval:
        """95% Wilson interval of the accuracy."""
        return wilson(len(self) - self.errors, len(self))

    @cached_property
    def confusion(self) -> Confusion:
        return confusion(self.labels, self.predictions, self.class_names)

    @cached_property
    def class_scores(self) -> tuple[ClassScore, ...]:
        return class_scores(self.confusion)

    @cached_property
    def mistakes(self) -> Labels:
        """(errors,) indices of the misclassified images, in descending order of confidence."""
        errors = np.flatnonzero(self.predictions != self.labels)
        return errors[np.argsort(-self.confidence[errors], kind="stable")]

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the scores of each class."""
        names = ("class_name", "precision", "recall", "f1", "support")
        return [{name: getattr(score, name) for name in names} for score in self.class_scores]

    def __repr__(self) -> str:
        interval = self.interval
        return (
            f"Evaluation(accuracy {percent(self.accuracy)} (95% CI {percent_range(interval)}), "
            f"loss {self.loss:.4f}, {count_of(self.errors, 'error')}, n={len(self):,})"
        )


def evaluate(model: keras.Model | Predictor, split: Split, class_names: tuple[str, ...]) -> Evaluation:
    """Return the evaluation of ``model`` on ``split``; a Predictor needs no TensorFlow."""
    if isinstance(model, Predictor):
        logits = model.logits(split.images)
    else:
        outputs = with_logits(model).predict(to_inputs(split.images), batch_size=BATCH_SIZE, verbose=0)
        logits = outputs["logits"]
    return Evaluation(split.labels, np.asarray(logits, np.float32), class_names, names=split.names)
