"""Which labels deserve a second look: those that networks which never saw the image would not have given.

A suspect is a hint and never a verdict: the networks are wrong more often than people are. Scores and the estimate of how many
labels are wrong are those of confident learning, through ``cleanlab`` (C. G. Northcutt, L. Jiang and I. L. Chuang, "Confident
Learning: Estimating Uncertainty in Dataset Labels", 2021).
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import MissingExtraError
from ..types import Floats, Labels
from .confirmed_suspects import WithoutConfirmed

SPLITS = ("train", "test")
NO_SUSPICION = 0.5
"""The score at which the given class fits as well as the next best one."""
WORST = 100
"""Suspects that a run's numbers name."""


@dataclass(frozen=True)
class SplitAudit:
    """What was found in one split."""

    split: str
    """One of ``SPLITS``."""
    n: int
    scored: int
    """Images that networks could judge which had not seen them, but had seen others of their class."""
    suspects: tuple[int, ...]
    """Per given class: images that the networks would put into another one."""
    estimated_wrong: int
    """How many labels are wrong by confident learning's estimate: of the suspects, about so many are worth most."""

    @property
    def num_suspects(self) -> int:
        return sum(self.suspects)


@dataclass(frozen=True, eq=False)
class LabelAudit:
    """All suspects of a dataset, the most suspect first; the arrays are (m,) and go together."""

    split: npt.NDArray[np.str_]
    """``"train"`` or ``"test"``."""
    index: Labels
    """Place in the split."""
    given: Labels
    """The class that the dataset says."""
    suggested: Labels
    """The class that the networks find most probable."""
    score: Floats
    """Above 0.5, up to 1: how far the suggested class is more probable than the given one; half of 1 plus the difference."""
    class_names: tuple[str, ...]
    splits: tuple[SplitAudit, ...]
    notes: tuple[str, ...] = ()
    """What else is to be known of it, in sentences."""
    confirmed: WithoutConfirmed | None = None
    """The accuracy without the test images that a person has confirmed, where one has."""

    def __len__(self) -> int:
        return len(self.index)

    def rows(self, most: int | None = None) -> list[tuple[str, int, str, str, float]]:
        """(split, index, given, suggested, score) with the names of the classes."""
        return [
            (str(self.split[row]), int(self.index[row]), self.class_names[self.given[row]],
             self.class_names[self.suggested[row]], float(self.score[row]))
            for row in range(len(self) if most is None else min(most, len(self)))
        ]  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready: the numbers per split and class, and the worst suspects."""
        keys = ("split", "index", "given", "suggested", "score")
        return {
            **{each.split: self._split_as_dict(each) for each in self.splits},
            "suspects": len(self),
            "worst": [dict(zip(keys, row, strict=True)) for row in self.rows(WORST)],
            "notes": list(self.notes),
            **({} if self.confirmed is None else {"confirmed": self.confirmed.as_dict()}),
        }

    def _split_as_dict(self, audit: SplitAudit) -> dict[str, Any]:
        per_class = [
            {"class_name": name, "suspects": count} for name, count in zip(self.class_names, audit.suspects, strict=True)
        ]
        return {
            "n": audit.n,
            "scored": audit.scored,
            "suspects": audit.num_suspects,
            "estimated_wrong": audit.estimated_wrong,
            "per_class": per_class,
        }

    def __repr__(self) -> str:
        parts = ", ".join(f"{each.num_suspects:,} of {each.scored:,} in {each.split}" for each in self.splits)
        return f"LabelAudit({parts})"


def find_suspects(
    judged: Mapping[str, tuple[Labels, Floats]], class_names: Sequence[str], notes: Sequence[str] = ()
) -> LabelAudit:
    """The suspects of each split. ``judged``: by split, its labels (n,) and out-of-sample probabilities (n, k); a row of NaN
    stands for an image that nobody could judge.

    Raises :class:`MissingExtraError` where ``cleanlab`` is not installed.
    """
    require_cleanlab()
    found = [_of_split(split, labels, probabilities) for split, (labels, probabilities) in judged.items()]
    joined = [np.concatenate(parts) for parts in zip(*(arrays for arrays, _ in found), strict=True)]
    order = np.argsort(-joined[-1], kind="stable")
    split, index, given, suggested, score = (array[order] for array in joined)
    audits = tuple(audit for _, audit in found)
    return LabelAudit(split, index, given, suggested, score, tuple(class_names), audits, tuple(notes))


def from_rows(
    rows: Sequence[tuple[str, int, str, str, float]], numbers: Mapping[str, Any], class_names: Sequence[str]
) -> LabelAudit:
    """The inverse of :meth:`LabelAudit.rows` and :meth:`LabelAudit.as_dict`, but for what was confirmed. Raises ``KeyError`` or
    ``ValueError`` where they do not fit together."""
    place = {name: label for label, name in enumerate(class_names)}
    audits = tuple(
        SplitAudit(
            split,
            int(numbers[split]["n"]),
            int(numbers[split]["scored"]),
            tuple(int(each["suspects"]) for each in numbers[split]["per_class"]),
            int(numbers[split]["estimated_wrong"]),
        )
        for split in SPLITS
        if split in numbers
    )
    return LabelAudit(
        np.array([row[0] for row in rows], np.str_),
        np.array([row[1] for row in rows], np.int64),
        np.array([place[row[2]] for row in rows], np.int64),
        np.array([place[row[3]] for row in rows], np.int64),
        np.array([row[4] for row in rows], np.float64),
        tuple(class_names),
        audits,
        tuple(numbers["notes"]),
    )


def require_cleanlab() -> None:
    """Raise :class:`MissingExtraError` where it is not installed; importing it takes a second or two."""
    if importlib.util.find_spec("cleanlab") is None:
        raise MissingExtraError(
            'the label audit needs cleanlab, which is not installed; install it with: pip install "convscope[audit]"'
        )


def _of_split(split: str, labels: Labels, probabilities: Floats) -> tuple[tuple[npt.NDArray[Any], ...], SplitAudit]:
    from cleanlab.rank import get_label_quality_scores

    places = np.flatnonzero(np.isfinite(probabilities).all(axis=1))
    given, size = labels[places], probabilities.shape[1]
    of_judged = _normalized(probabilities[places])
    # Whatever is not among the classes of these labels cleanlab would take for an error of the caller's.
    quality = get_label_quality_scores(given, of_judged, method="normalized_margin") if len(places) else np.empty(0)
    score = 1 - np.asarray(quality, np.float64)
    suspect = np.flatnonzero(score > NO_SUSPICION)
    audit = SplitAudit(
        split,
        len(labels),
        len(places),
        tuple(np.bincount(given[suspect], minlength=size).tolist()),
        _estimated_wrong(given, of_judged),
    )
    arrays = (
        np.full(len(suspect), split),
        places[suspect],
        given[suspect],
        of_judged[suspect].argmax(axis=1).astype(np.int64),
        score[suspect],
    )
    return arrays, audit


def _estimated_wrong(labels: Labels, probabilities: Floats) -> int:
    """By cleanlab's confident joint, which is made of the classes that occur."""
    from cleanlab.count import num_label_issues

    present, numbered = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return 0
    return int(num_label_issues(numbered, _normalized(probabilities[:, present])))


def _normalized(probabilities: Floats) -> Floats:
    """Rows that sum to 1, as cleanlab checks."""
    lifted = np.maximum(np.asarray(probabilities, np.float64), 1e-12)
    return np.asarray(lifted / lifted.sum(axis=1, keepdims=True))
