"""Export a run's network and check it against the run's own logits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import archive
from .analysis.record import RunRecord
from .data.again import same_dataset
from .data.dataset import Dataset
from .errors import ConvscopeError
from .export.agreement import Agreement
from .export.contract import Contract, contract_of
from .export.formats import Trained, write_export
from .export.snippets import snippets
from .run_files import KERAS_MODEL, ONNX_MODEL
from .types import Floats, Images


@dataclass(frozen=True, eq=False)
class Export:
    """An exported file, its agreement with the run, and programs that use it."""

    path: Path
    """A file, or the folder of a SavedModel."""
    format: str
    agreement: Agreement
    num_test: int
    """Size of the test split; the agreement covers fewer images if its data are gone."""
    contract: Contract
    """The metadata in the file."""
    snippets: Mapping[str, str]
    """Programs that use the file, by language."""

    def __repr__(self) -> str:
        agreement = self.agreement
        return (
            f"Export({str(self.path)!r}, {len(agreement):,} of {self.num_test:,} test images checked, "
            f"{agreement.classes_that_differ} classes differ, logits within {agreement.largest_difference:.1e})"
        )


def export_run(folder: Path, path: Path, format_name: str, dataset: Dataset | None) -> Export:
    """Write the network of a run to ``path``.

    Args:
        folder: The run folder.
        path: The file, or folder of a SavedModel, to write or replace.
        format_name: A key of :data:`convscope.export.formats.ENDINGS`.
        dataset: The run's dataset, if it is in memory.
    """
    record = archive.load_record(folder)
    contract = contract_of(record)
    images, expected = _known_logits(record, dataset)
    trained = Trained(folder / ONNX_MODEL, folder / KERAS_MODEL)
    agreement = write_export(format_name, trained, path, contract, images=images, expected=expected)
    return Export(path, format_name, agreement, len(record.evaluation), contract, snippets(format_name, path, contract))


def _known_logits(record: RunRecord, dataset: Dataset | None) -> tuple[Images, Floats]:
    """Return test images with the run's logits: the whole split, or what the run kept."""
    logits, evidence, examples = record.evaluation.logits, record.evidence, record.examples
    if dataset is None and evidence is not None and len(evidence.test_indices) == len(logits):
        return evidence.test_images, logits[evidence.test_indices]
    try:
        dataset = dataset or same_dataset(record.request["dataset"])
    except ConvscopeError:
        if evidence is not None:
            return evidence.test_images, logits[evidence.test_indices]
        indices = np.concatenate([examples.one_per_class_indices, examples.mistake_indices])
        return np.concatenate([examples.one_per_class, examples.mistakes]), logits[indices]
    return dataset.test.images, logits
