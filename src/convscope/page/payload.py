"""The payload of the page: plain data, ready for JSON, for the templates and the page's script.

``payload.md`` describes its keys.
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
    """Return the payload of a run, as ``payload.md`` describes it."""
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
