"""Run records to and from the files of a run folder. Reading needs neither Keras nor a back-end, and executes no code."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.epoch_snapshots import EpochSnapshots
from ..analysis.evaluation import Evaluation
from ..analysis.evidence import Evidence
from ..analysis.mistakes.nearest_neighbours import NearestNeighbours
from ..analysis.ood.mahalanobis import MahalanobisDistance
from ..analysis.pca_map import PCAMap
from ..analysis.sampling import Examples
from ..errors import ConfigError, RunError, spelled
from ..system.arrays import Array, below, save_arrays
from ..system.files import write_json, write_text
from ..system.forms import FormError, Items, Sizes
from ..training.config import SETTINGS
from ..training.history import history_from_csv
from . import ledger, opening, run_folder
from .array_forms import read_arrays
from .files import EVIDENCE, EXAMPLES, HISTORY, MANIFEST, METRICS, PREDICTIONS, REFERENCE_DATA, REQUEST, SNAPSHOTS
from .metrics_form import read_metrics, refuse_other_results
from .opening import wrong_value
from .reading import read_request
from .record import RunRecord
from .reference_data import from_arrays, to_arrays, to_scalar
from .stored_network import DESCRIPTION, FINAL, network_of, parsed_bytes, weights_of

NAMES = "names"
"""Key in ``predictions.npz``: files or rows of the test images as JSON bytes."""
OF_ONE_TRAINING = ("seed", "train_seconds", "wall_seconds")
"""Metrics that no other verb changes and no two trainings share."""
LARGEST_HALF = float(np.finfo(np.float16).max)
"""Weights of a training that diverged may be larger."""
PARTS: dict[str, type[Any]] = {
    "nearest_neighbours": NearestNeighbours,
    "mahalanobis": MahalanobisDistance,
    "epoch_snapshots": EpochSnapshots,
    "pca_map": PCAMap,
}
"""Parts of the evidence that may be missing; their fields are stored as ``nearest_neighbours/true`` and so on."""


def save_record(record: RunRecord, folder: Path) -> None:
    """Write all files of a run but the models, the figures and the page."""
    write_json(folder / REQUEST, record.request)
    write_text(folder / HISTORY, record.history.to_csv())
    write_json(folder / METRICS, record.metrics)
    save_predictions(record, folder)
    save_arrays(folder / SNAPSHOTS, dict(_snapshot_arrays(record)))
    images = {field.name: getattr(record.examples, field.name) for field in fields(Examples)}
    save_arrays(folder / EXAMPLES, images, compressed=True)
    # Evidence or reference data that the record lacks are left from an unfinished training of another network.
    (folder / REFERENCE_DATA).unlink(missing_ok=True)
    if record.evidence is None:
        (folder / EVIDENCE).unlink(missing_ok=True)
    else:
        save_evidence(record.evidence, folder)


def save_predictions(record: RunRecord, folder: Path) -> None:
    """Write ``predictions.npz`` of an unfinished run; a second time once the baseline has predicted, too."""
    arrays: dict[str, npt.ArrayLike] = {"labels": record.evaluation.labels, "logits": record.evaluation.logits}
    if len(record.evaluation.names):
        arrays[NAMES] = np.frombuffer(json.dumps(list(record.evaluation.names)).encode(), np.uint8)
    if record.baseline_predictions is not None:
        arrays["baseline"] = record.baseline_predictions.astype(np.uint16)
    save_arrays(folder / PREDICTIONS, arrays)


@contextlib.contextmanager
def updating_run(record: RunRecord, folder: Path) -> Iterator[dict[str, Any]]:
    """Lock the run that ``record`` was read from while the block changes it, and yield its metrics as they are now."""
    with run_folder.updating_report(folder):
        yield refuse_other_run(record, folder)


def refuse_other_run(record: RunRecord, folder: Path) -> dict[str, Any]:
    """Return the metrics as they are now; RunError if they are another training's, which would be mixed with ``record``."""
    metrics = read_metrics(run_folder.verify(folder, only={METRICS}))
    if any(metrics[name] != record.metrics[name] for name in OF_ONE_TRAINING):
        remedy = spelled("Run the command again", "Load it again")
        raise RunError(f"the run in {str(folder)!r} was replaced since it was opened. {remedy}.")
    return metrics


def save_metrics(metrics: Mapping[str, Any], folder: Path) -> None:
    """Write ``metrics.json`` of an unfinished run, or of a complete one within :func:`run_folder.updating_report`."""
    with _atomic_replacement(folder, METRICS) as path:
        write_json(path, metrics)


def save_evidence(evidence: Evidence, folder: Path) -> None:
    """Write ``evidence.npz`` of a run as in :func:`save_metrics`. About 2 MB for MNIST."""
    with _atomic_replacement(folder, EVIDENCE) as path:
        save_arrays(path, dict(_evidence_arrays(evidence)), compressed=True)


@contextlib.contextmanager
def _atomic_replacement(folder: Path, name: str) -> Iterator[Path]:
    """Yield where to write the file ``name``; in a complete run, a temporary file that replaces it at the end."""
    is_complete = (folder / MANIFEST).is_file()
    with run_folder.replacing_file(folder, name) if is_complete else contextlib.nullcontext(folder / name) as path:
        yield path


def load_record(path: Path) -> RunRecord:
    """Read a complete run back, as a whole. Raises :class:`RunError` that names the file which does not fit."""
    return run_folder.read_whole(path, _load_record)


def _load_record(path: Path) -> RunRecord:
    sizes: Sizes = {}
    request, metrics = read_request(path, sizes), read_metrics(path, sizes)
    _refuse_impossible_settings(path, request["config"])
    if int(metrics["epochs"]) != len(history := history_from_csv(opening.read_text(path / HISTORY))):
        raise wrong_value(path / HISTORY, FormError(f"it has {len(history):,} epochs, but {METRICS} {metrics['epochs']:,}"))
    predictions, snapshots, examples = (read_arrays(path / name, sizes) for name in (PREDICTIONS, SNAPSHOTS, EXAMPLES))
    names = ()
    if NAMES in predictions:
        names = tuple(parsed_bytes(path / PREDICTIONS, NAMES, predictions[NAMES], Items(str, "test images"), sizes))
    evaluation = Evaluation(
        predictions["labels"], predictions["logits"], tuple(request["dataset"]["class_names"]), names=names
    )
    evidence = None
    if opening.is_held(path / EVIDENCE):
        evidence = _evidence(read_arrays(path / EVIDENCE, sizes))
    refuse_other_results(path, metrics["test"], evaluation)
    network = network_of(path / SNAPSHOTS, snapshots, sizes)
    kept: dict[str, Any] = {**examples, **{name: int(examples[name]) for name in ("first_label", "test_label")}}
    return RunRecord(
        request,
        metrics,
        history,
        evaluation,
        network,
        tuple(weights_of(snapshots, f"epoch-{epoch}") for epoch in range(1, 1 + len(history))),
        Examples(**kept),
        evidence,
        readings=ledger.read(path),
        baseline_predictions=predictions.get("baseline"),
    )


def _evidence_arrays(evidence: Evidence) -> Iterator[tuple[str, npt.ArrayLike]]:
    for field in fields(Evidence):
        value = getattr(evidence, field.name)
        yield from to_arrays(field.name, value) if field.name in PARTS else [(field.name, value)]


def _evidence(arrays: Mapping[str, Array]) -> Evidence:
    parts = {name: from_arrays(kind, below(arrays, name)) for name, kind in PARTS.items()}
    whole = {field.name: to_scalar(arrays[field.name]) for field in fields(Evidence) if field.name not in PARTS}
    return Evidence(**whole, **parts)


def _snapshot_arrays(record: RunRecord) -> Iterator[tuple[str, npt.ArrayLike]]:
    yield DESCRIPTION, np.frombuffer(json.dumps(record.network.description()).encode(), np.uint8)
    yield "epochs", np.int64(len(record.snapshots))
    for name, array in record.network.weight_arrays().items():
        yield f"{FINAL}/{name}", array
    for epoch, weights in enumerate(record.snapshots, start=1):
        for name, array in weights.items():
            yield f"epoch-{epoch}/{name}", array.clip(-LARGEST_HALF, LARGEST_HALF).astype(np.float16)


def _refuse_impossible_settings(path: Path, config: Mapping[str, Any]) -> None:
    for name, value in {**config, **config["augmentation"]}.items():
        if name in SETTINGS:
            try:
                SETTINGS[name].checked(value)
            except ConfigError as error:
                wrong = FormError(f"config.{name} is {ascii(value)[:60]}, not {SETTINGS[name].accepted}")
                raise wrong_value(path / REQUEST, wrong) from error
