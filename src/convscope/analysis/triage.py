"""A hint for every mistake: is the label suspect, is the image between two classes, or is it the network's own fault?

Three rules, applied in this order, to what is known of a mistake; what is not known neither speaks for nor against.

1. *Label suspect*, where everything speaks against the label: the network is sure of its answer (``SURE``) and gives the
   label next to nothing (``HARDLY``); the nearest training images with the label are farther away than those of the class it
   answers, by ``FARTHER``; after no earlier epoch did it agree with the label; and of other networks, where there are any,
   most give the same answer. Where the labels were audited, it is the audit that decides, in place of certainty, distances and
   history: its networks, which never saw the image, must doubt the label (``DOUBTED``).
2. *Ambiguous*, where it is nearly a tie: the label gets a fair share of the probability (``FAIR``); or the nearest training
   images of both classes are about equally far (``ALIKE``) and the answer has changed over the epochs or between networks.
3. *The model error* otherwise: nothing of that speaks for the answer.

The distances are between what the last hidden layer makes of the images, and so they share the errors of the network that they
are to judge: a label suspect is a reason to look at the image, and never a verdict on it. How many of the labels that a test
flips come out as suspect, ``tests/analysis/test_triage_of_flips.py`` holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..formatting import percent

SURE, HARDLY = 0.9, 0.05
FAIR = 0.2
FARTHER = 1.25
ALIKE = 1.15
DOUBTED = 0.8
"""The audit's score: 0.8 where its networks find another class more probable than the label by 0.6."""
FEWEST_EPOCHS = 2
"""Earlier epochs from which on it means something that the network never agreed with the label."""

Kind = Literal["label suspect", "ambiguous", "model error"]
KINDS: tuple[Kind, ...] = ("label suspect", "ambiguous", "model error")
OPENINGS: dict[Kind, str] = {
    "label suspect": "The label may be wrong",
    "ambiguous": "It may be either",
    "model error": "The label stands, as far as can be seen",
}


@dataclass(frozen=True)
class Signs:
    """What is known of a mistake. ``None`` stands for what is not."""

    predicted_probability: float
    """Calibrated, of the class that it answers."""
    true_probability: float
    """Of the label."""
    distance_ratio: float | None = None
    """Mean distance to the nearest training images with the label, over that to those of the class it answers: above 1 it
    looks more like the latter."""
    epochs_correct: int = 0
    """After how many of the ``earlier_epochs`` the network agreed with the label."""
    earlier_epochs: int = 0
    """Epochs before the last, of which the answer is known."""
    votes_for_prediction: int = 0
    """How many of the ``votes`` are the same wrong answer."""
    votes_right: int = 0
    """How many are the label."""
    votes: int = 0
    """Other networks that were asked."""
    audited: bool = False
    """Whether a label audit has judged the image."""
    audit_score: float | None = None
    """What it found: above 0.5, up to 1, how much its networks doubt the label; ``None`` where they do not."""


@dataclass(frozen=True)
class Triage:
    """One of three, and why: a hint, never a verdict."""

    kind: Kind
    evidence: tuple[str, ...]
    """What is known of the mistake, with the numbers, whether it speaks for the hint or against it: no whole sentences."""
    signs: Signs

    @property
    def reason(self) -> str:
        """The hint and its evidence, as a sentence."""
        return f"{OPENINGS[self.kind]}: {'; '.join(self.evidence)}."


def triage(signs: Signs, *, true: str, predicted: str, voters: str = "other networks") -> Triage:
    """Judge a mistake by its ``signs``. ``true`` and ``predicted``: the names of the classes, for the evidence; ``voters``: what
    the networks are called that were asked too."""
    kind: Kind = "model error"
    if _all_against_the_label(signs):
        kind = "label suspect"
    elif _is_a_tie(signs):
        kind = "ambiguous"
    parts = (_probabilities(signs, true, predicted), _likeness(signs, true, predicted), _changes(signs, true),
             _votes(signs, true, predicted, voters), _audit(signs, true))  # fmt: skip
    return Triage(kind, tuple(part for part in parts if part), signs)


def _all_against_the_label(signs: Signs) -> bool:
    if signs.true_probability > HARDLY or (signs.votes and 2 * signs.votes_for_prediction <= signs.votes):
        return False
    if signs.audited:
        return signs.audit_score is not None and signs.audit_score >= DOUBTED
    return (
        signs.predicted_probability >= SURE
        and signs.distance_ratio is not None
        and signs.distance_ratio >= FARTHER
        and signs.epochs_correct == 0
    )


def _is_a_tie(signs: Signs) -> bool:
    if signs.true_probability >= FAIR:
        return True
    alike = signs.distance_ratio is not None and 1 / ALIKE <= signs.distance_ratio <= ALIKE
    changed = 0 < signs.epochs_correct < signs.earlier_epochs or 0 < signs.votes_right < signs.votes
    return alike and changed


def _probabilities(signs: Signs, true: str, predicted: str) -> str:
    return f"{predicted} gets {_written(signs.predicted_probability)} and {true} {_written(signs.true_probability)}"


def _written(probability: float) -> str:
    """Never 0% or 100%, which no softmax gives."""
    if probability > 0.999:
        return f"over {percent(0.999, 1)}"
    return percent(probability, 1) if probability >= 0.001 else f"under {percent(0.001, 1)}"


def _likeness(signs: Signs, true: str, predicted: str) -> str:
    if signs.distance_ratio is None:
        return ""
    if 1 / ALIKE <= signs.distance_ratio <= ALIKE:
        return f"training images of {true} and of {predicted} are about equally near"
    near, far, ratio = (true, predicted, 1 / signs.distance_ratio) if signs.distance_ratio < 1 else (
        predicted, true, signs.distance_ratio)  # fmt: skip
    return f"its nearest training images of {far} are {ratio:.1f} times as far as those of {near}"


def _changes(signs: Signs, true: str) -> str:
    if signs.epochs_correct:
        return f"after {signs.epochs_correct} of {signs.earlier_epochs} earlier epochs it was taken for {true}"
    if signs.earlier_epochs >= FEWEST_EPOCHS:
        return f"after none of {signs.earlier_epochs} earlier epochs was it taken for {true}"
    return ""


def _votes(signs: Signs, true: str, predicted: str, voters: str) -> str:
    if not signs.votes:
        return ""
    read = "read" if signs.votes_for_prediction > 1 else "reads"
    too = " too" if signs.votes_for_prediction else ""
    same = f"{signs.votes_for_prediction or 'none'} of {signs.votes} {voters} {read} it as {predicted}{too}"
    return f"{same}, {signs.votes_right} as {true}" if signs.votes_right else same


def _audit(signs: Signs, true: str) -> str:
    if not signs.audited:
        return ""
    if signs.audit_score is None:
        return f"networks of the label audit, which never saw it, do not doubt {true}"
    return f"networks of the label audit, which never saw it, doubt {true} with {signs.audit_score:.2f} of 1"
