"""Three things for the reader to try, made from this run, which the page can check while they are tried."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..analysis.record import RunRecord
from .facts import Page, an_image_of, is_drawable
from .formats import counted, name, percent, whole


@dataclass(frozen=True)
class Exercise:
    """A task. The page's script knows by ``kind`` when it is done, from what the other numbers say."""

    kind: str
    """``draw``: a drawing is answered with ``answer``. ``turn``: a test image of ``label``, changed, is answered with
    ``answer``. ``surest``: test image ``image`` is open. ``back``: test image ``image`` is open at an epoch whose weights answer
    ``label``."""
    text: str
    label: int = -1
    answer: int = -1
    image: int = -1


def exercises(record: RunRecord, page: Page) -> list[Exercise]:
    """As many of the three as this run has what they need for."""
    if page["weights"] is None or record.evidence is None:
        return []
    return [each for each in (_fool(page), _surest(record), _back(record)) if each is not None]


def _fool(page: Page) -> Exercise | None:
    """The most confused pair, to be drawn where that is possible, else made by the sliders."""
    names = page["dataset"]["class_names"]
    pairs = page["metrics"]["test"]["confused_pairs"]
    true, answer = (names.index(pairs[0]["true"]), names.index(pairs[0]["predicted"])) if pairs else (0, 1)
    shown = an_image_of(names[true])
    if is_drawable(page) and page["dataset"]["content"] == "digits":
        often = f" It happened to {counted(pairs[0]['count'], 'test image')}." if pairs else ""
        return Exercise("draw", f"Draw {shown} that it takes for {name(names[answer])}.{often} Whether it is {shown} is for "
                                "you to say.", true, answer)  # fmt: skip
    return Exercise("turn", f"Open a test image of {name(names[true])}, and change it with the sliders until it is taken for "
                            f"{name(names[answer])}.", true, answer)  # fmt: skip


def _surest(record: RunRecord) -> Exercise | None:
    evaluation, evidence = record.evaluation, record.evidence
    assert evidence is not None
    mistakes = np.intersect1d(evaluation.mistakes, evidence.test_indices)
    if len(mistakes) < 2:
        return None
    surest = int(mistakes[evaluation.confidence[mistakes].argmax()])
    return Exercise("surest", f"Of its {whole(len(evaluation.mistakes))} mistakes, open the one that it was the surest of: "
                              f"{percent(float(evaluation.confidence[surest]))}, by the softmax.", image=surest)  # fmt: skip


def _back(record: RunRecord) -> Exercise | None:
    """A mistake that an earlier epoch did not make; of several the one that the finished network is the least sure of."""
    evaluation, evidence = record.evaluation, record.evidence
    assert evidence is not None
    film = evidence.epoch_snapshots
    if film is None or film.predictions is None or len(film.epochs) < 2:
        return None
    mistakes = np.intersect1d(evaluation.mistakes, evidence.test_indices)
    was_right = (film.predictions[:-1, mistakes] == evaluation.labels[mistakes]).any(axis=0)
    if not was_right.any():
        return None
    known_before = mistakes[was_right]
    place = int(known_before[evaluation.confidence[known_before].argmin()])
    true, said = (evaluation.class_names[int(each[place])] for each in (evaluation.labels, evaluation.predictions))
    return Exercise("back", f"Test image {place} is {an_image_of(true)}, and taken for {name(said)}. Open it, and go back "
                            "with the film's slider to an epoch that got it right.",
                    int(evaluation.labels[place]), image=place)  # fmt: skip
