"""``audit``: possible label errors in a run's data, as a list, in its metrics and on its page."""

import time
from dataclasses import replace
from importlib import metadata
from pathlib import Path

import numpy as np

from ..analysis.evidence import with_training_images
from ..analysis.label_audit.confirmed import AccuracyWithoutConfirmed, without_confirmed
from ..analysis.label_audit.copy_suspects import check_copies, copy_suspects
from ..analysis.label_audit.cross_validation import MODEL, Listener, OutOfSample, cross_validate
from ..analysis.label_audit.suspects import LabelAudit, find_suspects, require_cleanlab
from ..data.dataset import Dataset
from ..data.load import reload_dataset
from ..errors import DatasetError, OutputError
from ..page.write import write_report
from ..runs import ledger, run_folder, store
from ..runs.evidence import MISTAKES, ensure_evidence, ensure_mistake_analysis
from ..runs.files import AUDIT_CHECKPOINT, LABEL_SUSPECTS
from ..runs.label_suspects import (
    KEY,
    Reviews,
    load_audit,
    load_reviews,
    merge_reviews,
    num_training_images,
    read_reviews,
    to_csv,
)
from ..runs.record import RunRecord, with_metrics
from ..system.arguments import checked
from ..system.dataclass_json import to_json
from ..system.files import write_output, write_text
from ..training.engines import check_engine
from ..types import Floats, Labels, PathLike
from .output import check_output
from .run import Run, dataset_in_memory

PURPOSE = "the networks of the label audit"

NUM_IMAGES = 20
"""Training images that are added to the page, as many as it lists suspects."""
CAUTION = "Suspects are heuristic: review each image before you change or remove its label."


@checked
def audit(
    run: PathLike | Run,
    *,
    folds: int = 4,
    out: PathLike | None = None,
    overwrite: bool = False,
    confirmed: PathLike | None = None,
    copy_to: PathLike | None = None,
    progress: Listener | None = None,
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
        confirmed: The list reduced to rows that a person confirmed as label errors, or what the page's gallery saved. The
            run's list records them with their corrected classes and notes; the data stay as they are. The result then
            includes the accuracy without those test images. The run's last audit is used, if there is one.
        copy_to: A new or empty folder for copies of the images, named by rank, given and suggested class. Image files are copied
            as they are; other images become PNG files.
        progress: Called several times per fold.

    Raises:
        MissingExtraError: ``cleanlab`` is not installed.
        ConvscopeError: The run, its data or one of the files cannot be used.

    >>> convscope.audit("runs/mnist-cnn-standard-0").rows(10)
    """
    folder, dataset = run_folder.verify(run), dataset_in_memory(run)
    copy = None if out is None else check_output(out, overwrite=overwrite, inputs=[run, confirmed])
    run_folder.refuse_unwritable(folder)
    record = store.load_record(folder)
    source = record.request["dataset"]["source"] if dataset is None else dataset.provenance.source
    copies = None if copy_to is None else check_copies(copy_to, source)
    earlier = None if confirmed is None else load_audit(record, folder)
    reviews = load_reviews(folder, record)
    if confirmed is not None:
        reviews = merge_reviews(reviews, _read_reviews(record, Path(confirmed)))
    accuracy = _without_confirmed(record, reviews) if reviews or confirmed is not None else None
    try:
        if earlier is None:
            require_cleanlab()
            check_engine("auto")
            dataset = dataset or reload_dataset(record.request["dataset"])
            record, found = _find_suspects(record, dataset, folder, folds, accuracy, progress)
            record = ensure_evidence(record, folder, dataset, verb="audit")
            record = _with_suspect_images(ensure_mistake_analysis(record, folder, audit=found), found, dataset)
        else:
            found = replace(earlier, confirmed=accuracy)
            added = {} if accuracy is None else {"confirmed": to_json(accuracy)}
            record = with_metrics(record, **{KEY: {**record.metrics[KEY], **added}})
        listed = to_csv(found, reviews)
        _write(record, listed, folder, dataset)
    except OutputError:  # the disk may be full: leave nothing on it
        (folder / AUDIT_CHECKPOINT).unlink(missing_ok=True)
        raise
    if copy is not None:
        write_output(copy, listed)
    if copies is not None:
        copy_suspects(found, dataset or reload_dataset(record.request["dataset"]), copies)
    return found


def _find_suspects(
    record: RunRecord,
    dataset: Dataset,
    folder: Path,
    folds: int,
    confirmed: AccuracyWithoutConfirmed | None,
    progress: Listener | None,
) -> tuple[RunRecord, LabelAudit]:
    started, seed = time.perf_counter(), int(record.request["seed"])
    entries = ledger.Ledger(folder, "audit", dataset.name, dataset.fingerprint, len(dataset.test))
    found = cross_validate(
        dataset,
        folds=folds,
        seed=seed,
        balance=record.request["config"].get("balance", "none"),
        progress=progress,
        checkpoint=folder / AUDIT_CHECKPOINT,
        before_reading=lambda: entries.record(PURPOSE),
    )
    probabilities = {
        "train": (dataset.train.labels, found.train),
        "test": (dataset.test.labels, _test_probabilities(found, record, folds, dataset.train.labels)),
    }
    suspects = find_suspects(probabilities, dataset.class_names, (*found.notes, CAUTION))
    splits = {"train": dataset.train, "test": dataset.test}
    images = zip(suspects.split.tolist(), suspects.index.tolist(), strict=True)
    files = tuple(splits[split].name_of(index) for split, index in images) if len(dataset.test.names) else ()
    audit = replace(suspects, confirmed=confirmed, files=files)
    numbers = {
        **audit.as_dict(),
        "folds": folds,
        "model": MODEL,
        "recipe": "sprint",
        "epochs": found.epochs,
        "seed": seed,
        "cleanlab": metadata.version("cleanlab"),
        "seconds": time.perf_counter() - started,
    }
    return with_metrics(record, **{KEY: numbers}), audit


def _with_suspect_images(record: RunRecord, audit: LabelAudit, dataset: Dataset) -> RunRecord:
    if record.evidence is None:
        return record
    indices = audit.index[audit.split == "train"][:NUM_IMAGES]
    return replace(record, evidence=with_training_images(record.evidence, dataset.train, indices))


def _test_probabilities(found: OutOfSample, record: RunRecord, folds: int, labels: Labels) -> Floats:
    """Return the mean probabilities of the networks of all folds and the run's own, (n, k); ``labels`` are of the training split.

    The run's own counts as much as all others unless it is significantly less accurate: it mostly had more epochs and images.
    """
    # None of the networks was trained on a test image, and averaging reduces the variance.
    splits = record.metrics.get("splits")
    accuracy = float((found.train.argmax(axis=1) == labels).mean())
    is_good = splits is not None and splits["validation"]["interval"][1] >= accuracy
    share = 1 / 2 if is_good else 1 / (folds + 1)
    return np.asarray((1 - share) * found.test.astype(np.float64) + share * record.evaluation.probabilities)


def _read_reviews(record: RunRecord, path: Path) -> Reviews:
    names, labels = record.evaluation.class_names, record.evaluation.labels
    return read_reviews(path, names, num_train=num_training_images(record), test_labels=labels)


def _without_confirmed(record: RunRecord, reviews: Reviews) -> AccuracyWithoutConfirmed:
    wrong = [key for key, review in reviews.items() if review.is_wrong]
    test = sorted(index for split, index in wrong if split == "test")
    if len(test) == len(record.evaluation):
        raise DatasetError(
            "Every test image is confirmed as a label error, so none remains to measure accuracy on. Remove some from the list."
        )
    return without_confirmed(record.evaluation, np.array(test, np.int64), confirmed_train=len(wrong) - len(test))


def _write(record: RunRecord, listed: str, folder: Path, dataset: Dataset | None) -> None:
    record = ensure_evidence(record, folder, dataset, verb="audit")
    with store.updating_run(record, folder) as stored:
        own = {name: record.metrics[name] for name in (KEY, MISTAKES) if name in record.metrics}
        record = with_metrics(replace(record, metrics={**stored, **own}))  # with what other commands have added meanwhile
        with run_folder.replacing_file(folder, LABEL_SUSPECTS) as temporary:
            write_text(temporary, listed)
        store.save_metrics(record.metrics, folder)
        if record.evidence is not None:
            store.save_evidence(record.evidence, folder)
        write_report(record, folder)
    (folder / AUDIT_CHECKPOINT).unlink(missing_ok=True)
