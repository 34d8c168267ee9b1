"""JSON files of a run, read, upgraded and checked against their declared forms, once; and its network, opened for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..analysis.uncertainty.prediction_sets import PredictionSets
from ..analysis.uncertainty.temperature import Temperature
from ..errors import RunError, reason_of
from ..models.predictor import Predictor
from ..system.dataclass_json import from_json
from ..system.forms import FormError, Maybe, Sizes, check
from . import opening
from .files import METRICS, ONNX_MODEL, REQUEST
from .forms import BEGUN_FORM, RUN_FORM
from .migrations import upgrade_metrics, upgrade_request
from .opening import REMEDY, wrong_value


def read_request(folder: Path, sizes: Sizes | None = None) -> dict[str, Any]:
    """Return ``run.json`` of a complete run. Raises :class:`RunError`, which names the first key with a wrong value.

    ``sizes`` are filled in: those of the images, and the number of classes.
    """
    return read_checked(folder / REQUEST, RUN_FORM, sizes, upgrade=upgrade_request)


def read_begun_request(folder: Path) -> dict[str, Any]:
    """Return ``run.json`` of a training that was not finished, as :func:`read_request` does it."""
    return read_checked(folder / REQUEST, BEGUN_FORM, upgrade=upgrade_request)


@dataclass(frozen=True)
class Calibration:
    """What a prediction needs of the metrics of a run."""

    temperature: float | None
    prediction_sets: tuple[PredictionSets, ...]
    missing_because: str
    """Why there is no temperature, as a clause."""
    num_validation: int


def read_calibration(folder: Path) -> Calibration:
    """Return what a prediction needs of ``metrics.json``."""
    form = {
        "data": {"validation": int},
        "uncertainty?": Maybe({"temperature": Temperature | None, "prediction_sets?": [PredictionSets]}),
    }
    metrics = read_checked(folder / METRICS, form, upgrade=upgrade_metrics)
    found = metrics.get("uncertainty") or {"temperature": None}
    sets = tuple(from_json(PredictionSets, each) for each in found.get("prediction_sets", ()))
    return Calibration(found["temperature"], sets, _why_uncalibrated(found), metrics["data"]["validation"])


def _why_uncalibrated(uncertainty: Mapping[str, Any]) -> str:
    if uncertainty["temperature"] is not None:
        return ""
    if uncertainty.get("selected_on") != "validation":
        return "the run has no validation images of its own to fit a temperature on"
    if uncertainty.get("temperature_scaling") is None:
        return "no validation image is misclassified, so there is nothing to fit a temperature on"
    return "the temperature that fits the validation images best is not shown to help on others"


def read_checked(
    path: Path, form: Any, sizes: Sizes | None = None, *, upgrade: Callable[[Any], Any] = lambda value: value
) -> dict[str, Any]:
    """Return the content of a JSON file, upgraded to today's version, after a check of its form.

    Raises :class:`RunError`, which names the first key with a wrong value.
    """
    content = opening.read_json(path)
    try:
        content = upgrade(content)
        check(form, content, {} if sizes is None else sizes)
    except FormError as error:
        raise wrong_value(path, error) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # of an earlier version, and damaged
        raise wrong_value(path, FormError(f"it lacks something that its version has ({reason_of(error)})")) from error
    checked: dict[str, Any] = content
    return checked


def open_predictor(folder: Path, dataset: Mapping[str, Any]) -> Predictor:
    """Return the network of a run; RunError if it takes other images, or gives other classes, than ``dataset`` describes."""
    predictor = Predictor(folder / ONNX_MODEL)
    found, wanted = (*predictor.image_shape, predictor.num_classes), (*dataset["image_shape"], len(dataset["class_names"]))
    if found != wanted:
        raise RunError(
            f"{ONNX_MODEL} in {str(folder)!r} takes images of {found[:-1]} and gives {found[-1]} classes, but {REQUEST} describes "
            f"{wanted[:-1]} and {wanted[-1]}. {REMEDY}"
        )
    return predictor
