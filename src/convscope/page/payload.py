"""What the page knows: plain data, ready for JSON, which the template and the page's script read.

Numbers are those of ``metrics.json``, ``run.json`` and ``history.csv``; nothing is computed here. A float that JSON cannot
hold (NaN, infinity) becomes ``null``. Keys, at schema version 1:

    schema_version  1
    run             created, command, model, recipe, seed, config, versions, machine, stopped_early, precision,
                    batch_size: from run.json
    dataset         name, source, description, licence, things, notes, fingerprint, image_shape [h, w, c], class_names
    metrics         metrics.json, whole: test, per_class, layers, data, baseline, findings…
    history         one entry per epoch: epoch, seconds, loss, accuracy, val_loss, val_accuracy, learning_rate
    network         name, input_shape, layers [{name, kind, settings, input_shape, output_shape, weights}],
                    non_trainable (number of parameters that no gradient changes)
    first_image     label, class_name, pixels [h][w][c] in 0..255: the first training image
    test_image      label, class_name, predicted, confidence: test image 0, into which the page looks
    mistakes_shown  how many of the mistakes have a picture
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import isfinite
from typing import Any

from ..analysis.record import RunRecord
from ..models.network import Network

SCHEMA_VERSION = 1
RUN_KEYS = ("created", "command", "model", "recipe", "seed", "config", "shift_pixels", "versions", "machine", "stopped_early",
            "precision", "batch_size")  # fmt: skip
NON_TRAINABLE = ("moving_mean", "moving_variance")
"""Keras' names for the weights that batch normalisation measures instead of learning."""


def make_payload(record: RunRecord) -> dict[str, Any]:
    """The payload of one run, as the module's docstring describes it."""
    request, examples = record.request, record.examples
    class_names = request["dataset"]["class_names"]
    evaluation = record.evaluation
    payload = {
        "schema_version": SCHEMA_VERSION,
        "run": {key: request[key] for key in RUN_KEYS if key in request},
        "dataset": request["dataset"],
        "metrics": record.metrics,
        "history": [asdict(epoch) for epoch in record.history],
        "network": {**record.network.description(), "non_trainable": _non_trainable(record.network)},
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
        "mistakes_shown": len(examples.mistake_indices),
    }
    plain: dict[str, Any] = _plain(payload)
    return plain


def _non_trainable(network: Network) -> int:
    return sum(array.size for layer in network.layers for name, array in layer.weights.items() if name in NON_TRAINABLE)


def _plain(value: Any) -> Any:
    """Mappings and sequences as dict and list, all the way down; what is not finite as ``None``."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
