"""A run record to and from the files of its run folder. Reading needs neither Keras nor a back-end, and runs no code."""

from __future__ import annotations

import io
import json
import zipfile
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
from .errors import RunError
from .files import write_bytes, write_json, write_text
from .models.network import from_description
from .training.history import history_from_csv

Arrays = Mapping[str, npt.ArrayLike]

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
    _save_arrays(folder / PREDICTIONS, {"labels": record.evaluation.labels, "logits": record.evaluation.logits})
    _save_arrays(folder / SNAPSHOTS, dict(_snapshot_arrays(record)))
    _save_arrays(folder / EXAMPLES, {field.name: getattr(record.examples, field.name) for field in fields(Examples)})


def load_record(path: Path) -> RunRecord:
    """Read a complete run back. Raises :class:`RunError` that names the file which does not fit."""
    request, metrics = (runs.read_json(path / name) for name in (runs.REQUEST, METRICS))
    predictions, snapshots, examples = (_load_arrays(path / name) for name in (PREDICTIONS, SNAPSHOTS, EXAMPLES))
    try:
        class_names = tuple(request["dataset"]["class_names"])
        evaluation = Evaluation(predictions["labels"], predictions["logits"], class_names)
        description = json.loads(snapshots[DESCRIPTION].tobytes())
        network = from_description(description, _with_prefix(snapshots, FINAL))
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
        tuple(_with_prefix(snapshots, f"epoch-{epoch}") for epoch in epochs),
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


def _with_prefix(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[np.float32]]:
    start = prefix + "/"
    return {
        name.removeprefix(start): array.astype(np.float32, copy=False)
        for name, array in arrays.items()
        if name.startswith(start)
    }


def _save_arrays(path: Path, arrays: Arrays) -> None:
    """As ``.npz``, compressed where that is worth its time: weights and logits are noise to a compressor, pictures not."""
    buffer = io.BytesIO()
    save = np.savez_compressed if path.name == EXAMPLES else np.savez
    save(buffer, allow_pickle=False, **{name: np.asarray(array) for name, array in arrays.items()})
    write_bytes(path, buffer.getvalue())


def _load_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise RunError(
            f"{str(path)!r} cannot be read ({error}); arrays that convscope wrote were expected. "
            "Copy the run folder again, or train again."
        ) from error
