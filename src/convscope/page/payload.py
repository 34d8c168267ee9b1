"""The payload of the page: plain data, ready for JSON, for the templates and the page's script.

All numbers come from ``metrics.json``, ``run.json`` and ``history.csv``. NaN and infinity, which JSON lacks, become ``null``.
An island is the id of an element that :mod:`convscope.page.binary_data` writes. Keys at schema version 2:

    schema_version  3
    run             created, command, model, recipe, seed, config, versions, machine, stopped_early, precision,
                    batch_size, steps_per_epoch: from run.json
    dataset         name, source, description, licence, content, notes, problems, fingerprint, image_shape [h, w, c], class_names,
                    reading (the options for reading it), digit_preprocessing and polarity (the full form of ``preprocessing``;
                    missing in runs of earlier versions); problems (sentences) and pixels (range, transposed), likewise
    metrics         all of metrics.json: test, per_class, layers, data, baseline, findings…
    history         one entry per epoch: epoch, seconds, loss, accuracy, val_loss, val_accuracy, learning_rate
    network         name, input_shape, layers [{name, kind, settings, input_shape, output_shape, weights}], where branches
                    part or join with inputs (names, "" for the image); non_trainable (number of parameters without a
                    gradient)
    preprocessing   of image files: digits (null, or digit_size_fraction, the share of the frame that the longer
                    side of a digit fills, and centre, whether by centre of mass), polarity (null, or "light on dark" or
                    "dark on light", for other grey images)
    first_image     label, class_name, pixels [h][w][c] from 0 to 255: the first training image
    test_image      label, class_name, predicted, confidence: test image 0, which the page opens first
    test_reads      {purpose: times}: reads of the test split by the run's ledger; empty if they were not counted
    mistakes_shown  number of errors with an image
    weights         null for a network that is too large for a page, or
                    arrays [{name: "layer/weight", shape, offset}], size (offset and size count elements);
                    final: the island of the final weights, float32;
                    epochs [{epoch, island, steps}]: the epochs that are kept, always with the first and the last. Of those
                    before the last, the island has the differences from the final weights in steps (uint16, see
                    epoch_snapshots.py), and steps is the size of a step in each array
    evidence        null, or the following, with null for what does not apply:
      selected_on   "validation", or "training" if the recipe leaves no independent images: the images behind
                    the distances
      test          count, sampled (whether some test images are left out); the islands images (uint8, h·w·c each),
                    labels, predictions (uint16), confidence, true_probability (float32), indices (uint32, ascending; null
                    if no image is left out), baseline_predictions (uint16; null without a baseline, and in runs of earlier
                    versions, which did not store them); files (file or row of each
                    image; null if unknown). A sample contains all errors first
      reference     count, sample: training images. The first ``sample`` are a stratified random sample, to search
                    for neighbours; the others are neighbours of misclassified images. Islands images, labels, indices
                    (uint32, in the training split)
      nearest_neighbours
                    {"test index": {true, predicted}}: the 3 nearest training images of either class, nearest first, as
                    rows of reference; for the most confident errors, as far as space allows
      mahalanobis   layer, distances (101 percentiles), threshold (the 99th), the islands whitening (d, r) and means (c, r),
                    float32: the OOD score of an image is the distance of its d activations of that layer, divided by the
                    root of their length and multiplied by whitening, to the nearest mean
      epoch_snapshots
                    epochs, accuracy, confusion (rows true, columns predicted; null with over 100 classes) of the whole test
                    split, measured after training with the embedded weights
      pca_map   layer, explained_variance_ratio [2], count; the islands rows (uint32, ascending: which images of test), coordinates
                    (float32, a pair for each) and projection (float32: the mean of the layer's activations, then both components)
    evidence_missing  null, or why there is no evidence
    exercises       kind, text, label, answer, image (see exercises.py)
    suspects_shown  images with possible label errors that are embedded in the page: "train-5", "test-7"
    opened          null, or the image that the page opens first, for `convscope explain`: name, pixels [h][w][c] from 0 to
                    255, as the network receives it, done (the preprocessing steps in words)
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from ..exporters.metadata import metadata_for_run
from ..models.network import Network
from ..runs import ledger
from ..runs.record import RunRecord
from ..types import Images
from .binary_data import weights_entry
from .evidence_payload import evidence_entry, suspects_shown
from .text.exercises import exercises

SCHEMA_VERSION = 3
RUN_KEYS = ("created", "command", "model", "recipe", "seed", "config", "augmentation", "versions", "machine", "stopped_early",
            "precision", "batch_size", "steps_per_epoch", "engine", "backend", "accelerators")  # fmt: skip

NON_TRAINABLE = ("moving_mean", "moving_variance")
"""Keras' names for weights that batch normalisation estimates without gradients."""


@dataclass(frozen=True, eq=False)
class OpenedPicture:
    """An image that the page shows first."""

    name: str
    pixels: Images
    """(h, w, c), as the network receives it."""
    done: tuple[str, ...]
    """The preprocessing steps in words."""


def make_payload(record: RunRecord, *, opened: OpenedPicture | None = None) -> dict[str, Any]:
    """Return the payload of a run, as the module's docstring describes it."""
    request, examples = record.request, record.examples
    class_names = request["dataset"]["class_names"]
    evaluation = record.calibrated
    payload = {
        "schema_version": SCHEMA_VERSION,
        "run": {key: request[key] for key in RUN_KEYS if key in request},
        "dataset": request["dataset"],
        "metrics": record.metrics,
        "history": [asdict(epoch) for epoch in record.history],
        "network": {**record.network.description(), "non_trainable": _non_trainable(record.network)},
        "preprocessing": _preprocessing(record),
        "first_image": {
            "label": examples.first_label,
            "class_name": class_names[examples.first_label],
            "pixels": examples.first_image[0].tolist(),
        },
        "test_image": {
            "label": examples.test_label,
            "class_name": class_names[examples.test_label],
            "predicted": class_names[int(evaluation.predictions[0])],
            "confidence": float(evaluation.confidence[0]),
        },
        "test_reads": ledger.counts_by_purpose(record.readings, request["dataset"].get("fingerprint", "")),
        "mistakes_shown": len(examples.mistake_indices),
        "weights": weights_entry(record),
        "evidence": evidence_entry(record),
        "evidence_missing": record.evidence_missing if record.evidence is None else None,
        "suspects_shown": suspects_shown(record),
        "opened": opened and {"name": opened.name, "pixels": opened.pixels.tolist(), "done": list(opened.done)},
    }
    payload["exercises"] = [asdict(each) for each in exercises(record, payload)]
    plain: dict[str, Any] = _plain(payload)
    return plain


def _preprocessing(record: RunRecord) -> dict[str, Any]:
    contract = metadata_for_run(record)
    if contract.digits is None:
        return {"digits": None, "polarity": contract.polarity}
    return {
        "digits": {"digit_size_fraction": contract.digits.digit_size_fraction, "centre": contract.digits.centre},
        "polarity": None,
    }


def _non_trainable(network: Network) -> int:
    return sum(array.size for layer in network.layers for name, array in layer.weights.items() if name in NON_TRAINABLE)


def _plain(value: Any) -> Any:
    """Return mappings and sequences as dict and list, recursively, with ``None`` for numbers that are not finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
