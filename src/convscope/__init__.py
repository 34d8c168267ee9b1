"""Train a small image classifier in seconds and inspect it in one offline HTML file.

>>> import convscope
>>> run = convscope.train("mnist", seed=0)
>>> run.evaluation
>>> convscope.report(run)

Each name is loaded on first use, so importing the package is fast and prints nothing.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

_HOME = {
    "Baseline": "analysis.baseline",
    "Built": "training.events",
    "Comparison": "analysis.comparison",
    "ConvscopeError": "errors",
    "Dataset": "data.dataset",
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
    "CalibrationMetrics": "analysis.sureness",
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
"""The public names and the modules that define them."""

_RENAMED = {"Doubt": "Uncertainty", "Sureness": "CalibrationMetrics"}
"""Former public names and the names that replace them."""
_RENAMED_UNTIL = "0.2.0"
"""The release that drops the former names."""

__all__ = sorted(_HOME)  # noqa: PLE0605 - it is a list

# Type checkers do not follow __getattr__; a test compares these lines with the table.
if TYPE_CHECKING:
    from .analysis.baseline import Baseline as Baseline
    from .analysis.comparison import Comparison as Comparison
    from .analysis.doubt import Uncertainty as Uncertainty
    from .analysis.evaluation import Evaluation as Evaluation
    from .analysis.findings import Finding as Finding
    from .analysis.label_audit import LabelAudit as LabelAudit
    from .analysis.mistakes import Mistake as Mistake
    from .analysis.sureness import CalibrationMetrics as CalibrationMetrics
    from .analysis.triage import Triage as Triage
    from .api import Run as Run
    from .api import audit as audit
    from .api import compare as compare
    from .api import evaluate as evaluate
    from .api import examine as examine
    from .api import explain as explain
    from .api import export as export
    from .api import load_run as load_run
    from .api import mistakes as mistakes
    from .api import report as report
    from .api import serve as serve
    from .api import study as study
    from .api import train as train
    from .data.dataset import Dataset as Dataset
    from .data.dataset import Split as Split
    from .data.fetch import fetch_dataset as fetch_dataset
    from .data.load import load_dataset as load_dataset
    from .data.reading import Loaded as Loaded
    from .data.reading import Reading as Reading
    from .data.reading import ReadOptions as ReadOptions
    from .errors import ConvscopeError as ConvscopeError
    from .examining import Examination as Examination
    from .examining import Examining as Examining
    from .explaining import Explanation as Explanation
    from .exporting import Export as Export
    from .predicting import predict as predict
    from .prediction.predictions import Prediction as Prediction
    from .prediction.predictions import Predictions as Predictions
    from .study.studying import Study as Study
    from .study.work import StudyProgress as StudyProgress
    from .training.config import TrainConfig as TrainConfig
    from .training.events import Built as Built
    from .training.events import Progress as Progress
    from .training.history import EpochRecord as EpochRecord
    from .training.history import History as History


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        new = _RENAMED[name]
        warnings.warn(
            f"convscope.{name} is now convscope.{new}; release {_RENAMED_UNTIL} drops the old name",
            DeprecationWarning,
            stacklevel=2,
        )
        return getattr(sys.modules[__name__], new)
    if name not in _HOME:
        raise AttributeError(f"module 'convscope' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


class _Package(ModuleType):
    """Module type that keeps sub-packages from replacing public functions of the same name."""

    # Importing convscope.export.formats makes Python set the attribute ``export`` of the package to the sub-package, but
    # ``convscope.export`` must stay the function. This class can go once no sub-package is named like a function.
    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
