"""The public functions, one per command.

Each takes names, paths or arrays, and most return one frozen dataclass.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..analysis.evaluation import Evaluation
from ..analysis.evaluation import evaluate as _evaluate
from ..data.dataset import Dataset
from ..data.load import load_dataset
from ..data.read_options import DEFAULTS, ReadOptions
from ..data.reload import match_classes, reload_dataset
from ..models.predictor import Predictor
from ..runs import ledger, run_folder, store
from ..runs.files import ONNX_MODEL
from ..types import PathLike
from .predict import predict as predict
from .run import Run as Run

if TYPE_CHECKING:
    from ..data.preprocessing import ImagePreprocessor
    from ..runs.record import RunRecord


def evaluate(
    run: PathLike | Run,
    data: PathLike | Dataset | None = None,
    *,
    accuracy: float | None = None,
    reading: ReadOptions = DEFAULTS,
) -> Evaluation:
    """Measure a run on the test split of ``data``, or return the result on its own test split.

    The network runs in ONNX Runtime and needs no back-end. If ``data`` are read, the run's ledger records it.

    Args:
        run: A run, or its folder.
        data: A dataset, or a source that :func:`load_dataset` accepts. Image files are preprocessed as :func:`predict`
            does it, and classes are matched by name. None returns the result that was measured after the training.
        accuracy: The accuracy to reach, in (0, 1], by leaving out predictions below a confidence threshold. The
            threshold is chosen on the run's validation images and measured on this test split; see ``.threshold`` of
            the result.
        reading: How to read image files and tables.

    Raises:
        RunError: The run folder is damaged.
        ConfigError: The classes of ``data`` are not those of the network, or no threshold reaches ``accuracy``.
        ShapeError: The images have another shape than the network takes.
    """
    folder = verified_folder(run)
    record = store.load_record(folder)
    if data is None:
        return _with_threshold(record.evaluation, run, record, accuracy)
    loaded = load_dataset(data, reading, preprocessor=_fitting(record))
    dataset = match_classes(loaded, record.request["dataset"]["class_names"])
    ledger.Ledger(folder, "evaluate", loaded.name, loaded.fingerprint, len(loaded.test)).record("an evaluation")
    return _with_threshold(
        _evaluate(Predictor(folder / ONNX_MODEL), dataset.test, dataset.class_names), run, record, accuracy
    )


def _fitting(record: RunRecord) -> ImagePreprocessor | None:
    """Return the preprocessing for a run's network; None if it cannot take image files."""
    from ..exporters.metadata import CHANNELS, metadata_for_run

    return metadata_for_run(record).fitting if record.request["dataset"]["image_shape"][2] in CHANNELS else None


def _with_threshold(evaluation: Evaluation, run: PathLike | Run, record: RunRecord, accuracy: float | None) -> Evaluation:
    if accuracy is None:
        return evaluation
    from ..analysis.uncertainty.uncertainty import threshold_for_accuracy

    dataset = run.dataset if isinstance(run, Run) else reload_dataset(record.request["dataset"])
    predictor = Predictor(verified_folder(run) / ONNX_MODEL)
    return replace(
        evaluation,
        threshold=threshold_for_accuracy(predictor, dataset, evaluation, record.request, record.metrics, accuracy),
    )


def dataset_in_memory(run: PathLike | Run) -> Dataset | None:
    """Return the dataset of a run if it is in memory."""
    return run.held_dataset if isinstance(run, Run) else None


def verified_folder(run: PathLike | Run) -> Path:
    """Return the folder of a run after verifying that it is complete and undamaged."""
    return run_folder.verify(run)
