"""Predicted classes with probabilities and out-of-distribution distances."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.ood.mahalanobis import MahalanobisDistance
from ..analysis.uncertainty.prediction_sets import PredictionSets, in_set
from ..analysis.uncertainty.temperature import log_softmax
from ..data.images.inputs import BadPicture
from ..formatting import count_of, format_probability
from ..system.table import Tabular
from ..types import Floats, Images, Labels


@dataclass(frozen=True)
class Answer:
    """One class and its probability, 0..1."""

    class_name: str
    index: int
    probability: float


@dataclass(frozen=True)
class Place:
    """Position of a digit in its image file: the bounding box of its ink, in pixels.

    It is digit ``number`` ``of`` all digits in the file, in reading order from 1.
    """

    x: int
    y: int
    width: int
    height: int
    number: int
    of: int


@dataclass(frozen=True)
class Prediction:
    """The classes for one image file, or for one digit in it, the most probable first."""

    name: str
    answers: tuple[Answer, ...]
    preprocessing_steps: tuple[str, ...]
    """Phrases for the steps, in order."""
    distance: float | None
    """Mahalanobis distance to the nearest class in the features of the last hidden layer, if measured."""
    threshold: float | None
    """Distance that 99% of in-distribution images stay within."""
    place: Place | None = None
    """Position in the image file, if digits were detected there."""
    at_least: float = 0.0
    """The probability threshold."""
    prediction_sets: Mapping[float, tuple[str, ...]] = field(default_factory=dict)
    """Classes, one of which is the true one with this probability, for images like those of the training; by probability,
    without those that the validation images are too few for, whose sets hold every class."""

    @property
    def class_name(self) -> str | None:
        """The most probable class; None if the image is empty."""
        return self.answers[0].class_name if self.answers else None

    @property
    def probability(self) -> float | None:
        """Its probability; None if the image is empty."""
        return self.answers[0].probability if self.answers else None

    @property
    def is_above_threshold(self) -> bool:
        """Whether the probability reaches the threshold; True without one."""
        return self.probability is not None and self.probability >= self.at_least

    @property
    def is_out_of_distribution(self) -> bool | None:
        """Whether the image is out of distribution; None if that was not measured."""
        return None if self.distance is None or self.threshold is None else self.distance > self.threshold

    def __repr__(self) -> str:
        if self.probability is None:
            return f"Prediction({self.name!r}: nothing found)"
        warning = ", out of distribution" if self.is_out_of_distribution else ""
        return f"Prediction({self.name!r}: {self.class_name!r}, {format_probability(self.probability)}{warning})"


@dataclass(frozen=True, eq=False)
class Predictions(Tabular):
    """The predictions for n images, as arrays; iterate for one :class:`Prediction` each.

    An image file with several digits has one prediction per digit, in reading order, all with its name.
    """

    names: tuple[str, ...]
    class_names: tuple[str, ...]
    prepared: Images
    """(n, h, w, c) uint8, the network's inputs."""
    preprocessing_steps: tuple[tuple[str, ...], ...]
    logits: Floats
    """(n, k) float32."""
    temperature: float
    """Divisor of the logits that calibrates the confidence; 1 without calibration."""
    top: int
    """Classes per image, 1..k."""
    features: Floats | None = field(default=None, repr=False)
    """(n, d) activations of the last hidden layer, if distances can be measured."""
    mahalanobis: MahalanobisDistance | None = field(default=None, repr=False)
    bad: tuple[BadPicture, ...] = ()
    """Image files that could not be read, with reasons; they are not among the n."""
    places: tuple[Place | None, ...] = ()
    """(n,) positions in the image files; None where no digits were detected."""
    is_calibrated: bool = False
    """Whether the temperature was measured; it is 1 otherwise."""
    ood_unavailable_reason: str | None = None
    """Reason for missing distances, as a clause; None if they can be measured."""
    at_least: float = 0.0
    """The probability threshold; 0 without one."""

    empty: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_), repr=False)
    """(n,) whether no digit was found: probabilities and distances are then NaN, and labels -1. Of no entries if none is."""
    set_rules: tuple[PredictionSets, ...] = field(default=(), repr=False)
    """The rules of the prediction sets."""
    uncalibrated_reason: str | None = None
    """Reason for the missing temperature, as a clause; None if there is one."""
    warnings: tuple[str, ...] = ()
    """Sentences about image files, such as a sheet that lies on its side."""

    @property
    def is_above_threshold(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """(n,) whether each probability reaches the threshold."""
        return np.asarray(self.probabilities.max(axis=1) >= self.at_least)

    @cached_property
    def probabilities(self) -> Floats:
        """(n, k) float64; rows sum to 1."""
        shares = np.asarray(np.exp(log_softmax(self.logits.astype(np.float64) / self.temperature)))
        return np.where(self.empty[:, None], np.nan, shares) if self.empty.any() else shares

    @cached_property
    def labels(self) -> Labels:
        """(n, top) indices of the most probable classes; ties go to the lower index."""
        if self.top == 1:
            labels = np.asarray(self.logits.argmax(axis=1)[:, None], np.int64)
        else:
            labels = np.argsort(-self.logits, axis=1, kind="stable")[:, : self.top].astype(np.int64)
        return np.where(self.empty[:, None], -1, labels) if self.empty.any() else labels

    @cached_property
    def distances(self) -> Floats | None:
        """(n,) Mahalanobis distances to the nearest class."""
        # Computed on first use, since it takes as long as the predictions.
        if self.features is None or self.mahalanobis is None:
            return None
        distances = self.mahalanobis.of(self.features)
        return np.where(self.empty, np.nan, distances) if self.empty.any() else distances

    @property
    def is_out_of_distribution(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
        """(n,) which images are out of distribution, as 1% of in-distribution images are."""
        if self.distances is None or self.mahalanobis is None:
            return None
        return np.asarray(self.distances > self.mahalanobis.threshold)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Prediction:
        labels, probabilities = self.labels[index], self.probabilities[index]
        is_empty = bool(labels[0] < 0)
        answers = (
            Answer(self.class_names[label], int(label), float(probabilities[label])) for label in labels if label >= 0
        )
        distance = None if self.distances is None or is_empty else float(self.distances[index])
        threshold = self.mahalanobis.threshold if self.mahalanobis else None
        place = self.places[index] if self.places else None
        steps = self.preprocessing_steps[index]
        sets = (
            {}
            if is_empty
            else {rule.level: self._set(probabilities, rule) for rule in self.set_rules if rule.probability > 0}
        )
        return Prediction(self.names[index], tuple(answers), steps, distance, threshold, place, self.at_least, sets)

    def _set(self, probabilities: Floats, rule: PredictionSets) -> tuple[str, ...]:
        """Return the classes of a set, the most probable first."""
        inside = in_set(probabilities[None], rule.probability)[0]
        order = np.argsort(-probabilities, kind="stable")
        return tuple(self.class_names[label] for label in order if inside[label])

    def __iter__(self) -> Iterator[Prediction]:
        return (self[index] for index in range(len(self)))

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one row per prediction."""
        names = ("name", "class_name", "probability", "is_out_of_distribution")
        return [{name: getattr(each, name) for name in names} for each in self]

    def __repr__(self) -> str:
        if len(self) == 1:
            return f"Predictions([{self[0]!r}])"
        return f"Predictions({count_of(len(self), 'image')}, {len(self.class_names)} classes)"


def as_json(found: Predictions) -> dict[str, Any]:
    """Return the predictions and the unreadable image files, JSON-ready."""
    return {
        **({"at_least": found.at_least} if found.at_least else {}),
        "temperature": found.temperature,
        "calibrated": found.is_calibrated,
        "ood_unavailable_reason": found.ood_unavailable_reason,
        "predictions": [_prediction(each) for each in found],
        "warnings": list(found.warnings),
        "bad": [{"name": each.name, "reason": each.reason} for each in found.bad],
    }


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "name": prediction.name,
        "class_name": prediction.class_name,
        "probability": prediction.probability,
        "top": [asdict(answer) for answer in prediction.answers],
        "preprocessing_steps": list(prediction.preprocessing_steps),
        "distance": prediction.distance,
        "threshold": prediction.threshold,
        "out_of_distribution": prediction.is_out_of_distribution,
        "place": None if prediction.place is None else asdict(prediction.place),
        "prediction_sets": {f"{level:g}": list(classes) for level, classes in prediction.prediction_sets.items()},
        **({"above_threshold": prediction.is_above_threshold} if prediction.at_least else {}),
    }
