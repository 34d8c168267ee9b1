"""What a study's run folders say, and whether they are the runs that were asked for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import runs
from ..analysis.evaluation import Evaluation
from ..arrays import load_arrays
from ..errors import RunError
from ..files import TEMPORARY
from ..run_files import MANIFEST, METRICS, PREDICTIONS, REQUEST
from ..types import Labels
from .plan import Cell


@dataclass(frozen=True, eq=False)
class Outcome:
    """One run of a study, measured."""

    cell: Cell
    run: str
    """The folder's name."""
    images: int
    """Trained on; those held out not counted."""
    n: int
    errors: int
    loss: float
    """On the test split, in nats."""
    validation_accuracy: float
    predictions: Labels
    """(n,) the class that the run gives each test image."""
    parameters: int
    train_seconds: float
    precision: str
    versions: dict[str, str]

    @property
    def accuracy(self) -> float:
        return 1 - self.errors / self.n


def is_complete(folder: Path) -> bool:
    """Whether the run in ``folder`` has its manifest, which is written last."""
    return (folder / MANIFEST).is_file()


def read_outcome(cell: Cell, folder: Path, class_names: tuple[str, ...]) -> Outcome:
    """A complete run, read back. Raises :class:`RunError` where it is damaged, or another than ``cell`` asks for."""
    runs.verify(folder)
    request, metrics = runs.read_json(folder / REQUEST), runs.read_json(folder / METRICS)
    _refuse_other_run(cell, folder, request)
    arrays = load_arrays(folder / PREDICTIONS)
    try:
        evaluation = Evaluation(arrays["labels"], arrays["logits"], class_names)
        return Outcome(
            cell, folder.name, int(metrics["data"]["train"]), len(evaluation), evaluation.errors, evaluation.loss,
            float(metrics["history"]["last_epoch"]["val_accuracy"]), evaluation.predictions, int(metrics["parameters"]),
            float(metrics["train_seconds"]), str(request["precision"]), dict(request["versions"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"the files of the run {str(folder)!r} do not fit together ({error!r}); those that one training wrote were expected. "
            "Remove the folder, and the same command makes it again."
        ) from error


def refuse_other_content(folder: Path, known: frozenset[str]) -> None:
    """Raise :class:`RunError` where ``folder`` holds something that no study of ours wrote."""
    if not folder.is_dir():
        return
    strangers = sorted(
        each.name for each in folder.iterdir() if each.name not in known and not each.name.startswith(TEMPORARY)
    )
    if strangers:
        raise RunError(
            f"{str(folder)!r} exists and holds {', '.join(map(repr, strangers[:3]))}, which is no part of a study; an empty or new "
            "folder, or that of a study was expected. Choose another with --out DIR."
        )


def _refuse_other_run(cell: Cell, folder: Path, request: dict[str, Any]) -> None:
    asked = {
        "model": cell.configuration.recorded_model,
        "seed": cell.seed,
        "config": _as_json(cell.configuration.config.as_dict()),
    }
    differing = [name for name, value in asked.items() if request.get(name) != value]
    if request.get("stopped_early"):
        differing.append("length: it was stopped before its end")
    if differing:
        raise RunError(
            f"the run in {str(folder)!r} differs from the one that belongs there in its {' and '.join(differing)}; what the study "
            "made itself was expected. Move the folder away, and the same command makes it anew."
        )


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value))
