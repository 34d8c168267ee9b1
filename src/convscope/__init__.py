"""Train a small convolutional image classifier in seconds, and see in one offline HTML file what it learned.

>>> import convscope
>>> run = convscope.train("mnist", seed=0)
>>> run.evaluation
>>> convscope.report(run)

Names are loaded when they are first used, so that importing the package is silent and takes no time.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from .analysis.baseline import Baseline
    from .analysis.comparison import Comparison
    from .analysis.doubt import Doubt, Uncertainty
    from .analysis.evaluation import Evaluation
    from .analysis.findings import Finding
    from .analysis.label_audit import LabelAudit
    from .analysis.mistakes import Mistake
    from .analysis.sureness import CalibrationMetrics, Sureness
    from .analysis.triage import Triage
    from .api import (
        Run,
        audit,
        compare,
        evaluate,
        examine,
        explain,
        export,
        load_run,
        mistakes,
        report,
        serve,
        study,
        train,
    )
    from .data.dataset import Dataset, Split
    from .data.fetch import fetch_dataset
    from .data.load import load_dataset
    from .data.reading import Loaded, Reading, ReadOptions
    from .errors import ConvscopeError
    from .examining import Examination, Examining
    from .explaining import Explanation
    from .exporting import Export
    from .predicting import predict
    from .prediction.predictions import Prediction, Predictions
    from .study.studying import Study
    from .study.work import StudyProgress
    from .training.config import TrainConfig
    from .training.events import Built, Progress
    from .training.history import EpochRecord, History

_HOME = {
    "Baseline": "analysis.baseline",
    "Built": "training.events",
    "CalibrationMetrics": "analysis.sureness",
    "Comparison": "analysis.comparison",
    "ConvscopeError": "errors",
    "Dataset": "data.dataset",
    "Doubt": "analysis.doubt",
    "EpochRecord": "training.history",
    "Evaluation": "analysis.evaluation",
    "Examination": "examining",
    "Examining": "examining",
    "Explanation": "explaining",
    "Export": "exporting",
    "Finding": "analysis.findings",
    "History": "training.history",
    "LabelAudit": "analysis.label_audit",
    "Loaded": "data.reading",
    "Mistake": "analysis.mistakes",
    "Prediction": "prediction.predictions",
    "Predictions": "prediction.predictions",
    "Progress": "training.events",
    "ReadOptions": "data.reading",
    "Reading": "data.reading",
    "Run": "api",
    "Split": "data.dataset",
    "Study": "study.studying",
    "StudyProgress": "study.work",
    "Sureness": "analysis.sureness",
    "TrainConfig": "training.config",
    "Triage": "analysis.triage",
    "Uncertainty": "analysis.doubt",
    "audit": "api",
    "compare": "api",
    "evaluate": "api",
    "examine": "api",
    "explain": "api",
    "export": "api",
    "fetch_dataset": "data.fetch",
    "load_dataset": "data.load",
    "load_run": "api",
    "mistakes": "api",
    "predict": "predicting",
    "report": "api",
    "serve": "api",
    "study": "api",
    "train": "api",
}

__all__ = [
    "Baseline",
    "Built",
    "CalibrationMetrics",
    "Comparison",
    "ConvscopeError",
    "Dataset",
    "Doubt",
    "EpochRecord",
    "Evaluation",
    "Examination",
    "Examining",
    "Explanation",
    "Export",
    "Finding",
    "History",
    "LabelAudit",
    "Loaded",
    "Mistake",
    "Prediction",
    "Predictions",
    "Progress",
    "ReadOptions",
    "Reading",
    "Run",
    "Split",
    "Study",
    "StudyProgress",
    "Sureness",
    "TrainConfig",
    "Triage",
    "Uncertainty",
    "audit",
    "compare",
    "evaluate",
    "examine",
    "explain",
    "export",
    "fetch_dataset",
    "load_dataset",
    "load_run",
    "mistakes",
    "predict",
    "report",
    "serve",
    "study",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'convscope' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


class _Package(ModuleType):
    """Python makes every sub-package an attribute of its package once something in it is imported. ``export`` is a room and a
    verb: here the verb keeps the name, and ``from convscope.export import …`` still finds the room."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
