"""``evaluate``: accuracy of a run on its test split or on other data."""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..analysis.evaluation import Evaluation
from ..analysis.evaluation import evaluate as _evaluate
from ..analysis.measured_data import MeasuredData, measure_overlap
from ..analysis.uncertainty.uncertainty import threshold_for_accuracy
from ..data.class_matching import ClassMatch, match_classes, read_class_map
from ..data.dataset import Data, Dataset
from ..data.known.builtin import KNOWN
from ..data.load import is_missing, load_dataset, refuse_ambiguous_name, reload_dataset
from ..data.preprocessing import ImagePreprocessor
from ..data.read_options import DEFAULTS, ReadOptions, pixel_form_of
from ..errors import ConfigError, ConvscopeError, option
from ..exporters.metadata import CHANNELS, metadata_for_run
from ..runs import ledger, run_folder, store
from ..runs.reading import open_predictor
from ..runs.record import RunRecord
from ..system.arguments import checked
from ..types import PathLike
from .run import Run


@checked
def evaluate(
    run: PathLike | Run,
    data: Data | None = None,
    *,
    accuracy: float | None = None,
    reading: ReadOptions = DEFAULTS,
    map_classes: PathLike | Mapping[str, str] | None = None,
) -> Evaluation:
    """Measure a run on the test images of ``data``, or return the result on its own test split.

    All images of data without a test split are test images. The ``data`` of the result say what was used, what was left out and
    which images the run was trained on.

    The network runs in ONNX Runtime and needs no back-end. If ``data`` are read, the run's ledger records it.

    Args:
        run: A run, or its folder.
        data: A dataset, or a source that :func:`load_dataset` accepts. Image files are preprocessed as :func:`predict`
            does it, and classes are matched by name, never by position. None returns the result that was measured after the
            training.
        accuracy: The accuracy to reach, in (0, 1], by leaving out predictions below a confidence threshold. The
            threshold is chosen on the run's validation images and measured on this test split; see ``.threshold`` of
            the result.
        reading: How to read image files and tables.
        map_classes: For classes with other names than the run's: the run's class of each class of ``data``, or ``""`` to leave its
            images out; or a CSV file of these pairs.

    Raises:
        RunError: The run folder is damaged.
        ConfigError: The classes of ``data`` are not those of the network, or no threshold reaches ``accuracy``.
        ShapeError: The images have another shape than the network takes.
    """
    if accuracy is not None and not 0 < accuracy <= 1:
        raise ConfigError(f"{option('accuracy')} must be in (0, 1], for example 0.997; got {accuracy!r}.")
    folder = run_folder.verify(run)
    record = store.load_record(folder)
    evaluation = record.evaluation
    mapped = read_class_map(map_classes) if isinstance(map_classes, (str, os.PathLike)) else map_classes
    if data is not None:
        loaded = _own_data(data, record, reading) or load_dataset(
            data,
            replace(reading, all_as_test=True, trained_on=pixel_form_of(record.request["dataset"])),
            preprocessor=_preprocessor(record),
        )
        dataset, classes = match_classes(loaded, record.request["dataset"]["class_names"], mapped)
        predictor = open_predictor(folder, record.request["dataset"])
        predictor.check_shape(dataset.test.images)  # before the ledger: what cannot be evaluated is not read
        ledger.Ledger(folder, "evaluate", loaded.name, loaded.fingerprint, len(dataset.test)).record("an evaluation")
        evaluation = _evaluate(predictor, dataset.test, dataset.class_names)
        evaluation = replace(evaluation, data=_measured(run, record, loaded, dataset, classes, evaluation))
    elif mapped is not None:
        raise ConfigError("a class map is for other data than the run's own. Pass these data, or leave the map out.")
    if accuracy is not None:
        own = run.dataset if isinstance(run, Run) else reload_dataset(record.request["dataset"])
        predictor = open_predictor(folder, record.request["dataset"])
        threshold = threshold_for_accuracy(predictor, own, evaluation, record.request, record.metrics, accuracy)
        evaluation = replace(evaluation, threshold=threshold)
    store.refuse_other_run(record, folder)
    return evaluation


def _own_data(data: Data, record: RunRecord, reading: ReadOptions) -> Dataset | None:
    """Load the run's own data as for its training, so that the images held out then are its test images; None for other data."""
    known = record.request["dataset"]
    refuse_ambiguous_name(data)
    if isinstance(data, Dataset) or reading not in (DEFAULTS, ReadOptions.from_dict(known.get("reading") or {})):
        return None
    moved = is_missing(known)
    path = os.fsdecode(data) if isinstance(data, (str, os.PathLike)) else None
    if not moved and (path is None or (path != known["source"] and not _same_path(path, known["source"]))):
        return None
    with contextlib.suppress(ConvscopeError):  # the data have changed, or were not moved there: they are other data
        return reload_dataset(known, data if moved else None)
    return None


def _same_path(one: str, other: str) -> bool:
    try:
        return one not in KNOWN and other not in KNOWN and Path(one).samefile(other)
    except (OSError, ValueError):
        return False


def _measured(
    run: PathLike | Run, record: RunRecord, loaded: Dataset, dataset: Dataset, classes: ClassMatch, evaluation: Evaluation
) -> MeasuredData:
    known, overlap, unknown = record.request["dataset"], None, ""
    is_own = loaded.fingerprint == known["fingerprint"]
    try:
        own = loaded if is_own else run.dataset if isinstance(run, Run) else reload_dataset(known)
        overlap = measure_overlap(replace(own, test=dataset.test), evaluation.predictions)
    except ConvscopeError as error:
        unknown = str(error)
    return MeasuredData(
        loaded.provenance.source,
        loaded.fingerprint,
        len(dataset.test),
        is_own,
        0 if loaded.train.images is loaded.test.images else len(loaded.train),
        len(loaded.test) - len(dataset.test),
        len(loaded.provenance.left_out),
        classes,
        loaded.provenance.notes,
        overlap,
        unknown,
    )


def _preprocessor(record: RunRecord) -> ImagePreprocessor | None:
    return metadata_for_run(record).fitting if record.request["dataset"]["image_shape"][2] in CHANNELS else None
