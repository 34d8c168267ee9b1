"""The results of a study, and their JSON and CSV forms."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ..analysis.statistics.proportions import Interval, mean_interval, wilson
from ..analysis.statistics.seeds import expected_best, interval_over_both, mean_over_seeds
from ..data.dataset import Dataset
from ..formatting import join_words
from ..runs.seed_votes import Votes, count_votes
from ..system import dataclass_json
from ..types import Floats
from .comparisons import MIN_SEEDS, Correct, PairedComparison, compare_all
from .hyperparameter_search import SearchResult
from .learning_curves import LearningCurve, learning_curve, steepest
from .outcomes import Outcome
from .plan import SCHEMA_VERSION, StudyPlan


@dataclass(frozen=True)
class ConfigurationRow:
    """Results of one configuration, of a study or a cross-validation; accuracies are from 0 to 1."""

    name: str
    """``MODEL-RECIPE``."""
    model: str
    recipe: str
    parameters: int
    n: int
    """Number of trainings: seeds, or folds times seeds."""
    accuracies: tuple[float, ...]
    """Of each training, on the test images or its held-out fold: fold by fold for each seed."""
    mean: float
    """Mean of ``accuracies``."""
    sd: float | None
    """Standard deviation between trainings; None for one."""
    interval: Interval | None
    """95% t-interval of the mean over seeds, on these test images, None if all are equal; of folds, corrected and never narrower
    than Wilson's over all held-out images."""
    lowest: float
    highest: float
    loss: float
    """Mean over trainings, in nats."""
    train_seconds: float
    """Mean training time over trainings."""


@dataclass(frozen=True)
class Row(ConfigurationRow):
    """Results of one configuration on the test split."""

    size: int | None
    """Training images, including held-out validation images; None for all."""
    images: int
    """Training images without held-out validation images."""
    interval_of_images: Interval
    """95% Wilson interval of the mean over test images, for these trainings."""
    interval_of_both: Interval | None
    """95% CI of the mean over seeds and test images; None for one seed."""
    best_of: tuple[float, ...]
    """Expected accuracy of the best of K seeds, for K from 1 to n."""
    interval_of_loss: Interval | None
    """95% t-interval over seeds; None for one seed or equal values."""
    together: float
    """Accuracy of the majority vote of the seeds."""
    interval_of_together: Interval
    """95% Wilson interval of the majority vote over test images."""


def shared_fields(outcomes: Sequence[Outcome], test_ratio: float = 0.0) -> dict[str, Any]:
    """Return the fields of a :class:`ConfigurationRow`; ``test_ratio`` is that of :func:`mean_over_seeds`."""
    first, accuracies = outcomes[0], tuple(each.accuracy for each in outcomes)
    mean = mean_over_seeds(accuracies, test_ratio)
    return {
        "name": first.spec.configuration.name,
        "model": first.spec.configuration.model,
        "recipe": first.spec.configuration.recipe,
        "parameters": first.parameters,
        "n": len(outcomes),
        "accuracies": accuracies,
        "mean": mean.mean,
        "sd": mean.sd,
        "interval": _within(mean.interval, 1.0),
        "lowest": min(accuracies),
        "highest": max(accuracies),
        "loss": sum(each.loss for each in outcomes) / len(outcomes),
        "train_seconds": sum(each.train_seconds for each in outcomes) / len(outcomes),
    }


def make_row(outcomes: Sequence[Outcome], votes: Votes) -> Row:
    """Return the row of ``outcomes`` of one configuration and size, one per seed."""
    first, n = outcomes[0], outcomes[0].n
    correct = np.stack([each.predictions == votes.labels for each in outcomes])
    return Row(
        **shared_fields(outcomes),
        size=first.spec.size,
        images=first.images,
        interval_of_images=wilson(round(correct.sum() / len(outcomes)), n),
        interval_of_both=_over_both(correct.astype(np.float64)),
        best_of=expected_best([each.accuracy for each in outcomes]),
        interval_of_loss=_within(mean_over_seeds([each.loss for each in outcomes]).interval, float("inf")),
        together=1 - votes.majority_errors / n,
        interval_of_together=wilson(n - votes.majority_errors, n),
    )


def _over_both(correct: Floats) -> Interval | None:
    """Return the interval over seeds and images, at least Wilson's over images: the variances of few errors are too small."""
    found, of_images = interval_over_both(correct), mean_interval(correct.mean(axis=0))
    if found is None:
        return None
    return _within(Interval(min(found.low, of_images.low), max(found.high, of_images.high)), 1.0)


def _within(interval: Interval | None, highest: float) -> Interval | None:
    """Clip a t-interval, which may exceed the range of its quantity, to 0..``highest``."""
    return None if interval is None else Interval(max(0.0, interval.low), min(highest, interval.high))


MAX_HARD = 60
"""Number of hardest test images listed."""
COLUMNS = ("run", "model", "recipe", "size", "images", "seed", "accuracy", "errors", "n", "loss", "val_accuracy",
           "parameters", "train_seconds")  # fmt: skip


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


@dataclass(frozen=True, eq=False)
class StudyResults:
    """The results of a study; configurations are named ``MODEL-RECIPE``."""

    dataset: Mapping[str, Any]
    seeds: tuple[int, ...]
    table: tuple[Row, ...]
    """Rows for the largest training set, the most accurate first."""
    comparisons: tuple[PairedComparison, ...]
    """All pairs of rows; empty for one seed."""
    curves: tuple[LearningCurve, ...]
    """Empty for one size."""
    searches: tuple[SearchResult, ...]
    votes: Mapping[str, Votes]
    """Votes of the seeds by configuration, for the largest training set."""
    hard_images: tuple[HardImage, ...]
    remarks: tuple[str, ...]
    """Sentences that qualify the numbers."""
    outcomes: tuple[Outcome, ...]


def make_results(
    plan: StudyPlan, dataset: Dataset, outcomes: Sequence[Outcome], searches: Sequence[SearchResult]
) -> StudyResults:
    """Return the results of ``outcomes``, one per training in the plan's order."""
    groups: dict[tuple[str, int | None], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault((outcome.spec.configuration.name, outcome.spec.size), []).append(outcome)
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
        describe(dataset, plan.largest or len(dataset.train)),
        plan.seeds,
        tuple(rows),
        compare_all({row.name: _correctness(largest[row.name], dataset) for row in rows}),
        tuple(curves),
        tuple(searches),
        {row.name: votes[row.name] for row in rows},
        _hard_images(list(votes.values()), dataset),
        tuple(find_remarks(outcomes, plan)),
        tuple(outcomes),
    )


def to_json(results: StudyResults) -> dict[str, Any]:
    """Return the content of ``study-results.json``; only values named ``…_seconds`` differ between equal studies."""
    return {
        "schema_version": SCHEMA_VERSION,
        "dataset": dict(results.dataset),
        "seeds": list(results.seeds),
        "table": [dataclass_json.to_json(row) for row in results.table],
        "comparisons": [
            {**dataclass_json.to_json(each), "judged": each.judged, "distinguishable": each.significant}
            for each in results.comparisons
        ],
        "curves": [dataclass_json.to_json(each) for each in results.curves],
        "steepest_curve": steepest(results.curves),
        "searches": [dataclass_json.to_json(each) for each in results.searches],
        "hard_images": [dataclass_json.to_json(each) for each in results.hard_images],
        "remarks": list(results.remarks),
        "runs": records(results),
    }


def _correctness(outcomes: Sequence[Outcome], dataset: Dataset) -> Correct:
    return np.stack([each.predictions == dataset.test.labels for each in outcomes])


class Measured(Protocol):
    """Results with the runs they come from."""

    @property
    def dataset(self) -> Mapping[str, Any]: ...
    @property
    def outcomes(self) -> tuple[Outcome, ...]: ...


def to_csv(results: Measured) -> str:
    """Return the content of ``study.csv``, a row per run; floats survive reading unchanged."""
    buffer, rows = io.StringIO(), records(results)
    writer = csv.DictWriter(buffer, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def records(results: Measured) -> list[dict[str, Any]]:
    """Return a row per run."""
    total = results.dataset["train"]
    return [
        ({} if each.spec.fold is None else {"fold": each.spec.fold}) | dict(zip(COLUMNS, (
            each.run, each.spec.configuration.model, each.spec.configuration.recipe, each.spec.size or total, each.images,
            each.spec.seed, each.accuracy, each.errors, each.n, each.loss, each.validation_accuracy, each.parameters,
            each.train_seconds,
        ), strict=True))
        for each in results.outcomes
    ]  # fmt: skip


def describe(dataset: Dataset, trained_on: int) -> dict[str, Any]:
    """Return what the results say about the data."""
    return {
        "name": dataset.name,
        "things": dataset.provenance.content,
        "fingerprint": dataset.fingerprint,
        "class_names": list(dataset.class_names),
        "train": len(dataset.train),
        "test": len(dataset.test),
        "trained_on": trained_on,
    }


def _hard_images(votes: Sequence[Votes], dataset: Dataset) -> tuple[HardImage, ...]:
    counts = np.sum([each.counts for each in votes], axis=0)
    all_votes = Votes(counts, dataset.test.labels)
    runs, wrong = all_votes.seeds, all_votes.seeds - all_votes.correct
    order = np.argsort(-wrong, kind="stable")
    chosen = [int(index) for index in order if 2 * wrong[index] >= runs][:MAX_HARD]
    counts[np.arange(len(counts)), dataset.test.labels] = 0
    names, predicted = dataset.class_names, counts.argmax(axis=1)
    return tuple(
        HardImage(index, names[all_votes.labels[index]], int(wrong[index]), runs, names[predicted[index]])
        for index in chosen
    )


def find_remarks(outcomes: Sequence[Outcome], plan: StudyPlan) -> Iterator[str]:
    """Yield the sentences that qualify the numbers."""
    names = {name for each in outcomes for name in each.versions}
    differing = sorted(name for name in names if len({each.versions.get(name) for each in outcomes}) > 1)
    if differing:
        yield f"The runs used different versions of {join_words(differing)}, which may cause some of the differences."
    if len({each.precision for each in outcomes}) > 1:
        yield "Some runs used bfloat16 and some float32, depending on the processor; the differences are not due to seeds alone."
    on_test = sorted({each.recipe for each in plan.configurations if each.config.validation == "test"})
    if on_test:
        split = "test split" if plan.folds is None else "held-out fold"
        yield (
            f"The recipe {join_words(on_test)} validates on the {split}: it influences no weights, but the validation "
            "accuracy is not an independent estimate."
        )
    number, unit = len(plan.seeds) * (plan.folds or 1), "seeds" if plan.folds is None else "folds"
    if number < MIN_SEEDS:
        yield f"At least {MIN_SEEDS} {unit} are needed for significance tests; got {number}."
