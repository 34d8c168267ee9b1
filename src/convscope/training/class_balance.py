"""Uneven classes: weights in the loss, or a correction of the logits after the training.

Both aim at the mean recall of the classes instead of the share of all images. The correction subtracts a multiple of the
logarithm of the class frequencies, after M. Saerens, P. Latinne and C. Decaestecker, "Adjusting the Outputs of a Classifier to
New a Priori Probabilities", 2002, and A. K. Menon et al., "Long-tail learning via logit adjustment", 2021. It is added to the
bias of the last layer, so that every use of the network has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..errors import ConfigError
from ..models.network import Network, Weights
from ..types import Floats, Labels

STRENGTH = 0.7
"""The multiple. The whole logarithm overshoots for networks that are too sure of their training images, and a multiple chosen on
the few validation images of rare classes is no better than this one (``benchmarks/balance.py``)."""


@dataclass(frozen=True, eq=False)
class PriorCorrection:
    """What is added to the logits of a trained network."""

    shifts: Floats
    """(k,) float32."""

    def added_to(self, weights: Mapping[str, Weights], network: Network) -> dict[str, Weights]:
        """Return weights of ``network`` by ``layer/weight`` with the shifts in the bias of its last layer."""
        bias = f"{network.layers[-1].name}/bias"
        return {**weights, bias: (weights[bias] + self.shifts).astype(np.float32)}


def class_weights(counts: Labels) -> Floats:
    """Return the factor of each class' losses, (k,) float32: inverse to ``counts`` (k,), with a mean of 1 over the images."""
    present = counts > 0
    return np.where(present, counts.sum() / (present.sum() * np.maximum(counts, 1)), 1.0).astype(np.float32)


def prior_correction(counts: Labels, network: Network) -> PriorCorrection:
    """Return the correction for ``counts`` (k,) training images per class; ConfigError if ``network`` has no last bias."""
    last = network.layers[-1]
    if "bias" not in last.weights:
        raise ConfigError(
            f"balance='prior' is added to the bias of the last layer, and {last.name} has none. Give it a bias, or use "
            "balance='weights'."
        )
    return PriorCorrection((STRENGTH * np.log(class_weights(counts))).astype(np.float32))
