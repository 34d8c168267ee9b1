"""Train a small image classifier in seconds and inspect it in one offline HTML file.

>>> import convscope
>>> run = convscope.train("mnist", seed=0)
>>> run.evaluation
>>> convscope.report(run)

Each name is loaded on first use, so importing the package is fast and prints nothing.
"""

import sys

# `python -m convscope` puts the current folder first, where a typing.py or json.py would be run in place of Python's own.
if (
    sys.argv[:1] == ["-m"]
    and not sys.flags.safe_path
    and ("-m", __name__) in zip(sys.orig_argv, sys.orig_argv[1:], strict=False)
):
    del sys.path[0]

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__ as __version__

_NAMES = {
    "analysis.baseline": "Baseline",
    "analysis.comparison": "Comparison",
    "analysis.evaluation": "Evaluation",
    "analysis.findings.finding": "Finding",
    "analysis.label_audit.suspects": "LabelAudit",
    "analysis.mistakes.mistakes": "Mistake Mistakes",
    "analysis.mistakes.triage": "Triage",
    "analysis.statistics.proportions": "Interval",
    "analysis.uncertainty.calibration": "CalibrationMetrics",
    "analysis.uncertainty.uncertainty": "Uncertainty",
    "api.audit": "audit",
    "api.compare": "compare",
    "api.evaluate": "evaluate",
    "api.examine": "ExamineProgress RobustnessReport examine",
    "api.explain": "Explanation explain",
    "api.export": "Export export",
    "api.list_runs": "RunSummary list_runs",
    "api.mistakes": "mistakes",
    "api.predict": "predict",
    "api.preprocess": "preprocess",
    "api.report": "report",
    "api.run": "Run load_run",
    "api.serve": "serve",
    "api.study": "Study study",
    "api.train": "train",
    "data.dataset": "Dataset Split",
    "data.known.fetch": "fetch_dataset",
    "data.load": "load_dataset",
    "data.read_options": "DatasetChecked DatasetLoaded ReadOptions ReadProgress",
    "errors": "ConfigError ConvscopeError DatasetError MissingBackendError MissingExtraError OutputError PictureError "
    "RunError RunExistsError ServiceError ShapeError",
    "prediction.classifier": "Classifier open_classifier",
    "prediction.predictions": "Prediction Predictions",
    "studies.tasks": "StudyProgress",
    "training.augmentation": "Augmentation",
    "training.config": "TrainConfig",
    "training.events": "TrainProgress TrainingStarted",
    "training.history": "EpochRecord History",
    "training.recipes": "recipe",
}
"""The public names by the module that defines them."""
_HOME = {name: module for module, names in _NAMES.items() for name in names.split()}
__all__ = sorted(_HOME)  # noqa: PLE0605 - it is a list

# Type checkers do not follow __getattr__; a test compares these lines with the table.
if TYPE_CHECKING:
    from .analysis.baseline import Baseline as Baseline
    from .analysis.comparison import Comparison as Comparison
    from .analysis.evaluation import Evaluation as Evaluation
    from .analysis.findings.finding import Finding as Finding
    from .analysis.label_audit.suspects import LabelAudit as LabelAudit
    from .analysis.mistakes.mistakes import Mistake as Mistake
    from .analysis.mistakes.mistakes import Mistakes as Mistakes
    from .analysis.mistakes.triage import Triage as Triage
    from .analysis.statistics.proportions import Interval as Interval
    from .analysis.uncertainty.calibration import CalibrationMetrics as CalibrationMetrics
    from .analysis.uncertainty.uncertainty import Uncertainty as Uncertainty
    from .api.audit import audit as audit
    from .api.compare import compare as compare
    from .api.evaluate import evaluate as evaluate
    from .api.examine import ExamineProgress as ExamineProgress
    from .api.examine import RobustnessReport as RobustnessReport
    from .api.examine import examine as examine
    from .api.explain import Explanation as Explanation
    from .api.explain import explain as explain
    from .api.export import Export as Export
    from .api.export import export as export
    from .api.list_runs import RunSummary as RunSummary
    from .api.list_runs import list_runs as list_runs
    from .api.mistakes import mistakes as mistakes
    from .api.predict import predict as predict
    from .api.preprocess import preprocess as preprocess
    from .api.report import report as report
    from .api.run import Run as Run
    from .api.run import load_run as load_run
    from .api.serve import serve as serve
    from .api.study import Study as Study
    from .api.study import study as study
    from .api.train import train as train
    from .data.dataset import Dataset as Dataset
    from .data.dataset import Split as Split
    from .data.known.fetch import fetch_dataset as fetch_dataset
    from .data.load import load_dataset as load_dataset
    from .data.read_options import DatasetChecked as DatasetChecked
    from .data.read_options import DatasetLoaded as DatasetLoaded
    from .data.read_options import ReadOptions as ReadOptions
    from .data.read_options import ReadProgress as ReadProgress
    from .errors import ConfigError as ConfigError
    from .errors import ConvscopeError as ConvscopeError
    from .errors import DatasetError as DatasetError
    from .errors import MissingBackendError as MissingBackendError
    from .errors import MissingExtraError as MissingExtraError
    from .errors import OutputError as OutputError
    from .errors import PictureError as PictureError
    from .errors import RunError as RunError
    from .errors import RunExistsError as RunExistsError
    from .errors import ServiceError as ServiceError
    from .errors import ShapeError as ShapeError
    from .prediction.classifier import Classifier as Classifier
    from .prediction.classifier import open_classifier as open_classifier
    from .prediction.predictions import Prediction as Prediction
    from .prediction.predictions import Predictions as Predictions
    from .studies.tasks import StudyProgress as StudyProgress
    from .training.augmentation import Augmentation as Augmentation
    from .training.config import TrainConfig as TrainConfig
    from .training.events import TrainingStarted as TrainingStarted
    from .training.events import TrainProgress as TrainProgress
    from .training.history import EpochRecord as EpochRecord
    from .training.history import History as History
    from .training.recipes import recipe as recipe


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'convscope' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
