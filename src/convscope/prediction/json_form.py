"""Predictions as JSON, the same for the command line and the service."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .predictions import Prediction, Predictions


def as_json(found: Predictions) -> dict[str, Any]:
    """Return the predictions and the unreadable image files, JSON-ready."""
    threshold = {"at_least": found.at_least} if found.at_least else {}
    return {
        **threshold,
        "temperature": found.temperature,
        "calibrated": found.is_calibrated,
        "unmeasured": found.unmeasured,
        "predictions": [_prediction(each) for each in found],
        "bad": [{"name": each.name, "reason": each.reason} for each in found.bad],
    }


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "name": prediction.name,
        "class_name": prediction.class_name,
        "probability": prediction.probability,
        "top": [
            {"class_name": answer.class_name, "index": answer.index, "probability": answer.probability}
            for answer in prediction.answers
        ],
        "done": list(prediction.done),
        "distance": prediction.distance,
        "threshold": prediction.threshold,
        "unfamiliar": prediction.unfamiliar,
        "place": None if prediction.place is None else asdict(prediction.place),
        **({"sure_enough": prediction.is_sure_enough} if prediction.at_least else {}),
    }
