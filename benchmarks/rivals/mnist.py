"""The data of all rivals, and their output: one line of JSON per epoch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

MNIST = Path(__file__).parents[2] / "src" / "convscope" / "data" / "mnist.npz"
Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.int64]]


def load() -> Arrays:
    """Return images (60000, 28, 28) in 0..1, labels, images (10000, 28, 28), labels."""
    with np.load(MNIST) as archive:
        x_train, y_train, x_test, y_test = (archive[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    return (x_train / np.float32(255), y_train.astype(np.int64), x_test / np.float32(255), y_test.astype(np.int64))


def print_accuracy(epoch: int, accuracy: float) -> None:
    """Print the test accuracy after an epoch; the parent process measures the time."""
    print(json.dumps({"epoch": epoch, "accuracy": float(accuracy)}), flush=True)
