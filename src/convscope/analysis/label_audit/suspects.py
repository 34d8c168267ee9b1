"""Possible label errors, found from out-of-sample predictions.

Scores and the estimated number of label errors are those of confident learning, computed by ``cleanlab``: C. G. Northcutt, L. Jiang
and I. L. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021. Suspects need review by a person,
since networks make more errors than people do.
"""

import importlib.util
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ConfigError, MissingExtraError, unknown_name
from ...formatting import join_words
from ...system.arguments import checked
from ...system.dataclass_json import to_json
from ...system.installation import pip_line
from ...system.table import Tabular
from ...types import Floats, Labels
from ..statistics.proportions import wilson
from .confirmed import AccuracyWithoutConfirmed

SPLITS = {"train": "training", "test": "test"}
"""The splits that are audited, and the adjectives for their images."""
MIN_SCORE = 0.5
"""Score at which the given class and the best other class are equally probable."""
NEVER_PREDICTED = "The networks of the audit predict {classes} for no {split} image, so their labels are not judged."
MAX_LISTED, MAX_OF_SPLIT = 100, 50
"""Largest number of suspects in the metrics of a run, and of each split."""
NOISE = 1 / 3
"""Share of the errors in the more confident half of the predictions above which labels look noisy.

Wrong labels are as frequent there as elsewhere, a half; errors of the network itself are rare there, a tenth.
"""
RARE = 0.05
"""Share of predictions unlike the label up to which the networks' own errors are rare."""


@dataclass(frozen=True)
class SplitAudit:
    """The audit of one split."""

    split: str
    """A key of ``SPLITS``."""
    n: int
    scored: int
    """Number of images with out-of-sample predictions of networks that were trained on others of their class."""
    suspects: tuple[int, ...]
    """Per given class, the number of images for which another class is more probable."""
    estimated_wrong: int
    """Number of label errors as estimated by confident learning."""
    is_lower_bound: bool = False
    """Whether there are at least so many. The estimate misses wrong labels, but counts the networks' own errors too, where these
    are frequent: it is a lower bound where they are rare, or as frequent among confident predictions as only labels make them;
    never where the networks do not know the classes."""

    @property
    def num_suspects(self) -> int:
        return sum(self.suspects)


TOO_OFTEN = "the networks are wrong too often to estimate label errors"
"""What is said of a split without a lower bound, whose suspects are mostly errors of the networks."""


@dataclass(frozen=True, eq=False)
class LabelAudit(Tabular):
    """All suspects of a dataset in descending order of score, in parallel arrays (m,)."""

    split: npt.NDArray[np.str_]
    """``"train"`` or ``"test"``."""
    index: Labels
    """Index in the split."""
    given: Labels
    """The label in the dataset."""
    suggested: Labels
    """The most probable class."""
    score: Floats
    """Half of 1 plus the margin of the suggested class over the given one, from 0.5 to 1."""
    class_names: tuple[str, ...]
    splits: tuple[SplitAudit, ...]
    notes: tuple[str, ...] = ()
    """Limitations of the audit, in sentences."""
    confirmed: AccuracyWithoutConfirmed | None = None
    """The accuracy without the label errors in the test split that a person confirmed, if any."""
    files: tuple[str, ...] = ()
    """(m,) the file or row of each image; empty if unknown."""

    def __len__(self) -> int:
        return len(self.index)

    @checked
    def rows(self, most: int | None = None, *, split: str | None = None) -> list[tuple[str, int, str, str, float]]:
        """Return up to ``most`` suspects, of one ``split`` or of all: split, index, given and suggested class, score."""
        if split not in (None, *SPLITS):
            raise ConfigError(unknown_name("split", split, SPLITS))
        if most is not None and most < 0:
            raise ConfigError(f"most must be a whole number of at least 0; got {most!r}.")
        return [
            (str(self.split[row]), int(self.index[row]), self.class_names[self.given[row]],
             self.class_names[self.suggested[row]], float(self.score[row]))
            for row in self._numbers(split)[:most]
        ]  # fmt: skip

    def _numbers(self, split: str | None) -> list[int]:
        return [number for number in range(len(self)) if split is None or self.split[number] == split]

    def listed(self, most: int, *, split: str | None = None) -> list[dict[str, Any]]:
        """Return :meth:`rows` as JSON-ready values, with the file of each image."""
        numbers = zip(self._numbers(split), self.rows(most, split=split), strict=False)
        return [
            {"split": of, "index": index, "given": given, "suggested": suggested, "score": round(score, 6),
             "file": self.files[number] if self.files else None}
            for number, (of, index, given, suggested, score) in numbers
        ]  # fmt: skip

    def as_rows(self) -> list[dict[str, Any]]:
        """Return one row per suspect."""
        return self.listed(len(self))

    def as_dict(self) -> dict[str, Any]:
        """Return the counts and the first suspects as JSON-ready values."""
        return {
            **{each.split: self._split_as_dict(each) for each in self.splits},
            "suspects": len(self),
            "worst": self.listed(MAX_LISTED),
            "notes": list(self.notes),
            **({} if self.confirmed is None else {"confirmed": to_json(self.confirmed)}),
        }

    def _split_as_dict(self, audit: SplitAudit) -> dict[str, Any]:
        suspects = zip(self.class_names, audit.suspects, strict=True)
        return {
            **{name: getattr(audit, name) for name in ("n", "scored", "estimated_wrong", "is_lower_bound")},
            "suspects": audit.num_suspects,
            "worst": self.listed(MAX_OF_SPLIT, split=audit.split),
            "per_class": [{"class_name": name, "suspects": count} for name, count in suspects],
        }

    def __repr__(self) -> str:
        parts = ", ".join(f"{each.num_suspects:,} of {each.scored:,} in {each.split}" for each in self.splits)
        return f"LabelAudit({parts})"


def worst_by_split(audit: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the most suspect images of each split from the section ``label_audit`` of the metrics."""
    # Runs of earlier versions have a list of all splits together.
    return {
        split: audit[split].get("worst", [each for each in audit["worst"] if each["split"] == split])
        for split in SPLITS
        if split in audit
    }


def find_suspects(
    scored: Mapping[str, tuple[Labels, Floats]], class_names: Sequence[str], notes: Sequence[str] = ()
) -> LabelAudit:
    """Return the suspects of each split; MissingExtraError if ``cleanlab`` is not installed.

    ``scored`` maps each split to its labels (n,) and out-of-sample probabilities (n, k), NaN for images without any.
    """
    require_cleanlab()
    notes = [*notes, *_not_judged(scored, class_names)]
    found = [_of_split(split, labels, probabilities) for split, (labels, probabilities) in scored.items()]
    joined = [np.concatenate(parts) for parts in zip(*(arrays for arrays, _ in found), strict=True)]
    order = np.argsort(-joined[-1], kind="stable")
    split, index, given, suggested, score = (array[order] for array in joined)
    audits = tuple(audit for _, audit in found)
    return LabelAudit(split, index, given, suggested, score, tuple(class_names), audits, tuple(notes))


def from_rows(
    rows: Sequence[tuple[str, int, str, str, float]], numbers: Mapping[str, Any], class_names: Sequence[str]
) -> LabelAudit:
    """Return an audit from its ``rows()`` and ``as_dict()``, without confirmed suspects; KeyError or ValueError for others."""
    label_of = {name: label for label, name in enumerate(class_names)}
    audits = tuple(
        SplitAudit(
            split,
            int(numbers[split]["n"]),
            int(numbers[split]["scored"]),
            tuple(int(each["suspects"]) for each in numbers[split]["per_class"]),
            int(numbers[split]["estimated_wrong"]),
            bool(numbers[split].get("is_lower_bound")),
        )
        for split in SPLITS
        if split in numbers
    )
    split, index, given, suggested, score = zip(*rows, strict=True) if rows else [()] * 5
    return LabelAudit(
        np.array(split, np.str_),
        np.array(index, np.int64),
        np.array([label_of[name] for name in given], np.int64),
        np.array([label_of[name] for name in suggested], np.int64),
        np.array(score, np.float64),
        tuple(class_names),
        audits,
        tuple(numbers["notes"]),
    )


def require_cleanlab() -> None:
    """Raise :class:`MissingExtraError` if ``cleanlab`` is not installed."""
    # Importing it would take one or two seconds.
    if importlib.util.find_spec("cleanlab") is None:
        raise MissingExtraError(
            f"the label audit needs cleanlab, which is not installed. Install it with: {pip_line('audit')}"
        )


def _of_split(split: str, labels: Labels, probabilities: Floats) -> tuple[tuple[npt.NDArray[Any], ...], SplitAudit]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # in a notebook, tqdm would ask for widgets
        from cleanlab.rank import get_label_quality_scores

    scored = np.flatnonzero(np.isfinite(probabilities).all(axis=1))
    given, size = labels[scored], probabilities.shape[1]
    own = _normalized(probabilities[scored])
    # cleanlab raises an error for no labels.
    quality = get_label_quality_scores(given, own, method="normalized_margin") if len(scored) else np.empty(0)
    score = 1 - np.asarray(quality, np.float64)
    # A network that never predicts a class is no witness against its labels: an uneven set would be all suspects.
    judged = np.isin(given, own.argmax(axis=1))
    suspect = np.flatnonzero((score > MIN_SCORE) & judged)
    audit = SplitAudit(
        split,
        len(labels),
        len(scored),
        tuple(np.bincount(given[suspect], minlength=size).tolist()),
        _estimated_wrong(given[judged], own[judged]),
        _is_lower_bound(given, own),
    )
    arrays = (
        np.full(len(suspect), split),
        scored[suspect],
        given[suspect],
        own[suspect].argmax(axis=1).astype(np.int64),
        score[suspect],
    )
    return arrays, audit


def _is_lower_bound(labels: Labels, probabilities: Floats) -> bool:
    """Return whether confident learning's estimate is a lower bound; see :class:`SplitAudit`."""
    is_wrong = probabilities.argmax(axis=1) != labels
    errors = int(is_wrong.sum())
    confident = int(is_wrong[np.argsort(-probabilities.max(axis=1), kind="stable")[: len(labels) // 2]].sum())
    if not len(labels) or not knows_classes(len(labels) - errors, len(labels), largest=int(np.bincount(labels).max())):
        return False
    return errors <= RARE * len(labels) or wilson(confident, errors).low > NOISE


def knows_classes(correct: int, n: int, *, largest: int) -> bool:
    """Return whether a network is right on significantly more than half of n images, and than the ``largest`` class has.

    Else its errors tell nothing of labels, however confident they are.
    """
    return wilson(correct, n).low > max(0.5, largest / n)


def _not_judged(scored: Mapping[str, tuple[Labels, Floats]], class_names: Sequence[str]) -> list[str]:
    notes = []
    for split, (labels, probabilities) in scored.items():
        rows = np.isfinite(probabilities).all(axis=1)
        never = np.setdiff1d(labels[rows], probabilities[rows].argmax(axis=1) if rows.any() else [])
        if len(never):
            names = join_words([class_names[label] for label in never])
            notes.append(NEVER_PREDICTED.format(classes=names, split=SPLITS[split]))
    return notes


def _estimated_wrong(labels: Labels, probabilities: Floats) -> int:
    from cleanlab.count import num_label_issues

    present, numbered = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        return 0
    return int(num_label_issues(numbered, _normalized(probabilities[:, present])))


def _normalized(probabilities: Floats) -> Floats:
    """Return rows that sum to 1 exactly enough for cleanlab's check."""
    lifted = np.maximum(np.asarray(probabilities, np.float64), 1e-12)
    return np.asarray(lifted / lifted.sum(axis=1, keepdims=True))
