"""Train a small convolutional image classifier in seconds, and see in one offline HTML file what it learned.

>>> import convscope
>>> run = convscope.train("mnist", seed=0)
>>> run.evaluation
>>> convscope.report(run)

Names are loaded when they are first used, so that importing the package is silent and takes no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis.evaluation import Evaluation
    from .api import Run, evaluate, explain, predict, report, train
    from .data.dataset import Dataset, Split
    from .data.fetch import fetch_dataset
    from .data.load import load_dataset
    from .data.reading import Loaded, Reading, ReadOptions
    from .errors import ConvscopeError
    from .explaining import Explanation
    from .prediction.predictions import Prediction, Predictions
    from .training.config import TrainConfig
    from .training.events import Built, Progress
    from .training.history import EpochRecord, History

__version__ = "0.1.0"

_HOME = {
    "Built": "training.events",
    "ConvscopeError": "errors",
    "Dataset": "data.dataset",
    "EpochRecord": "training.history",
    "Evaluation": "analysis.evaluation",
    "Explanation": "explaining",
    "History": "training.history",
    "Loaded": "data.reading",
    "Prediction": "prediction.predictions",
    "Predictions": "prediction.predictions",
    "Progress": "training.events",
    "ReadOptions": "data.reading",
    "Reading": "data.reading",
    "Run": "api",
    "Split": "data.dataset",
    "TrainConfig": "training.config",
    "evaluate": "api",
    "explain": "api",
    "fetch_dataset": "data.fetch",
    "load_dataset": "data.load",
    "predict": "api",
    "report": "api",
    "train": "api",
}

__all__ = [
    "Built",
    "ConvscopeError",
    "Dataset",
    "EpochRecord",
    "Evaluation",
    "Explanation",
    "History",
    "Loaded",
    "Prediction",
    "Predictions",
    "Progress",
    "ReadOptions",
    "Reading",
    "Run",
    "Split",
    "TrainConfig",
    "evaluate",
    "explain",
    "fetch_dataset",
    "load_dataset",
    "predict",
    "report",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'convscope' has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
