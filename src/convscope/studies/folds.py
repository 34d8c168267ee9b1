"""Cross-validation: the accuracy of networks on each held-out fold of the training split.

The trainings of different folds share most of their images, so their accuracies are not independent, and a plain t-interval is
too narrow: no unbiased estimate of the variance of their mean exists (Y. Bengio and Y. Grandvalet, JMLR 5, 2004). Intervals and
tests use the correction of Nadeau and Bengio, see :func:`.mean_over_seeds`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..analysis.statistics.proportions import Interval, wilson
from ..data.dataset import Dataset
from ..system import dataclass_json
from .comparisons import PairedComparison, compare_accuracies
from .outcomes import Outcome
from .plan import SCHEMA_VERSION, StudyPlan
from .results import ConfigurationRow, describe, find_remarks, records, shared_fields

CAUTION = (
    "The training sets of the folds overlap; the intervals are corrected for that, approximately (Nadeau and Bengio, 2003)."
)


@dataclass(frozen=True)
class FoldRow(ConfigurationRow):
    """Results of one configuration on the held-out folds."""

    images: tuple[int, ...]
    """Held-out images of each."""


@dataclass(frozen=True, eq=False)
class FoldResults:
    """The results of a cross-validation; configurations are named ``MODEL-RECIPE``."""

    dataset: Mapping[str, Any]
    seeds: tuple[int, ...]
    folds: int
    table: tuple[FoldRow, ...]
    """The most accurate first."""
    comparisons: tuple[PairedComparison, ...]
    """All pairs of rows, paired by fold."""
    remarks: tuple[str, ...]
    """Sentences that qualify the numbers."""
    outcomes: tuple[Outcome, ...]


def make_fold_results(plan: StudyPlan, dataset: Dataset, outcomes: Sequence[Outcome]) -> FoldResults:
    """Return the results of ``outcomes``, one per training in the plan's order."""
    assert plan.folds is not None
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.spec.configuration.name, []).append(outcome)
    ratio = 1 / (plan.folds - 1)
    rows = sorted((_make_row(group, len(plan.seeds), ratio) for group in groups.values()), key=lambda row: -row.mean)
    trained_on = len(dataset.train) * (plan.folds - 1) // plan.folds
    return FoldResults(
        describe(dataset, trained_on), plan.seeds, plan.folds, tuple(rows),
        compare_accuracies({row.name: row.accuracies for row in rows}, ratio),
        (CAUTION, *find_remarks(outcomes, plan)), tuple(outcomes),
    )  # fmt: skip


def _make_row(outcomes: Sequence[Outcome], seeds: int, ratio: float) -> FoldRow:
    found = shared_fields(outcomes, ratio)
    # Each seed predicts every image once. If the folds agree by chance, or all are predicted correctly, their spread is too small.
    images = sum(each.n for each in outcomes) // seeds
    of_images = wilson(images - round(sum(each.errors for each in outcomes) / seeds), images)
    low, high = found["interval"] or of_images
    interval = Interval(min(low, of_images.low), max(high, of_images.high))
    return FoldRow(**{**found, "interval": interval}, images=tuple(each.n for each in outcomes))


def to_json(results: FoldResults) -> dict[str, Any]:
    """Return the content of ``study-results.json``; only values named ``…_seconds`` differ between equal studies."""
    return {
        "schema_version": SCHEMA_VERSION,
        "dataset": dict(results.dataset),
        "seeds": list(results.seeds),
        "folds": results.folds,
        "table": [dataclass_json.to_json(row) for row in results.table],
        "comparisons": [
            {**dataclass_json.to_json(each), "judged": each.judged, "distinguishable": each.significant}
            for each in results.comparisons
        ],
        "remarks": list(results.remarks),
        "runs": records(results),
    }
