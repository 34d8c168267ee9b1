"""The files of a run folder: every name, with one line on what is in it; all other modules import them from here."""

import os
from pathlib import Path

from ..system.files import temporary_name

REPORT = "report.html"
KERAS_MODEL = "model.keras"
ONNX_MODEL = "model.onnx"
HISTORY = "history.csv"
METRICS = "metrics.json"
PREDICTIONS = "predictions.npz"
SNAPSHOTS = "snapshots.npz"
EXAMPLES = "examples.npz"
EVIDENCE = "evidence.npz"
REFERENCE_DATA = "yardsticks.npz"
LABEL_SUSPECTS = "label_suspects.csv"
FIGURES = "figures"
REQUEST = "run.json"
LEDGER = "ledger.jsonl"
CHECKPOINT = "checkpoint.npz"
MANIFEST = "manifest.json"
AUDIT_CHECKPOINT = temporary_name(".npz", number="1abe1a0d17000000")
"""The finished folds of a label audit: a temporary file that outlives its process."""
DESCRIPTIONS = {
    REPORT: "the report, one self-contained page",
    KERAS_MODEL: "the trained model, for keras.saving.load_model",
    ONNX_MODEL: "the same model for any ONNX runtime",
    HISTORY: "loss, accuracy and learning rate of each epoch",
    METRICS: "every number that the report shows",
    PREDICTIONS: "labels and logits of the test images, and the classes that the baseline predicts",
    SNAPSHOTS: "the weights after each epoch",
    EXAMPLES: "the images that the report shows",
    EVIDENCE: "the test and training images behind the interactive parts of the report",
    REFERENCE_DATA: "reference data for new images, in a run without a report",
    LABEL_SUSPECTS: "possible label errors, the most suspect first, in a run with a label audit",
    FIGURES: "every figure as PNG and SVG",
    REQUEST: "settings, dataset, package versions and machine",
    LEDGER: "one line for each read of the test split",
    CHECKPOINT: "the state of a training that can go on with --resume; no other run has one",
    MANIFEST: "name, size and SHA-256 of every other file but the ledger, which may grow",
}
"""What is in each file, by name, in the order in which the page lists them; ``figures`` is a folder."""
SCHEMA_VERSIONS = {REQUEST: 2, METRICS: 2}
"""The newest versions that are read; 1 of other JSON files."""
KNOWN_FILES = frozenset(DESCRIPTIONS)
OPTIONAL = frozenset({EVIDENCE, REFERENCE_DATA, LABEL_SUSPECTS, CHECKPOINT})
"""The files that a complete run may lack."""


def is_page(content: bytes) -> bool:
    """Return whether a file with this ``content``, or beginning, is a page that convscope wrote and can make again."""
    return b'<meta name="generator" content="convscope ' in content[:4096]


def is_file_of_a_run(path: Path) -> bool:
    """Return whether ``path`` is a file that a run in its folder has, or would have: one by the manifest or the request."""
    real = Path(os.path.realpath(path))
    folder = real.parent.parent if real.parent.name == FIGURES else real.parent
    name = real.parent.name if real.parent != folder else real.name
    return name in KNOWN_FILES and any((folder / each).exists() for each in (MANIFEST, REQUEST))
