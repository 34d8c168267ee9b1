"""``export``: a run's network in a file for other programs, checked against the run's own logits."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..data.dataset import Dataset
from ..data.load import reload_dataset
from ..errors import ConvscopeError
from ..exporters.formats import check_format, choose_output, write_export
from ..exporters.metadata import ModelMetadata, metadata_for_run
from ..exporters.snippets import snippets
from ..exporters.verification import Verification
from ..formatting import count_of
from ..models.backend import has_backend
from ..runs import ledger, run_folder, store
from ..runs.record import RunRecord
from ..system.arguments import checked
from ..system.files import check_writable
from ..types import ExportFormat, Floats, Images, PathLike
from .run import Run, dataset_in_memory


@dataclass(frozen=True, eq=False)
class Export:
    """An exported file, its agreement with the run, and programs that use it."""

    path: Path
    """A file, or the folder of a SavedModel or for the Hub."""
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
            f"{count_of(agreement.mismatched_classes, 'class differs', 'classes differ')}, "
            f"logits within {agreement.largest_difference:.1e})"
        )


@checked
def export(
    run: PathLike | Run,
    format: ExportFormat = "onnx",  # noqa: A002
    *,
    out: PathLike | None = None,
    overwrite: bool = False,
) -> Export:
    """Export a run's network with its preprocessing, and verify it on the test images.

    Args:
        run: A run, or its folder.
        format: ``"onnx"``, ``"keras"``, ``"saved_model"`` (a folder), ``"litert"``, or ``"hub"``, a folder for the Hugging
            Face Hub with the network and a model card. The third and the fourth need TensorFlow; the second is the run's own file,
            which is compared with the run where a back-end is installed.
        out: The file or folder to write, by default the run's name with the format's suffix in the current folder.
        overwrite: Whether ``out`` may be replaced.

    Raises:
        RunError: The run folder is damaged.
        OutputError: ``out`` exists already or cannot be written.
        MissingBackendError: The format needs a back-end that is not installed.
        ConvscopeError: A logit differs from the run's by more than 1e-4; no file is kept.

    >>> convscope.export("runs/mnist-cnn-standard-0").snippets["Python"]
    """
    check_format(format)
    folder = run_folder.verify(run)
    path = choose_output(format, folder.resolve().name, out, overwrite=overwrite)
    check_writable(path)
    record = store.load_record(folder)
    metadata = metadata_for_run(record)
    images, expected = _known_logits(record, dataset_in_memory(run))
    if format == "keras" and not has_backend():
        images, expected = images[:0], expected[:0]
    else:
        known = record.request["dataset"]
        entries = ledger.Ledger(folder, "export", known["name"], known["fingerprint"], len(images))
        entries.record("the check of an exported model")
    try:
        agreement = write_export(format, folder, path, metadata, images=images, expected=expected)
    except ConvscopeError:
        store.refuse_other_run(record, folder)  # then its logits are others
        raise
    return Export(path, format, agreement, len(record.evaluation), metadata, snippets(format, path, metadata))


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
