"""Temperature scaling: one divisor of all logits, fitted on images that were not trained on.

After C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural Networks", 2017. Predicted classes do not
change, only their confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...types import Floats, Labels
from ..statistics.proportions import HALVINGS

NUM_BINS = 15
"""Equal-width bins of confidence; the usual number since Guo et al."""
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.01, 100.0
"""Ends of the search. A network that does worse than chance reaches the upper one."""


@dataclass(frozen=True)
class TemperatureScaling:
    """A temperature, and its effect on the images that it was fitted on."""

    temperature: float
    """Confidence is ``softmax(logits / temperature)``: above 1 the network was overconfident, below 1 underconfident."""
    n: int
    """Images that it was fitted on."""
    nll_before: float
    """Mean negative log-likelihood of the true class, in nats, at temperature 1."""
    nll_after: float
    ece_before: float
    """Expected calibration error at temperature 1, 0..1."""
    ece_after: float


def fit_temperature_scaling(logits: Floats, labels: Labels) -> TemperatureScaling | None:
    """Fit a temperature to ``logits`` (n, k) and ``labels`` (n,).

    None if every image is classified correctly: the likelihood then rises with every lower temperature.
    """
    logits = logits.astype(np.float64)
    if bool((logits.argmax(axis=1) == labels).all()):
        return None
    temperature = fit_temperature(logits, labels)
    before, after = (log_softmax(logits / each) for each in (1.0, temperature))
    return TemperatureScaling(
        temperature,
        len(labels),
        negative_log_likelihood(before, labels),
        negative_log_likelihood(after, labels),
        expected_calibration_error(np.exp(before), labels),
        expected_calibration_error(np.exp(after), labels),
    )


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """Return the temperature, from 0.01 to 100, with the smallest negative log-likelihood."""
    true = logits[np.arange(len(labels)), labels]

    def is_too_low(temperature: float) -> bool:
        expected = (np.exp(log_softmax(logits / temperature)) * logits).sum(axis=1)
        return bool((expected - true).mean() > 0)

    # The likelihood is convex in the inverse temperature, so its slope changes sign at most once: bisection finds it.
    low, high = np.log(MIN_TEMPERATURE), np.log(MAX_TEMPERATURE)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if is_too_low(float(np.exp(middle))) else (low, middle)
    return float(np.exp((low + high) / 2))


def log_softmax(logits: Floats) -> Floats:
    """Return (n, k) logarithms of the probabilities, without overflow."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def negative_log_likelihood(log_probabilities: Floats, labels: Labels) -> float:
    """Return the mean over the images, in nats."""
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())


def bin_indices(confidence: Floats, *, bins: int = NUM_BINS) -> Labels:
    """Return the bin (n,) of each ``confidence`` (n,): of equal width, with its upper edge and without its lower one."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def expected_calibration_error(probabilities: Floats, labels: Labels) -> float:
    """Return the mean distance between confidence and accuracy over bins of confidence, weighted by their images."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == labels
    gaps = np.bincount(bin_indices(confidence), weights=correct - confidence, minlength=NUM_BINS)
    return float(np.abs(gaps).sum() / len(labels))
