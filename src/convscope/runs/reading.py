"""``run.json`` and ``metrics.json``, read, upgraded and checked against their declared forms, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..analysis.evaluation import Evaluation
from ..errors import ConfigError, RunError
from ..system.forms import FormError, Sizes, check
from ..training.config import SETTINGS
from . import opening
from .files import METRICS, PREDICTIONS, REQUEST
from .forms import BEGUN_FORM, METRICS_FORM, RUN_FORM
from .migrations import upgrade_metrics, upgrade_request
from .opening import REMEDY


def read_request(folder: Path, sizes: Sizes | None = None) -> dict[str, Any]:
    """Return ``run.json`` of a complete run. Raises :class:`RunError`, which names the first key with a wrong value.

    ``sizes`` are those of the run so far, such as its number of classes; new ones are filled in.
    """
    request = _read(folder / REQUEST, upgrade_request, RUN_FORM, sizes)
    config = request["config"]
    for name, value in {**config, **config.get("augmentation", {})}.items():
        if name in SETTINGS:
            try:
                SETTINGS[name].checked(value)
            except ConfigError as error:
                raise wrong_value(
                    folder / REQUEST, FormError(f"config.{name} is {ascii(value)[:60]}, not {SETTINGS[name].accepted}")
                ) from error
    return request


def read_begun_request(folder: Path) -> dict[str, Any]:
    """Return ``run.json`` of a training that was not finished, as :func:`read_request` does it."""
    return _read(folder / REQUEST, upgrade_request, BEGUN_FORM, None)


def read_metrics(folder: Path, sizes: Sizes | None = None) -> dict[str, Any]:
    """Return ``metrics.json`` of a run, as :func:`read_request` does it."""
    return _read(folder / METRICS, upgrade_metrics, METRICS_FORM, sizes)


def refuse_other_results(test: Mapping[str, Any], evaluation: Evaluation) -> None:
    """Raise ValueError unless the section ``test`` of the metrics belongs to the predictions."""
    if test["confusion"] != evaluation.confusion.counts.tolist() or test["errors"] != evaluation.errors:
        raise ValueError(f"test.confusion and test.errors of {METRICS} are not those of {PREDICTIONS}")
    for known, score in zip(test["per_class"], evaluation.class_scores, strict=True):
        for name in ("precision", "recall", "f1"):
            if (known[name] is None) != (getattr(score, name) is None):
                raise ValueError(f"test.per_class.{name} of {METRICS} is not that of {PREDICTIONS}")


def _read(path: Path, upgrade: Callable[[Any], Any], form: Any, sizes: Sizes | None) -> dict[str, Any]:
    content = opening.read_json(path)
    try:
        content = upgrade(content)
        check(form, content, {} if sizes is None else sizes)
    except FormError as error:
        raise wrong_value(path, error) from error
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # of an earlier version, and damaged
        raise wrong_value(path, FormError(f"it lacks something that its version has ({error!r})")) from error
    checked: dict[str, Any] = content
    return checked


def wrong_value(path: Path, error: FormError) -> RunError:
    """Return the error for a file of a run with a value that it cannot have."""
    return RunError(f"{str(path)!r} holds a wrong value: {str(error).rstrip('.')}. {REMEDY}")
