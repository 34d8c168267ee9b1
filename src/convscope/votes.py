"""The predictions of all seeds of one configuration, counted per test image and class."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .arrays import Array, below, load_arrays, save_arrays
from .types import Labels

VOTES = "votes.npz"


@dataclass(frozen=True, eq=False)
class Votes:
    """Votes of the seeds of one configuration on the test images."""

    counts: npt.NDArray[np.int64]
    """(n, k): how many seeds predict class j for test image i."""
    labels: Labels
    """(n,): the true classes."""

    @property
    def seeds(self) -> int:
        """The number of seeds."""
        return int(self.counts[0].sum())

    @property
    def winners(self) -> Labels:
        """(n,): the class with the most votes; the first one on a tie."""
        return np.asarray(self.counts.argmax(axis=1), np.int64)

    @property
    def right(self) -> Labels:
        """(n,): how many seeds predict the true class."""
        return np.asarray(self.counts[np.arange(len(self.labels)), self.labels], np.int64)

    @property
    def majority_errors(self) -> int:
        """Test images that the majority vote misclassifies."""
        return int((self.winners != self.labels).sum())


def count_votes(predictions: Iterable[Labels], labels: Labels, num_classes: int) -> Votes:
    """Count the ``predictions`` of each seed, arrays (n,) of class indices."""
    counts = np.zeros((len(labels), num_classes), np.int64)
    for each in predictions:
        counts[np.arange(len(labels)), each] += 1
    return Votes(counts, labels)


def save_votes(votes: Mapping[str, Votes], folder: Path) -> None:
    """Write ``votes.npz``: ``labels`` (n,) and ``votes/CONFIGURATION`` (n, k) uint16."""
    labels = next(iter(votes.values())).labels
    arrays: dict[str, Any] = {"labels": labels}
    arrays |= {f"votes/{name}": each.counts.astype(np.uint16) for name, each in votes.items()}
    save_arrays(folder / VOTES, arrays, compressed=True)


def load_votes(folder: Path) -> dict[str, Votes]:
    """Load the votes of a study by configuration, such as ``cnn-standard``.

    Raises:
        RunError: The file is missing or damaged.
    """
    arrays: dict[str, Array] = load_arrays(folder / VOTES)
    return {name: Votes(counts.astype(np.int64), arrays["labels"]) for name, counts in below(arrays, "votes").items()}
