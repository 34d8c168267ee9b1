"""Every test image that went wrong, with what there is to say about why."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..models.onnx_layers import onnx_bytes
from ..models.predictor import Predictor
from ..types import Floats, Images, Labels
from .calibration import log_softmax
from .evidence import Evidence
from .label_audit import LabelAudit
from .neighbours import NOBODY
from .occlusion import Occlusion, occlude
from .record import RunRecord
from .saliency import LogitGradient, Saliency, measure_saliency
from .triage import Signs, Triage, triage


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest training images of one class, the nearest first, as the last hidden layer sees them."""

    indices: Labels
    """(m,) places in the training split, validation images included; at most three."""
    distances: Floats
    """(m,) Euclidean, between activations."""
    images: Images
    """(m, h, w, c) uint8."""


@dataclass(frozen=True, eq=False)
class Mistake:
    """One test image that was classified wrongly. ``None`` stands for what was not asked for or cannot be known."""

    index: int
    """Place in the test split."""
    image: Images
    """(h, w, c) uint8."""
    true: str
    """Name of the class that the image has."""
    predicted: str
    """Name of the class that it was taken for."""
    labels: tuple[int, int]
    """The indices of both."""
    probabilities: Floats
    """(k,) of all classes, calibrated where the run is."""
    nearest_true: Neighbours | None
    """Nearest training images of the true class."""
    nearest_predicted: Neighbours | None
    """Nearest training images of the class that it was taken for."""
    epochs: Labels
    """(e,) the epochs of which it is known what the image was taken for then, the last one included."""
    history: Labels
    """(e,) what it was taken for after each of them."""
    votes: Labels
    """(k,) how many of the other networks that were asked take it for each class; all zero where none was."""
    triage: Triage
    """Whose fault it looks like: a hint."""
    occlusion: Occlusion | None
    """What the true class (first) and the predicted one (second) lose where a patch is covered."""
    saliency: Saliency | None
    """What every pixel contributes to the logits of both, the true class first."""

    @property
    def true_probability(self) -> float:
        return float(self.probabilities[self.labels[0]])

    @property
    def predicted_probability(self) -> float:
        return float(self.probabilities[self.labels[1]])

    def __repr__(self) -> str:
        return f"Mistake(test image {self.index}: {self.true!r} taken for {self.predicted!r}, {self.triage.kind})"


def explain_mistakes(
    record: RunRecord,
    predictor: Predictor,
    *,
    votes: Labels | None = None,
    voters: str = "other networks",
    audit: LabelAudit | None = None,
    gradient: LogitGradient | None = None,
    most: int | None = None,
) -> tuple[Mistake, ...]:
    """The mistakes of ``record``, the most confident first, as far as their images are among its evidence, which must be there.

    ``votes``: how many other networks, which are called ``voters``, give each class to the same test images, (n, k). ``audit``: of
    the same labels. ``gradient``: of the network, to measure the occlusion and the saliency of every image; both are ``None``
    without it. ``most``: how many mistakes at most.
    """
    evidence = record.evidence
    assert evidence is not None
    evaluation = record.evaluation
    row_of = {place: row for row, place in enumerate(evidence.test_indices.tolist())}
    places = [place for place in evaluation.mistakes.tolist() if place in row_of][:most]
    probabilities = np.exp(log_softmax(evaluation.logits[places].astype(np.float64) / temperature_of(record)))
    nearest = _Nearest(record, evidence, predictor)
    doubted = None if audit is None else _doubted(audit)
    names, found = evaluation.class_names, []
    for place, shares in zip(places, probabilities, strict=True):
        labels = int(evaluation.labels[place]), int(evaluation.predictions[place])
        image = evidence.test_images[row_of[place]]
        near_true, near_predicted = nearest.of(place)
        epochs, history = _history(evidence, place)
        answers = np.zeros(len(names), np.int64) if votes is None else votes[place].astype(np.int64)
        signs = _signs(shares, labels, (near_true, near_predicted), history, answers)
        if doubted is not None:
            signs = replace(signs, audited=True, audit_score=doubted.get(place))
        found.append(
            Mistake(
                place,
                image,
                names[labels[0]],
                names[labels[1]],
                labels,
                shares,
                near_true,
                near_predicted,
                epochs,
                history,
                answers,
                triage(signs, true=names[labels[0]], predicted=names[labels[1]], voters=voters),
                None if gradient is None else occlude(predictor, image, labels),
                None if gradient is None else measure_saliency(gradient, image, labels),
            )
        )
    return tuple(found)


def temperature_of(record: RunRecord) -> float:
    """What the run's logits are divided by: as its metrics have it, in older runs as their evidence has; else 1."""
    doubt = record.metrics.get("doubt") or {}
    if doubt.get("temperature"):
        return float(doubt["temperature"])
    calibration = record.evidence.calibration if record.evidence else None
    return calibration.temperature if calibration else 1.0


class _Nearest:
    """Distances to the nearest training images, measured again from the images that the evidence keeps."""

    def __init__(self, record: RunRecord, evidence: Evidence, predictor: Predictor) -> None:
        self._evidence, self._nearest = evidence, evidence.nearest
        if evidence.nearest is None:
            return
        looker = predictor if predictor.has_features else Predictor(onnx_bytes(record.network))
        self._rows = {place: row for row, place in enumerate(evidence.nearest.test_indices.tolist())}
        places = np.searchsorted(evidence.test_indices, evidence.nearest.test_indices)
        self._wrong = looker.features_and_logits(evidence.test_images[places])[0].astype(np.float64)
        self._reference = looker.features_and_logits(evidence.reference_images)[0].astype(np.float64)

    def of(self, place: int) -> tuple[Neighbours | None, Neighbours | None]:
        """For the test image at ``place``: of the true class, and of the predicted one."""
        if self._nearest is None or place not in self._rows:
            return None, None
        row = self._rows[place]
        return self._neighbours(row, self._nearest.true[row]), self._neighbours(row, self._nearest.predicted[row])

    def _neighbours(self, row: int, found: Labels) -> Neighbours | None:
        found = found[found != NOBODY]
        if not len(found):
            return None
        distances = np.linalg.norm(self._reference[found] - self._wrong[row], axis=1)
        return Neighbours(self._evidence.reference_indices[found], distances, self._evidence.reference_images[found])


def _doubted(audit: LabelAudit) -> dict[int, float]:
    """By place in the test split, the scores of the suspects, as precise as their list has them."""
    return {index: round(score, 6) for split, index, _, _, score in audit.rows() if split == "test"}


def _history(evidence: Evidence, place: int) -> tuple[Labels, Labels]:
    film = evidence.film
    if film is None or film.predictions is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return film.epochs, film.predictions[:, place].astype(np.int64)


def _signs(
    shares: Floats,
    labels: tuple[int, int],
    nearest: tuple[Neighbours | None, Neighbours | None],
    history: Labels,
    votes: Labels,
) -> Signs:
    true, predicted = labels
    of_true, of_predicted = nearest
    ratio = None
    if of_true is not None and of_predicted is not None and of_predicted.distances.mean() > 0:
        ratio = float(of_true.distances.mean() / of_predicted.distances.mean())
    before = history[:-1]
    return Signs(
        float(shares[predicted]),
        float(shares[true]),
        ratio,
        int((before == true).sum()),
        len(before),
        int(votes[predicted]),
        int(votes[true]),
        int(votes.sum()),
    )
