"""JSON files of a run, read, upgraded and checked against their declared forms, once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..analysis.uncertainty.prediction_sets import PredictionSets
from ..analysis.uncertainty.temperature import Temperature
from ..errors import reason_of
from ..system.dataclass_json import from_json
from ..system.forms import FormError, Maybe, Sizes, check
from . import opening
from .files import METRICS, REQUEST
from .forms import BEGUN_FORM, RUN_FORM
from .migrations import upgrade_metrics, upgrade_request
from .opening import wrong_value


def read_request(folder: Path, sizes: Sizes | None = None) -> dict[str, Any]:
    """Return ``run.json`` of a complete run. Raises :class:`RunError`, which names the first key with a wrong value.

    ``sizes`` are filled in: those of the images, and the number of classes.
    """
    return read_checked(folder / REQUEST, RUN_FORM, sizes, upgrade=upgrade_request)


def read_begun_request(folder: Path) -> dict[str, Any]:
    """Return ``run.json`` of a training that was not finished, as :func:`read_request` does it."""
    return read_checked(folder / REQUEST, BEGUN_FORM, upgrade=upgrade_request)


def read_uncertainty(folder: Path) -> tuple[float | None, tuple[PredictionSets, ...]]:
    """Return the temperature and the prediction sets of a run, which are all of its metrics that a prediction needs."""
    form = {"uncertainty?": Maybe({"temperature": Temperature | None, "prediction_sets?": [PredictionSets]})}
    found = read_checked(folder / METRICS, form, upgrade=upgrade_metrics).get("uncertainty") or {"temperature": None}
    return found["temperature"], tuple(from_json(PredictionSets, each) for each in found.get("prediction_sets", ()))


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
