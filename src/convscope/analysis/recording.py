"""From a training and its evaluation to the record of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..data.dataset import Dataset
from ..dataclass_json import to_json
from ..models.network import Network, from_keras
from ..models.shapes import layer_table
from ..training.loop import Training
from .baseline import Baseline, compare_with_baseline
from .doubt import Uncertainty
from .evaluation import Evaluation
from .examples import choose_examples
from .findings import find
from .metrics import (
    SCHEMA_VERSION,
    data_metrics,
    evaluation_metrics,
    history_metrics,
    network_metrics,
)
from .record import RunRecord


def make_record(
    request: Mapping[str, Any],
    dataset: Dataset,
    training: Training,
    evaluation: Evaluation,
    *,
    uncertainty: Uncertainty | None = None,
    wall_seconds: float,
) -> RunRecord:
    """Gather all numbers of a run.

    Args:
        request: What ``run.json`` will hold.
        dataset: What the network was trained on.
        training: The training, with its model.
        evaluation: Of the test split.
        uncertainty: Of the network, if it was measured.
        wall_seconds: The time from the start of the run until now.
    """
    network = from_keras(training.model)
    metrics: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "seed": request["seed"],
        "epochs": len(training.history),
        "train_seconds": training.seconds,
        "wall_seconds": wall_seconds,
        **network_metrics(network),
        "data": data_metrics(dataset, training.validation, training.num_train),
        "history": history_metrics(training.history, len(training.validation)),
        "test": evaluation_metrics(evaluation, calibration=uncertainty.uncalibrated if uncertainty else None),
    }
    if uncertainty is not None:
        metrics["uncertainty"] = to_json(uncertainty)
    examples = choose_examples(dataset, evaluation)
    record = RunRecord(request, metrics, training.history, evaluation, network, training.snapshots, examples)
    return with_metrics(record)


def with_metrics(record: RunRecord, **more: Any) -> RunRecord:
    """Return ``record`` with ``more`` among its metrics, and with the findings of all of them."""
    metrics = {**record.metrics, **more}
    metrics["findings"] = [to_json(finding) for finding in find(metrics, model_name=record.request["model"])]
    return replace(record, metrics=metrics)


def measure_baseline(
    name: str, training: Training, network: Network, of_baseline: Evaluation, of_model: Evaluation
) -> Baseline:
    """Return the baseline ``network`` compared with the network under study."""
    return compare_with_baseline(
        of_model,
        of_baseline,
        model_name=name,
        num_parameters=network.num_parameters,
        multiply_adds=layer_table(network).multiply_adds,
        epochs=len(training.history),
        train_seconds=training.seconds,
    )
