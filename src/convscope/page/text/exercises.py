"""Exercises made from this run, which the page checks as the reader solves them."""

from dataclasses import dataclass

import numpy as np

from ...runs.record import RunRecord
from .nouns import Page, an_image_of, is_drawable
from .numbers import confidence, name, whole


@dataclass(frozen=True)
class Exercise:
    """A task that the page's script can check.

    The kinds: ``draw`` asks for a drawing that is predicted as ``label`` and, with more strokes, as ``answer``; ``turn`` for a
    test image of class ``label``, predicted so, and changed until it is predicted as ``answer``; ``surest`` for opening test
    image ``image``; ``back`` for opening it at an epoch whose weights predict ``label``.
    """

    kind: str
    text: str
    label: int = -1
    answer: int = -1
    image: int = -1


def exercises(record: RunRecord, page: Page) -> list[Exercise]:
    """Return the exercises that this run has data for (at most three)."""
    if page["weights"] is None or record.evidence is None:
        return []
    return [each for each in (_confusion(page), _most_confident(record), _earlier_epoch(record)) if each is not None]


def _confusion(page: Page) -> Exercise | None:
    """Ask for the most frequent confusion: drawn, if the page can draw digits, otherwise made with the sliders."""
    names = page["dataset"]["class_names"]
    pairs = page["metrics"]["test"]["confused_pairs"]
    true, answer = (names.index(pairs[0]["true"]), names.index(pairs[0]["predicted"])) if pairs else (0, 1)
    first, second = name(names[true]), name(names[answer])
    if is_drawable(page) and page["dataset"]["content"] == "digits":
        return Exercise("draw", f"Draw until the prediction is {first}, then add strokes until it is {second}", true, answer)
    return Exercise(
        "turn",
        f"Open {an_image_of(names[true])} that is predicted correctly, then transform it until the prediction is {second}",
        true,
        answer,
    )


def _most_confident(record: RunRecord) -> Exercise | None:
    evaluation, evidence = record.calibrated, record.evidence
    assert evidence is not None
    mistakes = np.intersect1d(evaluation.mistakes, evidence.test_indices)
    if len(mistakes) < 2:
        return None
    index = int(mistakes[evaluation.confidence[mistakes].argmax()])
    surest = confidence(float(evaluation.confidence[index]))
    return Exercise(
        "surest", f"Open the most confident of the {whole(len(evaluation.mistakes))} errors ({surest})", image=index
    )


def _earlier_epoch(record: RunRecord) -> Exercise | None:
    """Ask for an error that an earlier epoch did not make: the least confident one."""
    evaluation, evidence = record.calibrated, record.evidence
    assert evidence is not None
    snapshots = evidence.epoch_snapshots
    if snapshots is None or snapshots.predictions is None or len(snapshots.epochs) < 2:
        return None
    mistakes = np.intersect1d(evaluation.mistakes, evidence.test_indices)
    was_correct = (snapshots.predictions[:-1, mistakes] == evaluation.labels[mistakes]).any(axis=0)
    if not was_correct.any():
        return None
    candidates = mistakes[was_correct]
    index = int(candidates[evaluation.confidence[candidates].argmin()])
    return Exercise("back", f"Find an epoch that predicts test image {whole(index)} correctly", int(evaluation.labels[index]),
                    image=index)  # fmt: skip
