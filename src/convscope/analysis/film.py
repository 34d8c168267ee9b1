"""The network after each epoch: which epochs are kept, how precisely, and how good it was then on the test images.

Measured after the training, on weights that were kept during it, so that nothing was chosen by it. It costs about a
twentieth of the training itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import ConfigError, RunError
from ..models.network import Network, Weights
from ..models.onnx_layers import onnx_bytes
from ..models.predictor import Predictor
from ..types import Floats, Images, Labels
from .confusion import confusion
from .evaluation import Evaluation

EPOCHS_BYTES = 1_900_000
"""What the weights of all epochs but the last may take of the page: nine of ``cnn`` fit in, and the page stays below 6 MB."""
BYTES_PER_WEIGHT = 1.9
"""Of a coarse weight, compressed and written as text: 1.86 was measured on ``cnn``, whatever the epoch."""
COARSE_BITS = 3
"""Bits of float16 that a coarse weight does without; that leaves the eight digits of bfloat16, in which it was learnt."""
MOST_CLASSES = 100
"""With more classes, the confusion matrices of all epochs would be the largest part of the page."""
CHECKED_IMAGES = 64
PURPOSE = "the film: how good it was after earlier epochs"
TOLERANCE = 1e-3
"""Largest difference of a logit from the known one, as a share of the largest logit, that is put down to rounding."""


@dataclass(frozen=True, eq=False)
class Film:
    """Test accuracy and confusion after some epochs; the last of them is the finished network."""

    epochs: Labels
    """(e,) from 1, ascending."""
    accuracy: Floats
    """(e,) 0..1"""
    confusion: Labels | None = None
    """(e, k, k) rows true, columns predicted; ``None`` with more than ``MOST_CLASSES`` classes."""
    predictions: npt.NDArray[np.unsignedinteger[Any]] | None = None
    """(e, n) what each test image was taken for; ``None`` in runs of earlier versions, which did not keep it."""


class BeforeReading(Protocol):
    """Whoever counts how often a test split is read."""

    def __call__(self, purpose: str, *, times: int = 1) -> object:
        """It is about to be read for ``purpose``, so many times."""


def kept_epochs(num_epochs: int, num_weights: int) -> list[int]:
    """The epochs (from 1) of which the page keeps the weights: as many as fit into ``EPOCHS_BYTES``, evenly spread, the
    first and the last always."""
    affordable = int(EPOCHS_BYTES / (BYTES_PER_WEIGHT * max(num_weights, 1))) + 1
    number = min(num_epochs, max(affordable, 2))
    return sorted({round(float(epoch)) for epoch in np.linspace(1, num_epochs, number)})


def coarse(weights: Weights) -> npt.NDArray[np.float16]:
    """``weights`` in float16, rounded to eight binary digits: the other bits are zero, and cost nothing once compressed.

    By way of float16, so that weights fresh from a training and those of its run folder give the same.
    """
    with np.errstate(over="ignore"):  # what float16 cannot hold becomes infinite
        halves = weights.astype(np.float16)
    bits = halves.view(np.uint16).astype(np.uint32)
    to_even = (1 << (COARSE_BITS - 1)) - 1 + (bits >> COARSE_BITS & 1)
    rounded = ((bits + to_even) >> COARSE_BITS << COARSE_BITS).astype(np.uint16).view(np.float16)
    # The largest numbers must not become infinite by rounding.
    return np.where(np.isfinite(rounded), rounded, halves)


def shoot(
    network: Network,
    snapshots: Sequence[Mapping[str, Weights]],
    images: Images,
    evaluation: Evaluation,
    *,
    before_reading: BeforeReading | None = None,
) -> Film | None:
    """Run the coarse weights of the kept epochs over the test ``images``; the last epoch is the ``evaluation`` of them.
    ``before_reading`` is told that they are about to be read, and how often, if at all.

    ``None`` for a network that is not followed here: one with an unknown kind of layer, or that is no chain of layers.
    """
    if not follows(network, images, evaluation):
        return None
    epochs = kept_epochs(len(snapshots), network.num_parameters)
    if before_reading and len(epochs) > 1:
        before_reading(PURPOSE, times=len(epochs) - 1)
    predictions = [_predictions(network, snapshots[epoch - 1], images) for epoch in epochs[:-1]]
    predictions.append(evaluation.predictions)
    labels, names = evaluation.labels, evaluation.class_names
    matrices = None
    if len(names) <= MOST_CLASSES:
        matrices = np.stack([confusion(labels, each, names).counts for each in predictions])
    accuracy = np.array([(each == labels).mean() for each in predictions])
    answers = np.stack(predictions).astype(np.min_scalar_type(len(names) - 1))
    return Film(np.array(epochs, np.int64), accuracy, matrices, answers)


def follows(network: Network, images: Images, evaluation: Evaluation) -> bool:
    """Whether the layers of ``network``, one after the other, with its final weights, give the known logits."""
    try:
        logits = Predictor(onnx_bytes(network)).logits(images[:CHECKED_IMAGES])
    except (ConfigError, RunError, KeyError):
        return False
    known = evaluation.logits[:CHECKED_IMAGES]
    return bool(np.abs(logits - known).max() <= TOLERANCE * max(float(np.abs(known).max()), 1.0))


def _predictions(network: Network, snapshot: Mapping[str, Weights], images: Images) -> Labels:
    weights = {name: coarse(array).astype(np.float32) for name, array in snapshot.items()}
    return np.asarray(Predictor(onnx_bytes(network, weights)).logits(images).argmax(axis=1), np.int64)
