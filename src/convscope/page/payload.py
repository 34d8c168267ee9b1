"""The payload of the page: plain data, ready for JSON, for the templates and the page's script.

``payload.md`` describes its keys.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.epoch_snapshots import EpochSnapshots
from ..analysis.evidence import Evidence
from ..analysis.label_audit.suspects import worst_by_split
from ..analysis.mistakes.nearest_neighbours import NO_NEIGHBOUR, NearestNeighbours
from ..analysis.ood.mahalanobis import MahalanobisDistance
from ..analysis.pca_map import PCAMap
from ..exporters.metadata import metadata_for_run
from ..models.network import Network
from ..runs import ledger
from ..runs.record import RunRecord
from ..types import Floats, Images, Labels
from .binary_data import encode, weights_arrays, weights_entry
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


TEST = ("images", "labels", "predictions", "confidence", "true-probability")
BASELINE = "baseline-predictions"
REFERENCE = ("images", "labels", "indices")
MAHALANOBIS = ("whitening", "means")


def evidence_entry(record: RunRecord) -> dict[str, Any] | None:
    """Return the entry ``evidence`` of the payload, or None if the run has no evidence."""
    evidence = record.evidence
    if evidence is None:
        return None
    names = record.evaluation.names
    sampled = is_sampled(record, evidence)
    snapshots = evidence.epoch_snapshots
    return {
        "selected_on": evidence.selected_on,
        "test": {
            "count": len(evidence.test_indices),
            "sampled": sampled,
            **{name.replace("-", "_"): f"test-{name}" for name in TEST},
            "indices": "test-indices" if sampled else None,
            "files": [names[index] for index in evidence.test_indices.tolist()] if len(names) else None,
            "baseline_predictions": BASELINE if record.baseline_predictions is not None else None,
        },
        "reference": {
            "count": len(evidence.reference_labels),
            "sample": evidence.sample,
            **{name: f"reference-{name}" for name in REFERENCE},
        },
        "nearest_neighbours": _nearest(evidence.nearest_neighbours) if evidence.nearest_neighbours else {},
        "mahalanobis": _mahalanobis(evidence.mahalanobis) if evidence.mahalanobis else None,
        "epoch_snapshots": _epoch_snapshots(snapshots) if snapshots else None,
        "pca_map": _pca_map(evidence.pca_map) if evidence.pca_map else None,
    }


def evidence_arrays(record: RunRecord) -> dict[str, npt.NDArray[Any]]:
    """Return the islands by id: images uint8, classes uint16, indices uint32, probabilities and distances float32."""
    evidence, evaluation = record.evidence, record.calibrated
    if evidence is None:
        return {}
    shown = evidence.test_indices
    labels = evaluation.labels[shown]
    arrays: dict[str, npt.NDArray[Any]] = {
        "test-images": evidence.test_images,
        "test-labels": labels.astype(np.uint16),
        "test-predictions": evaluation.predictions[shown].astype(np.uint16),
        "test-confidence": evaluation.confidence[shown].astype(np.float32),
        "test-true-probability": evaluation.probabilities[shown, labels].astype(np.float32),
        "reference-images": evidence.reference_images,
        "reference-labels": evidence.reference_labels.astype(np.uint16),
        "reference-indices": evidence.reference_indices.astype(np.uint32),
    }
    if evidence.mahalanobis:
        arrays |= {f"mahalanobis-{name}": _rounded(getattr(evidence.mahalanobis, name), 8) for name in MAHALANOBIS}
    if record.baseline_predictions is not None:
        arrays[BASELINE] = record.baseline_predictions[shown].astype(np.uint16)
    if evidence.pca_map:
        places = evidence.pca_map
        arrays["pca-map-rows"] = np.flatnonzero(np.isin(shown, places.test_indices)).astype(np.uint32)
        arrays["pca-map-coordinates"] = _rounded(places.coordinates, 13)
        arrays["pca-map-projection"] = np.vstack([places.mean, places.components]).astype(np.float32)
    if is_sampled(record, evidence):
        arrays["test-indices"] = shown.astype(np.uint32)
    return arrays


def is_sampled(record: RunRecord, evidence: Evidence) -> bool:
    """Return whether some test images are left out."""
    return len(evidence.test_indices) < len(record.evaluation)


def _nearest(nearest: NearestNeighbours) -> dict[str, Any]:
    return {
        str(index): {"true": _rows(nearest.true[number]), "predicted": _rows(nearest.predicted[number])}
        for number, index in enumerate(nearest.test_indices.tolist())
    }


def _rows(rows: Labels) -> list[int]:
    return [row for row in rows.tolist() if row != NO_NEIGHBOUR]


def _rounded(array: Floats, bits: int) -> Floats:
    """Return float32 with ``bits`` of the 23 bits behind the point as zeros, which take no space in a page."""
    found = np.ascontiguousarray(array, np.float32).view(np.uint32) + np.uint32(1 << (bits - 1))
    return (found & np.uint32(0xFFFFFFFF << bits & 0xFFFFFFFF)).view(np.float32)


def _mahalanobis(found: MahalanobisDistance) -> dict[str, Any]:
    return {
        "layer": found.layer_name,
        **{name: f"mahalanobis-{name}" for name in MAHALANOBIS},
        "distances": found.distances.tolist(),
        "threshold": found.threshold,
    }


def _epoch_snapshots(found: EpochSnapshots) -> dict[str, Any]:
    return {
        "epochs": found.epochs.tolist(),
        "accuracy": found.accuracy.tolist(),
        "confusion": None if found.confusion is None else found.confusion.tolist(),
    }


def _pca_map(found: PCAMap) -> dict[str, Any]:
    return {
        "layer": found.layer_name,
        "explained_variance_ratio": found.explained_variance_ratio.tolist(),
        "count": len(found.test_indices),
        **{name: f"pca-map-{name}" for name in ("rows", "coordinates", "projection")},
    }


def suspects_shown(record: RunRecord) -> list[str]:
    """Return the images with possible label errors that are embedded: ``"train-5"``, ``"test-7"``."""
    evidence, audit = record.evidence, record.metrics.get("label_audit")
    if evidence is None or not audit:
        return []
    embedded = {"test": set(evidence.test_indices.tolist()), "train": set(evidence.reference_indices.tolist())}
    listed = [each for worst in worst_by_split(audit).values() for each in worst]
    return [f"{each['split']}-{each['index']}" for each in listed if each["index"] in embedded[each["split"]]]


def encode_arrays(record: RunRecord) -> dict[str, str]:
    """Return the text of every island of a run's page by its id."""
    return {name: encode(array) for name, array in {**weights_arrays(record), **evidence_arrays(record)}.items()}
