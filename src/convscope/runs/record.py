"""A run in memory: what reports, figures and the page are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..analysis.class_balance import measure_class_balance
from ..analysis.evaluation import Evaluation
from ..analysis.evidence import Evidence
from ..analysis.findings.find import find
from ..analysis.measured_data import near_duplicate_metrics
from ..analysis.metrics import SCHEMA_VERSION, data_metrics, evaluation_metrics, history_metrics, network_metrics
from ..analysis.sampling import Examples, choose_examples
from ..analysis.split_accuracy import SplitAccuracies
from ..analysis.uncertainty.uncertainty import Uncertainty, temperature_of
from ..data.checks import DatasetCheck
from ..data.dataset import Dataset
from ..models.network import Network, Weights
from ..system.dataclass_json import to_json
from ..training.history import History
from ..training.loop import Training
from ..types import Labels
from .ledger import LedgerEntry


@dataclass(frozen=True, eq=False)
class RunRecord:
    """One run, as arrays and plain JSON values. :mod:`convscope.runs.store` writes it to a run folder and reads it back."""

    request: Mapping[str, Any]
    """``run.json``: the request, the dataset, package versions and the machine."""
    metrics: Mapping[str, Any]
    """``metrics.json``: every number that a report shows."""
    history: History
    evaluation: Evaluation
    """Of the test split, at temperature 1."""
    network: Network
    """With the final weights, in float32."""
    snapshots: tuple[Mapping[str, Weights], ...]
    """The weights after each epoch, by ``layer/weight``; rounded to float16."""
    examples: Examples
    evidence: Evidence | None = None
    """None if it was not collected; that takes the dataset, which a run folder does not contain."""
    evidence_missing: str = "It was not collected; `convscope report` does that if the dataset is available."
    """Why there is none."""
    readings: tuple[LedgerEntry, ...] = ()
    """The ledger at the time of reading."""
    baseline_predictions: Labels | None = None
    """(n,) the baseline's class for each test image; None without a baseline, and in runs of earlier versions."""

    @cached_property
    def calibrated(self) -> Evaluation:
        """The evaluation with the probabilities that the page and ``predict`` show: calibrated where that helps."""
        return self.evaluation.at_temperature(temperature_of(self.metrics))


def make_record(
    request: Mapping[str, Any],
    dataset: Dataset,
    training: Training,
    evaluation: Evaluation,
    check: DatasetCheck,
    *,
    uncertainty: Uncertainty | None = None,
    splits: SplitAccuracies | None = None,
    wall_seconds: float,
) -> RunRecord:
    """Gather all numbers of a run.

    ``wall_seconds`` is the time from its start until now: data, training with the epochs before it was resumed, evaluation.
    """
    network = training.network
    metrics: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "seed": request["seed"],
        "epochs": len(training.history),
        "train_seconds": training.seconds,
        "wall_seconds": wall_seconds,
        **network_metrics(network),
        "data": {
            **data_metrics(dataset, training.validation, training.num_train),
            "near_duplicates": near_duplicate_metrics(check, dataset, evaluation.predictions),
            "groups": check.groups and check.groups.as_dict(),
        },
        "history": history_metrics(training.history, len(training.validation)),
        "test": evaluation_metrics(evaluation, calibration=uncertainty.uncalibrated if uncertainty else None),
    }
    balance = measure_class_balance(training, evaluation, request["config"], metrics["data"]["class_counts"]["train"])
    measured = {"uncertainty": uncertainty, "splits": splits, "balance": balance}
    metrics |= {key: to_json(each) for key, each in measured.items() if each is not None}
    examples = choose_examples(dataset, evaluation.at_temperature(temperature_of(metrics)))
    record = RunRecord(request, metrics, training.history, evaluation, network, training.snapshots, examples)
    return with_metrics(record)


def with_metrics(record: RunRecord, **more: Any) -> RunRecord:
    """Return ``record`` with ``more`` among its metrics, and with the findings of all of them."""
    metrics = {**record.metrics, **more}
    metrics["findings"] = [to_json(finding) for finding in find(metrics, model_name=record.request["model"])]
    return replace(record, metrics=metrics)
