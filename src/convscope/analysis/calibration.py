"""Whether the confidence of a network is what it says, and the one number that mends it.

After C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, "On Calibration of Modern Neural Networks", 2017: all logits are
divided by one temperature, fitted on images that were not trained on. No answer changes by it, only how sure it sounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import Floats, Labels

NUM_BINS = 15
"""Equal-width bins of confidence; the usual number since Guo et al."""
COLDEST, HOTTEST = 0.01, 100.0
"""Where the search for a temperature ends. A network that does worse than chance has no best one below."""
STEPS = 60
"""Halvings of the interval: more than a float64 can tell apart."""


@dataclass(frozen=True)
class Calibration:
    """A temperature, and what it changes on the images that it was fitted on."""

    temperature: float
    """Confidence is ``softmax(logits / temperature)``: above 1 the network was too sure of itself, below 1 too timid."""
    n: int
    """Images that it was fitted on."""
    nll_before: float
    """Mean negative log-likelihood of the true class, in nats, at temperature 1."""
    nll_after: float
    ece_before: float
    """Expected calibration error at temperature 1, 0..1."""
    ece_after: float


def calibrate(logits: Floats, labels: Labels) -> Calibration | None:
    """Fit a temperature to ``logits`` (n, k) and ``labels`` (n,).

    ``None`` where every image was classified correctly: then the colder the better, and there is nothing to learn from.
    """
    logits = logits.astype(np.float64)
    if bool((logits.argmax(axis=1) == labels).all()):
        return None
    temperature = fit_temperature(logits, labels)
    before, after = (log_softmax(logits / each) for each in (1.0, temperature))
    return Calibration(
        temperature,
        len(labels),
        negative_log_likelihood(before, labels),
        negative_log_likelihood(after, labels),
        expected_calibration_error(np.exp(before), labels),
        expected_calibration_error(np.exp(after), labels),
    )


def fit_temperature(logits: Floats, labels: Labels) -> float:
    """The temperature, from 0.01 to 100, at which the negative log-likelihood is smallest.

    In the inverse temperature the likelihood is convex, so that its slope changes sign once at most: bisection finds it.
    """
    true = logits[np.arange(len(labels)), labels]

    def too_cold(temperature: float) -> bool:
        expected = (np.exp(log_softmax(logits / temperature)) * logits).sum(axis=1)
        return bool((expected - true).mean() > 0)

    low, high = np.log(COLDEST), np.log(HOTTEST)
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if too_cold(float(np.exp(middle))) else (low, middle)
    return float(np.exp((low + high) / 2))


def log_softmax(logits: Floats) -> Floats:
    """(n, k) logarithms of the probabilities; nothing overflows."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def negative_log_likelihood(log_probabilities: Floats, labels: Labels) -> float:
    """Mean over the images, in nats."""
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())


def expected_calibration_error(probabilities: Floats, labels: Labels, *, bins: int = NUM_BINS) -> float:
    """How far confidence and accuracy are apart, on average over ``bins`` equal-width bins of confidence, each weighted by
    its images. A bin holds its upper edge and not its lower one. ``probabilities`` (n, k)."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(places, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))
