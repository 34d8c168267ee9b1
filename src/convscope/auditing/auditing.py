"""The verb: from a run to the list of its suspects, its numbers, and its page made again."""

from __future__ import annotations

import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from .. import archive, ledger, runs
from ..analysis.confirmed_suspects import WithoutConfirmed, without_confirmed
from ..analysis.evidence import with_training_images
from ..analysis.label_audit import LabelAudit, find_suspects, require_cleanlab
from ..analysis.record import RunRecord
from ..analysis.recording import with_metrics
from ..data.again import same_dataset
from ..data.dataset import Dataset
from ..errors import DatasetError, OutputError
from ..files import TEMPORARY, write_text
from ..models.backend import check_backend
from ..reporting import with_evidence, with_mistakes, write_report
from ..run_files import LABEL_SUSPECTS
from ..suspects_file import KEY, load_audit, read_confirmed, to_csv
from .cross_validation import MODEL, Listener, OutOfSample, cross_validate

CHECKPOINT = f"{TEMPORARY}label-audit.npz"
"""What the folds said so far. Named as files that anybody may delete, and no part of the run."""
PURPOSE = "the networks of the label audit"
PICTURES = 20
"""Training images that the page gets beside those that it has: as many suspects as it names."""
JUDGES = "Suspects are hints, found by networks: look at each before you change or leave out anything."


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
    """Audit the labels that the complete run in ``folder`` was trained and tested with, and write what was found into it.

    ``dataset``: its data, where they are at hand; otherwise they are read again. ``confirmed``: a list of suspects that a person
    has gone through; an audit that the run has already is then not made again. ``out``: a copy of the list goes there.
    """
    _check_out(out, overwrite)
    record = archive.load_record(folder)
    earlier = load_audit(record, folder) if confirmed is not None else None
    kept = _confirm(record, confirmed)
    if earlier is None:
        require_cleanlab()
        check_backend()
        dataset = dataset or same_dataset(record.request["dataset"])
        record, audit = _fresh(record, dataset, folder, folds, kept, progress)
        record = with_evidence(record, folder, dataset, verb="audit")
        record = _with_pictures(with_mistakes(record, folder, audit=audit), audit, dataset)
    else:
        audit = replace(earlier, confirmed=kept)
        numbers = dict(record.metrics[KEY])
        record = with_metrics(record, **{KEY: numbers | ({} if kept is None else {"confirmed": kept.as_dict()})})
    _write(record, audit, folder, dataset)
    if out is not None:
        write_text(out, to_csv(audit))
    return audit


def _fresh(
    record: RunRecord,
    dataset: Dataset,
    folder: Path,
    folds: int,
    kept: WithoutConfirmed | None,
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
        before_reading=lambda: entries.enter(PURPOSE),
    )
    judged = {
        "train": (dataset.train.labels, found.train),
        "test": (dataset.test.labels, _test_probabilities(found, record, folds)),
    }
    audit = replace(find_suspects(judged, dataset.class_names, (*found.notes, JUDGES)), confirmed=kept)
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


def _with_pictures(record: RunRecord, audit: LabelAudit, dataset: Dataset) -> RunRecord:
    """``record`` with the most suspect training images in its evidence, so that its page can show them."""
    if record.evidence is None:
        return record
    places = audit.index[audit.split == "train"][:PICTURES]
    return replace(record, evidence=with_training_images(record.evidence, dataset.train, places))


def _test_probabilities(found: OutOfSample, record: RunRecord, folds: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, k): the mean over the networks of the folds and the run's own. None of them saw a test image, and many judges have
    fewer whims than one."""
    own = record.evaluation.probabilities
    return np.asarray((folds * found.test.astype(np.float64) + own) / (folds + 1))


def _confirm(record: RunRecord, confirmed: Path | None) -> WithoutConfirmed | None:
    """The accuracy without the confirmed suspects. Raises :class:`DatasetError` for a list that is not of this run's data."""
    if confirmed is None:
        return None
    evaluation, data = record.evaluation, record.metrics["data"]
    held_out = data["validation"] if record.request["config"]["validation"] == "held-out" else 0
    kept = read_confirmed(
        confirmed, evaluation.class_names, num_train=int(data["train"]) + int(held_out), test_labels=evaluation.labels
    )
    if len(kept.test) == len(evaluation):
        raise DatasetError(
            f"{str(confirmed)!r} names every test image; at least one that is not confirmed was expected, to measure on."
        )
    return without_confirmed(evaluation, kept.test, confirmed_train=len(kept.train))


def _write(record: RunRecord, audit: LabelAudit, folder: Path, dataset: Dataset | None) -> None:
    record = with_evidence(record, folder, dataset, verb="audit")
    with runs.rewriting_report(folder):
        with runs.exchanging(folder, LABEL_SUSPECTS) as temporary:
            write_text(temporary, to_csv(audit))
        archive.save_metrics(record.metrics, folder)
        if record.evidence is not None:
            archive.save_evidence(record.evidence, folder)
        write_report(record, folder)
    (folder / CHECKPOINT).unlink(missing_ok=True)


def _check_out(out: Path | None, overwrite: bool) -> None:
    if out is not None and out.is_dir():
        raise OutputError(f"{str(out)!r} is a folder; the name of a file was expected. Choose one with --out FILE.")
    if out is not None and out.exists() and not overwrite:
        raise OutputError(
            f"{str(out)!r} exists already; a new file was expected. "
            "Choose another with --out FILE, or replace it with --overwrite."
        )
