"""What a network answers to pictures, and how far to believe it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ..analysis.calibration import log_softmax
from ..analysis.novelty import FeatureDistances, mean_knn_distance
from ..data.pictures import BadPicture
from ..formatting import percent
from ..types import Floats, Images, Labels


@dataclass(frozen=True)
class Answer:
    """One class and how probable it is, 0..1."""

    class_name: str
    index: int
    probability: float


@dataclass(frozen=True)
class Place:
    """Where on its picture a digit was found: the box of its ink in the picture's pixels, from the left and from the top; and
    that it is digit ``number`` ``of`` so many there, in reading order from 1."""

    x: int
    y: int
    width: int
    height: int
    number: int
    of: int


@dataclass(frozen=True)
class Prediction:
    """The answers for one picture, the most probable first; where several digits were found in it, for one of them."""

    name: str
    answers: tuple[Answer, ...]
    done: tuple[str, ...]
    """What was done to the picture before the network saw it, in words, in order."""
    distance: float | None
    """How far it lies from training images, in what the last hidden layer makes of them; None where that was not measured."""
    threshold: float | None
    """The distance within which 99 in 100 images of known kinds lie."""
    place: Place | None = None
    """Where it is on its picture, if it is a digit that was looked for there."""
    at_least: float = 0.0
    """The probability that was asked for."""

    @property
    def class_name(self) -> str:
        return self.answers[0].class_name

    @property
    def probability(self) -> float:
        return self.answers[0].probability

    @property
    def is_sure_enough(self) -> bool:
        """Whether it is as probable as was asked for; every answer is where nothing was."""
        return self.probability >= self.at_least

    @property
    def unfamiliar(self) -> bool | None:
        """Whether it looks like nothing that the network was trained on; None where that was not measured."""
        return None if self.distance is None or self.threshold is None else self.distance > self.threshold

    def __repr__(self) -> str:
        sure = f"{percent(self.probability)}{', looks like nothing it was trained on' if self.unfamiliar else ''}"
        return f"Prediction({self.name!r}: {self.class_name!r}, {sure})"


@dataclass(frozen=True, eq=False)
class Predictions:
    """The answers for n pictures, as arrays; going through them gives a :class:`Prediction` each. Of a picture with several
    digits there is one for each of these, in reading order, all under its name."""

    names: tuple[str, ...]
    class_names: tuple[str, ...]
    prepared: Images
    """(n, h, w, c) uint8: what the network was given."""
    done: tuple[tuple[str, ...], ...]
    logits: Floats
    """(n, k) float32."""
    temperature: float
    """Logits are divided by it, so that confidence is what it says; 1 where the run was not calibrated."""
    top: int
    """Classes per picture, 1..k."""
    features: Floats | None = field(default=None, repr=False)
    """(n, d): the activations of the last hidden layer, where distances can be measured."""
    reference: Floats | None = field(default=None, repr=False)
    """(m, d): the same of training images."""
    feature_distances: FeatureDistances | None = None
    bad: tuple[BadPicture, ...] = ()
    """The pictures that could not be read, and why; none of them is among the n."""
    places: tuple[Place | None, ...] = ()
    """Where on their pictures the n are; None where nothing was looked for."""
    is_calibrated: bool = False
    """Whether the temperature was measured; without that it is 1, and probabilities are as the softmax has them."""
    unmeasured: str | None = None
    """Why there are no distances, in words, where there are none."""
    at_least: float = 0.0
    """The probability that an answer needs to be sure enough; 0 where none was asked for."""

    @property
    def is_sure_enough(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """(n,) which answers are as probable as was asked for."""
        return np.asarray(self.probabilities.max(axis=1) >= self.at_least)

    @cached_property
    def probabilities(self) -> Floats:
        """(n, k) float64, rows sum to 1."""
        return np.asarray(np.exp(log_softmax(self.logits.astype(np.float64) / self.temperature)))

    @cached_property
    def labels(self) -> Labels:
        """(n, top) indices of the most probable classes, the first first; of equal ones, the one with the lower index."""
        if self.top == 1:
            return np.asarray(self.logits.argmax(axis=1)[:, None], np.int64)
        return np.argsort(-self.logits, axis=1, kind="stable")[:, : self.top].astype(np.int64)

    @cached_property
    def distances(self) -> Floats | None:
        """(n,) mean distance to the nearest training images; measured when first asked for, which takes as long as the
        answers."""
        if self.features is None or self.reference is None or self.feature_distances is None:
            return None
        if not len(self):
            return np.empty(0)
        return mean_knn_distance(self.features, self.reference, self.feature_distances.neighbours)

    @property
    def unfamiliar(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
        """(n,) which pictures look like nothing that the network was trained on; one in a hundred of the known kinds does."""
        return (
            None
            if self.distances is None or self.feature_distances is None
            else np.asarray(self.distances > self.feature_distances.threshold)
        )

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Prediction:
        labels, probabilities = self.labels[index], self.probabilities[index]
        answers = (Answer(self.class_names[label], int(label), float(probabilities[label])) for label in labels)
        distance = None if self.distances is None else float(self.distances[index])
        threshold = self.feature_distances.threshold if self.feature_distances else None
        place = self.places[index] if self.places else None
        return Prediction(self.names[index], tuple(answers), self.done[index], distance, threshold, place, self.at_least)

    def __iter__(self) -> Iterator[Prediction]:
        return (self[index] for index in range(len(self)))

    def __repr__(self) -> str:
        if len(self) == 1:
            return f"Predictions([{self[0]!r}])"
        return f"Predictions({len(self):,} pictures, {len(self.class_names)} classes)"
