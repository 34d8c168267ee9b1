"""Measured runs of a study, read from their folders."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis.evaluation import Evaluation
from ..data.dataset import Dataset
from ..errors import RunError, option
from ..formatting import join_words, shorten_list
from ..models.architectures import find_model
from ..models.fingerprint import network_fingerprint
from ..runs import run_folder
from ..runs.array_forms import read_arrays
from ..runs.files import PREDICTIONS
from ..runs.metrics_form import read_metrics
from ..runs.reading import read_request
from ..runs.request import NETWORK
from ..system.files import is_temporary
from ..system.forms import Sizes
from ..training.loop import build_custom
from ..types import Labels
from .hyperparameter_search import clear_keras_session
from .plan import RunSpec

REMEDY = "Move the runs of the old one out of the study, and run the same command again."


@dataclass(frozen=True, eq=False)
class Outcome:
    """One run of a study, measured."""

    spec: RunSpec
    run: str
    """Name of the run folder."""
    images: int
    """Training images, without held-out validation images."""
    n: int
    errors: int
    loss: float
    """Test loss in nats."""
    validation_accuracy: float
    predictions: Labels
    """(n,) predicted class of each test image."""
    parameters: int
    train_seconds: float
    precision: str
    versions: dict[str, str]
    network: str = ""
    """Fingerprint of a network of one's own; empty for those of convscope, and for runs of earlier versions."""

    @property
    def accuracy(self) -> float:
        return 1 - self.errors / self.n


def read_outcome(spec: RunSpec, folder: Path, dataset: Dataset) -> Outcome:
    """Read a complete run on ``dataset``, or raise RunError if it is damaged or not the run of ``spec``."""
    run_folder.verify(folder)
    sizes: Sizes = {}
    request, metrics = read_request(folder, sizes), read_metrics(folder, sizes)
    arrays = read_arrays(folder / PREDICTIONS, sizes)
    evaluation = Evaluation(arrays["labels"], arrays["logits"], dataset.class_names)
    _refuse_other_run(spec, folder, request, np.array_equal(evaluation.labels, spec.test_labels(dataset)))
    return Outcome(
        spec, folder.name, metrics["data"]["train"], len(evaluation), evaluation.errors, evaluation.loss,
        float(metrics["history"]["last_epoch"]["val_accuracy"]), evaluation.predictions, metrics["parameters"],
        float(metrics["train_seconds"]), request["precision"], dict(request["versions"]),
        request.get(NETWORK, ""),
    )  # fmt: skip


def refuse_mixed_networks(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return a run of each configuration with a network of one's own.

    Raises :class:`RunError` if runs of one trained different networks, because its function or file changed.
    """
    first: dict[str, Outcome] = {}
    for each in (outcome for outcome in outcomes if outcome.network):
        other = first.setdefault(each.spec.configuration.name, each)
        if each.network != other.network:
            raise RunError(
                f"the runs {other.run!r} and {each.run!r} trained different networks: what the model describes has changed. "
                + REMEDY
            )
    return list(first.values())


def refuse_changed_networks(dataset: Dataset, outcomes: Iterable[Outcome]) -> None:
    """Raise :class:`RunError` if the function or file of one of the ``outcomes`` now describes another network."""
    for each in outcomes:
        now = network_fingerprint(build_custom(find_model(each.spec.configuration.build), dataset, each.spec.seed))
        if now and now != each.network:
            raise RunError(f"the run {each.run!r} trained another network: what the model describes has changed. {REMEDY}")
    clear_keras_session()


def refuse_other_content(folder: Path, known: frozenset[str]) -> None:
    """Raise :class:`RunError` if ``folder`` contains something other than ``known`` files."""
    if not folder.is_dir():
        return
    others = sorted(repr(each.name) for each in folder.iterdir() if each.name not in known and not is_temporary(each.name))
    if others:
        raise RunError(
            f"{str(folder)!r} contains {shorten_list(others, 3)}, which does not belong to a study. Choose an empty or new folder, "
            f"or that of a study, with {option('out', 'DIR')}."
        )


def _refuse_other_run(spec: RunSpec, folder: Path, request: dict[str, Any], same_images: bool) -> None:
    asked = {
        "model": spec.configuration.recorded_model,
        "seed": spec.seed,
        "config": as_json(spec.configuration.config.as_dict()),
    }
    differing = [name for name, value in asked.items() if request.get(name) != value]
    if not same_images:
        differing.append("test images")
    if request.get("stopped_early"):
        differing.append("length, because it was stopped before its last epoch")
    if differing:
        raise RunError(
            f"the run in {str(folder)!r} differs from the planned one in its {join_words(differing)}. Move the folder away and run "
            "the same command again to train it anew."
        )


def as_json(value: Any) -> Any:
    """Return ``value`` as it comes back from JSON, such as lists for tuples."""
    return json.loads(json.dumps(value))
