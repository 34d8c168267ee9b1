"""What a network is familiar with, measured at the end of a training that makes no report: without it nothing could say of a
new picture that it looks like nothing in the training set.

The same numbers as in the evidence, from the same images; for MNIST in a fifth of a second of two processors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..data.dataset import Split
from ..models.predictor import Predictor
from .gathering import rows_of
from .novelty import novelty
from .sampling import REFERENCE_BYTES, number_that_fits, reference_sample
from .yardsticks import Yardsticks


def measure_yardsticks(
    predictor: Predictor, train: Split, config: Mapping[str, Any], *, layer_name: str, seed: int
) -> Yardsticks | None:
    """Of the network that ``predictor`` runs, trained on ``train`` by ``config`` with ``seed``; ``layer_name``: its last hidden
    layer. The temperature is in the metrics. ``None`` where there is nothing to measure."""
    if not predictor.has_features:
        return None
    trained, measured, _ = rows_of(train.labels, config, seed=seed)
    room = number_that_fits(train.images, REFERENCE_BYTES)
    sample = reference_sample(train.labels, trained, measured, room=room, seed=seed)
    if len(measured) == 0 or len(sample) == 0:
        return None
    features, reference = (predictor.features_and_logits(train.images[rows])[0] for rows in (measured, sample))
    return Yardsticks(train.images[sample], None, novelty(features, reference, layer_name))
