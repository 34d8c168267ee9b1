"""Export a run's network and check it against the run's own logits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.dataset import Dataset
from ..data.reload import reload_dataset
from ..errors import ConvscopeError
from ..exporters.formats import ModelFiles, write_export
from ..exporters.metadata import ModelMetadata, metadata_for_run
from ..exporters.snippets import snippets
from ..exporters.verification import Verification
from ..runs import store
from ..runs.files import KERAS_MODEL, ONNX_MODEL
from ..runs.record import RunRecord
from ..types import Floats, Images, PathLike
from .evaluate import dataset_in_memory, verified_folder
from .run import Run as Run


@dataclass(frozen=True, eq=False)
class Export:
    """An exported file, its agreement with the run, and programs that use it."""

    path: Path
    """A file, or the folder of a SavedModel."""
    format: str
    agreement: Verification
    num_test: int
    """Size of the test split; the agreement covers fewer images if its data are gone."""
    contract: ModelMetadata
    """The metadata in the file."""
    snippets: Mapping[str, str]
    """Programs that use the file, by language."""

    def __repr__(self) -> str:
        agreement = self.agreement
        return (
            f"Export({str(self.path)!r}, {len(agreement):,} of {self.num_test:,} test images checked, "
            f"{agreement.mismatched_classes} classes differ, logits within {agreement.largest_difference:.1e})"
        )


def export_run(folder: Path, path: Path, format_name: str, dataset: Dataset | None) -> Export:
    """Write the network of a run to ``path``.

    Args:
        folder: The run folder.
        path: The file, or folder of a SavedModel, to write or replace.
        format_name: A key of :data:`convscope.exporters.formats.ENDINGS`.
        dataset: The run's dataset, if it is in memory.
    """
    record = store.load_record(folder)
    contract = metadata_for_run(record)
    images, expected = _known_logits(record, dataset)
    trained = ModelFiles(folder / ONNX_MODEL, folder / KERAS_MODEL)
    agreement = write_export(format_name, trained, path, contract, images=images, expected=expected)
    return Export(path, format_name, agreement, len(record.evaluation), contract, snippets(format_name, path, contract))


def _known_logits(record: RunRecord, dataset: Dataset | None) -> tuple[Images, Floats]:
    """Return test images with the run's logits: the whole split, or what the run kept."""
    logits, evidence, examples = record.evaluation.logits, record.evidence, record.examples
    if dataset is None and evidence is not None and len(evidence.test_indices) == len(logits):
        return evidence.test_images, logits[evidence.test_indices]
    try:
        dataset = dataset or reload_dataset(record.request["dataset"])
    except ConvscopeError:
        if evidence is not None:
            return evidence.test_images, logits[evidence.test_indices]
        indices = np.concatenate([examples.one_per_class_indices, examples.mistake_indices])
        return np.concatenate([examples.one_per_class, examples.mistakes]), logits[indices]
    return dataset.test.images, logits


def export(
    run: PathLike | Run,
    format: str = "onnx",  # noqa: A002
    *,
    out: PathLike | None = None,
    overwrite: bool = False,
) -> Export:
    """Export a run's network with its preprocessing, and verify it on the test images.

    Args:
        run: A run, or its folder.
        format: ``"onnx"``, ``"keras"``, ``"saved_model"`` (a folder) or ``"litert"``; all but the first need a back-end.
        out: The file or folder to write, by default the run's name with the format's suffix in the current folder.
        overwrite: Whether ``out`` may be replaced.

    Raises:
        RunError: The run folder is damaged.
        OutputError: ``out`` exists already or cannot be written.
        MissingBackendError: The format needs a back-end that is not installed.
        ConvscopeError: A logit differs from the run's by more than 1e-4; no file is kept.

    >>> convscope.export("runs/mnist-cnn-standard-0").snippets["Python"]
    """
    from ..exporters.formats import check_format, choose_output

    check_format(format)
    folder = verified_folder(run)
    path = choose_output(format, folder.resolve().name, out, overwrite=overwrite)
    return export_run(folder, path, format, dataset_in_memory(run))
