"""The audit of a run's labels: the list of suspects, the metrics and the updated page."""

from __future__ import annotations

import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..analysis.evidence import with_training_images
from ..analysis.label_audit.confirmed import AccuracyWithoutConfirmed, without_confirmed
from ..analysis.label_audit.cross_validation import MODEL, Listener, OutOfSample, cross_validate
from ..analysis.label_audit.suspects import LabelAudit, find_suspects, require_cleanlab
from ..data.dataset import Dataset
from ..data.reload import reload_dataset
from ..errors import DatasetError, OutputError
from ..models.backend import check_backend
from ..page.write import write_report
from ..runs import ledger, run_folder, store
from ..runs.evidence import ensure_evidence, ensure_mistake_analysis
from ..runs.files import LABEL_SUSPECTS
from ..runs.label_suspects import KEY, load_audit, read_confirmed, to_csv
from ..runs.record import RunRecord, with_metrics
from ..system.dataclass_json import to_json
from ..system.files import TEMPORARY, write_text
from ..types import PathLike
from .evaluate import dataset_in_memory, verified_folder
from .predict import predict as predict
from .run import Run as Run

if TYPE_CHECKING:
    from ..analysis.label_audit.cross_validation import Listener as AuditListener

CHECKPOINT = f"{TEMPORARY}label-audit.npz"
"""Predictions of the finished folds; a temporary file that is not part of the run."""

PURPOSE = "the networks of the label audit"

NUM_IMAGES = 20
"""Training images that are added to the page, as many as it lists suspects."""

CAUTION = "Suspects are heuristic: review each image before you change or remove its label."


def audit_run(
    folder: Path,
    dataset: Dataset | None = None,
    *,
    folds: int,
    out: Path | None = None,
    overwrite: bool = False,
    confirmed: Path | None = None,
    progress: Listener | None = None,
) -> LabelAudit:
    """Audit the labels of a complete run and write the result into its folder.

    Args:
        folder: The run.
        dataset: Its data, if already loaded.
        folds: Number of folds of the cross-validation.
        out: Path for a copy of the list of suspects.
        overwrite: Whether to replace ``out``.
        confirmed: A list of suspects that a person confirmed. The run's existing audit is then used, if there is one.
        progress: Called several times per fold.

    Raises:
        DatasetError: ``confirmed`` does not fit the run's data.
        MissingExtraError: ``cleanlab`` is not installed.
        OutputError: ``out`` is a folder or exists.
    """
    _check_out(out, overwrite)
    record = store.load_record(folder)
    earlier = load_audit(record, folder) if confirmed is not None else None
    kept = _confirm(record, confirmed)
    if earlier is None:
        require_cleanlab()
        check_backend()
        dataset = dataset or reload_dataset(record.request["dataset"])
        record, audit = _fresh(record, dataset, folder, folds, kept, progress)
        record = ensure_evidence(record, folder, dataset, verb="audit")
        record = _with_suspect_images(ensure_mistake_analysis(record, folder, audit=audit), audit, dataset)
    else:
        audit = replace(earlier, confirmed=kept)
        numbers = dict(record.metrics[KEY])
        record = with_metrics(record, **{KEY: numbers | ({} if kept is None else {"confirmed": to_json(kept)})})
    _write(record, audit, folder, dataset)
    if out is not None:
        write_text(out, to_csv(audit))
    return audit


def _fresh(
    record: RunRecord,
    dataset: Dataset,
    folder: Path,
    folds: int,
    kept: AccuracyWithoutConfirmed | None,
    progress: Listener | None,
) -> tuple[RunRecord, LabelAudit]:
    started = time.perf_counter()
    entries = ledger.Ledger(folder, "audit", dataset.name, dataset.fingerprint, len(dataset.test))
    found = cross_validate(
        dataset,
        folds=folds,
        seed=int(record.request["seed"]),
        progress=progress,
        checkpoint=folder / CHECKPOINT,
        before_reading=lambda: entries.record(PURPOSE),
    )
    judged = {
        "train": (dataset.train.labels, found.train),
        "test": (dataset.test.labels, _test_probabilities(found, record, folds)),
    }
    audit = replace(find_suspects(judged, dataset.class_names, (*found.notes, CAUTION)), confirmed=kept)
    numbers = {
        **audit.as_dict(),
        "folds": folds,
        "model": MODEL,
        "recipe": "sprint",
        "epochs": found.epochs,
        "seed": int(record.request["seed"]),
        "cleanlab": metadata.version("cleanlab"),
        "seconds": time.perf_counter() - started,
    }
    return with_metrics(record, **{KEY: numbers}), audit


def _with_suspect_images(record: RunRecord, audit: LabelAudit, dataset: Dataset) -> RunRecord:
    """Add the most suspect training images to the evidence, for the page."""
    if record.evidence is None:
        return record
    indices = audit.index[audit.split == "train"][:NUM_IMAGES]
    return replace(record, evidence=with_training_images(record.evidence, dataset.train, indices))


def _test_probabilities(found: OutOfSample, record: RunRecord, folds: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the mean probabilities of the networks of all folds and the run's own, (n, k)."""
    # None of the networks was trained on a test image, and averaging reduces the variance.
    own = record.evaluation.probabilities
    return np.asarray((folds * found.test.astype(np.float64) + own) / (folds + 1))


def _confirm(record: RunRecord, confirmed: Path | None) -> AccuracyWithoutConfirmed | None:
    """Return the accuracy without confirmed errors, or raise DatasetError for other data."""
    if confirmed is None:
        return None
    evaluation, data = record.evaluation, record.metrics["data"]
    held_out = data["validation"] if record.request["config"]["validation"] == "held-out" else 0
    kept = read_confirmed(
        confirmed, evaluation.class_names, num_train=int(data["train"]) + int(held_out), test_labels=evaluation.labels
    )
    if len(kept.test) == len(evaluation):
        raise DatasetError(
            f"{str(confirmed)!r} lists every test image, so none remains to measure accuracy on. Remove some from the list."
        )
    return without_confirmed(evaluation, kept.test, confirmed_train=len(kept.train))


def _write(record: RunRecord, audit: LabelAudit, folder: Path, dataset: Dataset | None) -> None:
    record = ensure_evidence(record, folder, dataset, verb="audit")
    with run_folder.updating_report(folder):
        with run_folder.replacing_file(folder, LABEL_SUSPECTS) as temporary:
            write_text(temporary, to_csv(audit))
        store.save_metrics(record.metrics, folder)
        if record.evidence is not None:
            store.save_evidence(record.evidence, folder)
        write_report(record, folder)
    (folder / CHECKPOINT).unlink(missing_ok=True)


def _check_out(out: Path | None, overwrite: bool) -> None:
    if out is not None and out.is_dir():
        raise OutputError(f"{str(out)!r} is a folder. Choose the name of a file with --out FILE.")
    if out is not None and out.exists() and not overwrite:
        raise OutputError(
            f"{str(out)!r} already exists. Choose another file with --out FILE, or replace it with --overwrite."
        )


def audit(
    run: PathLike | Run,
    *,
    folds: int = 4,
    out: PathLike | None = None,
    overwrite: bool = False,
    confirmed: PathLike | None = None,
    progress: AuditListener | None = None,
) -> LabelAudit:
    """Find possible label errors in the data of a run, the most suspect first.

    Networks trained briefly on the other folds predict each training image; all of them and the run's own network
    predict each test image. The list ``label_suspects.csv`` and the numbers are written into the run folder, and the
    page is made again. An interrupted audit continues after the last complete fold.

    Args:
        run: A run, or its folder.
        folds: The number of cross-validation folds.
        out: A file for a copy of the list.
        overwrite: Whether ``out`` may be replaced.
        confirmed: The list reduced to rows that a person confirmed as label errors; the result then includes the
            accuracy without those test images.
        progress: Called several times per fold.

    Raises:
        MissingExtraError: ``cleanlab`` is not installed; run ``pip install "convscope[audit]"``.
        ConvscopeError: The run, its data or one of the files cannot be used.

    >>> convscope.audit("runs/mnist-cnn-standard-0").rows(10)
    """

    return audit_run(
        verified_folder(run),
        dataset_in_memory(run),
        folds=folds,
        out=None if out is None else Path(out),
        overwrite=overwrite,
        confirmed=None if confirmed is None else Path(confirmed),
        progress=progress,
    )
