"""The mistakes of a run, explained with the predictions of other runs on the same data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import archive, runs
from .analysis.mistakes import Mistake, explain_mistakes
from .analysis.record import RunRecord
from .data.dataset import Dataset
from .errors import ConfigError, DatasetError
from .models.predictor import Predictor
from .other_seeds import other_seeds
from .reporting import MISTAKES, SEEDS, with_evidence, write_report
from .run_files import KERAS_MODEL, ONNX_MODEL
from .suspects_file import load_audit
from .types import Labels
from .votes import count_votes

if TYPE_CHECKING:
    from .training.gradients import InputGradient

NETWORKS = "other networks"
"""Name for the networks that vote when they are not all from one study."""


def mistakes_of(
    folder: Path, others: Sequence[Path], dataset: Dataset | None, *, study: Path | None, saliency: bool, most: int | None
) -> tuple[Mistake, ...]:
    """Do the work of :func:`convscope.api.mistakes` for the folders of complete runs."""
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 0):
        raise ConfigError(f"most must be a whole number of at least 0, or None; got {most!r}.")
    stored = archive.load_record(folder)
    predictions = [_predictions(stored, archive.load_record(other), other) for other in others]
    record = with_evidence(stored, folder, dataset, verb="mistakes", study=study)
    if record.evidence is None:
        raise DatasetError(
            f"the run {str(folder)!r} has no images of its mistakes: {record.evidence_missing} Restore the "
            "data, or pass the Run that `train` returned."
        )
    if study is not None and record.metrics[MISTAKES] != stored.metrics.get(MISTAKES):
        with runs.rewriting_report(folder):
            write_report(record, folder)
    seeds = other_seeds(record, folder, study)
    gradient = _gradient(folder) if saliency else None
    votes = count_votes(predictions, record.evaluation.labels, len(record.evaluation.class_names)).counts
    return explain_mistakes(
        record,
        Predictor(folder / ONNX_MODEL),
        votes=votes if seeds is None else votes + seeds.counts,
        voters=NETWORKS if others else SEEDS,
        audit=load_audit(record, folder),
        gradient=gradient,
        most=most,
    )


def _gradient(folder: Path) -> InputGradient:
    from .models.saving import load_model
    from .training.gradients import InputGradient

    return InputGradient(load_model(folder / KERAS_MODEL))


def _predictions(record: RunRecord, other: RunRecord, folder: Path) -> Labels:
    """Return the classes (n,) that another run predicts for the same test images.

    Raises:
        ConfigError: The other run has different data.
    """
    own, its = record.evaluation, other.evaluation
    same_data = record.request["dataset"]["fingerprint"] == other.request["dataset"]["fingerprint"]
    if not same_data or not np.array_equal(own.labels, its.labels):
        raise ConfigError(
            f"the run {str(folder)!r} was trained on different data, so its predictions are for other images. "
            "Leave it out of --others."
        )
    return its.predictions
