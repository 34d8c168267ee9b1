"""Likely cause of an error: the label, an ambiguous image, or the model.

Three rules, applied in this order, where a label audit or at least ``MIN_VOTES`` other networks are witnesses. Without them, what
this network says of similarity and confidence is no evidence for or against the label, and the cause of an image that is not
ambiguous stays open (``"unjudged"``). Other evidence that is missing counts neither for nor against.

1. *Possible label error* (``"label suspect"``) if all evidence is against the label: the network is confident
   (``MIN_CONFIDENT``) and gives the label little probability (``MAX_LABEL_PROBABILITY``); the nearest training images with the
   label are farther away than those of the predicted class (``DISTANCE_RATIO``); the network predicted the label after no
   earlier epoch; and most other networks, if any, make the same prediction. With a label audit, its score decides in place of
   confidence, distances and history: it must be at least ``MIN_AUDIT_SCORE``.
2. *Ambiguous image* (``"ambiguous"``) if the two classes are close: the label has a probability of at least
   ``AMBIGUOUS_PROBABILITY``; or the nearest training images of both classes are about equally far (``SIMILAR_DISTANCE``) and the
   prediction varies over epochs or between networks.
3. *Probably a model error* (``"model error"``) otherwise.

This is a heuristic. The distances are measured in the features of the network under test and share its errors, so look at the
image before you change its label. ``test_triage_of_flipped_labels.py`` measures how many flipped labels it finds.
"""

from dataclasses import dataclass
from typing import Literal

from ...formatting import format_probability

MIN_CONFIDENT = 0.9
MAX_LABEL_PROBABILITY = 0.05
AMBIGUOUS_PROBABILITY = 0.2
DISTANCE_RATIO = 1.25
SIMILAR_DISTANCE = 1.15
MIN_AUDIT_SCORE = 0.8
"""Audit score from which a label is suspect: another class is then more probable by 0.6."""
FARTHEST = 100.0
"""Largest ratio of distances that is named; beyond it one of them is nearly 0, as those of copies are."""
MIN_EPOCHS = 2
"""Smallest number of earlier epochs for which never predicting the label is mentioned."""
MIN_VOTES = 2
"""Smallest number of other networks that are witnesses."""
Kind = Literal["label suspect", "ambiguous", "model error", "unjudged"]
KINDS: tuple[Kind, ...] = ("label suspect", "ambiguous", "model error", "unjudged")
EXPLANATIONS: dict[Kind, str] = {
    "label suspect": "Possible label error",
    "ambiguous": "Ambiguous image",
    "model error": "Probably a model error",
    "unjudged": "Cause not judged",
}


@dataclass(frozen=True)
class MistakeEvidence:
    """The evidence on one error; ``None`` marks what is not available."""

    predicted_probability: float
    """Calibrated, as is that of the label."""
    true_probability: float
    distance_ratio: float | None = None
    """Mean distance to the nearest training images with the label, divided by that to those of the predicted class."""
    epochs_correct: int = 0
    """Number of the ``earlier_epochs`` after which the network predicted the label."""
    earlier_epochs: int = 0
    """Number of epochs before the last whose predictions are known."""
    votes_for_prediction: int = 0
    """Number of ``votes`` for the predicted class."""
    votes_right: int = 0
    """Number of ``votes`` for the label."""
    votes: int = 0
    """Number of other networks that classified the image."""
    label_is_predicted: bool = True
    """Whether the network predicts the label for any test image; otherwise an error says nothing about the label."""
    audited: bool = False
    """Whether a label audit scored the image."""
    audit_score: float | None = None
    """Score of the label audit, from 0.5 to 1, or None if the audit does not flag the label."""


@dataclass(frozen=True)
class Triage:
    """The likely cause of an error, by heuristic, with its evidence."""

    kind: Kind
    evidence: tuple[str, ...]
    """Phrases with all the evidence and its numbers, for and against."""
    signs: MistakeEvidence

    @property
    def reason(self) -> str:
        """The cause, if it is judged, and its evidence in one sentence."""
        if self.kind == "unjudged":
            first, *rest = self.evidence
            return f"{'; '.join([first[:1].upper() + first[1:], *rest])}."
        return f"{EXPLANATIONS[self.kind]}: {'; '.join(self.evidence)}."


def triage(signs: MistakeEvidence, *, true: str, predicted: str, voter_name: str = "other networks") -> Triage:
    """Return the likely cause of an error."""
    has_witness = signs.audited or signs.votes >= MIN_VOTES
    kind: Kind = "model error" if has_witness else "unjudged"
    if has_witness and _is_label_suspect(signs):
        kind = "label suspect"
    elif _is_ambiguous(signs):
        kind = "ambiguous"
    parts = (
        _probabilities(signs, true, predicted),
        _distances(signs, true, predicted),
        _history(signs, true),
        _votes(signs, true, predicted, voter_name),
        _audit(signs, true),
    )
    return Triage(kind, tuple(part for part in parts if part), signs)


def _is_label_suspect(signs: MistakeEvidence) -> bool:
    if not signs.label_is_predicted:
        return False
    if signs.true_probability > MAX_LABEL_PROBABILITY or (signs.votes and 2 * signs.votes_for_prediction <= signs.votes):
        return False
    if signs.audited:
        # The audit's networks were not trained on the image, so their score outweighs all evidence from this network.
        return signs.audit_score is not None and signs.audit_score >= MIN_AUDIT_SCORE
    return (
        signs.predicted_probability >= MIN_CONFIDENT
        and signs.distance_ratio is not None
        and signs.distance_ratio >= DISTANCE_RATIO
        and signs.epochs_correct == 0
    )


def _is_ambiguous(signs: MistakeEvidence) -> bool:
    if signs.true_probability >= AMBIGUOUS_PROBABILITY:
        return True
    changed = 0 < signs.epochs_correct < signs.earlier_epochs or 0 < signs.votes_right < signs.votes
    return changed and _is_similar(signs.distance_ratio)


def _is_similar(distance_ratio: float | None) -> bool:
    return distance_ratio is not None and 1 / SIMILAR_DISTANCE <= distance_ratio <= SIMILAR_DISTANCE


def _probabilities(signs: MistakeEvidence, true: str, predicted: str) -> str:
    of_predicted, of_true = (format_probability(each, 1) for each in (signs.predicted_probability, signs.true_probability))
    return f"probability {of_predicted} for {predicted} and {of_true} for {true}"


def _distances(signs: MistakeEvidence, true: str, predicted: str) -> str:
    if signs.distance_ratio is None:
        return ""
    if _is_similar(signs.distance_ratio):
        return f"nearest training images of {true} and of {predicted} are about equally far"
    near, far = (true, predicted) if signs.distance_ratio < 1 else (predicted, true)
    ratio = max(signs.distance_ratio, 1 / max(signs.distance_ratio, 1 / FARTHEST))
    times = f"{ratio:.1f}" if ratio < FARTHEST else f"more than {FARTHEST:g}"
    return f"nearest training images of {far} are {times} times as far as those of {near}"


def _history(signs: MistakeEvidence, true: str) -> str:
    if not signs.epochs_correct and signs.earlier_epochs < MIN_EPOCHS:
        return ""
    of_all = f"{signs.epochs_correct or 'none'} of {signs.earlier_epochs} earlier epochs"
    # A large network's page holds few epochs: "1 of 1" would read as if there had been no others.
    return f"predicted as {true} after {of_all if signs.earlier_epochs > 1 else 'an earlier epoch'}"


def _votes(signs: MistakeEvidence, true: str, predicted: str, voter_name: str) -> str:
    if not signs.votes:
        return ""
    same = (
        f"{signs.votes_for_prediction} of {signs.votes} {voter_name} also {_predict(signs.votes_for_prediction)} {predicted}"
        if signs.votes_for_prediction
        else f"none of {signs.votes} {voter_name} predicts {predicted}"
    )
    return f"{same}, {signs.votes_right} {_predict(signs.votes_right)} {true}" if signs.votes_right else same


def _predict(number: int) -> str:
    return "predicts" if number == 1 else "predict"


def _audit(signs: MistakeEvidence, true: str) -> str:
    if not signs.audited:
        return ""
    if signs.audit_score is None:
        return f"the label audit does not flag {true}"
    return f"the label audit flags {true} with a score of {signs.audit_score:.2f}"
