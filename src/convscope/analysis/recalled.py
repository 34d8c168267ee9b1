"""What a run's ``metrics.json`` says, as the dataclasses that it was written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from .baseline import Baseline
from .calibration import Calibration
from .coverage import Selection, Threshold, coverage_curve
from .doubt import Doubt, confidence_and_right
from .intervals import Estimate, Interval
from .record import RunRecord
from .reliability import ReliabilityBin
from .sureness import Sureness

ESTIMATES = ("nll", "brier", "ece", "gap")


def baseline_of(record: RunRecord) -> Baseline | None:
    """The network beside; ``None`` where none was trained."""
    numbers = record.metrics.get("baseline")
    if numbers is None:
        return None
    known = {field.name: numbers[field.name] for field in fields(Baseline)}
    return Baseline(**{**known, "interval": Interval(*numbers["interval"])})


def doubt_of(record: RunRecord) -> Doubt | None:
    """How far the network's probabilities can be believed; ``None`` where it was not measured.

    The curve is that of the test images again; all else is what was stored. Runs of earlier versions hold the calibration with
    their evidence.
    """
    numbers = record.metrics.get("doubt")
    if numbers is None:
        return None
    evaluation, after = record.evaluation, numbers["after"]
    test = confidence_and_right(evaluation.logits, evaluation.labels, numbers["temperature"] or 1.0)
    return Doubt(
        numbers["measured_on"],
        numbers["n"],
        _calibration(numbers, record),
        _sureness(numbers["before"], len(evaluation)),
        None if after is None else _sureness(after, len(evaluation)),
        coverage_curve(*test),
        tuple((each["wanted"], _threshold(each)) for each in numbers["thresholds"]),
        tuple(found for each in numbers["coverage"]["points"] if (found := _threshold(each)) is not None),
    )


def _calibration(numbers: Mapping[str, Any], record: RunRecord) -> Calibration | None:
    if "calibration" in numbers:
        return None if numbers["calibration"] is None else Calibration(**numbers["calibration"])
    return record.evidence.calibration if record.evidence else None


def _sureness(numbers: Mapping[str, Any], n: int) -> Sureness:
    estimates = (Estimate(numbers[name]["value"], Interval(*numbers[name]["interval"])) for name in ESTIMATES)
    nll, brier, ece, gap = estimates
    bins = (ReliabilityBin(**{**each, "interval": Interval(*each["interval"])}) for each in numbers["bins"])
    return Sureness(n, nll, brier, ece, numbers["ece_by_chance"], gap, tuple(bins))


def _threshold(numbers: Mapping[str, Any]) -> Threshold | None:
    if numbers["threshold"] is None:
        return None
    return Threshold(numbers["wanted"], numbers["threshold"], _selection(numbers["measured"]), _selection(numbers["test"]))


def _selection(numbers: Mapping[str, Any]) -> Selection:
    return Selection(numbers["n"], numbers["answered"], numbers["answered"] - numbers["errors"])
