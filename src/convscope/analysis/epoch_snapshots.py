"""Epoch snapshots: the weights after each epoch, how many are kept and how precisely, and their test accuracy.

Measured after the training, so that it chooses nothing. It costs about a twentieth of the training itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, RunError
from ..models.network import Network, Weights
from ..models.onnx_writer.writer import onnx_bytes
from ..models.predictor import Predictor
from ..types import Floats, Images, Labels
from .classification import confusion
from .evaluation import Evaluation

EPOCHS_BYTES = 1_900_000
"""Budget in the page for the weights of all epochs but the last: nine of ``cnn`` fit, and the page stays below 6 MB."""
BYTES_PER_WEIGHT = 1.9
"""Of a quantized weight, compressed and written as text: 1.86 was measured on ``cnn``, at every epoch."""
DROPPED_BITS = 3
"""Lowest bits of float16 that quantization zeroes; eight binary digits stay, as in bfloat16, in which it was trained."""
MAX_CLASSES = 100
"""With more classes, the confusion matrices of all epochs would be the largest part of the page."""
CHECKED_IMAGES = 64
PURPOSE = "epoch snapshots: accuracy after earlier epochs"
"""In the ledger."""
TOLERANCE = 1e-3
"""Largest difference of a logit, relative to the largest logit, that rounding explains."""


@dataclass(frozen=True, eq=False)
class EpochSnapshots:
    """Test accuracy and confusion after some epochs; the last of them is the finished network."""

    epochs: Labels
    """(e,) from 1, ascending."""
    accuracy: Floats
    """(e,) 0..1"""
    confusion: Labels | None = None
    """(e, k, k) rows true, columns predicted; ``None`` with more than ``MAX_CLASSES`` classes."""
    predictions: npt.NDArray[np.unsignedinteger[Any]] | None = None
    """(e, n) predicted class of each test image; None in a few old runs."""


class BeforeReading(Protocol):
    """Records the reads of a test split."""

    def __call__(self, purpose: str, *, times: int = 1) -> object:
        """Record that it is about to be read ``times`` times."""


def epochs_to_keep(num_epochs: int, num_weights: int) -> list[int]:
    """Return the epochs (from 1) whose weights the page keeps.

    As many as fit into ``EPOCHS_BYTES``, evenly spread, always with the first and the last.
    """
    affordable = int(EPOCHS_BYTES / (BYTES_PER_WEIGHT * max(num_weights, 1))) + 1
    number = min(num_epochs, max(affordable, 2))
    return sorted({round(float(epoch)) for epoch in np.linspace(1, num_epochs, number)})


def quantize_weights(weights: Weights) -> npt.NDArray[np.float16]:
    """Return ``weights`` in float16, rounded to eight binary digits: the zeroed bits compress to nothing."""
    # From float16, so that weights fresh from a training and those of its run folder give the same.
    with np.errstate(over="ignore"):  # larger values become infinite
        halves = weights.astype(np.float16)
    bits = halves.view(np.uint16).astype(np.uint32)
    to_even = (1 << (DROPPED_BITS - 1)) - 1 + (bits >> DROPPED_BITS & 1)
    rounded = ((bits + to_even) >> DROPPED_BITS << DROPPED_BITS).astype(np.uint16).view(np.float16)
    # The largest numbers must not round to infinity.
    return np.where(np.isfinite(rounded), rounded, halves)


def evaluate_snapshots(
    network: Network,
    snapshots: Sequence[Mapping[str, Weights]],
    images: Images,
    evaluation: Evaluation,
    *,
    before_reading: BeforeReading | None = None,
) -> EpochSnapshots | None:
    """Evaluate the quantized weights of the kept epochs on the test images.

    The last epoch takes the predictions in ``evaluation``. None for a network that the ONNX writer does not reproduce: with
    an unknown layer, or no chain of layers.
    """
    if not reproduces_logits(network, images, evaluation):
        return None
    epochs = epochs_to_keep(len(snapshots), network.num_parameters)
    if before_reading and len(epochs) > 1:
        before_reading(PURPOSE, times=len(epochs) - 1)
    predictions = [_predictions(network, snapshots[epoch - 1], images) for epoch in epochs[:-1]]
    predictions.append(evaluation.predictions)
    labels, names = evaluation.labels, evaluation.class_names
    matrices = None
    if len(names) <= MAX_CLASSES:
        matrices = np.stack([confusion(labels, each, names).counts for each in predictions])
    accuracy = np.array([(each == labels).mean() for each in predictions])
    compact = np.stack(predictions).astype(np.min_scalar_type(len(names) - 1))
    return EpochSnapshots(np.array(epochs, np.int64), accuracy, matrices, compact)


def reproduces_logits(network: Network, images: Images, evaluation: Evaluation) -> bool:
    """Return whether the ONNX graph of ``network`` gives the logits of ``evaluation``."""
    try:
        logits = Predictor(onnx_bytes(network)).logits(images[:CHECKED_IMAGES])
    except (ConfigError, RunError, KeyError):
        return False
    known = evaluation.logits[:CHECKED_IMAGES]
    return bool(np.abs(logits - known).max() <= TOLERANCE * max(float(np.abs(known).max()), 1.0))


def _predictions(network: Network, snapshot: Mapping[str, Weights], images: Images) -> Labels:
    weights = {name: quantize_weights(array).astype(np.float32) for name, array in snapshot.items()}
    return np.asarray(Predictor(onnx_bytes(network, weights)).logits(images).argmax(axis=1), np.int64)
