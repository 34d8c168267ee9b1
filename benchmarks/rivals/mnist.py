"""What every rival is given, and what it prints: one line of JSON per epoch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

MNIST = Path(__file__).parents[2] / "src" / "convscope" / "data" / "mnist.npz"
Arrays = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.int64]]


def load() -> Arrays:
    """(60000, 28, 28) in 0..1, labels, (10000, 28, 28), labels."""
    with np.load(MNIST) as archive:
        x_train, y_train, x_test, y_test = (archive[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    return (x_train / np.float32(255), y_train.astype(np.int64), x_test / np.float32(255), y_test.astype(np.int64))


def tell(epoch: int, accuracy: float) -> None:
    """The accuracy on the test split after an epoch; whoever reads the line keeps the time."""
    print(json.dumps({"epoch": epoch, "accuracy": float(accuracy)}), flush=True)
