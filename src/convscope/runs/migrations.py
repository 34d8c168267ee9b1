"""Schema 1, upgraded when it is read: metrics, ``run.json``, arrays, the ledger and the metadata of exported models.

Reading rewrites no file. Nothing else in the package knows the names of schema 1.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

T = TypeVar("T")
Json = dict[str, Any]
SECTIONS = {"doubt": "uncertainty", "strangers": "ood", "blind_pixels": "unused_input_pixels"}
CONFIG = {
    "minimum_steps": "min_steps_per_epoch",
    "skip_blind_pixels": "crop_unused_pixels",
    "most_validation": "max_validation_images",
    "settling_epochs": "final_epochs_less_augmented",
}
DATASET = {"things": "content", "prepared_as_digits": "digit_preprocessing"}
DIGITS = {
    "ground": "background",
    "box_share": "digit_size_fraction",
    "ground_share": "background_share",
    "least_contrast": "min_contrast",
}
ARRAYS = {
    "measured_on": "selected_on",
    "calibration": "temperature_scaling",
    "nearest": "nearest_neighbours",
    "film": "epoch_snapshots",
}
"""Arrays, or groups of them, in ``evidence.npz`` and ``yardsticks.npz``."""
PURPOSES = {
    r"the film: how good it was after earlier epochs": "epoch snapshots: accuracy after earlier epochs",
    r"what it bears: damage, attacks and strange images": "robustness: corruptions, attacks, OOD images",
    r"the (.+) beside it": r"baseline \1",
    r"validation of the (.+) beside it, after every epoch": r"validation of the baseline \1, after every epoch",
}
"""Purposes in the ledger, as regular expressions."""


def upgrade_metrics(metrics: Any) -> Any:
    """Return ``metrics.json`` at schema 2. Raises ``KeyError`` or ``TypeError`` if a section is damaged."""
    if not _is_first(metrics):
        return _without_unwitnessed(metrics)
    new = _renamed(metrics, SECTIONS) | {"schema_version": 2}
    if uncertainty := new.get("uncertainty"):
        new["uncertainty"] = _uncertainty(uncertainty, new["test"]["n"])
    if ood := new.get("ood"):
        new["ood"] = _ood(ood)
    new.pop("mistakes", None)  # a report explains them again
    if pixels := new.get("unused_input_pixels"):
        new["unused_input_pixels"] = {"layers": [], **pixels}
    if audit := new.get("label_audit"):
        splits = {split: _renamed(audit[split], {"judged": "scored"}) for split in ("train", "test") if split in audit}
        new["label_audit"] = audit | splits
    if robustness := new.get("robustness"):
        missing = _renamed(robustness.get("missing", {}), SECTIONS)
        kept = {"kept": "relative_accuracy"}
        kinds = [_renamed(kind, kept) for kind in robustness["kinds"]]
        new["robustness"] = robustness | {"mean": _renamed(robustness["mean"], kept), "kinds": kinds, "missing": missing}
    if findings := new.get("findings"):
        new["findings"] = [
            {"brief": each["text"], **each, "figure": SECTIONS.get(each["figure"], each["figure"])} for each in findings
        ]
    return new


def _without_unwitnessed(metrics: Any) -> Any:
    """Return the metrics without mistakes whose cause was judged without a witness: a report explains them again."""
    if isinstance(metrics, dict) and "unjudged" not in (metrics.get("mistakes") or {}).get("triage", {"unjudged": 0}):
        return {key: value for key, value in metrics.items() if key != "mistakes"}
    return metrics


def upgrade_request(request: Any) -> Any:
    """Return ``run.json`` at schema 2, with the lists that its first versions lack."""
    new = _at_schema_2(request) if _is_first(request) else request
    if isinstance(new, dict) and isinstance(dataset := new.get("dataset"), dict):
        # Last, so that a run which has the key keeps its order: the page of a run is the same to the byte each time.
        new = new | {"dataset": dataset | {"problems": dataset.get("problems", [])}}
    return new


def _at_schema_2(request: Json) -> Json:
    new = dict(request) | {"schema_version": 2}
    if new.get("state") == "complete":
        versions = new.get("versions", {})
        has_tensorflow = any(package in versions for package in ("tensorflow", "tensorflow-cpu"))
        new = {"backend": "tensorflow" if has_tensorflow else "jax", "accelerators": [], **new}
    if isinstance(config := new.get("config"), dict):
        new["config"] = _renamed(config, CONFIG)
    if isinstance(dataset := new.get("dataset"), dict):
        new["dataset"] = _dataset(dataset)
    return new


def upgrade_model_metadata(metadata: Json) -> Json:
    """Return the description inside an exported model at version 2."""
    return _dataset(metadata) | {"version": 2} if metadata.get("version") == 1 else metadata


def upgrade_arrays(arrays: Mapping[str, T]) -> dict[str, T]:
    """Return the arrays of ``evidence.npz`` or ``yardsticks.npz`` under the names of schema 2."""
    return {upgraded_name(name): array for name, array in arrays.items()}


def upgraded_name(name: str) -> str:
    """Return the name of an array of ``evidence.npz`` or ``yardsticks.npz`` at schema 2."""
    group, *rest = name.partition("/")
    return "".join((ARRAYS.get(group, group), *rest))


def upgrade_purpose(purpose: str) -> str:
    """Return the purpose of a ledger entry in the words of schema 2."""
    for old, new in PURPOSES.items():
        if found := re.fullmatch(old, purpose):
            return found.expand(new)
    return purpose


def _is_first(document: Any) -> bool:
    return isinstance(document, dict) and document.get("schema_version") == 1


def _renamed(old: Mapping[str, Any], names: Mapping[str, str]) -> Json:
    return {names.get(name, name): value for name, value in old.items()}


def _dataset(old: Json) -> Json:
    new = _renamed(old, DATASET)
    if isinstance(digits := new.get("digit_preprocessing"), dict):
        new["digit_preprocessing"] = _renamed(digits, DIGITS)
    return new


def _uncertainty(old: Json, num_test: int) -> Json:
    chosen = {"selected_on": old["measured_on"], "level": None}
    reached = [each for each in old["thresholds"] if each["threshold"] is not None]
    return {
        "selected_on": old["measured_on"],
        "n": old["n"],
        "temperature_scaling": old["calibration"],
        "uncalibrated": _calibration(old["before"], num_test),
        "calibrated": None if old["after"] is None else _calibration(old["after"], num_test),
        "risk_coverage": {
            "aurc": old["coverage"]["aurc"],
            "oracle_aurc": old["coverage"]["best_aurc"],
            "points": [_threshold(each, "target_coverage") for each in old["coverage"]["points"]],
        },
        "thresholds": [_threshold(each, "target_accuracy") | chosen for each in reached],
        "unreachable_targets": [each["wanted"] for each in old["thresholds"] if each["threshold"] is None],
        "prediction_sets": [],
        "temperature": old["temperature"],
    }


def _calibration(old: Json, n: int) -> Json:
    new = _renamed(old, {"ece_by_chance": "ece_null_95", "gap": "overconfidence"})
    return {"n": n, **new, "bins": [_renamed(each, {"right": "correct"}) for each in old["bins"]]}


def _threshold(old: Json, target: str) -> Json:
    new = _renamed(old, {"wanted": target, "measured": "selection_split"})
    results = {
        name: new[name] | {"correct": new[name]["answered"] - new[name]["errors"]} for name in ("selection_split", "test")
    }
    return new | results


def _ood(old: Json) -> Json:
    new = _renamed(old, {"left_out": "skipped"})
    known = new.pop("known")
    sets = [
        {
            **_renamed(each, {"noticed": "detection_rate"}),
            "distance": {"value": each["distance"]["auroc"], "interval": each["distance"]["interval"]},
            "simultaneous_interval": each["distance"]["simultaneous_interval"],
            "confidence": {"value": each["confidence"]["auroc"], "interval": each["confidence"]["interval"]},
            "difference": {name: each["difference"][name] for name in ("value", "interval", "p")},
            "adjusted_p": each["difference"]["adjusted_p"],
            "detection_rate": _share(each["noticed"], each["n"]),
        }
        for each in old["sets"]
    ]
    return new | {"false_positive_rate": _share(known["false_alarms"], known["n"]), "sets": sets}


def _share(old: Json, n: int) -> Json:
    return {"count": old["count"], "n": n, "value": old["share"], "interval": old["interval"]}
