"""The results of a study, and their JSON and CSV forms."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..data.dataset import Dataset
from ..formatting import join_words
from ..votes import Votes, count_votes
from .comparisons import Comparison, Right, compare_all
from .learning_curves import LearningCurve, learning_curve, steepest
from .outcomes import Outcome
from .plan import SCHEMA_VERSION, StudyPlan
from .power import FEWEST_SEEDS
from .search import Found
from .table import Row, make_row

MOST_HARD = 60
"""Number of hardest test images listed."""
COLUMNS = ("run", "model", "recipe", "size", "images", "seed", "accuracy", "errors", "n", "loss", "val_accuracy",
           "parameters", "train_seconds")  # fmt: skip


@dataclass(frozen=True, eq=False)
class StudyResults:
    """The results of a study; configurations are named ``MODEL-RECIPE``."""

    dataset: Mapping[str, Any]
    seeds: tuple[int, ...]
    table: tuple[Row, ...]
    """Rows for the largest training set, the most accurate first."""
    comparisons: tuple[Comparison, ...]
    """All pairs of rows; empty for one seed."""
    curves: tuple[LearningCurve, ...]
    """Empty for one size."""
    searches: tuple[Found, ...]
    votes: Mapping[str, Votes]
    """Votes of the seeds by configuration, for the largest training set."""
    hard_images: tuple[HardImage, ...]
    remarks: tuple[str, ...]
    """Sentences that qualify the numbers."""
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True)
class HardImage:
    """A test image that at least half of the runs misclassify."""

    index: int
    label: str
    wrong: int
    """Runs that misclassify it."""
    runs: int
    answer: str
    """The most frequent wrong prediction."""


def make_results(plan: StudyPlan, dataset: Dataset, outcomes: Sequence[Outcome], searches: Sequence[Found]) -> StudyResults:
    """Return the results of ``outcomes``, one per training in the plan's order."""
    groups: dict[tuple[str, int | None], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.cell.configuration.name, outcome.cell.size), []).append(outcome)
    largest = {name: group for (name, size), group in groups.items() if size == plan.largest}
    votes = {name: count_votes([each.predictions for each in group], dataset.test.labels, dataset.num_classes)
             for name, group in largest.items()}  # fmt: skip
    rows = sorted((make_row(group, votes[name]) for name, group in largest.items()), key=lambda row: -row.mean)
    curves = []
    if len(plan.sizes) > 1:
        for row in rows:
            sizes = {size or len(dataset.train): [1 - each.accuracy for each in group]
                     for (name, size), group in groups.items() if name == row.name}  # fmt: skip
            curves.append(learning_curve(row.name, sizes))
    return StudyResults(
        _describe(dataset, plan),
        plan.seeds,
        tuple(rows),
        compare_all({row.name: _right(largest[row.name], dataset) for row in rows}),
        tuple(curves),
        tuple(searches),
        {row.name: votes[row.name] for row in rows},
        _hard_images(list(votes.values()), dataset),
        tuple(_remarks(outcomes, plan)),
        tuple(outcomes),
    )


def to_json(results: StudyResults) -> dict[str, Any]:
    """Return the content of ``study-results.json``; only values named ``…_seconds`` differ between equal studies."""
    return {
        "schema_version": SCHEMA_VERSION,
        "dataset": dict(results.dataset),
        "seeds": list(results.seeds),
        "table": [_plain(row) for row in results.table],
        "comparisons": [
            {**_plain(each), "judged": each.judged, "distinguishable": each.distinguishable} for each in results.comparisons
        ],
        "curves": [_curve(each) for each in results.curves],
        "steepest_curve": steepest(results.curves),
        "searches": [_plain(each) for each in results.searches],
        "hard_images": [_plain(each) for each in results.hard_images],
        "remarks": list(results.remarks),
        "runs": _records(results),
    }


def _curve(curve: LearningCurve) -> dict[str, Any]:
    factor = curve.factor_interval
    return {
        **_plain(curve),
        "factor_of_doubling": curve.factor_of_doubling,
        "factor_interval": None if factor is None else [factor.low, factor.high],
        "falls": curve.falls,
    }


def _right(outcomes: Sequence[Outcome], dataset: Dataset) -> Right:
    return np.stack([each.predictions == dataset.test.labels for each in outcomes])


def to_csv(results: StudyResults) -> str:
    """Return the content of ``study.csv``, a row per run; floats survive reading unchanged."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(_records(results))
    return buffer.getvalue()


def _records(results: StudyResults) -> list[dict[str, Any]]:
    total = results.dataset["train"]
    return [
        dict(zip(COLUMNS, (
            each.run, each.cell.configuration.model, each.cell.configuration.recipe, each.cell.size or total, each.images,
            each.cell.seed, each.accuracy, each.errors, each.n, each.loss, each.validation_accuracy, each.parameters,
            each.train_seconds,
        ), strict=True))
        for each in results.outcomes
    ]  # fmt: skip


def _describe(dataset: Dataset, plan: StudyPlan) -> dict[str, Any]:
    return {
        "name": dataset.name,
        "things": dataset.provenance.content,
        "fingerprint": dataset.fingerprint,
        "class_names": list(dataset.class_names),
        "train": len(dataset.train),
        "test": len(dataset.test),
        "trained_on": plan.largest or len(dataset.train),
    }


def _hard_images(votes: Sequence[Votes], dataset: Dataset) -> tuple[HardImage, ...]:
    """Return the test images that at least half of the runs misclassify, the worst first."""
    counts = np.sum([each.counts for each in votes], axis=0)
    together = Votes(counts, dataset.test.labels)
    runs, wrong = together.seeds, together.seeds - together.right
    order = np.argsort(-wrong, kind="stable")
    chosen = [int(index) for index in order if 2 * wrong[index] >= runs][:MOST_HARD]
    counts[np.arange(len(counts)), dataset.test.labels] = 0
    names, taken_for = dataset.class_names, counts.argmax(axis=1)
    return tuple(
        HardImage(index, names[together.labels[index]], int(wrong[index]), runs, names[taken_for[index]]) for index in chosen
    )


def _remarks(outcomes: Sequence[Outcome], plan: StudyPlan) -> Iterator[str]:
    names = {name for each in outcomes for name in each.versions}
    differing = sorted(name for name in names if len({each.versions.get(name) for each in outcomes}) > 1)
    if differing:
        yield f"The runs used different versions of {join_words(differing)}, which may cause some of the differences."
    if len({each.precision for each in outcomes if each.cell.configuration.config.precision == "auto"}) > 1:
        yield "Some runs used bfloat16 and some float32, depending on the processor; the differences are not due to seeds alone."
    on_test = sorted({each.recipe for each in plan.configurations if each.config.validation == "test"})
    if on_test:
        yield (
            f"The recipe {join_words(on_test)} validates on the test split: it influences no weights, but the validation "
            "accuracy is not an independent estimate."
        )
    if len(plan.seeds) < FEWEST_SEEDS:
        yield f"At least {FEWEST_SEEDS} seeds are needed for significance tests; got {len(plan.seeds)}."


def _plain(value: Any) -> dict[str, Any]:
    """Return a dataclass as JSON, with intervals as ``[low, high]``."""
    found: dict[str, Any] = asdict(value, dict_factory=_factory)
    return found


def _factory(items: list[tuple[str, Any]]) -> Any:
    values = dict(items)
    if tuple(values) == ("low", "high"):
        return [values["low"], values["high"]]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
