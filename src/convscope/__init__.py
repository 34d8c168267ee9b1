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
    from .api import Run, evaluate, report, train
    from .data.dataset import Dataset, Split
    from .data.load import load_dataset
    from .errors import ConvscopeError
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
    "History": "training.history",
    "Progress": "training.events",
    "Run": "api",
    "Split": "data.dataset",
    "TrainConfig": "training.config",
    "evaluate": "api",
    "load_dataset": "data.load",
    "report": "api",
    "train": "api",
}

__all__ = [
    "Built",
    "ConvscopeError",
    "Dataset",
    "EpochRecord",
    "Evaluation",
    "History",
    "Progress",
    "Run",
    "Split",
    "TrainConfig",
    "evaluate",
    "load_dataset",
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
