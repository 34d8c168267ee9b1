"""Epoch snapshots: the weights after each epoch, how many are kept and how precisely, and their test accuracy.

Measured after the training, so that it chooses nothing. It costs about a twentieth of the training itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, RunError
from ..models.network import Network, Weights
from ..models.onnx_writer.writer import onnx_bytes
from ..models.predictor import Predictor
from ..types import Floats, Images, Labels
from .classification import confusion
from .evaluation import Evaluation

EPOCHS_BYTES = 1_000_000
"""Budget in the page for the weights of all epochs but the last: nine of ``cnn`` fit, and the page stays below 5 MB."""
BYTES_PER_WEIGHT = 1.0
"""Of a quantized weight, compressed and written as text: 0.6 (last epochs) to 0.9 (first) were measured on ``cnn``."""
STEPS = 12
"""Steps of a quantized weight in the standard deviation of its array: its error is 2.4% of that on average."""
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


BeforeReading = Callable[..., object]
"""Records that a test split is about to be read, for a ``purpose``, so many ``times``: :meth:`Ledger.record` of ``runs``."""


def epochs_to_keep(num_epochs: int, num_weights: int) -> list[int]:
    """Return the epochs (from 1) whose weights the page keeps: evenly spread, with the first and the last, as many as fit."""
    affordable = int(EPOCHS_BYTES / (BYTES_PER_WEIGHT * max(num_weights, 1))) + 1
    number = min(num_epochs, max(affordable, 2))
    return sorted({round(float(epoch)) for epoch in np.linspace(1, num_epochs, number)})


def quantize_weights(weights: Weights, final: Weights) -> tuple[npt.NDArray[np.uint16], float]:
    """Return the weights of an epoch as numbers of steps from the finished ones, and the size of a step.

    Neighbouring epochs are alike, so small numbers are frequent and compress well. The sign is in the lowest bit (0, -1, 1,
    -2 are 0, 1, 2, 3), so that the upper bytes are zero. A vector, in which a small number may matter, and what no step
    fits are float16 numbers by their bits, with a step of 0.
    """
    # From float16, so that weights fresh from a training and those of its run folder give the same.
    with np.errstate(over="ignore", invalid="ignore"):  # larger values become infinite
        halves = weights.astype(np.float16)
        step = float(halves.std(dtype=np.float64)) / STEPS if halves.size else 0.0
        steps = np.rint((halves - final.astype(np.float64)) / step) if step > 0 else np.full(final.shape, np.nan)
    if weights.ndim < 2 or not np.abs(steps).max(initial=0) < 2**15:  # not so for NaN, too
        return halves.view(np.uint16), 0.0
    signed = steps.astype(np.int32)
    return (signed << 1 ^ signed >> 31).astype(np.uint16), step


def restore_weights(quantized: npt.NDArray[np.uint16], step: float, final: Weights) -> Weights:
    """Return the weights that ``quantize_weights`` gave, as the page computes them."""
    if not step:
        return quantized.view(np.float16).astype(np.float32)
    signed = (quantized >> 1).astype(np.int64) ^ -(quantized & 1).astype(np.int64)
    return (final.astype(np.float64) + step * signed).astype(np.float32)


def page_weights(network: Network, snapshot: Mapping[str, Weights]) -> dict[str, Weights]:
    """Return the weights of an epoch as the page has them."""
    final = network.weight_arrays()
    return {name: restore_weights(*quantize_weights(snapshot[name], final[name]), final[name]) for name in final}


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
    weights = page_weights(network, snapshot)
    return np.asarray(Predictor(onnx_bytes(network, weights)).logits(images).argmax(axis=1), np.int64)
