"""The misclassified test images, each with its likely cause and the evidence."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from ...formatting import count_of, percent
from ...models.onnx_writer.writer import onnx_bytes
from ...models.predictor import Predictor
from ...system.table import Tabular
from ...types import Floats, Images, Labels
from ..evidence import Evidence, MeasuredRun
from ..label_audit.suspects import LabelAudit
from ..uncertainty.uncertainty import temperature_of
from .nearest_neighbours import NO_NEIGHBOUR
from .triage import KINDS, MistakeEvidence, Triage, triage

SHOWN = 112
"""Side of an image in a notebook, in pixels."""


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest training images of one class in feature space, nearest first."""

    indices: Labels
    """(m,) indices in the training split, which includes validation images; m ≤ 3."""
    distances: Floats
    """(m,) Euclidean distances between activations."""
    images: Images
    """(m, h, w, c) uint8."""


@dataclass(frozen=True, eq=False)
class Mistake:
    """One misclassified test image; ``None`` marks what was not asked for or is not available."""

    index: int
    """Index in the test split."""
    image: Images
    """(h, w, c) uint8."""
    true: str
    predicted: str
    labels: tuple[int, int]
    """Indices of the true and the predicted class."""
    probabilities: Floats
    """(k,) probabilities of all classes, calibrated if the run is."""
    nearest_true: Neighbours | None
    nearest_predicted: Neighbours | None
    epochs: Labels
    """(e,) epochs whose predictions are known, including the last one."""
    history: Labels
    """(e,) predicted class after each of these epochs."""
    votes: Labels
    """(k,) number of other networks that predict each class; all zero without other networks."""
    triage: Triage
    """Likely cause of the error, by heuristic."""
    file: str = ""
    """The file of the image, relative to the data, or its row; empty if unknown."""

    @property
    def true_probability(self) -> float:
        return float(self.probabilities[self.labels[0]])

    @property
    def predicted_probability(self) -> float:
        return float(self.probabilities[self.labels[1]])

    def _repr_html_(self) -> str:
        file = BytesIO()
        Image.fromarray(self.image.squeeze()).resize((SHOWN, SHOWN), Image.Resampling.NEAREST).save(file, "PNG")
        source = base64.b64encode(file.getvalue()).decode("ascii")
        shares = f"{percent(self.predicted_probability)}, {percent(self.true_probability)} for {self.true!r}"
        return f'<img src="data:image/png;base64,{source}" alt=""><p>{escape(f"{self!r}: {shares}")}</p>'

    def __repr__(self) -> str:
        return f"Mistake(test image {self.index}: {self.true!r} predicted as {self.predicted!r}, {self.triage.kind})"


class Mistakes(tuple[Mistake, ...], Tabular):
    """Misclassified test images, the most confident first."""

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one row per mistake."""
        return [{"index": each.index, "file": each.file, "true": each.true, "predicted": each.predicted,
                 "probability": each.predicted_probability, "kind": each.triage.kind} for each in self]  # fmt: skip

    def __repr__(self) -> str:
        return f"Mistakes({count_of(len(self), 'test image')})"


def explain_mistakes(
    record: MeasuredRun,
    predictor: Predictor,
    *,
    votes: Labels | None = None,
    voter_name: str = "other networks",
    audit: LabelAudit | None = None,
    most: int | None = None,
) -> Mistakes:
    """Return the errors whose images are in the evidence, by descending confidence; at most ``most``.

    ``votes`` (n, k) counts the other networks, called ``voter_name``, that predict each class for each test image.
    """
    evidence = record.evidence
    assert evidence is not None
    evaluation = record.evaluation.at_temperature(temperature_of(record.metrics))
    row_of = {index: row for row, index in enumerate(evidence.test_indices.tolist())}
    indices = [index for index in evaluation.mistakes.tolist() if index in row_of][:most]
    nearest = _Nearest(record, evidence, predictor)
    audit_scores = {} if audit is None else _audit_scores(audit)
    names, found = evaluation.class_names, []
    predicted_classes = set(evaluation.predictions.tolist())
    for index, probability in zip(indices, evaluation.probabilities[indices], strict=True):
        labels = int(evaluation.labels[index]), int(evaluation.predictions[index])
        image = evidence.test_images[row_of[index]]
        near_true, near_predicted = nearest.of(index)
        epochs, history = _history(evidence, index)
        own_votes = np.zeros(len(names), np.int64) if votes is None else votes[index].astype(np.int64)
        signs = replace(
            _signs(probability, labels, (near_true, near_predicted), history, own_votes),
            label_is_predicted=labels[0] in predicted_classes,
            audited=audit is not None,
            audit_score=audit_scores.get(index),
        )
        found.append(
            Mistake(
                index,
                image,
                names[labels[0]],
                names[labels[1]],
                labels,
                probability,
                near_true,
                near_predicted,
                epochs,
                history,
                own_votes,
                triage(signs, true=names[labels[0]], predicted=names[labels[1]], voter_name=voter_name),
                evaluation.names[index] if len(evaluation.names) else "",
            )
        )
    return Mistakes(found)


class _Nearest:
    """Distances to the nearest training images, recomputed from the images in the evidence."""

    def __init__(self, record: MeasuredRun, evidence: Evidence, predictor: Predictor) -> None:
        self._evidence, self._nearest = evidence, evidence.nearest_neighbours
        if evidence.nearest_neighbours is None:
            return
        extractor = predictor if predictor.has_features else Predictor(onnx_bytes(record.network))
        indices = evidence.nearest_neighbours.test_indices
        self._row_of = {index: row for row, index in enumerate(indices.tolist())}
        images = evidence.test_images[np.searchsorted(evidence.test_indices, indices)]
        self._misclassified = extractor.features_and_logits(images)[0].astype(np.float64)
        self._reference = extractor.features_and_logits(evidence.reference_images)[0].astype(np.float64)

    def of(self, index: int) -> tuple[Neighbours | None, Neighbours | None]:
        """Return the neighbours of a test image in the true and in the predicted class."""
        if self._nearest is None or index not in self._row_of:
            return None, None
        row = self._row_of[index]
        return self._neighbours(row, self._nearest.true[row]), self._neighbours(row, self._nearest.predicted[row])

    def _neighbours(self, row: int, found: Labels) -> Neighbours | None:
        found = found[found != NO_NEIGHBOUR]
        if not len(found):
            return None
        distances = np.linalg.norm(self._reference[found] - self._misclassified[row], axis=1)
        return Neighbours(self._evidence.reference_indices[found], distances, self._evidence.reference_images[found])


def _audit_scores(audit: LabelAudit) -> dict[int, float]:
    """Return the audit scores of test images by index, rounded as in the list of suspects."""
    return {index: round(score, 6) for split, index, _, _, score in audit.rows() if split == "test"}


def _history(evidence: Evidence, index: int) -> tuple[Labels, Labels]:
    """Return the epochs of the snapshots, and the class that each predicts for a test image."""
    snapshots = evidence.epoch_snapshots
    if snapshots is None or snapshots.predictions is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return snapshots.epochs, snapshots.predictions[:, index].astype(np.int64)


def _signs(
    probabilities: Floats, labels: tuple[int, int], nearest: tuple[Neighbours | None, ...], history: Labels, votes: Labels
) -> MistakeEvidence:
    true, predicted = labels
    of_true, of_predicted = nearest
    ratio = None
    if of_true is not None and of_predicted is not None and of_predicted.distances.mean() > 0:
        ratio = float(of_true.distances.mean() / of_predicted.distances.mean())
    before = history[:-1]
    return MistakeEvidence(
        float(probabilities[predicted]),
        float(probabilities[true]),
        ratio,
        int((before == true).sum()),
        len(before),
        int(votes[predicted]),
        int(votes[true]),
        int(votes.sum()),
    )


MAX_LISTED = 200
"""Mistakes that are listed one by one, the most confident first: more would make the page heavy."""


def mistakes_metrics(mistakes: Sequence[Mistake], errors: int, *, votes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the section ``mistakes`` of the metrics; classes are indices.

    ``errors`` counts all errors on the test split. ``indices`` holds the test indices of all mistakes of a kind, also of
    those beyond the end of ``list``.
    """
    return {
        "errors": errors,
        "explained": len(mistakes),
        "votes": None if votes is None else dict(votes),
        "audited": any(mistake.triage.signs.audited for mistake in mistakes),
        "triage": {kind: sum(mistake.triage.kind == kind for mistake in mistakes) for kind in KINDS},
        "indices": {kind: [mistake.index for mistake in mistakes if mistake.triage.kind == kind] for kind in KINDS},
        "list": [_entry(mistake) for mistake in mistakes[:MAX_LISTED]],
    }


def _entry(mistake: Mistake) -> dict[str, Any]:
    signs = mistake.triage.signs
    return {
        "index": mistake.index,
        "true": mistake.labels[0],
        "predicted": mistake.labels[1],
        "true_probability": mistake.true_probability,
        "predicted_probability": mistake.predicted_probability,
        "distance_ratio": signs.distance_ratio,
        "epochs_correct": signs.epochs_correct,
        "earlier_epochs": signs.earlier_epochs,
        "votes": [[label, int(mistake.votes[label])] for label in np.flatnonzero(mistake.votes).tolist()],
        "audit_score": signs.audit_score,
        "triage": mistake.triage.kind,
        "evidence": list(mistake.triage.evidence),
        "reason": mistake.triage.reason,
    }
