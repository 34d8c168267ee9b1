"""From a training and its evaluation to the record of the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ..data.dataset import Dataset
from ..models.network import Network, from_keras
from ..models.shapes import layer_table
from ..training.loop import Training
from .baseline import Baseline, compare_with_baseline
from .doubt import Doubt, doubt_metrics
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
    doubt: Doubt | None = None,
    wall_seconds: float,
) -> RunRecord:
    """Gather every number of a run. ``request`` is what ``run.json`` will say; ``wall_seconds`` the time until now."""
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
        "test": evaluation_metrics(evaluation, sureness=doubt.before if doubt else None),
    }
    if doubt is not None:
        metrics["doubt"] = doubt_metrics(doubt)
    examples = choose_examples(dataset, evaluation)
    record = RunRecord(request, metrics, training.history, evaluation, network, training.snapshots, examples)
    return with_metrics(record)


def with_metrics(record: RunRecord, **more: Any) -> RunRecord:
    """``record`` with ``more`` among its metrics, and with the findings of all of them."""
    metrics = {**record.metrics, **more}
    metrics["findings"] = [asdict(finding) for finding in find(metrics, model_name=record.request["model"])]
    return replace(record, metrics=metrics)


def measure_baseline(
    name: str, training: Training, network: Network, of_baseline: Evaluation, of_model: Evaluation
) -> Baseline:
    """The network beside, against the one under study."""
    return compare_with_baseline(
        of_model,
        of_baseline,
        model_name=name,
        num_parameters=network.num_parameters,
        multiply_adds=layer_table(network).multiply_adds,
        epochs=len(training.history),
        train_seconds=training.seconds,
    )
