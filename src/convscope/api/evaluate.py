"""``evaluate``: accuracy of a run on its test split or on other data."""

from __future__ import annotations

from dataclasses import replace

from ..analysis.evaluation import Evaluation
from ..analysis.evaluation import evaluate as _evaluate
from ..analysis.uncertainty.uncertainty import threshold_for_accuracy
from ..data.dataset import Dataset
from ..data.load import load_dataset
from ..data.preprocessing import ImagePreprocessor
from ..data.read_options import DEFAULTS, ReadOptions
from ..data.reload import match_classes, reload_dataset
from ..exporters.metadata import CHANNELS, metadata_for_run
from ..models.predictor import Predictor
from ..runs import ledger, run_folder, store
from ..runs.files import ONNX_MODEL
from ..runs.record import RunRecord
from ..types import PathLike
from .run import Run


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
    folder = run_folder.verify(run)
    record, model = store.load_record(folder), folder / ONNX_MODEL
    evaluation = record.evaluation
    if data is not None:
        loaded = load_dataset(data, reading, preprocessor=_preprocessor(record))
        dataset = match_classes(loaded, record.request["dataset"]["class_names"])
        ledger.Ledger(folder, "evaluate", loaded.name, loaded.fingerprint, len(loaded.test)).record("an evaluation")
        evaluation = _evaluate(Predictor(model), dataset.test, dataset.class_names)
    if accuracy is None:
        return evaluation
    own = run.dataset if isinstance(run, Run) else reload_dataset(record.request["dataset"])
    threshold = threshold_for_accuracy(Predictor(model), own, evaluation, record.request, record.metrics, accuracy)
    return replace(evaluation, threshold=threshold)


def _preprocessor(record: RunRecord) -> ImagePreprocessor | None:
    """Return the preprocessing for a run's network; None if it cannot take image files."""
    return metadata_for_run(record).fitting if record.request["dataset"]["image_shape"][2] in CHANNELS else None
