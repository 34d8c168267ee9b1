"""A run record to and from the files of its run folder. Reading needs neither Keras nor a back-end, and runs no code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from . import runs
from .analysis.evaluation import Evaluation
from .analysis.examples import Examples
from .analysis.record import RunRecord
from .arrays import Array, below, load_arrays, save_arrays
from .errors import RunError
from .files import write_json, write_text
from .models.network import Weights, from_description
from .training.history import history_from_csv

HISTORY, PREDICTIONS, METRICS, SNAPSHOTS, EXAMPLES = (
    "history.csv",
    "predictions.npz",
    "metrics.json",
    "snapshots.npz",
    "examples.npz",
)
DESCRIPTION, FINAL = "network", "final"
"""Keys in ``snapshots.npz``: the network's description as JSON bytes; and the prefix of the float32 weights."""


def save_record(record: RunRecord, folder: Path) -> None:
    """Write everything but the models, the figures and the page."""
    write_json(folder / runs.REQUEST, record.request)
    write_text(folder / HISTORY, record.history.to_csv())
    write_json(folder / METRICS, record.metrics)
    save_arrays(folder / PREDICTIONS, {"labels": record.evaluation.labels, "logits": record.evaluation.logits})
    save_arrays(folder / SNAPSHOTS, dict(_snapshot_arrays(record)))
    images = {field.name: getattr(record.examples, field.name) for field in fields(Examples)}
    save_arrays(folder / EXAMPLES, images, compressed=True)


def load_record(path: Path) -> RunRecord:
    """Read a complete run back. Raises :class:`RunError` that names the file which does not fit."""
    request, metrics = (runs.read_json(path / name) for name in (runs.REQUEST, METRICS))
    predictions, snapshots, examples = (load_arrays(path / name) for name in (PREDICTIONS, SNAPSHOTS, EXAMPLES))
    try:
        class_names = tuple(request["dataset"]["class_names"])
        evaluation = Evaluation(predictions["labels"], predictions["logits"], class_names)
        description = json.loads(snapshots[DESCRIPTION].tobytes())
        network = from_description(description, _weights(snapshots, FINAL))
        epochs = range(1, 1 + int(snapshots["epochs"]))
        kept: dict[str, Any] = {field.name: examples[field.name] for field in fields(Examples)}
        kept |= {name: int(kept[name]) for name in ("first_label", "test_label")}
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"the files of the run {str(path)!r} do not fit together ({error!r}); those that one training wrote were "
            "expected. Copy the run folder again, or train again."
        ) from error
    return RunRecord(
        request,
        metrics,
        history_from_csv((path / HISTORY).read_text("utf-8")),
        evaluation,
        network,
        tuple(_weights(snapshots, f"epoch-{epoch}") for epoch in epochs),
        Examples(**kept),
    )


def _snapshot_arrays(record: RunRecord) -> Iterator[tuple[str, npt.ArrayLike]]:
    yield DESCRIPTION, np.frombuffer(json.dumps(record.network.description()).encode(), np.uint8)
    yield "epochs", np.int64(len(record.snapshots))
    for name, array in record.network.weight_arrays().items():
        yield f"{FINAL}/{name}", array
    for epoch, weights in enumerate(record.snapshots, start=1):
        for name, array in weights.items():
            yield f"epoch-{epoch}/{name}", array.astype(np.float16)


def _weights(arrays: Mapping[str, Array], group: str) -> dict[str, Weights]:
    return {name: array.astype(np.float32, copy=False) for name, array in below(arrays, group).items()}
